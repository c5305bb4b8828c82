/** How single arguments are drawn: the words of which the rows of the table are made. */

import type { DType } from "../../mod.ts";
import { count } from "../common/samples.ts";
import { type Draw, KINDS } from "./draw.ts";
import { type Arg, Ref } from "./program.ts";

/** Draws an argument; sees those that stand before it. */
export type Drawer = (d: Draw, before: readonly Arg[]) => Arg;

/** Draws all arguments of a call. */
export type Row = readonly Drawer[] | ((d: Draw) => readonly Arg[]);

/** A tensor of some types. */
export function of(types: readonly DType[]): Drawer {
  return (d) => d.tensor({ types });
}

/** A tensor of any type. */
export const any: Drawer = of(KINDS.any);
/** A tensor of a type with negative numbers. */
export const numbers: Drawer = of(KINDS.numbers);
/** A tensor of a floating type. */
export const floats: Drawer = of(KINDS.floats);
/** A tensor that may become larger. */
export const small: Drawer = (d) => d.small();

/** A tensor of at least some dimensions. */
export function ranked(least: number, types: readonly DType[] = KINDS.any): Drawer {
  return (d) =>
    d.tensor({ types, fits: (x) => x.ndim >= least, shape: () => d.shape(least, least + 1) });
}

/** A tensor that ops which take a dimension apart can take. */
export const short: Drawer = (d) =>
  d.small({ fits: (x) => x.ndim > 0 && x.shape.every((extent) => extent <= 20) });

/** A tensor with an element, for what has no value for none. */
export function filled(types: readonly DType[] = KINDS.any): Drawer {
  return (d) =>
    d.tensor({ types, fits: (x) => x.size > 0, shape: () => d.shape().map((n) => Math.max(1, n)) });
}

/** Of some tensors the one with the most elements in a range. */
export function within([low, high]: readonly [number, number], types: readonly DType[]): Drawer {
  return (d) => {
    const tried = Array.from({ length: 3 }, () => d.tensor({ types }));
    const share = (arg: Arg) => {
      if (!(arg instanceof Ref)) return 2;
      const values = d.valuesOf(arg);
      return values.filter((value) => value >= low && value <= high).length / (values.length || 1);
    };
    return tried.reduce((best, other) => share(other) > share(best) ? other : best);
  };
}

/** A tensor that broadcasts with those before it. */
export function beside(types: readonly DType[] = KINDS.any): Drawer {
  return (d, before) => d.beside(before, types);
}

/** A tensor that broadcasts with those before it, or a number. */
export function besideOrNumber(types: readonly DType[] = KINDS.any): Drawer {
  return (d, before) => d.chance(0.3) ? d.number() : d.beside(before, types);
}

/** One of some drawers. */
export function either(...drawers: readonly Drawer[]): Drawer {
  return (d, before) => d.pick(drawers)(d, before);
}

/** An integer of a range. */
export function between(low: number, high: number): Drawer {
  return (d) => d.between(low, high);
}

/** One of some values. */
export function oneOf(...values: readonly Arg[]): Drawer {
  return (d) => d.pick(values);
}

/** A number. */
export const number: Drawer = (d) => d.number();
/** True or false. */
export const flag: Drawer = (d) => d.chance(0.5);

/** Named options, each of which may be left out. */
export function options(spec: Readonly<Record<string, Drawer>>): Drawer {
  return (d, before) =>
    Object.fromEntries(
      Object.entries(spec).filter(() => d.chance(0.6)).map((
        [name, draw],
      ) => [name, draw(d, before)]),
    );
}

/** Whether reduced dimensions stay. */
export const keepdim: Drawer = options({ keepdim: flag });

/** A dimension of the first argument. */
export const dim: Drawer = (d, [x]) => d.dim(d.shapeOf(x).length);
/** A dimension between those of the first argument, or at its ends. */
export const place: Drawer = (d, [x]) => d.dim(d.shapeOf(x).length + 1);
/** None, one or several dimensions of the first argument. */
export const dims: Drawer = (d, [x]) => {
  const rank = d.shapeOf(x).length;
  return d.chance(0.25) ? undefined : d.chance(0.5) ? d.dim(rank) : d.dims(rank);
};
/** A list of dimensions of the first argument. */
export const someDims: Drawer = (d, [x]) => d.dims(d.shapeOf(x).length);
/** The dimensions of the first argument in some order. */
export const order: Drawer = (d, [x]) => {
  const all = d.shuffled(d.shapeOf(x).map((_, i) => i));
  return d.wrong()
    ? d.pick([all.slice(1), [...all, 0]])
    : all.map((i) => d.chance(0.2) ? i - all.length : i);
};

/** The axis that a dimension names, 0 for one that does not exist. */
export function axisOf(dim: Arg, rank: number): number {
  const axis = typeof dim === "number" ? dim < 0 ? dim + rank : dim : 0;
  return axis >= 0 && axis < rank && Number.isInteger(axis) ? axis : 0;
}

/** Factors of a number of elements, at most four. */
function factors(d: Draw, size: number): number[] {
  const list: number[] = [];
  let rest = size;
  while (rest > 0 && list.length < 3 && d.chance(0.7)) {
    const next = d.pick([1, 2, 3, 4, 5].filter((n) => rest % n === 0));
    list.push(next);
    rest /= next;
  }
  return d.shuffled([...list, rest]);
}

/** Another shape for the elements of the first argument. */
export const newShape: Drawer = (d, [x]) => {
  const shape = d.shapeOf(x);
  const size = count(shape);
  if (d.wrong()) return d.pick([[size + 1], [-1, -1], [-2, 3], [...shape, 2], [7, -1]]);
  const target = d.pick([[size], [...shape, 1], shape.toReversed(), factors(d, size)]);
  if (size === 0 || target.length === 0 || d.chance(0.5)) return target;
  return target.with(d.between(0, target.length - 1), -1);
};

/** Factors of the extent of the dimension that stands before. */
export const parts: Drawer = (d, [x, dim]) => {
  const shape = d.shapeOf(x);
  const extent = shape[axisOf(dim, shape.length)] ?? 1;
  return d.wrong() ? [extent + 1, 2] : factors(d, extent);
};

/** A shape to which the first argument stretches. */
export const stretched: Drawer = (d, [x]) => {
  const shape = d.shapeOf(x);
  if (d.wrong()) {
    return d.pick([[...shape, 2], shape.slice(1), shape.map((n) => n + 1), [-1, ...shape]]);
  }
  const inner = shape.map((extent) => extent === 1 && d.chance(0.6) ? d.extent() : extent);
  const outer = shape.length < 5 && count(shape) < 600 ? d.shape(0, 2) : [];
  return [...outer, ...inner.map((n, i) => n === shape[i] && d.chance(0.2) ? -1 : n)];
};

/** How often a tensor is repeated along each dimension, and along new ones. */
export function repeats(fewest: (rank: number) => number): Drawer {
  return (d, [x]) => {
    const rank = d.shapeOf(x).length;
    const length = fewest(rank) + d.between(0, 1);
    const list = Array.from({ length }, () => d.pick([0, 1, 1, 1, 2, 3]));
    return d.wrong() ? d.pick([list.slice(0, rank - 1), [...list, -1], [...list, 0.5]]) : list;
  };
}

/** Pairs of amounts for some of the last dimensions. */
export const amounts: Drawer = (d, [x]) => {
  const shape = d.shapeOf(x);
  if (d.wrong()) return d.pick([[1], [-9, 0], new Array<number>(2 * shape.length + 2).fill(1)]);
  const taken = shape.slice(d.between(0, shape.length)).toReversed();
  return taken.flatMap((extent) => {
    const left = d.between(extent > 1 ? -1 : 0, 2);
    return [left, d.between(Math.max(-1, Math.min(0, 1 - extent - left)), 2)];
  });
};

/** Extents that add up to the one of a dimension, or one extent. */
export const pieces: Drawer = (d, [x]) => {
  const extent = d.shapeOf(x)[0] ?? 1;
  if (d.wrong()) return d.pick([[extent + 1], 0, [-1, extent + 1], 1.5]);
  const first = d.between(0, extent);
  return d.pick<Arg>([d.between(1, Math.max(1, extent)), [first, extent - first]]);
};

/** int32 positions along the dimension that stands before, in one dimension. */
export const positions: Drawer = (d, [x, dim]) => {
  const shape = d.shapeOf(x);
  const extent = shape[axisOf(dim, shape.length)] ?? 1;
  return d.positions([extent === 0 ? 0 : d.between(0, 5)], extent);
};

/** int32 positions with as many dimensions as the tensor, along the dimension that stands before. */
export const grid: Drawer = (d, [x, dim]) => {
  const shape = d.shapeOf(x);
  const axis = axisOf(dim, shape.length);
  const extent = shape[axis] ?? 1;
  const extents = shape.map((n, i) =>
    i !== axis ? Math.min(n, d.chance(0.7) ? 5 : d.between(0, 3)) : n === 0 ? 0 : d.between(0, 5)
  );
  return d.positions(extents, extent);
};

/** A tensor of the type of the first argument and the shape of the one that stands before. */
export const source: Drawer = (d, before) => {
  return d.exactly(d.shapeOf(before.at(-1)), d.look(before[0]).dtype);
};

/** A part of an index of `at` for an extent; counts the dimensions that it takes. */
function indexPart(d: Draw, extent: number): Arg {
  if (d.wrong()) return d.pick<Arg>([extent, -extent - 1, 0.5, [0, 2, 0], [0, 1, -1]]);
  switch (d.between(0, 5)) {
    case 0:
      return extent === 0 ? ":" : d.between(-extent, extent - 1);
    case 1:
      return [d.between(-extent, extent), d.between(-extent, extent + 1), d.between(1, 2)];
    case 2:
      return [d.between(0, Math.max(0, extent - 1))];
    case 3:
      return d.positions(extent === 0 ? [0] : d.shape(0, 2), extent);
    case 4:
      return d.tensor({
        types: KINDS.bools,
        fits: (x) => x.ndim === 1 && x.shape[0] === extent,
        shape: () => [extent],
      });
    default:
      return ":";
  }
}

/** An index of `at` for the first argument. */
export const index: Drawer = (d, [x]) => {
  const shape = d.shapeOf(x);
  const taken = shape.slice(0, d.between(0, shape.length));
  // Index tensors broadcast with each other: mostly there is one.
  let tensors = 0;
  const list = taken.map((extent): Arg => {
    const part = indexPart(d, extent);
    if (part instanceof Ref && tensors++ > 0 && d.chance(0.8)) return ":";
    return part;
  });
  if (d.chance(0.15)) list.splice(d.between(0, list.length), 0, null);
  if (d.chance(0.15)) list.push("...");
  return d.wrong() ? [...list, ...shape.map(() => 0), 0] : list;
};
