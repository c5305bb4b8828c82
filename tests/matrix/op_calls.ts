/** A valid call of every public op, described so that wrong ones can be derived from it. */

import { at, type Index, ones, Tensor, tensor } from "../../mod.ts";
import { type Arg, type Call, of, options } from "../common/calls.ts";
import { valueOf } from "../common/refusals.ts";
import type { InPlaceName } from "./copy/inplace_cases.ts";
import { BINARY, UNARY } from "../common/elementwise.ts";

import { type Name, opOf } from "../common/op_names.ts";

const given = (data: Parameters<typeof tensor>[0]) => of(() => tensor(data), "tensor");
const int32 = (data: Parameters<typeof tensor>[0]) =>
  of(() => tensor(data, { dtype: "int32" }), "tensor");

/** Two rows of three numbers. */
const x = given([[1, 2, 3], [4, 5, 6]]);
const vector = given([1, 2, 3]);
const square = given([[4, 1], [1, 3]]);
const batch = of(() => ones([2, 2, 2]), "tensor");
const bools = given([[true, false, true], [false, true, true]]);

/** A tensor or any number. */
const operand = of(() => tensor([[1, 2, 3]]), "tensor", "number", "NaN");
const number = of(() => 2, "number", "NaN");
const finite = of(() => 2, "number");
const integer = (value: number) => of(() => value);
const list = (...values: readonly number[]) => of(() => [...values]);
const flag = of(() => true, "flag");

/** The same argument, optional. */
const optional = ({ make, takes }: Arg): Arg => of(make, "undefined", ...takes);

const dim = integer(0);
const anyDim = optional(dim);
const keepdim = options({ keepdim: flag });
const tolerances = options({ rtol: finite, atol: finite, equalNan: flag });
const spread = options({ correction: finite, keepdim: flag });
const reduction: Call = { args: [x, optional(list(0, 1)), keepdim] };
const extreme: Call = { args: [x, anyDim, keepdim] };
const triangle: readonly Call[] = [
  { args: [x, optional(integer(1))] },
  { args: [x, options({ diagonal: integer(1) })] },
];
const sorting: Call = { args: [x, anyDim, options({ descending: flag })] };

/** An end of a range, or its step. */
const open = (value: number) => of(() => value, "undefined", "null");
const bound = (value: number) => of(() => value, "tensor", "number", "NaN", "undefined", "null");
const AVERAGED = { countIncludePad: flag, divisorOverride: finite };

const space = (dims: number) => new Array<number>(dims).fill(1);

/** A convolution over one or more dimensions of space. */
function convolution(dims: number, more: Record<string, Arg> = {}): Call {
  const bias = of(() => ones([2]), "tensor", "null");
  return {
    args: [
      of(() => ones([1, 2, ...space(dims).map(() => 4)]), "tensor"),
      of(() => ones([2, 2, ...space(dims).map(() => 2)]), "tensor"),
      options({
        bias,
        stride: integer(2),
        padding: integer(1),
        dilation: integer(1),
        groups: integer(1),
        ...more,
      }),
    ],
  };
}

function pool(dims: number, more: Record<string, Arg>): Call {
  return {
    args: [
      of(() => ones([1, 2, ...space(dims).map(() => 4)]), "tensor"),
      list(...space(dims).map(() => 2)),
      options({ stride: list(...space(dims)), padding: integer(1), ceilMode: flag, ...more }),
    ],
  };
}

const labels = int32([0, 2, 1]);
const positions = int32([[0, 1, 0]]);
const rows = given([[1, 2, 3]]);

const STRUCTURAL: Readonly<Record<Name, Call | readonly Call[]>> = {
  reshape: { args: [x, list(3, 2)] },
  view: { args: [x, list(3, 2)] },
  permute: { args: [x, list(1, 0)] },
  transpose: { args: [x, dim, integer(1)] },
  expand: { args: [x, list(2, 3)] },
  broadcastTo: { args: [x, list(2, 3)] },
  unsqueeze: { args: [x, dim] },
  squeeze: [{ args: [x, anyDim] }, { args: [x, optional(list(0, 1))] }],
  flatten: { args: [x, anyDim, optional(integer(1))] },
  unflatten: { args: [x, integer(1), list(3, 1)] },
  slice: { args: [x, dim, open(0), open(2), open(1)] },
  narrow: { args: [x, dim, integer(0), integer(1)] },
  pad: { args: [x, list(1, 1), options({ value: number })] },
  movedim: [{ args: [x, dim, integer(1)] }, { args: [x, list(0, 1), list(1, 0)] }],
  meshgrid: {
    args: [of(() => [ones([2]), ones([3])]), options({ indexing: of(() => "xy") })],
  },
  cat: { args: [of(() => [ones([2]), ones([3])]), anyDim] },
  stack: { args: [of(() => [ones([2]), ones([2])]), anyDim] },
  clone: { args: [x] },
  contiguous: { args: [x] },
  mT: { args: [x] },
  split: [{ args: [x, integer(1), anyDim] }, { args: [x, list(1, 1), anyDim] }],
  chunk: { args: [x, integer(2), anyDim] },
  unbind: { args: [x, anyDim] },
  diagonal: [
    { args: [x, optional(integer(1))] },
    { args: [x, options({ offset: integer(1), dim1: dim, dim2: integer(1) })] },
  ],
  repeat: { args: [x, list(2, 2)] },
  tile: { args: [x, list(2, 2)] },
  roll: [{ args: [x, integer(1), anyDim] }, { args: [x, list(1, 2), list(0, 1)] }],
  flip: [{ args: [x, dim] }, { args: [x, list(0, 1)] }],
  unfold: { args: [x, integer(1), integer(2), integer(1)] },
  tril: triangle,
  triu: triangle,
  sum: reduction,
  mean: reduction,
  prod: reduction,
  any: reduction,
  all: reduction,
  logsumexp: reduction,
  nansum: reduction,
  nanmean: reduction,
  variance: { args: [x, optional(list(0, 1)), spread] },
  std: { args: [x, optional(list(0, 1)), spread] },
  max: extreme,
  min: extreme,
  argmax: extreme,
  argmin: extreme,
  median: extreme,
  norm: { args: [x, options({ p: finite, dim: list(0, 1), keepdim: flag })] },
  normalize: { args: [x, options({ p: finite, dim: list(0, 1), eps: finite })] },
  cosineSimilarity: { args: [x, x, options({ dim, eps: finite })] },
  softmax: { args: [x, dim] },
  logSoftmax: { args: [x, dim] },
  layerNorm: {
    args: [
      x,
      list(3),
      options({
        weight: of(() => ones([3]), "tensor", "null"),
        bias: of(() => ones([3]), "tensor", "null"),
        eps: finite,
      }),
    ],
  },
  cumsum: { args: [x, dim] },
  cumprod: { args: [x, dim] },
  logcumsumexp: { args: [x, dim] },
  diff: {
    args: [
      x,
      options({
        n: integer(1),
        dim: integer(1),
        prepend: of(x.make, "tensor"),
        append: of(x.make, "tensor"),
      }),
    ],
  },
  trapezoid: [
    { args: [x, options({ dx: number, dim })] },
    { args: [x, options({ x: given([1, 2, 4]) })] },
    { args: [x, of(() => tensor([1, 2, 4]), "tensor", "undefined")] },
  ],
  sort: sorting,
  argsort: sorting,
  topk: { args: [x, integer(1), anyDim, options({ largest: flag })] },
  quantile: {
    args: [
      x,
      of(() => 0.5, "number", "tensor"),
      anyDim,
      options({ keepdim: flag, interpolation: of(() => "lower") }),
    ],
  },
  clamp: { args: [x, bound(0), bound(1)] },
  lerp: { args: [x, x, operand] },
  logSigmoid: { args: [x] },
  gelu: { args: [x, options({ approximate: of(() => "tanh") })] },
  xlogy: { args: [operand, operand] },
  heaviside: { args: [x, x] },
  isclose: { args: [x, x, tolerances] },
  allclose: { args: [x, x, tolerances] },
  equal: { args: [x, x] },
  logicalAnd: { args: [x, x] },
  logicalOr: { args: [x, x] },
  logicalXor: { args: [x, x] },
  logicalNot: { args: [x] },
  isnan: { args: [x] },
  isinf: { args: [x] },
  isfinite: { args: [x] },
  nanToNum: { args: [x, options({ nan: number, posinf: number, neginf: number })] },
  gather: { args: [x, dim, positions] },
  scatter: [
    { args: [x, dim, positions, number] },
    { args: [x, dim, positions, of(rows.make, "tensor", "number", "NaN")] },
  ],
  scatterAdd: { args: [x, dim, positions, rows] },
  indexAdd: {
    args: [x, integer(1), labels, x, options({ alpha: number })],
  },
  indexSelect: { args: [x, integer(1), labels] },
  searchsorted: { args: [vector, operand, options({ right: flag })] },
  unique: {
    args: [x, options({ dim, returnInverse: flag, returnCounts: flag })],
  },
  bincount: {
    args: [labels, options({ weights: of(vector.make), minlength: integer(4) })],
  },
  histc: { args: [x, options({ bins: integer(2), min: finite, max: of(() => 5, "number") })] },
  oneHot: { args: [labels, optional(integer(4))] },
  maskedFill: { args: [x, bools, number] },
  maskedSelect: { args: [x, bools] },
  nonzero: { args: [x] },
  where: { args: [bools, operand, operand] },
  at: [
    { args: [x, list(0, 1)] },
    { args: [x, of(() => [[0, null], ":"])] },
    { args: [x, of(() => [null, "...", labels.make()])] },
  ],
  matmul: { args: [square, square] },
  dot: { args: [vector, vector] },
  outer: { args: [vector, vector] },
  bmm: { args: [batch, batch] },
  einsum: { args: [of(() => "ij,jk->ik"), square, square], rest: true },
  cross: { args: [x, x, options({ dim: integer(1) })] },
  kron: { args: [x, x] },
  tensordot: [
    { args: [x, x, optional(integer(2))] },
    { args: [x, x, of(() => [[1], [1]], "undefined")] },
  ],
  cdist: { args: [x, x, options({ p: finite })] },
  polygamma: { args: [integer(1), x] },
  conv1d: convolution(1),
  conv2d: convolution(2),
  conv3d: convolution(3),
  convTranspose1d: convolution(1, { outputPadding: integer(1) }),
  convTranspose2d: convolution(2, { outputPadding: integer(1) }),
  convTranspose3d: convolution(3, { outputPadding: integer(1) }),
  maxPool1d: pool(1, { dilation: integer(1) }),
  maxPool2d: pool(2, { dilation: integer(1) }),
  maxPool3d: pool(3, { dilation: integer(1) }),
  avgPool1d: pool(1, AVERAGED),
  avgPool2d: pool(2, AVERAGED),
  avgPool3d: pool(3, AVERAGED),
  "linalg.cholesky": { args: [square, options({ upper: flag })] },
  "linalg.solve": { args: [square, square, options({ left: flag })] },
  "linalg.solveTriangular": {
    args: [square, square, options({ upper: flag, left: flag, unitriangular: flag })],
  },
  "linalg.qr": { args: [x, options({ mode: of(() => "complete") })] },
  "linalg.eigh": { args: [square, options({ uplo: of(() => "U") })] },
  "linalg.cg": {
    args: [
      square,
      given([1, 2]),
      options({ x0: given([1, 1]), tol: finite, maxIterations: integer(5) }),
    ],
  },
  "linalg.inv": { args: [square] },
  "linalg.det": { args: [square] },
  "linalg.norm": {
    args: [x, options({ ord: integer(1), dim: list(0, 1), keepdim: flag })],
  },
};

/** A part of an index. */
const part = (value: unknown) => of(() => value, "null", "tensor", "holes");

/** The parts of an index, one at a time. */
const INDICES = {
  parts: [part(0), part(":")],
  range: [open(0), open(2), open(1)],
};

type Run = (...args: unknown[]) => unknown;

/** An op and one of its valid calls. */
export interface OpCall {
  readonly title: string;
  /** Its name in messages. */
  readonly name: string;
  readonly call: Call;
  readonly run: Run;
}

/** The calls of an op, and those with the entries of a list one at a time. */
function callsOf(title: string, name: string, given: Call | readonly Call[], run: Run): OpCall[] {
  return [given].flat().flatMap((call) => {
    const unpacked = call.args.flatMap((arg, i): OpCall[] => {
      const value = valueOf(arg);
      if (!Array.isArray(value) || name === "at" || name === "setAt") return [];
      const end = i + value.length;
      const entries = value.map((entry) =>
        of(() => entry, ...entry instanceof Tensor ? ["tensor" as const] : [])
      );
      return [{
        title: `${title} with each entry of argument ${i}`,
        name,
        call: { args: call.args.toSpliced(i, 1, ...entries), rest: true },
        run: (...args) => run(...args.slice(0, i), args.slice(i, end), ...args.slice(end)),
      }];
    });
    return [{ title, name, call, run }, ...unpacked];
  });
}

const ROWS: readonly [name: string, calls: Call | readonly Call[]][] = [
  ...UNARY.map(({ name }): [string, Call] => [name, { args: [x] }]),
  ...BINARY.map(({ name }): [string, Call] => [name, { args: [operand, operand] }]),
  ...Object.entries(STRUCTURAL),
];

/** A call of each op as a function, in several ways for some. */
const FUNCTIONS = ROWS.flatMap(([name, calls]) => callsOf(`${name}()`, name, calls, opOf(name)));

/** Methods whose name differs from their function's, and what they share in messages. */
const RENAMED: Readonly<Record<string, readonly [method: string, said: string]>> = {
  variance: ["var", "var"],
  "linalg.det": ["det", "det"],
  "linalg.inv": ["inverse", "inv"],
};

/** Methods whose further arguments differ from their function's. */
const UNLIKE: Readonly<Record<string, readonly Call[]>> = {
  mT: [],
  where: [{ args: [x, bools, operand] }],
  at: [{ args: [x, ...INDICES.parts], rest: true }],
};

/** The methods that write in place. */
const IN_PLACE: Readonly<Record<InPlaceName, Call>> = {
  copy_: { args: [x, operand] },
  fill_: { args: [x, number] },
  zero_: { args: [x] },
  setAt: { args: [x, list(0, 1), of(() => 1, "tensor", "number", "NaN")] },
};

/** A call of each method. */
const METHODS = [...ROWS, ...Object.entries(IN_PLACE)].flatMap(([name, given]) => {
  const [method, said] = RENAMED[name] ?? [name, name];
  if (!Reflect.has(Tensor.prototype, method)) return [];
  return (UNLIKE[name] ?? [given].flat()).flatMap(({ args: [self, ...args], rest }) => {
    const on = () => valueOf(self!) as object;
    const run: Run = (...args) => {
      const object = on();
      return (Reflect.get(object, method) as Run).apply(object, args);
    };
    return callsOf(`x.${method}()`, said, rest === undefined ? { args } : { args, rest }, run);
  });
});

/** The parts of an index, one at a time. */
function insideIndices(): OpCall[] {
  const write = (index: unknown[]) => (valueOf(x) as Tensor).setAt(index as Index[], 1);
  const read = (index: unknown[]) => at(valueOf(x) as Tensor, index as Index[]);
  return [["at", read] as const, ["setAt", write] as const].flatMap(([name, run]) => [
    {
      title: `parts of ${name}()`,
      name,
      call: INDICES.parts,
      run: (...parts: unknown[]) => run(parts),
    },
    {
      title: `a range of ${name}()`,
      name,
      call: INDICES.range,
      run: (...range: unknown[]) => run([range]),
    },
  ]).map(({ call, ...rest }) => ({ ...rest, call: { args: call, rest: true } }));
}

/** Calls of all ops, as functions and as methods, and of the parts of indices. */
export const OP_CALLS: readonly OpCall[] = [...FUNCTIONS, ...METHODS, ...insideIndices()];
