/** References of the ops that only move elements, each computed by its index. */

import { build, positions, read, take } from "../../common/references.ts";
import type { Plain } from "../../common/samples.ts";

/** Consecutive parts of a dimension. */
export function split(x: Plain, dim: number, sizes: readonly number[]): Plain[] {
  let start = 0;
  return sizes.map((size) => take(x, dim, positions(start + size, start, start += size)));
}

/** The elements at row i, column i + offset, along a new last dimension of the given length. */
export function diagonal(
  x: Plain,
  offset: number,
  [row, column]: readonly [number, number],
  length: number,
): Plain {
  const others = x.shape.map((_, i) => i).filter((i) => i !== row && i !== column);
  return build([...others.map((i) => x.shape[i]!), length], (index) => {
    const from = new Array<number>(x.shape.length);
    others.forEach((axis, i) => from[axis] = index[i]!);
    const at = index.at(-1)!;
    from[row] = offset < 0 ? at - offset : at;
    from[column] = from[row]! + offset;
    return read(x, from);
  });
}

/** The elements repeated along each dimension. */
export function repeat(x: Plain, times: readonly number[]): Plain {
  const missing = times.length - x.shape.length;
  const extent = (i: number) => i < missing ? 1 : x.shape[i - missing]!;
  return build(
    times.map((n, i) => n * extent(i)),
    (index) => read(x, index.slice(missing).map((at, i) => at % x.shape[i]!)),
  );
}

/** The elements shifted along a dimension. */
export function roll(x: Plain, shift: number, dim: number): Plain {
  return build(x.shape, (index) => {
    const extent = x.shape[dim]!;
    const at = ((index[dim]! - shift) % extent + extent) % extent;
    return read(x, index.with(dim, at));
  });
}

/** The reversed order along dimensions. */
export function flip(x: Plain, dims: readonly number[]): Plain {
  return build(
    x.shape,
    (index) => read(x, index.map((at, i) => dims.includes(i) ? x.shape[i]! - 1 - at : at)),
  );
}

/** Windows along a dimension, as a new last one. */
export function unfold(x: Plain, dim: number, size: number, step: number): Plain {
  const starts = positions(x.shape[dim]! - size + 1, 0, Infinity, step);
  return build(
    [...x.shape.with(dim, starts.length), size],
    (index) => read(x, index.slice(0, -1).with(dim, starts[index[dim]!]! + index.at(-1)!)),
  );
}

/** Zeros where a position of the matrix is not kept. */
export function triangle(x: Plain, keeps: (row: number, column: number) => boolean): Plain {
  return build(
    x.shape,
    (index) => keeps(index.at(-2)!, index.at(-1)!) ? read(x, index) : 0,
  );
}
