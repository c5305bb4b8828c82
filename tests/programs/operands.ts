/** Arguments that must fit each other: of products, convolutions, pools, norms and linear systems. */

import { count } from "../common/samples.ts";
import { type Drawer, flag, options, ranked } from "./arguments.ts";
import { broadcast, type Draw, KINDS } from "./draw.ts";
import type { Arg } from "./program.ts";

/** Pairs of tensors of a product: the second fits the first. */
export function pair(
  first: readonly [least: number, most: number],
  shape: (d: Draw, a: readonly number[]) => readonly number[],
  fits: (a: readonly number[], b: readonly number[]) => boolean,
): (d: Draw) => readonly Arg[] {
  return (d) => {
    const types = KINDS.numbers;
    const a = d.tensor({
      types,
      fits: (x) => x.ndim >= first[0] && x.ndim <= first[1],
      shape: () => d.shape(...first),
    });
    const extents = d.shapeOf(a);
    const b = d.tensor({
      types,
      fits: (x) => x.size <= 40_000 && fits(extents, x.shape),
      shape: () => shape(d, extents),
    });
    return [a, b];
  };
}

/** Whether shapes fit a matrix product of a size that is not too large. */
export function multiplies(a: readonly number[], b: readonly number[]): boolean {
  if (a.length === 0 || b.length === 0 || a.at(-1) !== (b.at(-2) ?? b[0])) return false;
  const batch = broadcast(a.slice(0, -2), b.slice(0, -2));
  return batch !== null && count(batch) * (a.at(-2) ?? 1) * b.at(-1)! <= 100_000;
}

/** Equations of `einsum`; "..." stands for one more dimension. */
const EQUATIONS = [
  ["i->", "ij->ji", "ij->j", "ii", "ii->i", "...i->...", "ijk->ik"],
  ["ij,jk->ik", "bij,bjk->bik", "i,j->ij", "ij,ij->", "...i,...i->...", "ij,j", "ij,kj->ik"],
  ["i,ij,j->", "ij,jk,kl->il"],
];

/** An equation and tensors for it. */
export function equation(d: Draw): readonly Arg[] {
  const text = d.pick(EQUATIONS.flat());
  const extents = new Map<string, number>();
  const terms = text.split("->")[0]!.split(",").map((term) => [...term.replace("...", "z")]);
  const tensors = terms.map((labels) => {
    const x = d.small({
      types: KINDS.numbers,
      fits: ({ shape }) =>
        shape.length === labels.length &&
        labels.every((label, i) =>
          (extents.get(label) ?? shape[i]) === shape[i] &&
          shape[labels.indexOf(label)] === shape[i]
        ),
      shape: () => {
        const own = new Map(extents);
        return labels.map((label) =>
          own.get(label) ?? (own.set(label, d.extent()), own.get(label)!)
        );
      },
    });
    d.shapeOf(x).forEach((extent, i) => extents.set(labels[i] ?? "", extent));
    return x;
  });
  return [d.wrong() ? d.pick(["ij,jk,kl", "i->k", "i.j", ""]) : text, ...tensors];
}

/** One number for all dimensions of space, or a list. */
function spread(d: Draw, dims: number, low: number, high: number): Arg {
  if (d.wrong()) return d.pick<Arg>([low - 1, 0.5, new Array<number>(dims + 1).fill(high)]);
  return d.chance(0.6)
    ? d.between(low, high)
    : Array.from({ length: dims }, () => d.between(low, high));
}

/** Channels and dimensions of space, with a batch or without. */
function image(d: Draw, dims: number): Arg {
  return d.tensor({
    types: KINDS.floats,
    fits: (x) =>
      (x.ndim === dims + 1 || x.ndim === dims + 2) && x.size <= 8_000 &&
      !x.shape.slice(-dims - 1).includes(0),
    shape: () =>
      [...d.shape(1, 2), ...Array.from({ length: dims }, () => d.between(3, 6))].slice(-dims - 2),
  });
}

/** An input, a weight and options of a convolution over some dimensions, or of its transpose. */
export function convolution(dims: number, transposed = false): (d: Draw) => readonly Arg[] {
  return (d) => {
    const x = image(d, dims);
    const shape = d.shapeOf(x);
    const space = shape.slice(-dims);
    const roomy = space.every((extent) => extent > 3);
    const channels = shape.at(-dims - 1) ?? 1;
    const groups = channels % 2 === 0 && d.chance(0.3) ? 2 : 1;
    const filters = d.between(1, 2);
    const front = transposed ? [channels, filters] : [filters * groups, channels / groups];
    const taps = space.map((extent) => d.between(1, Math.max(1, Math.min(3, extent))));
    const { dtype } = d.look(x);
    const padding = roomy ? spread(d, dims, 0, 1) : 0;
    return [x, d.exactly([...front, ...taps], dtype), {
      groups: d.wrong() ? 3 : groups,
      bias: d.chance(0.5) ? d.exactly([filters * groups], dtype) : null,
      stride: spread(d, dims, 1, 2),
      dilation: roomy && transposed ? spread(d, dims, 1, 2) : 1,
      padding: transposed || d.chance(0.7) ? padding : d.wrong() ? "same" : "valid",
    }];
  };
}

/** An input, a window and options of a pool over some dimensions. */
export function pool(
  dims: number,
  spec: Readonly<Record<string, Drawer>>,
): (d: Draw) => readonly Arg[] {
  return (d) => {
    const x = image(d, dims);
    const least = Math.min(...d.shapeOf(x).slice(-dims));
    const size = spread(d, dims, 1, Math.max(1, Math.min(3, least)));
    const narrow = size === 1 || (Array.isArray(size) && size.includes(1));
    const given = options({ stride: (d) => spread(d, dims, 1, 3), ceilMode: flag, ...spec });
    return [x, size, {
      padding: narrow && !d.wrong() ? 0 : spread(d, dims, 0, 1),
      ...given(d, [x]) as object,
    }];
  };
}

/** Distance of the entries of a window, more than 1 where there is room. */
export function gaps(dims: number): Drawer {
  return (d, [x]) => d.shapeOf(x).slice(-dims).every((n) => n > 4) ? spread(d, dims, 1, 2) : 1;
}

/** A tensor, its last extents, and options of that shape. */
export function normalized(d: Draw): readonly Arg[] {
  const x = ranked(1, KINDS.floats)(d, []);
  const shape = d.shapeOf(x).slice(-d.between(1, 2));
  const row = () => d.chance(0.5) ? d.exactly(shape, d.look(x).dtype) : null;
  return [x, d.wrong() ? [...shape, 2] : shape, {
    weight: row(),
    bias: row(),
    eps: d.pick([0.125, 1]),
  }];
}

/** Shares from 0 to 1, one or several. */
export const shares: Drawer = (d, [x]) => {
  const share = () => d.between(0, 8) / 8;
  if (d.chance(0.5)) return d.wrong() ? d.pick([-1, 2, NaN]) : share();
  const types = d.wrong() ? KINDS.ints : [d.look(x).dtype];
  return d.leaf({ types, shape: () => [d.between(0, 3)], element: share });
};

/** Square matrices, of which no more than some have no inverse; symmetric positive definite ones. */
function matrices(d: Draw, definite: boolean): Arg {
  const n = d.between(1, 4);
  const shape = [...d.shape(0, 1), n, n];
  if (d.wrong()) return d.tensor({ types: KINDS.floats });
  if (!definite && d.chance(0.2)) {
    return d.tensor({
      types: KINDS.floats,
      fits: (x) => x.ndim >= 2 && x.shape.at(-1) === x.shape.at(-2) && x.size <= 600,
      shape: () => shape,
    });
  }
  const x = d.leaf({ types: KINDS.floats, shape: () => shape });
  return d.call("add", d.call("matmul", x, d.call("mT", x)), d.call("eye", n));
}

/** Square matrices. */
export const square: Drawer = (d) => matrices(d, false);
/** Symmetric positive definite matrices. */
export const definite: Drawer = (d) => matrices(d, true);

/** The same with no two eigenvalues equal, where the eigenvectors would be no function of them. */
export const distinct: Drawer = (d) => {
  const a = matrices(d, true);
  const [m, n = 0] = d.shapeOf(a).slice(-2);
  if (m !== n) return a;
  return d.call("add", a, d.call("mul", d.call("eye", n), d.call("arange", 0, 5 * n, 5)));
};

/** Matrices, a right side, and options that say on which side it stands. */
export function system(spec: Readonly<Record<string, Drawer>>): (d: Draw) => readonly Arg[] {
  return (d) => {
    const a = matrices(d, false);
    const shape = d.shapeOf(a);
    const n = shape.at(-1) ?? 1;
    const left = d.chance(0.7);
    const k = d.extent();
    const right = d.exactly([...shape.slice(0, -2), ...(left ? [n, k] : [k, n])], d.look(a).dtype);
    const given = Object.entries(spec).map(([name, draw]) => [name, draw(d, [a])]);
    return [a, right, { left, ...Object.fromEntries(given) }];
  };
}

/** Dimensions of vectors or matrices, and a norm of them. */
export const norms: Drawer = (d, [x]) => {
  const rank = d.shapeOf(x).length;
  const keepdim = d.chance(0.5);
  if (rank < 2 || d.chance(0.5)) {
    return { dim: d.dim(rank), ord: d.pick([1, 2, 3, 0, Infinity, -Infinity]), keepdim };
  }
  const dim = d.shuffled(d.shapeOf(x).map((_, i) => i)).slice(0, d.wrong() ? 1 : 2);
  return { dim, ord: d.pick(["fro", 1, -1, Infinity, -Infinity]), keepdim };
};
