/**
 * Safetensors files: a header that says where each tensor lies, and their bytes.
 *
 * Files written here carry a CRC-32 of each tensor, over its name, type, shape and bytes, and one of
 * the header, all in the metadata, where other readers ignore them. CRC-32 finds every flipped bit.
 */

import type { DType } from "../core/dtype.ts";
import { checkCount, checkKind, isPlainObject, optionReader } from "../core/options.ts";
import type { StateDict } from "../nn/state_dict.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { bytesOf, checkedSize, flatTensor, type StoredType } from "./elements.ts";
import { joined, writeFile } from "./sink.ts";
import { overBytes, overFile, PATH, quoted, type Source } from "./source.ts";
import { bytesOfTensor, isTexts, tensorsOf, TEXTS } from "./state.ts";
import { crc32 } from "./zlib.ts";

/** Options of `saveSafetensors` and `encodeSafetensors`. */
export interface SafetensorsOptions {
  /** Metadata of the file, by name. Default: `{ format: "pt" }`, which Hugging Face requires. */
  metadata?: Readonly<Record<string, string>>;
}

const readOptions = optionReader<SafetensorsOptions>({ metadata: TEXTS });

/** The types, by their names in safetensors. */
const TYPES: ReadonlyMap<unknown, StoredType> = new Map<string, StoredType>([
  ["BOOL", "bool"],
  ["U8", "uint8"],
  ["I8", "int8"],
  ["U16", "uint16"],
  ["I16", "int16"],
  ["U32", "uint32"],
  ["I32", "int32"],
  ["U64", "uint64"],
  ["I64", "int64"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["F32", "float32"],
  ["F64", "float64"],
]);

const NAMES: Readonly<Record<DType, string>> = {
  float32: "F32",
  float64: "F64",
  int32: "I32",
  bool: "BOOL",
};

/** The most bytes of a header that the format allows. */
const LARGEST_HEADER = 100_000_000;

/** The name of the metadata in a header. */
const METADATA = "__metadata__";
/** The prefix of the names of our own metadata. */
const OURS = "adjoint.";
/** The checksum of the header, computed with zeros in its place; it comes first in our files. */
const HEADER_SUM = `${OURS}header`;
/** The prefix of the checksums of tensors, followed by their names. */
const TENSOR_SUM = `${OURS}tensor.`;
/** Marks a file as ours even if it holds nothing. */
const VERSION = `${OURS}version`;
/** How our headers begin, up to the checksum. */
const START = `{"${METADATA}":{"${HEADER_SUM}":"`;

/** The header's entry for a tensor. */
interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

const encoder = new TextEncoder();
const NO_SUM = "0".repeat(8);

/** A checksum as it is written in files. */
function digits(sum: number): string {
  return sum.toString(16).padStart(8, "0");
}

/** The checksum of a tensor. */
function sumOf(name: string, { dtype, shape }: Entry, bytes: Uint8Array): string {
  return digits(crc32(bytes, crc32(encoder.encode(JSON.stringify([name, dtype, shape])))));
}

/** The checksum of one of our headers. */
function headerSum(header: Uint8Array): string {
  const [zero, end] = ["0".charCodeAt(0), START.length + NO_SUM.length];
  return digits(crc32(header.slice().fill(zero, START.length, end)));
}

/** An object as JSON, in the given order whatever the names. */
function json(entries: readonly (readonly [name: string, value: unknown])[]): string {
  const fields = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${fields.join(",")}}`;
}

/** The number of bytes of a tensor's element, as written. */
function widthOf(x: Tensor): number {
  return bytesOf(x.dtype);
}

/** A header preceded by its length and padded so that what follows is aligned. */
function framed(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  const padded = new Uint8Array(8 + Math.ceil(bytes.length / 8) * 8).fill(" ".charCodeAt(0));
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(bytes, 8);
  const header = padded.subarray(8);
  header.set(encoder.encode(headerSum(header)), START.length);
  return padded;
}

/** The parts of a file, one after the other: each tensor is copied only when its turn comes. */
function encoded(
  name: string,
  state: StateDict,
  options: SafetensorsOptions | undefined,
): Iterable<Uint8Array> {
  const { metadata = { format: "pt" } } = readOptions(`run ${name}`, options);
  // Wide elements come first, so that each tensor is aligned to its elements.
  const tensors = tensorsOf(name, state).toSorted(([, a], [, b]) => widthOf(b) - widthOf(a));
  const taken = Object.keys(metadata).find((key) => key.startsWith(OURS)) ??
    tensors.find(([key]) => key === METADATA)?.[0];
  if (taken !== undefined) {
    throw new TypeError(`Cannot run ${name}: the name "${taken}" is reserved in these files`);
  }
  let begin = 0;
  const entries = tensors.map(([key, x]): [string, Entry] => {
    const end = begin + x.size * widthOf(x);
    const entry: Entry = { dtype: NAMES[x.dtype], shape: x.shape, data_offsets: [begin, end] };
    begin = end;
    return [key, entry];
  });
  const sums = tensors.map(([key, x], i) => {
    const [, entry] = entries[i] as [string, Entry];
    return [TENSOR_SUM + key, sumOf(key, entry, bytesOfTensor(x))] as const;
  });
  const own = json([
    [HEADER_SUM, NO_SUM],
    [VERSION, "1"],
    ...sums,
    ...Object.entries(metadata),
  ]);
  const rest = json(entries).slice(1);
  const header = framed(`{"${METADATA}":${own}${entries.length > 0 ? "," : ""}${rest}`);
  return chunks(header, tensors);
}

function* chunks(
  header: Uint8Array,
  tensors: readonly (readonly [string, Tensor])[],
): Generator<Uint8Array> {
  yield header;
  for (const [, x] of tensors) yield bytesOfTensor(x);
}

/** The number of colons outside of text, which is that of names in all objects. */
function colonsIn(text: string): number {
  let colons = 0;
  let inside = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === '"') inside = !inside;
    else if (inside && letter === "\\") i++;
    else if (!inside && letter === ":") colons++;
  }
  return colons;
}

/** Whether something looks like an entry; its numbers are checked later. */
function isEntry(value: unknown): value is Entry {
  const numbers = (list: unknown) =>
    Array.isArray(list) && list.every((item) => Number.isSafeInteger(item));
  return isPlainObject(value) && Object.keys(value).length === 3 &&
    typeof value.dtype === "string" && numbers(value.shape) && numbers(value.data_offsets) &&
    (value.data_offsets as unknown[]).length === 2;
}

/** The parsed header of a file. */
interface Header {
  readonly bytes: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  readonly entries: readonly (readonly [name: string, entry: Entry])[];
  /** Where the elements begin in the file. */
  readonly start: number;
  /** Whether the file was written here, and so has checksums. */
  readonly ours: boolean;
}

/** Parses JSON of an object in which each name occurs once. */
function parsed(source: Source, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/\s+/g, " ") : "";
    throw source.refused(`the header is no JSON: ${why}`);
  }
  if (!isPlainObject(value)) throw source.refused("the header is not an object");
  const counts = Object.values(value).map((inner) =>
    isPlainObject(inner) ? Object.keys(inner).length : 0
  );
  const names = counts.reduce((sum, count) => sum + count, Object.keys(value).length);
  if (names !== colonsIn(text)) {
    throw source.refused("the header has a name twice, or nested objects");
  }
  return value;
}

/** Reads the header, whose entries must be in order and fill the file. */
function headerOf(source: Source): Header {
  const length = new DataView(source.read(0, 8, "the length of the header").buffer)
    .getBigUint64(0, true);
  if (length > LARGEST_HEADER) {
    throw source.refused(
      `the header would take ${length} bytes, at most ${LARGEST_HEADER} are allowed`,
    );
  }
  const start = 8 + Number(length);
  const bytes = source.read(8, Number(length), "the header");
  const { [METADATA]: metadata = {}, ...rest } = parsed(source, bytes);
  if (!isTexts(metadata)) throw source.refused(`${METADATA} must hold strings by name`);
  const entries = Object.entries(rest).map(([name, entry]): [string, Entry] => {
    if (isEntry(entry)) return [name, entry];
    throw source.refused(
      `tensor ${quoted(name)} must have dtype, shape and data_offsets and nothing else`,
    );
  });
  const order = entries.toSorted(([, { data_offsets: a }], [, { data_offsets: b }]) =>
    a[0] - b[0] || a[1] - b[1]
  );
  let last = 0;
  for (const [name, { data_offsets: [begin, end] }] of order) {
    if (begin !== last || end < begin) {
      throw source.refused(
        `tensor ${quoted(name)} has bytes ${begin} to ${end}, where byte ${last} is next`,
      );
    }
    last = end;
  }
  if (start + last !== source.length) {
    throw source.refused(
      `its tensors take ${last} bytes after the header, and there are ${source.length - start}`,
    );
  }
  const ours = Object.keys(metadata).some((key) => key.startsWith(OURS));
  return { bytes, metadata, entries: order, start, ours };
}

/** The tensor of an entry; in our files its checksum must match. */
function tensorOf(source: Source, name: string, entry: Entry, header: Header): Tensor {
  const what = `tensor ${quoted(name)}`;
  const type = TYPES.get(entry.dtype);
  if (type === undefined) {
    throw source.refused(
      `${what} has type ${quoted(entry.dtype)}, supported are ${[...TYPES.keys()].join(", ")}`,
    );
  }
  const size = checkedSize(source, what, type, entry.shape);
  const [begin, end] = entry.data_offsets;
  if (size * bytesOf(type) !== end - begin) {
    throw source.refused(
      `${what} of ${size} elements of ${type} needs ${size * bytesOf(type)} bytes, and has ${
        end - begin
      }`,
    );
  }
  const bytes = source.read(header.start + begin, end - begin, what);
  if (header.ours && header.metadata[TENSOR_SUM + name] !== sumOf(name, entry, bytes)) {
    throw source.refused(
      `${what} is damaged: its checksum does not match its name, type and bytes`,
    );
  }
  return flatTensor(source, what, type, bytes).reshape(entry.shape);
}

/** The tensors of a file. */
function decoded(source: Source): StateDict {
  return whole(source).tensors;
}

/** The tensors and the metadata of a file. */
function whole(source: Source): {
  readonly tensors: StateDict;
  readonly metadata: Readonly<Record<string, string>>;
} {
  const header = headerOf(source);
  const tensors = header.entries.map(([name, entry]) =>
    [name, tensorOf(source, name, entry, header)] as const
  );
  if (header.ours && header.metadata[HEADER_SUM] !== headerSum(header.bytes)) {
    throw source.refused("the header is damaged: its checksum does not match");
  }
  return { tensors: Object.fromEntries(tensors), metadata: header.metadata };
}

/**
 * Writes tensors to a safetensors file, which PyTorch and others read. The file is written under
 * another name and renamed once it is complete, so that a file is never left half written. A
 * tensor with several names is written under each. Follows
 * `safetensors.torch.save_file`.
 *
 * The metadata hold a CRC-32 of each tensor, so that `loadSafetensors` finds every flipped bit.
 *
 * @param path The file: a path or a file URL. It needs `--allow-read` and `--allow-write` for its folder.
 * @param state Tensors by name, as `module.stateDict()` gives them, of any type and device.
 * @throws {TypeError} If anything but a tensor is among them.
 *
 * @example From one model into another
 * ```ts
 * import { io, nn } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile({ suffix: ".safetensors" });
 * const [model, copy] = [new nn.Linear(3, 2), new nn.Linear(3, 2)];
 * io.saveSafetensors(path, model.stateDict());
 * copy.loadStateDict(io.loadSafetensors(path));
 * assertEquals(copy.weight.toArray(), model.weight.toArray());
 * await Deno.remove(path);
 * ```
 */
export function saveSafetensors(
  path: string | URL,
  state: StateDict,
  options?: SafetensorsOptions,
): void {
  const name = "saveSafetensors";
  checkCount(`run ${name}`, arguments.length, 3);
  checkKind(`run ${name}`, "the file", path, PATH);
  writeFile(name, path, encoded(name, state, options));
}

/**
 * The tensors of a safetensors file by name. Even for a large file, only the result is held in
 * memory. Follows `safetensors.torch.load_file`.
 *
 * float16 and bfloat16 become float32, integers int32. Files that `saveSafetensors` wrote
 * have checksums, which are compared; others have none.
 *
 * @param path The file: a path or a file URL. It needs `--allow-read`.
 * @throws {NotFound} If the file does not exist.
 * @throws {InvalidData} If the file is damaged or not a safetensors file, or if an integer does not fit
 * int32; the message names the tensor.
 *
 * @example A file of PyTorch's
 * ```ts
 * import { io } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const file = new URL("../../tests/fixtures/io/tensors.safetensors", import.meta.url);
 * const { float16, bool } = io.loadSafetensors(file);
 * assertEquals([float16?.dtype, bool?.toArray()], ["float32", [[true], [false]]]);
 * ```
 */
export function loadSafetensors(path: string | URL): StateDict {
  const name = "loadSafetensors";
  checkCount(`run ${name}`, arguments.length, 1);
  checkKind(`run ${name}`, "the file", path, PATH);
  return overFile(name, path, decoded);
}

/**
 * The bytes that `saveSafetensors` would write, for programs without permission to write files.
 *
 * @example There and back
 * ```ts
 * import { io, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = io.encodeSafetensors({ x: tensor([1, 2]) });
 * assertEquals(io.decodeSafetensors(bytes).x?.toArray(), [1, 2]);
 * ```
 */
export function encodeSafetensors(state: StateDict, options?: SafetensorsOptions): Uint8Array {
  const name = "encodeSafetensors";
  checkCount(`run ${name}`, arguments.length, 2);
  return joined(encoded(name, state, options));
}

/**
 * The tensors in the bytes of a safetensors file, as `loadSafetensors` returns them.
 *
 * @throws {InvalidData} If the bytes are not a safetensors file.
 *
 * @example A flipped bit
 * ```ts
 * import { io, tensor } from "@adjoint/ml";
 * import { assertThrows } from "@std/assert";
 *
 * const bytes = io.encodeSafetensors({ bias: tensor([1, 2]) });
 * const damaged = bytes.with(-1, 0xff);
 * assertThrows(() => io.decodeSafetensors(damaged), Error, 'tensor "bias" is damaged');
 * ```
 */
export function decodeSafetensors(bytes: Uint8Array): StateDict {
  checkCount("run decodeSafetensors", arguments.length, 1);
  return decoded(overBytes("decodeSafetensors", bytes));
}

/**
 * The tensors and the metadata of a file.
 *
 * @param name The function that reads, for messages.
 */
export function loadWithMetadata(name: string, path: string | URL): ReturnType<typeof whole> {
  return overFile(name, path, whole);
}
