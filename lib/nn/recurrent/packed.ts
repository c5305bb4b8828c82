/** Sequences of different lengths as one tensor: padded, or packed without padding. */

import { ShapeError, showShape } from "../../core/errors.ts";
import { largest } from "../../core/lists.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  FLAG,
  kept,
  kind,
  NUMBER,
  oneOf,
  optionReader,
  orNull,
  TENSOR,
} from "../../core/options.ts";
import { extentAt, sameShape } from "../../core/shape.ts";
import { cat } from "../../ops/mod.ts";
import { full } from "../../tensor/create.ts";
import { padTo } from "../../tensor/sequences.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { positions } from "../checks.ts";

/** What a packed sequence consists of. */
export interface PackedSequenceParts {
  /** The entries of all sequences, step by step: of each step first the longest sequence. */
  readonly data: Tensor;
  /** How many sequences each step has: falling numbers. */
  readonly batchSizes: readonly number[];
  /** Which sequence stands at each place, the longest first; null if they were in that order. */
  readonly sortedIndices: Tensor | null;
  /** At which place each sequence stands; null if they were in that order. */
  readonly unsortedIndices: Tensor | null;
}

/**
 * Sequences of different lengths without padding, as {@linkcode packPaddedSequence} and
 * {@linkcode packSequence} make them and recurrent layers take them. Follows
 * `torch.nn.utils.rnn.PackedSequence`.
 */
export class PackedSequence implements PackedSequenceParts {
  /** The entries of all sequences, step by step: of each step first the longest sequence. */
  readonly data: Tensor;
  /** How many sequences each step has: falling numbers. */
  readonly batchSizes: readonly number[];
  /** Which sequence stands at each place, the longest first; null if they were in that order. */
  readonly sortedIndices: Tensor | null;
  /** At which place each sequence stands; null if they were in that order. */
  readonly unsortedIndices: Tensor | null;

  /**
   * Creates the sequences from their parts.
   *
   * @param parts All parts.
   * @throws {ShapeError} If the numbers of sequences do not fall, or are not as many as the entries.
   */
  constructor(parts: PackedSequenceParts) {
    checkCount("make a PackedSequence", arguments.length, 1);
    const { data, batchSizes, sortedIndices = null, unsortedIndices = null } = readParts(
      "make a PackedSequence",
      parts,
    );
    checkKind("make a PackedSequence", "data", data, TENSOR);
    checkKind("make a PackedSequence", "batchSizes", batchSizes, LENGTHS);
    const falling = batchSizes.every((size, i) => size <= (batchSizes[i - 1] ?? size));
    const count = batchSizes.reduce((sum, size) => sum + size, 0);
    if (!falling || count !== data.shape[0]) {
      throw new ShapeError(
        `Cannot make a PackedSequence: batchSizes must fall and have the first extent of the data ` +
          `as their sum, got ${showShape(batchSizes)} and ${showShape(data.shape)}`,
        [data.shape],
      );
    }
    this.data = data;
    this.batchSizes = kept(batchSizes);
    this.sortedIndices = sortedIndices;
    this.unsortedIndices = unsortedIndices;
  }
}

const LENGTHS = arrayOf(
  kind("", (value) => Number.isSafeInteger(value) && Number(value) >= 1),
  "integers from 1 on",
);
const SEQUENCES = arrayOf(TENSOR, "tensors");

const readParts = optionReader<PackedSequenceParts>({
  data: TENSOR,
  batchSizes: LENGTHS,
  sortedIndices: orNull(TENSOR),
  unsortedIndices: orNull(TENSOR),
});

const PACKED = kind("a PackedSequence", (value) => value instanceof PackedSequence);

/** Refuses sequences that differ beside their length. */
function checkSequences(call: string, sequences: readonly Tensor[]): void {
  checkKind(call, "the sequences", sequences, SEQUENCES);
  const [first] = sequences;
  if (first === undefined) {
    throw new RangeError(`Cannot ${call}: it needs at least one sequence, got none`);
  }
  const entry = first.shape.slice(1);
  for (const x of sequences) {
    if (x.ndim === 0 || !sameShape(x.shape.slice(1), entry) || x.dtype !== first.dtype) {
      throw new ShapeError(
        `Cannot ${call}: sequences must be equal but for their length, got ${first.dtype} of shape ` +
          `${showShape(first.shape)} and ${x.dtype} of shape ${showShape(x.shape)}`,
        [first.shape, x.shape],
      );
    }
  }
}

/** Options of `padSequence`. */
export interface PadSequenceOptions {
  /** Whether the batch is the first dimension, and the step the second. Default: false. */
  batchFirst?: boolean;
  /** What stands where a sequence has no entry. Default: 0. */
  paddingValue?: number;
  /** Where the padding is. Default: "right". */
  paddingSide?: "left" | "right";
}

const readPad = optionReader<PadSequenceOptions>({
  batchFirst: FLAG,
  paddingValue: NUMBER,
  paddingSide: oneOf("left", "right"),
});

/**
 * Sequences of different lengths as one tensor, the shorter ones padded to the length of the longest.
 * Follows `torch.nn.utils.rnn.pad_sequence`.
 *
 * @param sequences Shape [length, …] each, equal but for their length.
 * @returns Shape [steps, batch, …], or [batch, steps, …] with `batchFirst`.
 * @throws {ShapeError} If the sequences differ beside their length.
 *
 * @example Two sequences
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const padded = nn.utils.padSequence([tensor([1]), tensor([2, 3])], { batchFirst: true });
 * assertEquals(padded.toArray(), [[1, 0], [2, 3]]);
 * ```
 */
export function padSequence(sequences: readonly Tensor[], options?: PadSequenceOptions): Tensor {
  const call = "run padSequence";
  checkCount(call, arguments.length, 2);
  const { batchFirst = false, paddingValue = 0, paddingSide = "right" } = readPad(call, options);
  checkSequences(call, sequences);
  const most = largest(sequences.map((x) => extentAt(x.shape, 0)));
  const padded = padTo(sequences, most, paddingValue, paddingSide);
  return batchFirst ? padded : padded.transpose(0, 1).contiguous();
}

/** Options of `packPaddedSequence`. */
export interface PackOptions {
  /** Whether the batch is the first dimension, and the step the second. Default: false. */
  batchFirst?: boolean;
  /** Whether the sequences must stand in the order of their lengths, the longest first. Default: true. */
  enforceSorted?: boolean;
}

const readPack = optionReader<PackOptions>({ batchFirst: FLAG, enforceSorted: FLAG });

const COUNTS = kind(
  "a tensor of int32 or an array of integers from 1 on",
  (value) =>
    LENGTHS.accepts(value) || (TENSOR.accepts(value) && (value as Tensor).dtype === "int32"),
);

/**
 * Padded sequences without their padding. Follows `torch.nn.utils.rnn.pack_padded_sequence`.
 *
 * @param x Shape [steps, batch, …], or [batch, steps, …] with `batchFirst`.
 * @param lengths The length of each sequence, from 1 on.
 * @throws {RangeError} If lengths do not fit, or do not fall though they must.
 *
 * @example There and back
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { packPaddedSequence, padPackedSequence } = nn.utils;
 * const packed = packPaddedSequence(tensor([[1, 2], [3, 0]]), [2, 1], { batchFirst: true });
 * assertEquals([packed.data.toArray(), packed.batchSizes], [[1, 3, 2], [2, 1]]);
 * const { output, lengths } = padPackedSequence(packed, { batchFirst: true });
 * assertEquals([output.toArray(), lengths.toArray()], [[[1, 2], [3, 0]], [2, 1]]);
 * ```
 */
export function packPaddedSequence(
  x: Tensor,
  lengths: Tensor | readonly number[],
  options?: PackOptions,
): PackedSequence {
  const call = "run packPaddedSequence";
  checkCount(call, arguments.length, 3);
  const { batchFirst = false, enforceSorted = true } = readPack(call, options);
  checkKind(call, "the input", x, TENSOR);
  checkKind(call, "lengths", lengths, COUNTS);
  const list = Array.isArray(lengths) ? lengths : (lengths as Tensor).flatten().toArray();
  return packed(call, x, list as number[], batchFirst, enforceSorted);
}

function packed(
  call: string,
  x: Tensor,
  lengths: readonly number[],
  batchFirst: boolean,
  enforceSorted: boolean,
): PackedSequence {
  const [steps = 0, batch = 0] = batchFirst ? [x.shape[1], x.shape[0]] : x.shape;
  if (x.ndim < 2 || lengths.length !== batch || batch === 0) {
    throw new ShapeError(
      `Cannot ${call}: it needs a batch of sequences and a length of each, got shape ${
        showShape(x.shape)
      } and ${lengths.length} lengths`,
      [x.shape],
    );
  }
  const wrong = lengths.find((length) => length < 1 || length > steps);
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot ${call}: lengths must be from 1 to the number of steps, ${steps}, got ${wrong}`,
    );
  }
  const order = lengths.map((_, i) => i).sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0));
  const sorted = order.every((place, i) => place === i);
  if (enforceSorted && !sorted) {
    throw new RangeError(
      `Cannot ${call}: lengths must fall, got ${
        showShape(lengths)
      }; enforceSorted: false sorts them`,
    );
  }
  let size = batch;
  const batchSizes = Array.from({ length: largest(lengths) }, (_, t) => {
    while ((lengths[order[size - 1] ?? 0] ?? 0) <= t) size--;
    return size;
  });
  const rows = batchSizes.flatMap((size, t) =>
    order.slice(0, size).map((b) => batchFirst ? b * steps + t : t * batch + b)
  );
  const inverse = new Int32Array(batch);
  order.forEach((place, i) => inverse[place] = i);
  return new PackedSequence({
    data: x.flatten(0, 1).indexSelect(0, positions(rows, x)),
    batchSizes,
    sortedIndices: enforceSorted ? null : positions(order, x),
    unsortedIndices: enforceSorted ? null : positions(inverse, x),
  });
}

/** Options of `packSequence`. */
export type PackSequenceOptions = Pick<PackOptions, "enforceSorted">;

const readPackSequence = optionReader<PackSequenceOptions>({ enforceSorted: FLAG });

/**
 * Sequences of different lengths packed without padding. Follows
 * `torch.nn.utils.rnn.pack_sequence`.
 *
 * @param sequences Shape [length, …] each, equal but for their length.
 * @throws {ShapeError} If the sequences differ beside their length.
 * @throws {RangeError} If they do not stand in the order of their lengths though they must.
 *
 * @example Two sequences
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const packed = nn.utils.packSequence([tensor([1, 2]), tensor([3])]);
 * assertEquals(packed.data.toArray(), [1, 3, 2]);
 * ```
 */
export function packSequence(
  sequences: readonly Tensor[],
  options?: PackSequenceOptions,
): PackedSequence {
  const call = "run packSequence";
  checkCount(call, arguments.length, 2);
  const { enforceSorted = true } = readPackSequence(call, options);
  checkSequences(call, sequences);
  const lengths = sequences.map((x) => extentAt(x.shape, 0));
  return packed(call, padSequence(sequences), lengths, false, enforceSorted);
}

/** Options of `padPackedSequence`. */
export interface PadPackedOptions {
  /** Whether the batch is the first dimension, and the step the second. Default: false. */
  batchFirst?: boolean;
  /** What stands where a sequence has no entry. Default: 0. */
  paddingValue?: number;
  /** Number of steps; null for those of the longest sequence. Default: null. */
  totalLength?: number | null;
}

const readPadPacked = optionReader<PadPackedOptions>({
  batchFirst: FLAG,
  paddingValue: NUMBER,
  totalLength: orNull(kind("an integer", Number.isSafeInteger)),
});

/** Padded sequences and their lengths. */
export interface PaddedSequence {
  /** Shape [steps, batch, …], or [batch, steps, …] with `batchFirst`. */
  readonly output: Tensor;
  /** The length of each sequence, int32. */
  readonly lengths: Tensor;
}

/**
 * Packed sequences with padding, in the order in which they were before. Follows
 * `torch.nn.utils.rnn.pad_packed_sequence`.
 *
 * @throws {RangeError} If `totalLength` is less than the length of the longest sequence.
 *
 * @example Three steps for all
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const packed = nn.utils.packSequence([tensor([1, 2]), tensor([3])]);
 * const { output } = nn.utils.padPackedSequence(packed, { batchFirst: true, totalLength: 3 });
 * assertEquals(output.toArray(), [[1, 2, 0], [3, 0, 0]]);
 * ```
 */
export function padPackedSequence(
  sequence: PackedSequence,
  options?: PadPackedOptions,
): PaddedSequence {
  const call = "run padPackedSequence";
  checkCount(call, arguments.length, 2);
  checkKind(call, "the sequence", sequence, PACKED);
  const { batchFirst = false, paddingValue = 0, totalLength } = readPadPacked(call, options);
  const { data, batchSizes, unsortedIndices } = sequence;
  const steps = totalLength ?? batchSizes.length;
  if (steps < batchSizes.length) {
    throw new RangeError(
      `Cannot ${call}: totalLength must be at least ${batchSizes.length}, got ${steps}`,
    );
  }
  const batch = batchSizes[0] ?? 0;
  const shape = data.shape.slice(1);
  const places = Array.from({ length: batch }, (_, i) => i);
  const order = unsortedIndices === null ? places : unsortedIndices.toArray() as number[];
  let next = 0;
  const starts = batchSizes.map((size) => (next += size) - size);
  // Behind all entries stands the padding.
  const rowAt = (t: number, place: number) =>
    place < (batchSizes[t] ?? 0) ? (starts[t] ?? 0) + place : extentAt(data.shape, 0);
  const rows = batchSizes.flatMap((_, t) => order.map((place) => rowAt(t, place)));
  const { dtype, device } = data;
  const padding = full([1, ...shape], paddingValue, { dtype, device });
  const beside = [0, ...shape].flatMap(() => [0, 0]);
  const whole = cat([data, padding]).indexSelect(0, positions(rows, data))
    .reshape([batchSizes.length, batch, ...shape]);
  const more = steps - batchSizes.length;
  const padded = more === 0 ? whole : whole.pad([...beside, 0, more], { value: paddingValue });
  const lengths = order.map((place) => batchSizes.filter((size) => size > place).length);
  return {
    output: batchFirst ? padded.transpose(0, 1) : padded,
    lengths: positions(lengths, data),
  };
}
