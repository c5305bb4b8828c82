/** References of convolutions and pools, each element computed by its definition. */

import { build, read } from "../../common/references.ts";
import { count, type Plain } from "../../common/samples.ts";

/** The options of a window. */
export interface Move {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** All indices of a shape, in order. */
function indices(shape: readonly number[]): (readonly number[])[] {
  const all: (readonly number[])[] = [];
  build(shape, (index) => all.push(index));
  return all;
}

/** The position that tap `tap` of the window at `at` reads. */
function place(at: readonly number[], tap: readonly number[], move: Move): readonly number[] {
  return at.map((p, i) => p * move.stride[i]! + tap[i]! * move.dilation[i]! - move.padding[i]!);
}

function inside(index: readonly number[], shape: readonly number[]): boolean {
  return index.every((i, axis) => i >= 0 && i < shape[axis]!);
}

/** Cross-correlation of [N, C, …] with [O, C / groups, …], plus a bias. */
export function convolution(
  x: Plain,
  w: Plain,
  bias: Plain | undefined,
  move: Move,
  space: readonly number[],
): Plain {
  const [filters, channels, ...taps] = w.shape as [number, number, ...number[]];
  return build([x.shape[0]!, filters, ...space], ([n, o, ...at]) => {
    const first = Math.floor(o! / (filters / move.groups)) * channels;
    let sum = bias?.data[o!] ?? 0;
    for (const [c, ...tap] of indices([channels, ...taps])) {
      const from = place(at, tap, move);
      if (!inside(from, x.shape.slice(2))) continue;
      sum += read(w, [o!, c!, ...tap]) * read(x, [n!, first + c!, ...from]);
    }
    return sum;
  });
}

/** Each input times the filters, added to the positions that the convolution would have read. */
export function transposedConvolution(
  x: Plain,
  w: Plain,
  bias: Plain | undefined,
  move: Move,
  space: readonly number[],
): Plain {
  const [channels, each, ...taps] = w.shape as [number, number, ...number[]];
  const shape = [x.shape[0]!, each * move.groups, ...space];
  const sums = build(shape, (index) => bias?.data[index[1]!] ?? 0);
  const data = [...sums.data];
  for (const [n, c, ...at] of indices(x.shape)) {
    const first = Math.floor(c! / (channels / move.groups)) * each;
    for (const [o, ...tap] of indices([each, ...taps])) {
      const to = place(at, tap, move);
      if (!inside(to, space)) continue;
      const index = [n!, first + o!, ...to];
      const position = index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
      data[position] = data[position]! + read(x, [n!, c!, ...at]) * read(w, [c!, o!, ...tap]);
    }
  }
  return { shape, data };
}

/**
 * A function of the elements of each window within the input, and of their number including
 * padding.
 */
export function pool(
  x: Plain,
  kernel: readonly number[],
  move: Move,
  space: readonly number[],
  value: (elements: readonly number[], padded: number) => number,
): Plain {
  const extents = x.shape.slice(2);
  const padded = extents.map((extent, i) => extent + move.padding[i]!);
  return build([...x.shape.slice(0, 2), ...space], ([n, c, ...at]) => {
    const places = indices(kernel).map((tap) => place(at, tap, move));
    const real = places.filter((from) => inside(from, extents));
    const counted = places.filter((from) => from.every((i, axis) => i < padded[axis]!));
    return value(real.map((from) => read(x, [n!, c!, ...from])), counted.length);
  });
}

/** Number of terms of an element of a convolution. */
export function termsOf(w: readonly number[]): number {
  return count(w) / Math.min(w[0]!, w[1]!) + 1;
}
