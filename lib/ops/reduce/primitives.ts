/** Primitives: reductions over all or some dimensions. */

import { NONE } from "../../autograd/tape.ts";
import { isFloat } from "../../core/dtype.ts";
import { showShape } from "../../core/errors.ts";
import { checkCount, FLAG, type OptionReader, optionReader } from "../../core/options.ts";
import { normalizeDim, normalizeDims, type Shape, sizeOf } from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { checkFloat, checkTensor } from "../define/checks.ts";
import { type OpRule, record1, record2, result, rule, viewOf, zeroed } from "../define/record.ts";
import { eq, ne } from "../elementwise/compare.ts";
import { scatterAddChecked } from "../index/primitives.ts";
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

/** Where a reduction came from: what its rule needs to go back. */
interface Reduced {
  /** Shape of the input. */
  readonly shape: Shape;
  /** The output's shape with the reduced dimensions kept. */
  readonly kept: Shape;
}

/** The input with its reduced dimensions last, the output's shape both ways, how many stay. */
export function plan(x: Tensor, dims: readonly number[], keepdim: boolean) {
  const kept = x.shape.map((extent, i) => dims.includes(i) ? 1 : extent);
  const stay = x.shape.map((_, i) => i).filter((i) => !dims.includes(i));
  const order = [...stay, ...dims];
  const view = viewOf(
    x,
    order.map((i) => x.shape[i]!),
    order.map((i) => x.strides[i]!),
    x.offset,
    x.size,
  );
  const shape = keepdim ? kept : stay.map((i) => x.shape[i]!);
  return { kept, view, shape, count: stay.length };
}

const back = (g: Tensor, { kept, shape }: Reduced) => expand(reshape(g, kept), shape);

const sumKernel = kernelNumber("sum");
const sumRule = rule<Reduced>("sum", { vjp: [(g, { attrs }) => back(g, attrs)] });
// The mean of n elements: each has weight 1/n.
const meanRule = rule<Reduced>("mean", {
  vjp: [(g, { attrs }) => back(g.div(Math.max(1, sizeOf(attrs.shape) / g.size)), attrs)],
});

/** Sum of the elements; of int32 and bool as int32. */
export function sum(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute sum", arguments.length, 3);
  checkTensor("sum", x);
  const { keepdim = false } = readReduce("compute sum", options);
  return sumOver(x, normalizeDims("sum", dim, x.ndim), keepdim);
}

/** `sum` of checked arguments. */
export function sumOver(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const { kept, view, shape, count } = plan(x, dims, keepdim);
  const y = result(x, isFloat(x.dtype) ? x.dtype : "int32", shape);
  x.storage.backend.run(sumKernel, [y, view], [count], [1]);
  return record1(sumRule, x, y, { shape: x.shape, kept });
}

/** Mean of the elements, which must be floating; NaN where there are none. */
export function mean(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkCount("compute mean", arguments.length, 3);
  checkFloat("mean", x);
  const { keepdim = false } = readReduce("compute mean", options);
  return meanOver(x, normalizeDims("mean", dim, x.ndim), keepdim);
}

/** `mean` of checked arguments. */
export function meanOver(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  const { kept, view, shape, count } = plan(x, dims, keepdim);
  const y = result(x, x.dtype, shape);
  const elements = dims.reduce((n, i) => n * x.shape[i]!, 1);
  x.storage.backend.run(sumKernel, [y, view], [count], [elements]);
  return record1(meanRule, x, y, { shape: x.shape, kept });
}

/** Extreme values along a dimension, and where they first stand. */
export interface ValuesAndIndices {
  /** The values. */
  readonly values: Tensor;
  /** Their positions along the dimension, int32. */
  readonly indices: Tensor;
}

const kernels = { max: kernelNumber("max"), min: kernelNumber("min") };

/** The elements that equal a result of all of them share its gradient, as in PyTorch. */
export function sharedRule(name: string): OpRule<Reduced> {
  return rule<Reduced>(name, {
    saves: "xy",
    vjp: [(g, { x, y, attrs }) => {
      const value = reshape(y, attrs.kept);
      // A NaN is the result of a NaN, and equal to every other one.
      const at = castTo(eq(x, value).add(ne(x, x).mul(ne(value, value))), g.dtype);
      const ties = reshape(sum(at), attrs.kept);
      return reshape(g, attrs.kept).mul(at.div(ties));
    }],
  });
}

/** Along one dimension the gradient goes to the element that the index names. */
function indexedRule(name: string) {
  return rule<{ shape: Shape; dim: number }>(`${name}(dim)`, {
    saves: "b",
    vjp: [(g, { b: indices, attrs: { shape, dim } }) => {
      const at = indices.ndim === shape.length ? indices : unsqueeze(indices, dim);
      const kept = reshape(g, at.shape);
      return scatterAddChecked(zeroed(g, g.dtype, shape), dim, at, kept);
    }, NONE],
  });
}

const shared = { max: sharedRule("max"), min: sharedRule("min") };
const indexed = { max: indexedRule("max"), min: indexedRule("min") };

function extremes(
  op: string,
  name: "max" | "min",
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
  placed = true,
): ValuesAndIndices & { kept: Shape } {
  const { kept, view, shape, count } = plan(x, dims, keepdim);
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
  return { values, indices, kept };
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
  const { values, indices, kept } = extremes(name, name, x, dims, keepdim, dim !== undefined);
  if (dim === undefined) return record1(shared[name], x, values, { shape: x.shape, kept });
  // A tensor without dimensions is its own extreme along its only "dimension".
  if (x.ndim === 0) record1(shared[name], x, values, { shape: x.shape, kept });
  else if (isFloat(x.dtype)) {
    record2(indexed[name], x, indices, values, { shape: x.shape, dim: dims[0]! });
  }
  return { values, indices };
}

/** The largest element; equal ones share its gradient. */
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

/** The smallest element; equal ones share its gradient. */
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
const positionRules = {
  argmax: rule("argmax", { vjp: [NONE] }),
  argmin: rule("argmin", { vjp: [NONE] }),
};

function position(
  op: "argmax" | "argmin",
  name: "max" | "min",
  x: Tensor,
  dim: number | undefined,
  options: ReduceOptions | undefined,
): Tensor {
  checkTensor(op, x);
  const dims = oneDim(op, dim, x.ndim);
  const { keepdim = false } = readReduce(`compute ${op}`, options);
  const { indices } = extremes(op, name, x, dims, keepdim);
  indices.creator = positionRules[op].unrecordedTwin;
  return indices;
}

/** Position of the largest element, as int32; the first of equal ones. */
export function argmax(x: Tensor, dim?: number, options?: ReduceOptions): Tensor {
  checkCount("compute argmax", arguments.length, 3);
  return position("argmax", "max", x, dim, options);
}

/** Position of the smallest element, as int32; the first of equal ones. */
export function argmin(x: Tensor, dim?: number, options?: ReduceOptions): Tensor {
  checkCount("compute argmin", arguments.length, 3);
  return position("argmin", "min", x, dim, options);
}

/** Whether there is a program for the extremes of a tensor. */
export function findsExtremes(x: Tensor): boolean {
  return x.storage.backend.supports(kernels.max);
}

/** Extreme elements over dimensions, kept, without gradient. */
export function extremeOver(
  op: string,
  name: "max" | "min",
  x: Tensor,
  dims: readonly number[],
): Tensor {
  return extremes(op, name, x.detach(), dims, true, false).values;
}
