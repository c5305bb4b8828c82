/** Batches of examples: each part stacked, or padded to one length. */

import { CODES } from "../core/dtype.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { largest } from "../core/lists.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  COUNT,
  isPlainObject,
  NUMBER,
  optionReader,
  shown,
  TENSOR,
} from "../core/options.ts";
import { checkRoom, sameShape, sizeOf } from "../core/shape.ts";
import { stack } from "../ops/mod.ts";
import { tensor } from "../tensor/create.ts";
import { arange } from "../tensor/ranges.ts";
import { padTo } from "../tensor/sequences.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A batch of examples: tensors replace tensors, numbers and flags, in the same arrays and records. */
export type Collated<T> = unknown extends T ? T
  : T extends Tensor | number | boolean ? Tensor
  : T extends readonly unknown[] | Readonly<Record<string, unknown>>
    ? { -readonly [K in keyof T]: Collated<T[K]> }
  : never;

type Leaf = (tensors: readonly Tensor[], at: string) => unknown;

/** Where a part is in an example, for messages. */
function partAt(at: string, key: string | number): string {
  return at === "" ? `part ${key}` : `${at}.${key}`;
}

/** The error for parts that do not match. */
function odd(at: string, needed: string, first: unknown, other: unknown): TypeError {
  const where = at === "" ? "" : `${at} of `;
  return new TypeError(
    `Cannot collate: ${where}all examples must have ${needed}, got ${shown(first)} and ${
      shown(other)
    }`,
  );
}

function typeOf(value: unknown): string {
  return typeof value;
}

/** Descends into arrays and records, and combines the examples' parts at each leaf. */
function collateWith(
  examples: readonly unknown[],
  leaf: Leaf,
  at = "",
  above: readonly unknown[] = [],
): unknown {
  const [first] = examples;
  // What contains itself has no leaves.
  const open = !above.includes(first);
  const below = (part: string | number) =>
    collateWith(
      examples.map((own) => (own as Record<string | number, unknown>)[part]),
      leaf,
      partAt(at, part),
      [...above, first],
    );
  const checkAll = (needed: string, fits: (value: unknown) => boolean) => {
    const wrong = examples.findIndex((value) => !fits(value));
    if (wrong !== -1) throw odd(at, needed, first, examples[wrong]);
  };
  if (typeof first === "number" || typeof first === "boolean") {
    const type = typeOf(first);
    checkAll("the same kind of value", (value) => typeOf(value) === type);
    return tensor(examples as number[]);
  }
  if (first instanceof Tensor) {
    checkAll("tensors", (value) => value instanceof Tensor);
    return leaf(examples as Tensor[], at);
  }
  if (open && Array.isArray(first)) {
    checkAll("as many parts", (value) => Array.isArray(value) && value.length === first.length);
    return first.map((_, part) => below(part));
  }
  if (open && isPlainObject(first)) {
    const keys = Object.keys(first);
    checkAll(
      "the same keys",
      (value) =>
        isPlainObject(value) && Object.keys(value).length === keys.length &&
        keys.every((key) => Object.hasOwn(value, key)),
    );
    return Object.fromEntries(keys.map((key) => [key, below(key)]));
  }
  const promised = first instanceof Promise ? "; examples that come later need for await" : "";
  throw new TypeError(
    `Cannot collate: examples must be tensors, numbers, flags, or arrays and records of them, got ${
      shown(first)
    }${promised || "; pass { collate }"}`,
  );
}

function stacked(tensors: readonly Tensor[], at: string): Tensor {
  const [first] = tensors;
  const wrong = tensors.findIndex(({ shape }) => !sameShape(shape, first?.shape ?? []));
  if (wrong === -1) return stack(tensors);
  const shapes = [first?.shape ?? [], tensors[wrong]?.shape ?? []];
  throw new ShapeError(
    `Cannot collate: ${at === "" ? "" : `${at} of `}all examples must have the same shape, got ${
      shapes.map(showShape).join(" and ")
    }, the latter of example ${wrong} in the batch; pad sequences with { collate: padCollate() }`,
    shapes,
  );
}

/** Refuses anything but a list of examples. */
function checkExamples(call: string, examples: readonly unknown[]): void {
  if (!Array.isArray(examples)) {
    throw new TypeError(`Cannot ${call}: an array of examples is needed, got ${shown(examples)}`);
  }
  if (examples.length === 0) throw new RangeError(`Cannot ${call}: there are no examples`);
}

/**
 * Makes a batch of examples: tensors are stacked, numbers and flags become tensors, and so on within
 * arrays and records. Follows `torch.utils.data.default_collate`.
 *
 * @throws {ShapeError} If tensors in the same place have different shapes.
 * @throws {TypeError} If the examples have different parts, or parts of an unsupported kind.
 *
 * @example Records
 * ```ts
 * import { data, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const batch = data.collate([{ x: tensor([1, 2]), y: 0 }, { x: tensor([3, 4]), y: 1 }]);
 * assertEquals(batch.x.toArray(), [[1, 2], [3, 4]]);
 * assertEquals(batch.y.toArray(), [0, 1]);
 * ```
 */
export function collate<T>(examples: readonly T[]): Collated<T> {
  checkCount("collate", arguments.length, 1);
  checkExamples("collate", examples);
  return collateWith(examples, stacked) as Collated<T>;
}

/** Sequences padded to one length, and which entries are not padding. */
export interface Padded {
  /** Shape [N, L, ...]: each sequence is followed by the padding value. */
  readonly values: Tensor;
  /** bool, of shape [N, L]: which entries belong to the sequence. */
  readonly mask: Tensor;
  /** int32, of shape [N]: the lengths of the sequences. */
  readonly lengths: Tensor;
}

/** Options of `padSequences` and `padCollate`. */
export interface PadOptions {
  /** The value that pads. Default: 0. */
  value?: number;
  /** The padded length. Default: that of the longest sequence, which is also the least allowed. */
  length?: number;
}

const padOptions = optionReader<PadOptions>({ value: NUMBER, length: COUNT });

/** The sequences as one tensor. */
function padded(call: string, sequences: readonly Tensor[], options: PadOptions): Padded {
  const [first] = sequences;
  const rest = first?.shape.slice(1) ?? [];
  for (const [i, { shape, dtype }] of sequences.entries()) {
    if (shape.length > 0 && sameShape(shape.slice(1), rest) && dtype === first?.dtype) continue;
    throw new ShapeError(
      `Cannot ${call}: sequences must have shape [L, ...] with equal ... and one type, got ` +
        `${first?.dtype} ${showShape(first?.shape ?? [])} and ${dtype} ${showShape(shape)}, the ` +
        `latter at ${i}`,
      [first?.shape ?? [], shape],
    );
  }
  const lengths = sequences.map(({ shape: [own = 0] }) => own);
  const longest = largest(lengths);
  const { value = 0, length = longest } = options;
  if (length < longest) {
    throw new RangeError(
      `Cannot ${call}: length ${length} is less than that of the longest sequence, ${longest}`,
    );
  }
  const shape = [sequences.length, length, ...rest];
  checkRoom(shape, sizeOf(shape), CODES[first?.dtype ?? "float32"], "padded sequences");
  const own = tensor(lengths, { dtype: "int32" });
  return {
    values: padTo(sequences, length, value),
    mask: arange(length).lt(own.unsqueeze(1)),
    lengths: own,
  };
}

/**
 * Sequences of different lengths as one tensor, with a mask of what is not padding. Follows
 * `torch.nn.utils.rnn.pad_sequence` with `batch_first`.
 *
 * @param sequences One or more of shape [L, ...], where only L differs.
 *
 * @example Two sequences
 * ```ts
 * import { data, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { values, mask } = data.padSequences([tensor([1, 2, 3]), tensor([4])]);
 * assertEquals(values.toArray(), [[1, 2, 3], [4, 0, 0]]);
 * assertEquals(mask.toArray(), [[true, true, true], [true, false, false]]);
 * ```
 */
export function padSequences(sequences: readonly Tensor[], options?: PadOptions): Padded {
  const call = "run padSequences";
  checkCount(call, arguments.length, 2);
  checkKind(call, "the argument", sequences, arrayOf(TENSOR, "tensors"));
  const read = padOptions(call, options);
  checkExamples(call, sequences);
  return padded(call, sequences, read);
}

/** A batch of examples with their tensors padded. */
export type PadCollated<T> = unknown extends T ? T
  : T extends number | boolean ? Tensor
  : T extends Tensor ? Padded
  : T extends readonly unknown[] | Readonly<Record<string, unknown>>
    ? { -readonly [K in keyof T]: PadCollated<T[K]> }
  : never;

/**
 * Makes a `collate` for a loader that pads: each tensor of an example is a sequence and becomes a
 * {@linkcode Padded}, numbers and flags become tensors, and so on within arrays and records.
 *
 * @example Sequences with labels
 * ```ts
 * import { data, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const collate = data.padCollate<[ReturnType<typeof tensor>, number]>({ value: -1 });
 * const [sequences, labels] = collate([[tensor([1, 2]), 0], [tensor([3]), 1]]);
 * assertEquals(sequences.values.toArray(), [[1, 2], [3, -1]]);
 * assertEquals(sequences.lengths.toArray(), [2, 1]);
 * assertEquals(labels.toArray(), [0, 1]);
 * ```
 */
export function padCollate<T>(options?: PadOptions): (examples: readonly T[]) => PadCollated<T> {
  const call = "run padCollate";
  checkCount(call, arguments.length, 1);
  const read = { ...padOptions(call, options) };
  return (examples) => {
    checkExamples("collate", examples);
    return collateWith(examples, (own) => padded("collate", own, read)) as PadCollated<T>;
  };
}
