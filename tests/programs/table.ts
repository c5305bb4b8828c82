/**
 * How each op is called in random programs: a drawer for each argument, or a function that draws them
 * all. A public structural op without a row does not compile; elementwise ops come from the registry.
 */

import { at, type DType, type Index, noGrad } from "../../mod.ts";
import { BINARY, type Elementwise, takesBool, UNARY } from "../common/elementwise.ts";
import { count } from "../common/samples.ts";
import type { Name } from "../common/op_names.ts";
import {
  amounts,
  any,
  axisOf,
  beside,
  besideOrNumber,
  between,
  dim,
  dims,
  type Drawer,
  either,
  filled,
  flag,
  floats,
  grid,
  index,
  keepdim,
  newShape,
  number,
  numbers,
  of,
  oneOf,
  options,
  order,
  parts,
  pieces,
  place,
  positions,
  ranked,
  repeats,
  type Row,
  short,
  small,
  someDims,
  source,
  stretched,
  within,
} from "./arguments.ts";
import { type Draw, KINDS } from "./draw.ts";
import {
  convolution,
  definite,
  distinct,
  equation,
  gaps,
  multiplies,
  normalized,
  norms,
  pair,
  pool,
  shares,
  square,
  system,
} from "./operands.ts";
import type { Arg } from "./program.ts";
import type { METHODS } from "./world.ts";

const { bools, numbers: NUMBERS } = KINDS;
const descending = options({ descending: flag });
const quantiles = options({
  keepdim: flag,
  interpolation: oneOf("linear", "lower", "higher", "midpoint", "nearest"),
});
const one = oneOf(0.125, 1);
const tolerances = options({ rtol: one, atol: one, equalNan: flag });
const diagonals = options({ diagonal: between(-2, 2) });

/** A tensor of one dimension. */
const flat: Drawer = (d) => d.tensor({ fits: (x) => x.ndim === 1, shape: () => d.shape(1, 1) });

/** A tensor with few elements and dimensions. */
const low: Drawer = (d) =>
  d.small({ fits: (x) => x.ndim < 4 && x.size <= 50, shape: () => d.shape(0, 2) });

/** Tensors of one shape but for one axis, joined there; equal ones for a new axis. */
function joined(d: Draw, fresh: boolean): readonly Arg[] {
  const first = d.small({ fits: (x) => fresh || x.ndim > 0, shape: () => d.shape(1, 3) });
  const shape = d.shapeOf(first);
  const axis = d.between(0, Math.max(0, shape.length - 1));
  const others = Array.from({ length: d.between(0, 2) }, () =>
    d.small({
      fits: (x) =>
        x.ndim === shape.length &&
        x.shape.every((n, i) => n === shape[i] || (!fresh && i === axis)),
      shape: () => shape.map((n, i) => i === axis && !fresh ? d.extent() : n),
    }));
  const dim = fresh ? d.dim(shape.length + 1) : d.wrong() ? shape.length : axis;
  return [d.wrong() ? [] : [first, ...others], dim];
}

/** How many of the largest, along which dimension. */
function largest(d: Draw): readonly Arg[] {
  const x = d.tensor();
  const shape = d.shapeOf(x);
  const dim = d.dim(shape.length);
  const extent = shape[axisOf(dim, shape.length)] ?? 1;
  return [x, d.wrong() ? extent + 1 : d.between(shape.length === 0 ? 1 : 0, extent), dim, {
    largest: d.chance(0.5),
  }];
}

/** A range of entries of a dimension. */
function range(d: Draw): readonly Arg[] {
  const x = ranked(1)(d, []);
  const shape = d.shapeOf(x);
  const dim = d.dim(shape.length);
  const extent = shape[axisOf(dim, shape.length)] ?? 1;
  const start = d.between(0, extent);
  const length = d.between(0, extent - start) + (d.wrong() ? extent + 1 : 0);
  return [x, dim, d.chance(0.3) && start < extent ? start - extent : start, length];
}

/** Windows along a dimension. */
function windows(d: Draw): readonly Arg[] {
  const x = ranked(1)(d, []);
  const shape = d.shapeOf(x);
  const dim = d.dim(shape.length);
  const extent = shape[axisOf(dim, shape.length)] ?? 1;
  const size = Math.min(4, d.between(0, extent)) + (d.wrong() ? extent + 1 : 0);
  return [x, dim, size, d.wrong() ? 0 : d.between(1, 3)];
}

/** Two dimensions, and which diagonal of theirs. */
function band(d: Draw): readonly Arg[] {
  const x = ranked(2)(d, []);
  const rank = d.shapeOf(x).length;
  const [dim1 = 0, dim2 = 1] = d.shuffled(d.shapeOf(x).map((_, i) => i));
  const given = { offset: d.between(-2, 2), dim1, dim2: d.wrong() ? dim1 : dim2 - rank };
  return [x, d.chance(0.4) && !d.careless ? {} : given];
}

/** Neighbouring dimensions from one to another. */
function run(d: Draw): readonly Arg[] {
  const x = d.tensor();
  const rank = d.shapeOf(x).length;
  const [a, b] = [d.between(0, Math.max(0, rank - 1)), d.between(0, Math.max(0, rank - 1))];
  const [start, end] = [Math.min(a, b), Math.max(a, b)];
  return d.wrong() ? [x, end + 1, start] : [x, start, rank > 0 && d.chance(0.5) ? end - rank : end];
}

/** One or two dimensions, and how far to roll along them; none for all elements. */
function rolls(d: Draw): readonly Arg[] {
  const x = d.tensor();
  const dims = d.shapeOf(x).length === 0 || d.chance(0.3) ? undefined : d.dims(d.shapeOf(x).length);
  const shift = () => d.between(-4, 4);
  return dims === undefined ? [x, shift()] : [x, d.wrong() ? [1] : dims.map(shift), dims];
}

/** Tensors of one type and at most one dimension. */
function grids(d: Draw): readonly Arg[] {
  const flat = (types: readonly DType[]) =>
    d.small({ types, fits: (x) => x.ndim < 2 && x.size <= 20, shape: () => d.shape(0, 1) });
  const first = flat(KINDS.any);
  const types = [d.look(first).dtype];
  const others = Array.from({ length: d.between(0, 2) }, () => flat(d.wrong() ? bools : types));
  return [[first, ...others], { indexing: d.pick(["ij", "xy"]) }];
}

/** Bounds, of which one may be missing. */
function bounds(d: Draw): readonly Arg[] {
  const x = numbers(d, []);
  const bound = () => d.chance(0.2) ? d.beside([x], NUMBERS) : d.number();
  const [low, high] = [d.chance(0.3) ? null : bound(), d.chance(0.3) ? null : bound()];
  return [x, low === null && high === null && !d.wrong() ? -1 : low, high];
}

/** A value for a mask, which the type must hold. */
const fill: Drawer = (d, [x]) => {
  if (d.chance(0.2)) return d.tensor({ fits: (v) => v.ndim === 0, shape: () => [] });
  const whole = !d.look(x).dtype.startsWith("float") && !d.wrong();
  return whole ? d.between(-2, 2) : d.number();
};

/** Classes, and mostly how many there are. */
function labels(d: Draw): readonly Arg[] {
  const classes = d.between(1, 5);
  const x = d.positions(d.shape(0, 3), classes);
  return [x, d.wrong() ? d.pick([-1, 0.5, 0]) : classes + d.between(0, 2)];
}

/** Outside noGrad only by mistake. */
const quiet: Drawer = (d) => !d.wrong();
const receiver: Drawer = (d) => d.receiver();
const target: Drawer = (d) => d.target();

/** Part of a tensor to change, and a value for it. */
function part(d: Draw): readonly Arg[] {
  const x = d.target();
  const where = index(d, [x]) as readonly Arg[];
  const shape = shapeOfPart(d, x, where);
  const value = d.chance(0.5) || shape === null ? d.number() : d.stretching(shape);
  return [x, where, value, !d.wrong()];
}

/** Shape of a part; null if there is none. */
function shapeOfPart(d: Draw, x: Arg, where: readonly Arg[]): readonly number[] | null {
  const given = where.map((arg) => d.filled(arg) as Index);
  try {
    return noGrad(() => at(d.look(x), given).shape);
  } catch {
    return null;
  }
}

/** Rows of the structural ops. */
const STRUCTURAL: Readonly<Record<Name | keyof typeof METHODS, Row>> = {
  cat: (d) => joined(d, false),
  stack: (d) => joined(d, true),
  clone: [any],
  contiguous: [any],
  expand: [small, stretched],
  broadcastTo: [small, stretched],
  flatten: run,
  pad: [small, amounts, options({ value: number })],
  permute: [any, order],
  reshape: [any, newShape],
  view: [any, newShape],
  slice: [ranked(1), dim, between(-3, 3), oneOf(1, 2, 4, 5, -1, undefined), between(1, 3)],
  squeeze: [any, either(dim, someDims, oneOf(undefined))],
  transpose: [ranked(1), dim, dim],
  unsqueeze: [any, place],
  unflatten: [ranked(1), dim, parts],
  mT: [ranked(2)],
  narrow: range,
  split: [short, pieces],
  chunk: [ranked(1), between(1, 4), dim],
  unbind: [short, dim],
  diagonal: band,
  flip: [any, either(dim, someDims)],
  repeat: [small, repeats((rank) => rank)],
  tile: [small, repeats(() => 1)],
  roll: rolls,
  tril: [ranked(2), diagonals],
  triu: [ranked(2), diagonals],
  unfold: windows,
  movedim: [ranked(1), dim, dim],
  meshgrid: grids,
  sum: [any, dims, keepdim],
  mean: [floats, dims, keepdim],
  prod: [any, dims, keepdim],
  nansum: [any, dims, keepdim],
  nanmean: [floats, dims, keepdim],
  variance: [floats, dims, options({ keepdim: flag, correction: between(0, 1) })],
  std: [floats, dims, options({ keepdim: flag, correction: between(0, 1) })],
  norm: [
    floats,
    options({ p: oneOf(1, 2, 3, 0.5, 0, Infinity, -Infinity), dim: dims, keepdim: flag }),
  ],
  any: [any, dims, keepdim],
  all: [any, dims, keepdim],
  max: [filled(), either(dim, oneOf(undefined)), keepdim],
  min: [filled(), either(dim, oneOf(undefined)), keepdim],
  argmax: [filled(), either(dim, oneOf(undefined)), keepdim],
  argmin: [filled(), either(dim, oneOf(undefined)), keepdim],
  cumsum: [any, dim],
  cumprod: [any, dim],
  logcumsumexp: [ranked(1, KINDS.floats), dim],
  diff: [ranked(1), options({ n: between(0, 2), dim })],
  trapezoid: [ranked(1, NUMBERS), options({ dx: number, dim })],
  quantile: [filled(KINDS.floats), shares, either(dim, oneOf(undefined)), quantiles],
  sort: [any, dim, descending],
  argsort: [any, dim, descending],
  topk: largest,
  median: [filled(NUMBERS), dim, keepdim],
  polygamma: [(d) => d.wrong() ? d.pick([-1, 1.5]) : d.between(0, 3), within([1, 9], KINDS.any)],
  softmax: [any, dim],
  logSoftmax: [any, dim],
  layerNorm: normalized,
  logsumexp: [any, dims, keepdim],
  clamp: bounds,
  lerp: [numbers, beside(NUMBERS), besideOrNumber(NUMBERS)],
  logSigmoid: [numbers],
  xlogy: [numbers, besideOrNumber(NUMBERS)],
  heaviside: [any, beside()],
  isclose: [any, beside(), tolerances],
  allclose: [any, beside(), tolerances],
  equal: [any, beside()],
  normalize: [ranked(1, KINDS.floats), options({ p: oneOf(1, 2, 3, Infinity), eps: one, dim })],
  cosineSimilarity: [ranked(1, KINDS.floats), beside(KINDS.floats), (d, before) => ({
    eps: 0.125,
    dim: d.wrong() ? 9 : -1 - d.between(0, d.shapeOf(before[0]).length - 1),
  })],
  gelu: [filled(KINDS.floats), options({ approximate: oneOf("none", "tanh") })],
  where: [of(bools), beside(), besideOrNumber()],
  logicalAnd: [any, beside()],
  logicalOr: [any, beside()],
  logicalXor: [any, beside()],
  logicalNot: [any],
  isnan: [any],
  isinf: [any],
  isfinite: [any],
  nanToNum: [any, (d) => ({ nan: d.number(), posinf: d.number(), neginf: d.number() })],
  at: [any, index],
  gather: [ranked(1), dim, grid],
  scatter: [ranked(1), dim, grid, either(number, source)],
  scatterAdd: [ranked(1, NUMBERS), dim, grid, source],
  indexSelect: [ranked(1), dim, positions],
  indexAdd: (d) => {
    const before = [ranked(1, NUMBERS), dim, positions].reduce(
      (args: Arg[], draw) => [...args, draw(d, args)],
      [],
    );
    const [x, along, list] = before;
    const axis = axisOf(along, d.shapeOf(x).length);
    const shape = d.shapeOf(x).toSpliced(axis, 1, d.shapeOf(list)[0] ?? 0);
    return [...before, d.exactly(shape, d.look(x).dtype), { alpha: d.pick([1, 2, -1]) }];
  },
  oneHot: labels,
  searchsorted: [flat, either(number, floats), options({ right: flag })],
  unique: [small, options({ dim, returnInverse: flag, returnCounts: flag })],
  bincount: [
    (d) => d.positions([d.between(0, 6)], d.wrong() ? -3 : 5),
    options({ weights: (d, [x]) => d.exactly(d.shapeOf(x), "float32"), minlength: between(0, 3) }),
  ],
  histc: [
    filled(KINDS.floats),
    options({ bins: between(1, 5), min: oneOf(-1, 0), max: oneOf(1, 2) }),
  ],
  maskedFill: [any, beside(bools), fill],
  maskedSelect: [any, beside(bools)],
  nonzero: [any],
  matmul: pair([1, 4], (d, a) => [a.at(-1) ?? 1, d.extent()], multiplies),
  bmm: pair(
    [3, 3],
    (d, [b = 1, , k = 1]) => [b, k, d.extent()],
    (a, b) => b.length === 3 && a[0] === b[0] && multiplies(a, b),
  ),
  dot: pair([1, 1], (_, a) => a, (a, b) => b.length === 1 && a[0] === b[0]),
  outer: pair(
    [1, 1],
    (d) => [d.extent()],
    (a, b) => b.length === 1 && (a[0] ?? 0) * (b[0] ?? 0) <= 100_000,
  ),
  einsum: equation,
  cross: (d) => {
    const x = d.tensor({
      types: NUMBERS,
      fits: ({ shape }) => shape.at(-1) === 3,
      shape: () => [...d.shape(0, 2), 3],
    });
    return [x, d.exactly(d.shapeOf(x), d.look(x).dtype), { dim: d.wrong() ? 9 : -1 }];
  },
  kron: [low, low],
  tensordot: (d) => {
    const dims = d.between(0, 2);
    const pairs = pair(
      [dims, 3],
      (_, a) => a.slice(a.length - dims),
      (a, b) =>
        `${b.slice(0, dims)}` === `${a.slice(a.length - dims)}` && count(a) * count(b) < 10_000,
    );
    return [...pairs(d), d.wrong() ? 4 : dims];
  },
  cdist: (d) => {
    const points = pair(
      [2, 3],
      (d, a) => [d.extent(), a.at(-1) ?? 1],
      (a, b) => b.length === 2 && a.at(-1) === b.at(-1) && count(a) * b[0]! < 10_000,
    );
    return [...points(d), { p: d.wrong() ? -1 : d.pick([1, 2, 3, Infinity]) }];
  },
  conv1d: convolution(1),
  conv2d: convolution(2),
  conv3d: convolution(3),
  convTranspose1d: convolution(1, true),
  convTranspose2d: convolution(2, true),
  convTranspose3d: convolution(3, true),
  maxPool1d: pool(1, { dilation: gaps(1) }),
  maxPool2d: pool(2, { dilation: gaps(2) }),
  maxPool3d: pool(3, { dilation: gaps(3) }),
  avgPool1d: pool(1, { countIncludePad: flag }),
  avgPool2d: pool(2, { countIncludePad: flag }),
  avgPool3d: pool(3, { countIncludePad: flag, divisorOverride: (d) => d.wrong() ? 0 : 3 }),
  "linalg.norm": [filled(KINDS.floats), norms],
  "linalg.cholesky": [definite, options({ upper: flag })],
  "linalg.det": [square],
  "linalg.qr": [definite, options({ mode: oneOf("reduced", "complete") })],
  "linalg.eigh": [distinct, options({ uplo: oneOf("L", "U") })],
  "linalg.cg": (d) => {
    const a = definite(d, []);
    const n = d.shapeOf(a).at(-1) ?? 1;
    return [a, d.exactly([d.wrong() ? n + 1 : n], d.look(a).dtype)];
  },
  "linalg.inv": [square],
  "linalg.solve": system({}),
  "linalg.solveTriangular": system({ upper: flag, unitriangular: flag }),
  to: [receiver, (d) => d.wrong() ? { device: "tpu" } : { dtype: d.pick(KINDS.any) }],
  detach: [receiver],
  copy_: [target, (d, [x]) => d.chance(0.3) ? d.number() : d.stretching(d.shapeOf(x)), quiet],
  fill_: [target, number, quiet],
  zero_: [target, quiet],
  setAt: part,
};

/** The row of an elementwise op: inputs that mostly lie in its domain. */
function elementwise(op: Elementwise): Row {
  const compares = op.compares || takesBool(op) || !op.integers;
  const types = compares ? KINDS.any : NUMBERS;
  const first = op.integers && op.sampling.domain === undefined
    ? of(types)
    : within(op.domain, types);
  return op.arity === 1 ? [first] : [first, besideOrNumber()];
}

/** All rows by op. */
const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ...[...UNARY, ...BINARY].map((op) => [op.name, elementwise(op)] as const),
  ...Object.entries(STRUCTURAL),
]);

/**
 * The ops that programs call around the one that they are of: what makes tensors of all types, layouts
 * and sizes, and long ways on the tape. A change of this list changes all programs, so that a new op
 * need not stand here.
 */
const COMPANIONS: readonly string[] = [
  ...["neg", "abs", "square", "exp", "tanh", "sigmoid", "relu", "floor", "sin", "sqrt", "clamp"],
  ...["add", "sub", "mul", "div", "maximum", "minimum", "pow", "lt", "eq", "ge", "where", "lerp"],
  ...[
    "logicalNot",
    "isfinite",
    "sum",
    "mean",
    "max",
    "argmax",
    "any",
    "variance",
    "cumsum",
    "sort",
  ],
  ...[
    "reshape",
    "permute",
    "transpose",
    "expand",
    "unsqueeze",
    "squeeze",
    "slice",
    "flatten",
    "pad",
  ],
  ...["cat", "stack", "split", "unbind", "flip", "diagonal", "roll", "clone", "contiguous", "tril"],
  ...["at", "gather", "indexSelect", "scatterAdd", "maskedFill", "nonzero", "matmul", "einsum"],
  ...["softmax", "logsumexp", "to", "detach", "copy_", "fill_", "setAt"],
];

/** What programs are drawn from. */
export interface Table {
  readonly rows: ReadonlyMap<string, Row>;
  readonly companions: readonly string[];
}

/** All of it. */
export const TABLE: Table = { rows: ROWS, companions: COMPANIONS };

/** The arguments of a call. */
export function drawArguments(d: Draw, row: Row): readonly Arg[] {
  if (typeof row === "function") return row(d);
  return row.reduce((before: Arg[], draw) => [...before, draw(d, before)], []);
}
