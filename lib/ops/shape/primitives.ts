/** Primitives: views and rearrangements. A view shares the memory of its tensor. */

import { checkList, spreadOut } from "../../core/arguments.ts";
import { promote } from "../../core/dtype.ts";
import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, NUMBER, optionReader, shown } from "../../core/options.ts";
import {
  broadcastShapes,
  checkShape,
  contiguousStrides,
  inferShape,
  normalizeDim,
  sameShape,
  type Shape,
  sizeOf,
  viewStrides,
} from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo, clone, copyInto } from "../copy/copy.ts";
import { anyBatched, behindBatch, inBatch } from "../define/batch.ts";
import { checkDevices, checkElement, checkTensor } from "../define/checks.ts";
import { record1, recordAll, result, rule, scalar, viewOf, zeroed } from "../define/record.ts";

const reshapeRule = rule<{ from: Shape; to: Shape }>("reshape", {
  vjp: [(g, { attrs }) => reshape(g, attrs.from)],
  jvp: ([t], { attrs }) => reshape(t!, attrs.to),
  batch: ([x], { to }, { size }) => reshape(x!, [size, ...to]),
});

/**
 * The same elements under another shape, one extent of which may be -1; a view where possible.
 *
 * @example An extent that follows
 * ```ts
 * import { reshape, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(reshape(tensor([1, 2, 3, 4]), [2, -1]).toArray(), [[1, 2], [3, 4]]);
 * ```
 */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  if (arguments.length > 2) throw spreadOut("reshape", [shape], arguments.length - 1);
  checkTensor("reshape", x);
  const target = inferShape("reshape", shape, x.size);
  const attrs = { from: x.shape, to: target };
  if (x.batched !== null) return inBatch(reshapeRule.batch, [x], attrs)[0]!;
  const strides = x.dense ? contiguousStrides(target) : viewStrides(x.shape, x.strides, target);
  if (strides === null) return reshape(clone(x), target);
  const y = viewOf(x, target, strides, x.offset, x.size);
  return record1(reshapeRule, x, y, attrs);
}

const permuteRule = rule<{ order: readonly number[] }>("permute", {
  vjp: [(g, { attrs: { order } }) => permute(g, order.map((_, i) => order.indexOf(i)))],
  jvp: ([t], { attrs }) => permute(t!, attrs.order),
  batch: ([x], { order }) => permute(x!, [0, ...behindBatch(order)]),
});

/**
 * The dimensions in another order: a view.
 *
 * @example Channels last
 * ```ts
 * import { permute, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(permute(zeros([2, 3, 4]), [1, 2, 0]).shape, [3, 4, 2]);
 * ```
 */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  if (arguments.length > 2) throw spreadOut("permute", [dims], arguments.length - 1);
  checkTensor("permute", x);
  checkList("permute", "dims", dims);
  const order = dims.map((dim) => normalizeDim("permute", dim, x.ndim));
  if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
    throw new ShapeError(
      `Cannot compute permute: dims must name each of ${x.ndim} dimensions once, got ${
        showShape(dims)
      }`,
      [x.shape],
    );
  }
  if (x.batched !== null) return inBatch(permuteRule.batch, [x], { order })[0]!;
  const shape = order.map((dim) => x.shape[dim]!);
  const strides = order.map((dim) => x.strides[dim]!);
  return record1(permuteRule, x, viewOf(x, shape, strides, x.offset, x.size), { order });
}

const transposeRule = rule<{ i: number; j: number }>("transpose", {
  vjp: [(g, { attrs: { i, j } }) => transpose(g, i, j)],
  jvp: ([t], { attrs: { i, j } }) => transpose(t!, i, j),
  batch: ([x], { i, j }) => transpose(x!, i + 1, j + 1),
});

/**
 * Two dimensions exchanged: a view.
 *
 * @example A matrix
 * ```ts
 * import { tensor, transpose } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(transpose(tensor([[1, 2], [3, 4]]), 0, 1).toArray(), [[1, 3], [2, 4]]);
 * ```
 */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  checkCount("compute transpose", arguments.length, 3);
  checkTensor("transpose", x);
  const i = normalizeDim("transpose", dim0, x.ndim, "dim0");
  const j = normalizeDim("transpose", dim1, x.ndim, "dim1");
  if (x.batched !== null) return inBatch(transposeRule.batch, [x], { i, j })[0]!;
  const [shape, strides] = [x.shape.slice(), x.strides.slice()];
  [shape[i], shape[j]] = [x.shape[j]!, x.shape[i]!];
  [strides[i], strides[j]] = [x.strides[j]!, x.strides[i]!];
  return record1(transposeRule, x, viewOf(x, shape, strides, x.offset, x.size), { i, j });
}

const expandRule = rule<{ from: Shape; to: Shape }>("expand", {
  vjp: [(g, { attrs }) => sumTo(g, attrs.from)],
  jvp: ([t], { attrs }) => expand(t!, attrs.to),
  batch: ([x], { from, to }, { size }) => {
    const ones = new Array<number>(to.length - from.length).fill(1);
    return expand(reshape(x!, [size, ...ones, ...from]), [size, ...to]);
  },
});

/**
 * Dimensions of extent 1 stretched, new ones in front: a view. An extent of -1 keeps its own.
 *
 * @example A row for each example
 * ```ts
 * import { expand, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(expand(tensor([1, 2]), [2, -1]).toArray(), [[1, 2], [1, 2]]);
 * ```
 */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  if (arguments.length > 2) throw spreadOut("expand", [shape], arguments.length - 1);
  return expandAs("expand", x, shape);
}

/** `expand` under the name of the op that needs it. */
export function expandAs(op: string, x: Tensor, shape: readonly number[]): Tensor {
  checkTensor(op, x);
  checkList(op, "the shape", shape);
  const missing = shape.length - x.ndim;
  const target = shape.map((extent, i) => extent === -1 ? x.shape[i - missing] ?? -1 : extent);
  if (target.includes(-1)) {
    throw new ShapeError(
      `Cannot compute ${op}: -1 keeps the extent of a dimension that is there, got ${
        showShape(shape)
      } for shape ${showShape(x.shape)}`,
      [x.shape, shape],
    );
  }
  checkShape(op, target);
  if (missing < 0 || !sameShape(broadcastShapes(op, x.shape, target), target)) {
    throw new ShapeError(
      `Cannot compute ${op}: shape ${showShape(x.shape)} does not stretch to ${
        showShape(target)
      }, as only dimensions of extent 1 do`,
      [x.shape, target],
    );
  }
  if (sameShape(x.shape, target)) return x;
  const attrs = { from: x.shape, to: target };
  if (x.batched !== null) return inBatch(expandRule.batch, [x], attrs)[0]!;
  const strides = target.map((_, i) =>
    i < missing || x.shape[i - missing] === 1 ? 0 : x.strides[i - missing]!
  );
  const y = viewOf(x, target, strides, x.offset, sizeOf(target));
  return record1(expandRule, x, y, attrs);
}

/** Sums over the dimensions that broadcasting added or stretched: the transpose of `expand`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const missing = x.ndim - shape.length;
  const dims: number[] = [];
  for (let i = 0; i < x.ndim; i++) {
    if (i < missing || (shape[i - missing] === 1 && x.shape[i] !== 1)) dims.push(i);
  }
  const summed = dims.length === 0 ? x : x.sum(dims, { keepdim: true });
  return missing === 0 ? summed : reshape(summed, shape);
}

/** Where a block of regular steps lies in a larger tensor. */
export interface Block {
  /** First position along each dimension. */
  readonly starts: readonly number[];
  /** Step along each dimension, at least 1. */
  readonly steps: readonly number[];
}

/** A block, and the shapes of the tensor and of the block. */
interface Cut extends Block {
  readonly whole: Shape;
  readonly part: Shape;
}

/** The same block of each example. */
function inFront({ starts, steps }: Block): Block {
  return { starts: [0, ...starts], steps: [1, ...steps] };
}

const sliceRule = rule<Cut>("slice", {
  vjp: [(g, { attrs }) => embed(g, attrs.whole, attrs)],
  vjpInto: (sum, g, { attrs }) => {
    const place = blockOf(sum, attrs.part, attrs);
    copyInto(place, place.add(g));
  },
  jvp: ([t], { attrs }) => sliceBlock(t!, attrs.part, attrs),
  batch: ([x], cut, { size }) => sliceBlock(x!, [size, ...cut.part], inFront(cut)),
});

/** A block of a tensor: a view. */
export function sliceBlock(x: Tensor, shape: Shape, { starts, steps }: Block): Tensor {
  const cut = { starts, steps, whole: x.shape, part: shape };
  if (x.batched !== null) return inBatch(sliceRule.batch, [x], cut)[0]!;
  return record1(sliceRule, x, blockOf(x, shape, cut), cut);
}

const embedRule = rule<Cut>("embed", {
  vjp: [(g, { attrs }) => sliceBlock(g, attrs.part, attrs)],
  jvp: ([t], { attrs }) => embed(t!, attrs.whole, attrs),
  batch: ([x], cut, { size }) => embed(x!, [size, ...cut.whole], inFront(cut)),
});

/** A tensor of zeros with a block of it filled: the transpose of `sliceBlock`. */
function embed(x: Tensor, shape: Shape, { starts, steps }: Block): Tensor {
  const cut = { starts, steps, whole: shape, part: x.shape };
  if (x.batched !== null) return inBatch(embedRule.batch, [x], cut)[0]!;
  const y = zeroed(x, x.dtype, shape);
  copyInto(blockOf(y, x.shape, cut), x);
  return record1(embedRule, x, y, cut);
}

/** The same view as `sliceBlock`, not recorded. */
function blockOf(x: Tensor, shape: Shape, { starts, steps }: Block): Tensor {
  const offset = starts.reduce((sum, start, i) => sum + start * x.strides[i]!, x.offset);
  const size = sizeOf(shape);
  // A step beyond the only position might leave the range of strides.
  const strides = x.strides.map((stride, i) => shape[i]! > 1 ? stride * steps[i]! : stride);
  return viewOf(x, shape, strides, size === 0 ? x.offset : offset, size);
}

/**
 * Part of one dimension: a view.
 *
 * @param dim The dimension.
 * @param start First position; negative counts from the end. Default, also for null: 0.
 * @param end Position after the last one; default, also for null: the end.
 * @param step Distance between positions, at least 1.
 *
 * @example Every second element
 * ```ts
 * import { slice, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(slice(tensor([1, 2, 3, 4, 5]), 0, 0, 4, 2).toArray(), [1, 3]);
 * ```
 */
export function slice(
  x: Tensor,
  dim: number,
  start: number | null = 0,
  end: number | null = Infinity,
  step: number | null = 1,
): Tensor {
  checkCount("compute slice", arguments.length, 5);
  checkTensor("slice", x);
  const axis = normalizeDim("slice", dim, x.ndim);
  const [first, count, by] = sliceRange("slice", x.shape[axis]!, start, end, step);
  const shape = x.shape.with(axis, count);
  const starts = x.shape.map((_, i) => i === axis ? first : 0);
  return sliceBlock(x, shape, { starts, steps: x.shape.map((_, i) => i === axis ? by : 1) });
}

/**
 * First position, number of positions and step of a slice, clipped to the extent as Python does.
 * What is null is left open.
 */
export function sliceRange(
  op: string,
  extent: number,
  from: number | null | undefined,
  to: number | null | undefined,
  by: number | null | undefined,
): [first: number, count: number, step: number] {
  const [start, end, step] = [from ?? 0, to ?? Infinity, by ?? 1];
  const whole = Number.isInteger(start) && (Number.isInteger(end) || end === Infinity);
  if (!whole || !Number.isInteger(step) || step < 1) {
    const back = typeof step === "number" && step < 0 ? "; flip turns a dimension round" : "";
    throw new RangeError(
      `Cannot compute ${op}: a slice needs integers and a step of at least 1, got ` +
        `[${[start, end, step].map(shown).join(", ")}]${back}`,
    );
  }
  const clip = (at: number) => Math.min(Math.max(at < 0 ? at + extent : at, 0), extent);
  const [first, last] = [clip(start), clip(end)];
  return [first, Math.max(0, Math.ceil((last - first) / step)), step];
}

/** Options of `pad`. */
export interface PadOptions {
  /** What the new elements are. Default: 0. */
  value?: number;
}

const readPad = optionReader<PadOptions>({ value: NUMBER });

const padRule = rule<Cut & { value: number }>("pad", {
  vjp: [(g, { attrs }) => sliceBlock(g, attrs.part, attrs)],
  jvp: ([t], { attrs }) => embed(t!, attrs.whole, attrs),
  batch: ([x], cut, { size }) => surrounded(x!, [size, ...cut.whole], inFront(cut), cut.value),
});

/** A block of a tensor whose other elements have a value. */
function surrounded(x: Tensor, shape: Shape, { starts, steps }: Block, value: number): Tensor {
  const cut = { starts, steps, whole: shape, part: x.shape, value };
  if (x.batched !== null) return inBatch(padRule.batch, [x], cut)[0]!;
  const y = zeroed(x, x.dtype, shape);
  if (value !== 0) copyInto(y, scalar(value, x.dtype, x));
  copyInto(blockOf(y, x.shape, cut), x);
  return record1(padRule, x, y, cut);
}

/** What amounts add before and after each dimension, and the shape to which they lead. */
export function padding(x: Tensor, amounts: readonly number[]): {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly shape: Shape;
} {
  checkTensor("pad", x);
  checkList("pad", "amounts", amounts);
  const count = amounts.length / 2;
  if (!Number.isInteger(count) || count > x.ndim || !amounts.every(Number.isInteger)) {
    throw new ShapeError(
      `Cannot compute pad: amounts must be pairs of integers, at most ${x.ndim} for shape ${
        showShape(x.shape)
      }, got ${showShape(amounts)}`,
      [x.shape],
    );
  }
  const before = x.shape.map((_, i) => i < x.ndim - count ? 0 : amounts[2 * (x.ndim - 1 - i)]!);
  const after = x.shape.map((_, i) => i < x.ndim - count ? 0 : amounts[2 * (x.ndim - 1 - i) + 1]!);
  const shape = x.shape.map((extent, i) => extent + before[i]! + after[i]!);
  if (shape.some((extent) => extent < 0)) {
    throw new ShapeError(
      `Cannot compute pad: extents must be non-negative, but amounts ${showShape(amounts)} turn ` +
        `shape ${showShape(x.shape)} into ${showShape(shape)}`,
      [x.shape, shape],
    );
  }
  checkShape("pad", shape);
  return { before, after, shape };
}

/**
 * Elements added at the ends of dimensions, the last one first: `[left, right, top, bottom, …]`.
 * Negative amounts take elements away. Follows `torch.nn.functional.pad` with mode "constant".
 *
 * @example At both ends
 * ```ts
 * import { pad, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pad(tensor([1, 2]), [1, 2]).toArray(), [0, 1, 2, 0, 0]);
 * ```
 */
export function pad(x: Tensor, amounts: readonly number[], options?: PadOptions): Tensor {
  checkCount("compute pad", arguments.length, 3);
  const { before, after, shape } = padding(x, amounts);
  const { value = 0 } = readPad("compute pad", options);
  checkElement("pad", "the value", value, x.dtype);
  const steps = x.shape.map(() => 1);
  const kept = x.shape.map((extent, i) =>
    Math.max(0, extent + Math.min(before[i]!, 0) + Math.min(after[i]!, 0))
  );
  const inner = sliceBlock(x, kept, { starts: before.map((n) => Math.max(-n, 0)), steps });
  return surrounded(inner, shape, { starts: before.map((n) => Math.max(n, 0)), steps }, value);
}

const catRule = rule<{ dim: number; extents: readonly number[] }>("cat", {
  vjp: [],
  vjpAll: ([g], { attrs: { dim, extents } }, needs) => {
    let start = 0;
    return extents.map((extent, i) => {
      const from = start;
      start += extent;
      return needs[i] && g ? slice(g, dim, from, start) : null;
    });
  },
  jvp: (tangents, { attrs: { dim, extents } }) => {
    const like = tangents.find((t) => t !== null)!;
    const still = (extent: number) => zeroed(like, like.dtype, like.shape.with(dim, extent));
    return cat(tangents.map((t, i) => t ?? still(extents[i]!)), dim);
  },
  batch: (inputs, { dim }, { front }) => cat(inputs.map((_, i) => front(i)), dim + 1),
});

/** Refuses what is not an array of tensors; gives the first. */
export function checkTensorList(op: string, tensors: readonly Tensor[]): Tensor {
  if (!Array.isArray(tensors)) {
    throw new TypeError(
      `Cannot compute ${op}: pass the tensors in an array, as in ${op}([a, b]), got ` +
        shown(tensors),
    );
  }
  if (tensors.length === 0) {
    throw new RangeError(`Cannot compute ${op}: it needs at least one tensor, got none`);
  }
  for (let i = 0; i < tensors.length; i++) checkTensor(op, tensors[i], `entry ${i}`);
  return tensors[0] as Tensor;
}

/**
 * Tensors joined along a dimension; the other dimensions are equal.
 *
 * @example Along a dimension
 * ```ts
 * import { cat, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(cat([tensor([[1], [2]]), tensor([[3], [4]])], 1).toArray(), [[1, 3], [2, 4]]);
 * ```
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const first = checkTensorList("cat", tensors);
  checkCount("compute cat", arguments.length, 2);
  const axis = normalizeDim("cat", dim, first.ndim);
  let { dtype } = first;
  for (const x of tensors) {
    checkDevices("cat", first, x);
    if (x.ndim !== first.ndim || x.shape.some((e, i) => i !== axis && e !== first.shape[i])) {
      throw new ShapeError(
        `Cannot compute cat: all dimensions but ${axis} must be equal, got ${
          showShape(first.shape)
        } and ${showShape(x.shape)}`,
        [first.shape, x.shape],
      );
    }
    dtype = promote(dtype, x.ndim, x.dtype, x.ndim);
  }
  const inputs = tensors.map((x) => castTo(x, dtype));
  const extents = inputs.map((x) => x.shape[axis]!);
  const shape = first.shape.with(axis, extents.reduce((sum, extent) => sum + extent, 0));
  checkShape("cat", shape);
  if (anyBatched(inputs)) return inBatch(catRule.batch, inputs, { dim: axis, extents })[0]!;
  const y = result(first, dtype, shape);
  const steps = y.shape.map(() => 1);
  let start = 0;
  for (const x of inputs) {
    const starts = y.shape.map((_, i) => i === axis ? start : 0);
    copyInto(blockOf(y, x.shape, { starts, steps }), x);
    start += x.shape[axis]!;
  }
  recordAll(catRule, inputs, [y], { dim: axis, extents });
  return y;
}
