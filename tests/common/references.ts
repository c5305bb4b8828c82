/**
 * What the structural ops compute, in float64 and as plainly as possible: an element of the result is
 * a function of its index.
 */

import { count, type Plain } from "./samples.ts";

/** A result of which each element is a function of its index. */
export function build(
  shape: readonly number[],
  element: (index: readonly number[]) => number,
): Plain {
  const data = Array.from({ length: count(shape) }, (_, position) => {
    const index: number[] = [];
    for (let axis = shape.length - 1, rest = position; axis >= 0; axis--) {
      index.unshift(rest % shape[axis]!);
      rest = Math.floor(rest / shape[axis]!);
    }
    return element(index);
  });
  return { shape, data };
}

/** The element at an index. */
export function read({ shape, data }: Plain, index: readonly number[]): number {
  return data[index.reduce((position, i, axis) => position * shape[axis]! + i, 0)]!;
}

/** A dimension counted from the front. */
function axisOf(x: Plain, dim: number): number {
  return dim < 0 ? dim + x.shape.length : dim;
}

/** Same elements, another shape. */
export function reshape(x: Plain, shape: readonly number[]): Plain {
  return { shape, data: x.data };
}

/** Dimensions in another order. */
export function permute(x: Plain, dims: readonly number[]): Plain {
  return build(dims.map((dim) => x.shape[dim]!), (index) => {
    const from: number[] = [];
    dims.forEach((dim, i) => from[dim] = index[i]!);
    return read(x, from);
  });
}

/** Dimensions of extent 1 stretched, new ones in front. */
export function expand(x: Plain, shape: readonly number[]): Plain {
  const missing = shape.length - x.shape.length;
  return build(
    shape,
    (index) => read(x, x.shape.map((extent, i) => extent === 1 ? 0 : index[i + missing]!)),
  );
}

/** The positions that a slice of an extent takes, as Python has it. */
export function positions(extent: number, start: number, end: number, step = 1): number[] {
  const all = Array.from({ length: extent }, (_, i) => i);
  return all.slice(start, end).filter((_, i) => i % step === 0);
}

/** Positions along a dimension, in any order and number. */
export function take(x: Plain, dim: number, from: readonly number[]): Plain {
  const axis = axisOf(x, dim);
  const shape = x.shape.with(axis, from.length);
  return build(shape, (index) => read(x, index.with(axis, from[index[axis]!]!)));
}

/** Elements added to both ends of each dimension, or taken away. */
export function pad(x: Plain, sides: readonly (readonly [number, number])[], value: number): Plain {
  return build(x.shape.map((extent, i) => extent + sides[i]![0] + sides[i]![1]), (index) => {
    const from = index.map((at, i) => at - sides[i]![0]);
    return from.every((at, i) => at >= 0 && at < x.shape[i]!) ? read(x, from) : value;
  });
}

/** Tensors joined along a dimension. */
export function cat(tensors: readonly Plain[], dim: number): Plain {
  const axis = axisOf(tensors[0]!, dim);
  const owners = tensors.flatMap((x) =>
    Array.from({ length: x.shape[axis]! }, (_, at) => [x, at] as const)
  );
  return build(tensors[0]!.shape.with(axis, owners.length), (index) => {
    const [x, at] = owners[index[axis]!]!;
    return read(x, index.with(axis, at));
  });
}

/** A reduction: a function of the elements that share their other indices. */
export function reduce(
  x: Plain,
  dims: readonly number[] | number | undefined,
  keepdim: boolean,
  fn: (values: readonly number[]) => number,
): Plain {
  const all = x.shape.map((_, i) => i);
  const given = typeof dims === "number" ? [dims] : dims ?? [];
  const named = given.map((dim) => axisOf(x, dim)).toSorted((a, b) => a - b);
  // As in PyTorch, no dimensions mean all of them.
  const reduced = all.length === 0 || named.length === 0 ? all : named;
  const kept = build(x.shape.map((extent, i) => reduced.includes(i) ? 1 : extent), (index) => {
    const along = build(reduced.map((axis) => x.shape[axis]!), (inner) => {
      const from = [...index];
      reduced.forEach((axis, i) => from[axis] = inner[i]!);
      return read(x, from);
    });
    return fn(along.data);
  });
  return keepdim ? kept : reshape(kept, x.shape.filter((_, i) => !reduced.includes(i)));
}

/** Sum of numbers. */
export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Position of the first largest number, or of the first NaN. */
export function first(values: readonly number[], largest: boolean): number {
  const nan = values.findIndex(Number.isNaN);
  const best = largest ? Math.max(...values) : Math.min(...values);
  return nan >= 0 ? nan : values.indexOf(best);
}

/** ln Σ eˣ, from the largest number on. */
export function logsumexp(values: readonly number[]): number {
  const largest = Math.max(...values);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log(total(values.map((value) => Math.exp(value - largest))));
}

/** x − ln Σ eˣ along a dimension, from the largest number on. */
export function logSoftmax(x: Plain, dim: number): Plain {
  const largest = expand(reduce(x, dim, true, (values) => Math.max(...values)), x.shape);
  const shifted = { shape: x.shape, data: x.data.map((value, i) => value - largest.data[i]!) };
  const sums = expand(reduce(shifted, dim, true, logsumexp), x.shape);
  return { shape: x.shape, data: shifted.data.map((value, i) => value - sums.data[i]!) };
}

/** Each element passed through a function. */
export function map(x: Plain, fn: (value: number) => number): Plain {
  return { shape: x.shape, data: x.data.map(fn) };
}

/** Elements at positions along a dimension. */
export function gather(x: Plain, dim: number, positions: Plain): Plain {
  const axis = axisOf(x, dim);
  return build(positions.shape, (index) => read(x, index.with(axis, read(positions, index))));
}

/** A copy with elements added at positions along a dimension. */
export function scatterAdd(x: Plain, dim: number, positions: Plain, source: Plain): Plain {
  const axis = axisOf(x, dim);
  return build(x.shape, (index) => {
    let sum = read(x, index);
    build(positions.shape, (from) => {
      const to = from.with(axis, read(positions, from));
      if (to.every((at, i) => at === index[i])) sum += read(source, from);
      return 0;
    });
    return sum;
  });
}

/** A copy with elements written at positions along a dimension, the last of several. */
export function scatter(x: Plain, dim: number, positions: Plain, source: Plain): Plain {
  const axis = axisOf(x, dim);
  return build(x.shape, (index) => {
    let last = read(x, index);
    build(positions.shape, (from) => {
      const to = from.with(axis, read(positions, from));
      if (to.every((at, i) => at === index[i])) last = read(source, from);
      return 0;
    });
    return last;
  });
}

/** A sum of products, with an equation that has an output and no "...". */
export function einsum(equation: string, ...tensors: Plain[]): Plain {
  const [left, right] = equation.split("->");
  const terms = left!.split(",");
  const extent = (label: string) =>
    Math.max(...tensors.flatMap((x, i) => x.shape.filter((_, k) => terms[i]![k] === label)));
  const summed = [...new Set(left!.replaceAll(",", ""))].filter((label) => !right!.includes(label));
  return build([...right!].map(extent), (outer) =>
    total(
      build(summed.map(extent), (inner) => {
        const at = (label: string) =>
          right!.includes(label) ? outer[right!.indexOf(label)]! : inner[summed.indexOf(label)]!;
        return tensors.reduce(
          (product, x, i) =>
            product * read(x, x.shape.map((size, k) => size === 1 ? 0 : at(terms[i]![k]!))),
          1,
        );
      }).data,
    ));
}

/** Product of two tensors of at least two dimensions. */
function product(a: Plain, b: Plain): Plain {
  const rank = Math.max(a.shape.length, b.shape.length) - 2;
  const extent = (x: Plain, axis: number) => x.shape[axis - rank + x.shape.length - 2] ?? 1;
  const batch = Array.from({ length: rank }, (_, axis) => {
    const [m, n] = [extent(a, axis), extent(b, axis)];
    return m === 1 ? n : m;
  });
  const inside = (x: Plain, index: readonly number[], row: number, column: number) => {
    const outer = x.shape.slice(0, -2);
    const own = index.slice(rank - outer.length, rank).map((at, i) => outer[i] === 1 ? 0 : at);
    return read(x, [...own, row, column]);
  };
  return build([...batch, a.shape.at(-2)!, b.shape.at(-1)!], (index) => {
    const [row, column] = index.slice(rank) as [number, number];
    const terms = Array.from(
      { length: a.shape.at(-1)! },
      (_, k) => inside(a, index, row, k) * inside(b, index, k, column),
    );
    return total(terms);
  });
}

/** Matrix product; vectors are a row on the left and a column on the right. */
export function matmul(a: Plain, b: Plain): Plain {
  const rows = a.shape.length === 1 ? reshape(a, [1, ...a.shape]) : a;
  const columns = b.shape.length === 1 ? reshape(b, [...b.shape, 1]) : b;
  const y = product(rows, columns);
  let { shape } = y;
  if (b.shape.length === 1) shape = shape.slice(0, -1);
  if (a.shape.length === 1) {
    shape = shape.toSpliced(shape.length - (b.shape.length === 1 ? 1 : 2), 1);
  }
  return reshape(y, shape);
}

/** An index as `at` takes it, with tensors as the references see them. */
export type PlainIndex = number | readonly number[] | ":" | "..." | null | Plain;

/** What one axis of the result of `at` runs over. */
interface Axis {
  readonly extent: number;
  /** Position in the dimension of the tensor, if the axis stands for one. */
  readonly dim?: number;
  readonly from?: readonly number[];
}

function isPlain(part: PlainIndex): part is Plain {
  return part !== null && typeof part === "object" && "data" in part;
}

/** Part of a tensor, as in NumPy; a Plain is a tensor of positions. */
export function at(x: Plain, index: readonly PlainIndex[]): Plain {
  const used = index.filter((part) => part !== null && part !== "...").length;
  const rest = new Array<PlainIndex>(x.shape.length - used).fill(":");
  const gap = index.indexOf("...");
  const parts = gap < 0 ? [...index, ...rest] : index.toSpliced(gap, 1, ...rest);
  const axes: Axis[] = [];
  const fixed = new Map<number, number>();
  const tensors: { dim: number; positions: Plain; place: number }[] = [];
  let dim = 0;
  for (const part of parts) {
    if (part === null) axes.push({ extent: 1 });
    else if (isPlain(part)) tensors.push({ dim: dim++, positions: part, place: axes.length });
    else if (typeof part === "number") {
      fixed.set(dim, part < 0 ? part + x.shape[dim]! : part);
      dim++;
    } else {
      const [start = 0, end = Infinity, step = 1] = part === ":" ? [] : part as readonly number[];
      const from = positions(x.shape[dim]!, start, end, step);
      axes.push({ extent: from.length, dim: dim++, from });
    }
  }
  const broadcast = tensors.reduce<readonly number[]>((shape, { positions }) => {
    const rank = Math.max(shape.length, positions.shape.length);
    const side = (s: readonly number[], i: number) => s[i - rank + s.length] ?? 1;
    return Array.from(
      { length: rank },
      (_, i) => side(shape, i) === 1 ? side(positions.shape, i) : side(shape, i),
    );
  }, []);
  // Tensors of positions that are not neighbours put their axes in front.
  const place = tensors.every((t) => t.place === tensors[0]!.place) ? tensors[0]?.place ?? 0 : 0;
  const shape = axes.map(({ extent }) => extent).toSpliced(place, 0, ...broadcast);
  return build(shape, (whole) => {
    const inner = whole.slice(place, place + broadcast.length);
    const outer = whole.toSpliced(place, broadcast.length);
    const source = new Array<number>(x.shape.length).fill(0);
    fixed.forEach((position, at) => source[at] = position);
    axes.forEach((axis, i) => {
      if (axis.dim !== undefined) source[axis.dim] = axis.from![outer[i]!]!;
    });
    for (const { dim, positions } of tensors) {
      const position = read(expand(positions, broadcast), inner);
      source[dim] = position < 0 ? position + x.shape[dim]! : position;
    }
    return read(x, source);
  });
}
