/** Primitives: reductions over all or some dimensions. */

import { type Context, DIAGONAL, NONE } from "../../autograd/tape.ts";
import { isFloat } from "../../core/dtype.ts";
import { showShape } from "../../core/errors.ts";
import { checkCount, FLAG, type OptionReader, optionReader } from "../../core/options.ts";
import { normalizeDim, normalizeDims, type Shape, sizeOf } from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { behindBatch, inBatch, inBatchOf } from "../define/batch.ts";
import { checkFloat, checkTensor } from "../define/checks.ts";
import { record1, record2, result, rule, type StructuralRule, viewOf } from "../define/record.ts";
import { eq, ne } from "../elementwise/compare.ts";
import { gatherChecked, scatteredSums } from "../index/primitives.ts";
import { unsqueeze } from "../shape/composites.ts";
import { expand, reshape } from "../shape/primitives.ts";

/** Options of a reduction. */
export interface ReduceOptions {
  /** Keeps the reduced dimensions, with extent 1. Default: false. */
  keepdim?: boolean;
}

/** Reads the options of a reduction. */
export const readReduce: OptionReader<ReduceOptions> = optionReader<ReduceOptions>({
  keepdim: FLAG,
});

/** Dimensions to reduce; all where it is undefined. */
export type Dims = number | readonly number[] | undefined;

/** What a reduction was called with. */
interface Reduced {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** Shape of the input. */
  readonly shape: Shape;
  /** The output's shape with the reduced dimensions kept. */
  readonly kept: Shape;
}

/** A shape with its reduced dimensions kept, with extent 1. */
function keptShape(shape: Shape, dims: readonly number[]): Shape {
  return shape.map((extent, i) => dims.includes(i) ? 1 : extent);
}

/** A call as rules see it. */
export function reduction(x: Tensor, dims: readonly number[], keepdim: boolean): Reduced {
  return { dims, keepdim, shape: x.shape, kept: keptShape(x.shape, dims) };
}

/** The input with its reduced dimensions last, the output's shape both ways, how many stay. */
export function plan(x: Tensor, dims: readonly number[], keepdim: boolean) {
  const kept = keptShape(x.shape, dims);
  const stay: number[] = [];
  for (let i = 0; i < x.ndim; i++) if (!dims.includes(i)) stay.push(i);
  const shape = keepdim ? kept : stay.map((i) => x.shape[i]!);
  return { kept, view: reducedLast(x, stay, dims), shape, count: stay.length };
}

/** The input with some of its dimensions last; itself where they are. */
function reducedLast(x: Tensor, stay: readonly number[], dims: readonly number[]): Tensor {
  if (stay.every((dim, i) => dim === i)) return x;
  const order = [...stay, ...dims];
  return viewOf(
    x,
    order.map((i) => x.shape[i]!),
    order.map((i) => x.strides[i]!),
    x.offset,
    x.size,
  );
}

const back = (g: Tensor, { kept, shape }: Reduced) => expand(reshape(g, kept), shape);

const sumKernel = kernelNumber("sum");
const sumRule = rule<Reduced>("sum", {
  vjp: [(g, { attrs }) => back(g, attrs)],
  jvp: ([t], { attrs }) => sumOver(t!, attrs.dims, attrs.keepdim),
  batch: ([x], { dims, keepdim }) => sumOver(x!, behindBatch(dims), keepdim),
});
// The mean of n elements: each has weight 1/n.
const meanRule = rule<Reduced>("mean", {
  vjp: [(g, { attrs }) => back(g.div(Math.max(1, sizeOf(attrs.shape) / g.size)), attrs)],
  jvp: ([t], { attrs: { dims, keepdim, shape } }) => {
    const count = dims.reduce((n, dim) => n * shape[dim]!, 1);
    return sumOver(t!, dims, keepdim).div(Math.max(1, count));
  },
  batch: ([x], { dims, keepdim }) => meanOver(x!, behindBatch(dims), keepdim),
});

/**
 * Sum of the elements; of int32 and bool as int32.
 *
 * @example All, or along a dimension
 * ```ts
 * import { sum, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 3], [4, 2]]);
 * assertEquals(sum(x).item(), 10);
 * assertEquals(sum(x, 0).toArray(), [5, 5]);
 * assertEquals(sum(x, 1, { keepdim: true }).toArray(), [[4], [6]]);
 * ```
 */
export function sum(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute sum", arguments.length, 3);
  checkTensor("sum", x);
  const { keepdim = false } = readReduce("compute sum", options);
  return sumOver(x, normalizeDims("sum", dim, x.ndim), keepdim);
}

/** `sum` of checked arguments. */
export function sumOver(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  if (x.batched !== null) return inBatch(sumRule.batch, [x], reduction(x, dims, keepdim))[0]!;
  const { kept, view, shape, count } = plan(x, dims, keepdim);
  const y = result(x, isFloat(x.dtype) ? x.dtype : "int32", shape);
  x.storage.backend.run(sumKernel, [y, view], [count], [1]);
  return record1(sumRule, x, y, { dims, keepdim, shape: x.shape, kept });
}

/**
 * Mean of the elements, which must be floating; NaN where there are none.
 *
 * @example All, or along a dimension
 * ```ts
 * import { mean, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 3], [4, 2]]);
 * assertEquals(mean(x).item(), 2.5);
 * assertEquals(mean(x, 1).toArray(), [2, 3]);
 * ```
 */
export function mean(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute mean", arguments.length, 3);
  checkFloat("mean", x);
  const { keepdim = false } = readReduce("compute mean", options);
  return meanOver(x, normalizeDims("mean", dim, x.ndim), keepdim);
}

/** `mean` of checked arguments. */
export function meanOver(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  if (x.batched !== null) return inBatch(meanRule.batch, [x], reduction(x, dims, keepdim))[0]!;
  const { kept, view, shape, count } = plan(x, dims, keepdim);
  const y = result(x, x.dtype, shape);
  const elements = dims.reduce((n, i) => n * x.shape[i]!, 1);
  x.storage.backend.run(sumKernel, [y, view], [count], [elements]);
  return record1(meanRule, x, y, { dims, keepdim, shape: x.shape, kept });
}

/** Extreme values along a dimension, and where they first stand. */
export interface ValuesAndIndices {
  /** The values. */
  readonly values: Tensor;
  /** Their positions along the dimension, int32. */
  readonly indices: Tensor;
}

const kernels = { max: kernelNumber("max"), min: kernelNumber("min") };

/** How the elements that equal a result of all of them share it, as in PyTorch. */
function shares({ x, y, attrs: { dims, kept } }: Context<Reduced>): Tensor {
  const value = reshape(y, kept);
  // A NaN is the result of a NaN, and equal to every other one.
  const at = castTo(eq(x, value).add(ne(x, x).mul(ne(value, value))), x.dtype);
  return at.div(sumOver(at, dims, true));
}

/** The rule of an op whose result is that of the elements that equal it. */
export function sharedRule(
  name: string,
  run: (x: Tensor, dims: readonly number[], keepdim: boolean) => Tensor,
): StructuralRule<Reduced> {
  return rule<Reduced>(name, {
    saves: "xy",
    vjp: [(g, context) => reshape(g, context.attrs.kept).mul(shares(context))],
    jvp: ([t], context) => {
      const { dims, keepdim } = context.attrs;
      return sumOver(t!.mul(shares(context)), dims, keepdim);
    },
    batch: ([x], { dims, keepdim }) => run(x!, behindBatch(dims), keepdim),
  });
}

/** What an extreme along one dimension was called with. */
interface Indexed {
  readonly shape: Shape;
  readonly dim: number;
  readonly keepdim: boolean;
}

/** Along one dimension the result is that of the element that the index names. */
function indexedRule(name: "max" | "min") {
  const named = (indices: Tensor, { shape, dim }: Indexed) =>
    indices.ndim === shape.length ? indices : unsqueeze(indices, dim);
  return rule<Indexed>(`${name}(dim)`, {
    saves: "b",
    vjp: [(g, { b, attrs }) => {
      const at = named(b, attrs);
      return scatteredSums(attrs.shape, attrs.dim, at, reshape(g, at.shape));
    }, NONE],
    jvp: ([t], { b, attrs }) => reshape(gatherChecked(t!, attrs.dim, named(b, attrs)), b.shape),
    batch: ([x], { dim, keepdim }) => {
      const { values, indices } = extremeAlong(name, x!, dim + 1, keepdim);
      return [values, indices];
    },
  });
}

const shared = {
  max: sharedRule("max", (x, dims, keepdim) => extremeOfAll("max", x, dims, keepdim)),
  min: sharedRule("min", (x, dims, keepdim) => extremeOfAll("min", x, dims, keepdim)),
};
const indexed = { max: indexedRule("max"), min: indexedRule("min") };

function extremes(
  op: string,
  name: "max" | "min",
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
  placed = true,
): ValuesAndIndices {
  const { view, shape, count } = plan(x, dims, keepdim);
  if (x.size === 0 && dims.some((dim) => x.shape[dim] === 0) || (x.size === 0 && x.ndim === 0)) {
    throw new RangeError(
      `Cannot compute ${op}: the reduced dimensions must not be empty, got shape ${
        showShape(x.shape)
      }`,
    );
  }
  const values = result(x, x.dtype, shape);
  const indices = result(x, "int32", placed ? shape : [0]);
  x.storage.backend.run(kernels[name], [values, indices, view], [count]);
  return { values, indices };
}

/** The dimension of an op that takes one or all; a list is none. */
function oneDim(op: string, dim: number | undefined, rank: number): readonly number[] {
  return dim === undefined
    ? normalizeDims(op, dim, rank)
    : normalizeDims(op, normalizeDim(op, dim, Math.max(1, rank)), rank);
}

function extreme(
  name: "max" | "min",
  x: Tensor,
  dim: number | undefined,
  options: ReduceOptions | undefined,
): Tensor | ValuesAndIndices {
  checkTensor(name, x);
  const dims = oneDim(name, dim, x.ndim);
  const { keepdim = false } = readReduce(`compute ${name}`, options);
  if (dim === undefined) return extremeOfAll(name, x, dims, keepdim);
  if (x.ndim > 0) return extremeAlong(name, x, dims[0]!, keepdim);
  // A tensor without dimensions is its own extreme along its only "dimension".
  const indices = positions(name === "max" ? "argmax" : "argmin", x, dims, keepdim);
  return { values: extremeOfAll(name, x, dims, keepdim), indices };
}

/** The extreme over dimensions, of which equal elements share the gradient. */
function extremeOfAll(
  name: "max" | "min",
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
): Tensor {
  const attrs = reduction(x, dims, keepdim);
  if (x.batched !== null) return inBatch(shared[name].batch, [x], attrs)[0]!;
  return record1(shared[name], x, extremes(name, name, x, dims, keepdim, false).values, attrs);
}

/** The extremes along a dimension, and where they stand. */
function extremeAlong(
  name: "max" | "min",
  x: Tensor,
  dim: number,
  keepdim: boolean,
): ValuesAndIndices {
  const attrs = { shape: x.shape, dim, keepdim };
  if (x.batched !== null) {
    const [values, indices] = inBatch(indexed[name].batch, [x], attrs);
    return { values: values!, indices: indices! };
  }
  const { values, indices } = extremes(name, name, x, [dim], keepdim);
  if (isFloat(x.dtype)) record2(indexed[name], x, indices, values, attrs);
  return { values, indices };
}

/**
 * The largest element; equal ones share its gradient.
 *
 * @example All, or along a dimension
 * ```ts
 * import { max, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 3], [4, 2]]);
 * assertEquals(max(x).item(), 4);
 * const { values, indices } = max(x, 1);
 * assertEquals([values.toArray(), indices.toArray()], [[3, 4], [1, 0]]);
 * ```
 */
export function max(x: Tensor): Tensor;
/** The largest elements along a dimension, and where they first stand. NaN counts as largest. */
export function max(x: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
export function max(
  x: Tensor,
  dim?: number,
  options?: ReduceOptions,
): Tensor | ValuesAndIndices {
  checkCount("compute max", arguments.length, 3);
  return extreme("max", x, dim, options);
}

/**
 * The smallest element; equal ones share its gradient.
 *
 * @example All, or along a dimension
 * ```ts
 * import { min, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 3], [4, 2]]);
 * assertEquals(min(x).item(), 1);
 * const { values, indices } = min(x, 1);
 * assertEquals([values.toArray(), indices.toArray()], [[1, 2], [0, 1]]);
 * ```
 */
export function min(x: Tensor): Tensor;
/** The smallest elements along a dimension, and where they first stand. NaN counts as smallest. */
export function min(x: Tensor, dim: number, options?: ReduceOptions): ValuesAndIndices;
export function min(
  x: Tensor,
  dim?: number,
  options?: ReduceOptions,
): Tensor | ValuesAndIndices {
  checkCount("compute min", arguments.length, 3);
  return extreme("min", x, dim, options);
}

// Positions have no gradient.
function positionRule(op: "argmax" | "argmin") {
  return rule<Pick<Reduced, "dims" | "keepdim">>(op, {
    vjp: [NONE],
    jvp: DIAGONAL,
    batch: ([x], { dims, keepdim }) => positions(op, x!, behindBatch(dims), keepdim),
  });
}

const positionRules = { argmax: positionRule("argmax"), argmin: positionRule("argmin") };

function position(
  op: "argmax" | "argmin",
  x: Tensor,
  dim: number | undefined,
  options: ReduceOptions | undefined,
): Tensor {
  checkTensor(op, x);
  const dims = oneDim(op, dim, x.ndim);
  const { keepdim = false } = readReduce(`compute ${op}`, options);
  return positions(op, x, dims, keepdim);
}

/** Where extremes over dimensions stand. */
function positions(
  op: "argmax" | "argmin",
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
): Tensor {
  const rule = positionRules[op];
  if (x.batched !== null) return inBatch(rule.batch, [x], { dims, keepdim })[0]!;
  const { indices } = extremes(op, op === "argmax" ? "max" : "min", x, dims, keepdim);
  indices.creator = rule.unrecordedTwin;
  return indices;
}

/**
 * Position of the largest element, as int32; the first of equal ones.
 *
 * @example All, or along a dimension
 * ```ts
 * import { argmax, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 3], [4, 2]]);
 * assertEquals(argmax(x).item(), 2);
 * assertEquals(argmax(x, 1).toArray(), [1, 0]);
 * ```
 */
export function argmax(x: Tensor, dim?: number, options?: ReduceOptions): Tensor {
  checkCount("compute argmax", arguments.length, 3);
  return position("argmax", x, dim, options);
}

/**
 * Position of the smallest element, as int32; the first of equal ones.
 *
 * @example All, or along a dimension
 * ```ts
 * import { argmin, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 3], [4, 2]]);
 * assertEquals(argmin(x).item(), 0);
 * assertEquals(argmin(x, 1).toArray(), [0, 1]);
 * ```
 */
export function argmin(x: Tensor, dim?: number, options?: ReduceOptions): Tensor {
  checkCount("compute argmin", arguments.length, 3);
  return position("argmin", x, dim, options);
}

/** Whether there is a program for the extremes of a tensor. */
export function findsExtremes(x: Tensor): boolean {
  return x.storage.backend.supports(kernels.max, x.storage.code);
}

/** Extreme elements over dimensions, kept, without gradient. */
export function extremeOver(
  op: string,
  name: "max" | "min",
  x: Tensor,
  dims: readonly number[],
): Tensor {
  if (x.batched !== null) return inBatchOf(x, (x) => extremeOver(op, name, x, behindBatch(dims)));
  return extremes(op, name, x.detach(), dims, true, false).values;
}
