/** PyTorch checkpoints: a zip archive with a pickle and the bytes of each storage. */

import { checkCount, checkKind } from "../core/options.ts";
import { contiguousStrides, isContiguous } from "../core/shape.ts";
import { makeTensor } from "../core/tensor.ts";
import type { StateDict } from "../nn/state_dict.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { bytesOf, checkedSize, flatTensor, isStoredType, type StoredType } from "./elements.ts";
import { type Builder, Deferred, Dict, Global, type TorchValue, unpickled } from "./pickle.ts";
import { overBytes, overFile, PATH, quoted, type Source } from "./source.ts";
import { Archive } from "./zip.ts";

/** The element types of PyTorch's storage classes. */
const STORAGES: ReadonlyMap<string, StoredType | null> = new Map(Object.entries({
  BoolStorage: "bool",
  ByteStorage: "uint8",
  CharStorage: "int8",
  ShortStorage: "int16",
  IntStorage: "int32",
  LongStorage: "int64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  FloatStorage: "float32",
  DoubleStorage: "float64",
  // Counted in bytes; their type comes from the tensor.
  UntypedStorage: null,
}));

/** The longest name of a storage: PyTorch counts them. */
const LONGEST_KEY = 32;

/** A storage as a pickle describes it. */
class StorageRecord {
  /** The type of its elements; null if it is counted in bytes. */
  readonly type: StoredType | null;
  readonly key: string;
  readonly count: number;

  constructor(type: StoredType | null, key: string, count: number) {
    this.type = type;
    this.key = key;
    this.count = count;
  }
}

/** A storage that has been read. */
interface Loaded {
  readonly type: StoredType;
  readonly flat: Tensor;
}

/** Whether something is a short list of integers. */
function isExtents(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 64 &&
    value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** Builds tensors over the storages of one archive. */
class TensorBuilder implements Builder {
  readonly #source: Source;
  readonly #archive: Archive;
  readonly #prefix: string;
  readonly #loaded = new Map<string, Loaded>();
  /** How many bytes may still be decoded from text: no more than the pickle has. */
  #room: number;

  constructor(source: Source, archive: Archive, prefix: string, room: number) {
    this.#source = source;
    this.#archive = archive;
    this.#prefix = prefix;
    this.#room = room;
  }

  persistent(id: unknown): StorageRecord {
    const [kind, storage, key, , count] = Array.isArray(id) && id.length === 5 ? id : [];
    const name = storage instanceof Global
      ? storage.name.replace(/^torch(?:\.storage)?\./, "")
      : "";
    const type = STORAGES.get(name);
    const known = kind === "storage" && type !== undefined &&
      typeof key === "string" && /^\w+$/.test(key.slice(0, LONGEST_KEY + 1)) &&
      key.length <= LONGEST_KEY && Number.isSafeInteger(count) && count >= 0;
    if (!known) {
      throw this.#source.refused("a storage in its pickle is described in an unknown way");
    }
    return new StorageRecord(type, key, count);
  }

  /** The elements of a storage, read only once. */
  #load({ type: own, key, count }: StorageRecord, wanted: StoredType | null, of: string): Loaded {
    const what = `the storage "${key}" of ${of}`;
    const type = own ?? wanted;
    if (type === null) throw this.#source.refused(`${what} lacks a type`);
    if (own !== null && wanted !== null && own !== wanted) {
      throw this.#source.refused(`${what} has elements of ${own}, and a tensor of ${wanted}`);
    }
    const loaded = this.#loaded.get(key);
    if (loaded?.type === type) return loaded;
    if (loaded !== undefined) {
      throw this.#source.refused(`${what} has elements of ${loaded.type} and of ${type}`);
    }
    const path = `${this.#prefix}data/${key}`;
    const { size } = this.#archive.sizes(path, what);
    const needed = own === null ? count : count * bytesOf(type);
    // Before anything is unpacked.
    if (needed !== size || needed % bytesOf(type) !== 0) {
      throw this.#source.refused(`${what} should have ${needed} bytes, but has ${size}`);
    }
    checkedSize(this.#source, what, type, [needed / bytesOf(type)]);
    const bytes = this.#archive.read(path, what);
    const fresh = { type, flat: flatTensor(this.#source, what, type, bytes) };
    this.#loaded.set(key, fresh);
    return fresh;
  }

  /**
   * A tensor over a storage, from the arguments of `torch._utils._rebuild_tensor_v2`.
   *
   * @param marks What else there is to know of its elements.
   */
  #tensor(
    args: readonly unknown[],
    wanted: StoredType | null,
    marks: unknown,
    name: string,
  ): Tensor {
    const [record, offset, shape, strides] = args;
    const what = `tensor ${quoted(name)}`;
    if (marks instanceof Dict ? marks.entries.size > 0 : (marks ?? null) !== null) {
      throw this.#source.refused(
        `${what} is stored negated or conjugated; in PyTorch, save its resolve_neg() or ` +
          "resolve_conj()",
      );
    }
    const fitting = record instanceof StorageRecord && isExtents([offset]) && isExtents(shape) &&
      isExtents(strides) && shape.length === strides.length;
    if (!fitting) {
      throw this.#source.refused(`${what} is described in an unknown way`);
    }
    const { type, flat } = this.#load(record, wanted, what);
    const size = checkedSize(this.#source, what, type, shape);
    const first = offset as number;
    // With at most one element along a dimension, its stride does not matter.
    const own = contiguousStrides(shape).map((dense, i) =>
      size > 0 && (shape[i] ?? 0) > 1 ? strides[i] ?? dense : dense
    );
    const last = own.reduce((sum, stride, i) => sum + stride * ((shape[i] ?? 0) - 1), first);
    if (size === 0 ? first > flat.size : !(last < flat.size)) {
      throw this.#source.refused(
        `${what} begins at element ${first} and ends at ${last}, and there are ${flat.size}`,
      );
    }
    return makeTensor(flat.storage, shape, own, first, size, isContiguous(shape, own));
  }

  /** Bytes, which older protocols write as text with one character each. */
  #encoded(args: readonly unknown[]): Uint8Array {
    const [text, encoding] = args;
    if (typeof text !== "string" || encoding !== "latin1" || text.length > this.#room) {
      throw this.#source.refused("bytes in its pickle are written in an unknown way");
    }
    this.#room -= text.length;
    return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  }

  /** Bytes that can be changed in Python. */
  #byteArray([bytes = new Uint8Array(), ...rest]: readonly unknown[]): Uint8Array {
    if (bytes instanceof Uint8Array && rest.length === 0) return bytes;
    throw this.#source.refused("a bytearray in its pickle is written in an unknown way");
  }

  /** Counts by key. */
  #counter([counts = new Dict(), ...rest]: readonly unknown[]): Dict {
    if (counts instanceof Dict && rest.length === 0) return counts;
    throw this.#source.refused("a Counter in its pickle has something other than a dict");
  }

  /** The name of a device. */
  #device([type, index]: readonly unknown[]): string {
    const known = typeof type === "string" && type.length <= LONGEST_KEY &&
      (index === undefined || Number.isSafeInteger(index));
    if (!known) throw this.#source.refused("a device in its pickle is described in an unknown way");
    return index === undefined ? type : `${type}:${index}`;
  }

  global(name: string): Global | undefined {
    const callable = (call: (args: readonly unknown[]) => unknown) => new Global(name, call);
    switch (name) {
      case "collections.OrderedDict":
        return callable((args) => {
          if (args.length > 0) throw this.#source.refused("a dict in its pickle has arguments");
          return new Dict();
        });
      case "builtins.set":
      case "__builtin__.set":
      case "torch.Size":
        return callable(([items = []]) => items);
      case "collections.Counter":
        return callable((args) => this.#counter(args));
      case "builtins.bytearray":
      case "__builtin__.bytearray":
        return callable((args) => this.#byteArray(args));
      case "_codecs.encode":
        return callable((args) => this.#encoded(args));
      case "torch.device":
        return callable((args) => this.#device(args));
      case "torch._utils._rebuild_tensor":
      case "torch._utils._rebuild_tensor_v2":
        return callable((args) => new Deferred((name) => this.#tensor(args, null, args[6], name)));
      case "torch._utils._rebuild_tensor_v3":
        return callable((args) => {
          const type = this.#typeOf(args[6]);
          return new Deferred((name) => this.#tensor(args, type, args[7], name));
        });
      case "torch._utils._rebuild_parameter":
      case "torch._utils._rebuild_parameter_with_state":
        // What is learned, a module says.
        return callable(([tensor]) => tensor);
    }
    const [, own] = /^torch\.(?:storage\.)?(\w+)$/.exec(name.slice(0, 64)) ?? [];
    if (own === undefined) return undefined;
    if (STORAGES.has(own)) return new Global(name, null);
    return isStoredType(own) ? new Global(name, null, own) : undefined;
  }

  /** The type that a name of PyTorch stands for. */
  #typeOf(given: unknown): StoredType {
    const name = given instanceof Global ? given.value : undefined;
    if (name !== undefined && isStoredType(name)) return name;
    throw this.#source.refused("a tensor in its pickle has elements of an unknown type");
  }
}

/**
 * The most bytes of a pickle that is packed, which PyTorch itself never does: each takes time and
 * memory, and a small file could unpack into many.
 */
const LARGEST_UNPACKED = 2 ** 25;

/** The first byte of PyTorch's old format, or of a bare pickle, neither of which is a zip archive. */
const BARE_PICKLE = 0x80;

/** The name of the pickle, inside the one folder of an archive or at its top. */
const PICKLE = "data.pkl";
const PICKLE_PATH = /^(?:[^/]*\/)?data\.pkl$/;

/** What a file holds. */
function decoded(source: Source): TorchValue {
  if (source.length > 0 && source.read(0, 1, "the start of the file")[0] === BARE_PICKLE) {
    throw source.refused(
      "it is in the format that PyTorch had before 1.6; write it again with torch.save(torch.load(" +
        "old), new) in PyTorch",
    );
  }
  // PyTorch can be set to compute no checksums.
  const archive = new Archive(source, true);
  const pickles = archive.names.filter((name) => PICKLE_PATH.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw source.refused(`it must hold one ${PICKLE}, and holds ${pickles.length}`);
  }
  const prefix = pickle.slice(0, -PICKLE.length);
  if (archive.has(`${prefix}constants.pkl`)) {
    throw source.refused("it is a TorchScript program; in PyTorch, save its state_dict()");
  }
  const order = `${prefix}byteorder`;
  const little = new TextEncoder().encode("little");
  const bytes = archive.has(order) ? archive.read(order, "its byte order") : little;
  if (bytes.length !== little.length || bytes.some((byte, i) => byte !== little[i])) {
    throw source.refused("its bytes are not in little-endian order");
  }
  const { packed, size } = archive.sizes(pickle, "its pickle");
  if (size > Math.max(packed, LARGEST_UNPACKED)) {
    throw source.refused(
      `its pickle would unpack from ${packed} bytes to ${size}, at most ${LARGEST_UNPACKED} are read`,
    );
  }
  const content = archive.read(pickle, "its pickle");
  return unpickled(source, content, new TensorBuilder(source, archive, prefix, content.length));
}

/**
 * What PyTorch wrote with `torch.save`: a state dict, or any checkpoint of dicts, lists, tensors,
 * numbers and text. Nothing in the file is run: a pickle that asks for anything but tensors and
 * plain containers is refused, with an error that names it. Follows `torch.load` with `weights_only=True`.
 *
 * Tuples, sets and sizes become arrays, counters objects, bytes `Uint8Array`, types and devices text, whole numbers
 * beyond 2^53 bigints; keys become text. float16 and bfloat16 become float32, integers int32. Tensors that shared
 * memory in PyTorch share it here. Parameters become plain tensors without a gradient.
 *
 * @typeParam T What the file holds, for the type checker; `loadStateDict` checks it.
 * @param path The file: a path or a file URL. It needs `--allow-read`.
 * @throws {NotFound} If the file does not exist.
 * @throws {InvalidData} If the file is damaged, in PyTorch's format from before 1.6, or asks for
 * anything else; the message names the tensor, or what was asked for.
 *
 * @example A state dict and its shapes
 * ```ts
 * import { io } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const state = io.loadTorch(new URL("../../tests/fixtures/io/linear.pt", import.meta.url));
 * assertEquals(Object.keys(state), ["weight", "bias"]);
 * ```
 */
export function loadTorch<T extends TorchValue = StateDict>(path: string | URL): T {
  checkCount("run loadTorch", arguments.length, 1);
  checkKind("run loadTorch", "the file", path, PATH);
  return overFile("loadTorch", path, decoded) as T;
}

/**
 * What PyTorch wrote, from bytes, as `loadTorch` returns it.
 *
 * @typeParam T What the bytes hold, for the type checker; `loadStateDict` checks it.
 * @throws {InvalidData} If the bytes are damaged or ask for anything but tensors and plain
 * containers.
 *
 * @example A model that was saved whole
 * ```ts
 * import { io } from "@adjoint/ml";
 * import { assertThrows } from "@std/assert";
 *
 * const file = new URL("../../tests/fixtures/io/module.pt", import.meta.url);
 * const bytes = Deno.readFileSync(file);
 * assertThrows(() => io.decodeTorch(bytes), Error, 'asks for "torch.nn.modules.linear.Linear"');
 * ```
 */
export function decodeTorch<T extends TorchValue = StateDict>(bytes: Uint8Array): T {
  checkCount("run decodeTorch", arguments.length, 1);
  return decoded(overBytes("decodeTorch", bytes)) as T;
}
