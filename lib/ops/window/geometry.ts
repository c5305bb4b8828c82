/** Windows that move over one to three dimensions: what convolutions and pools have in common. */

import { shown } from "../../core/options.ts";
import { MAX_SIZE, type Shape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { viewOf } from "../define/record.ts";
import { flatten, squeeze, unsqueeze } from "../shape/composites.ts";
import { unflatten } from "../shape/views.ts";

/** Numbers along the dimensions of space: one for all of them, or a list. */
export type Extents = number | readonly number[];

/** How a window moves, along each dimension. */
export interface WindowGeometry {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

/** The same as users give it. */
export interface WindowOptions {
  stride?: Extents;
  padding?: Extents;
  dilation?: Extents;
  outputPadding?: Extents;
}

/** An integer of at least `least` for each dimension, within the range of the kernels. */
export function extentsOf(
  op: string,
  name: string,
  given: Extents,
  dims: number,
  least: number,
): readonly number[] {
  const list: readonly number[] = Array.isArray(given) ? Array.from(given) : [given];
  const whole = list.every((extent) => Number.isInteger(extent) && extent >= least);
  const fits = !whole || list.every((extent) => extent <= MAX_SIZE);
  if (!whole || !fits || (list.length !== 1 && list.length !== dims)) {
    const range = fits ? `of at least ${least}` : `from ${least} to 2^31 - 1`;
    throw new RangeError(
      `Cannot compute ${op}: ${name} must be an integer ${range}, or an array of ${dims}, got ${
        shown(given)
      }`,
    );
  }
  return list.length === dims ? list : new Array<number>(dims).fill(list[0]!);
}

/** How a window moves, checked. */
export function windowGeometry(
  op: string,
  dims: number,
  options: WindowOptions,
): WindowGeometry & { readonly outputPadding: readonly number[] } {
  const { stride = 1, padding = 0, dilation = 1, outputPadding = 0 } = options;
  return {
    stride: extentsOf(op, "stride", stride, dims, 1),
    padding: extentsOf(op, "padding", padding, dims, 0),
    dilation: extentsOf(op, "dilation", dilation, dims, 1),
    outputPadding: extentsOf(op, "outputPadding", outputPadding, dims, 0),
  };
}

/** Applies a function of a batch to a batch, or to one example without that dimension. */
export function batched(x: Tensor, dims: number, run: (x: Tensor) => Tensor): Tensor {
  return x.ndim === dims + 2 ? run(x) : squeeze(run(unsqueeze(x, 0)), 0);
}

/** Dimensions of space that the kernels know. */
const SPACE = 3;

/** A list for all of those, with something in front for the missing ones. */
export function inSpace(list: readonly number[], fill: number): readonly number[] {
  return [...new Array<number>(SPACE - list.length).fill(fill), ...list];
}

/** The view of [batch, channels, …] that the kernels see, with missing dimensions of extent 1. */
export function spatial(x: Tensor): Tensor {
  const missing = 2 + SPACE - x.ndim;
  const none = new Array<number>(missing).fill(0);
  const shape = x.shape.toSpliced(2, 0, ...none.map(() => 1));
  return viewOf(x, shape, x.strides.toSpliced(2, 0, ...none), x.offset, x.size);
}

/** The parameters of the kernels. */
export function wordsOf({ stride, padding, dilation }: WindowGeometry) {
  return {
    ints: [...inSpace(stride, 1), ...inSpace(dilation, 1)],
    numbers: inSpace(padding, 0),
  };
}

/** A call for examples whose batches are one. */
function inRows<C extends { readonly x: Shape; readonly y: Shape }>(
  call: C,
  size: number,
): C {
  const rows = (shape: Shape) => shape.with(0, size * shape[0]!);
  return { ...call, x: rows(call.x), y: rows(call.y) };
}

/** Runs a kernel on examples, [examples, batch, …], as one batch. */
export function asOneBatch<C extends { readonly x: Shape; readonly y: Shape }>(
  x: Tensor,
  call: C,
  size: number,
  run: (x: Tensor, call: C) => Tensor,
): Tensor {
  return unflatten(run(flatten(x, 0, 1), inRows(call, size)), 0, [size, -1]);
}
