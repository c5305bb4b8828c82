/** Cases of matrix factors and ops based on them, and calls that must fail. */

import {
  DTypeError,
  eye,
  full,
  linalg,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../../mod.ts";
import { bad, bools, matrix, notTensor, scalar, vector } from "../bad_input.ts";
import { type ErrorCase, FLOATS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import { type Plain, show } from "../../common/samples.ts";
import { triangle } from "../shape/references.ts";
import * as factors from "./factor_references.ts";

/** With this on the diagonal, random matrices are far from singular, even with repeated rows. */
function tamed(a: Tensor): Tensor {
  return a.mul(0.25).add(eye(a.shape.at(-1)!).mul(3));
}

function tamedPlain(a: Plain): Plain {
  return factors.shifted(a, 0.25, 3);
}

/** Shapes of square matrices. */
const SQUARE = [[3, 3], [1, 1], [4, 4], [2, 3, 3], [2, 1, 2, 2], [0, 0], [2, 0, 0], [0, 2, 2]];

/** Shapes of a matrix and of right sides that are matrices. */
const SYSTEMS: readonly (readonly [a: number[], b: number[]])[] = [
  [[3, 3], [3, 2]],
  [[1, 1], [1, 1]],
  [[4, 4], [4, 1]],
  [[2, 3, 3], [2, 3, 2]],
  [[3, 3], [2, 3, 2]],
  [[2, 3, 3], [3, 4]],
  [[2, 1, 3, 3], [3, 3, 1]],
  [[0, 0], [0, 2]],
  [[2, 2], [2, 0]],
  [[0, 2, 2], [0, 2, 1]],
  [[2, 2], [0, 2, 1]],
];

/** The last two dimensions exchanged. */
function turned(x: Plain): Plain {
  const rank = x.shape.length;
  return reference.permute(x, x.shape.map((_, i) => i < rank - 2 ? i : 2 * rank - 3 - i));
}

function turnedShape(shape: readonly number[]): number[] {
  return [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
}

/** A system a·x = b, or x·a = b if `left` is false. */
function system(
  [a, b]: readonly [number[], number[]],
  left: boolean,
  name: string,
  call: (a: Tensor, b: Tensor, left: boolean) => Tensor,
  matrixOf: (a: Plain) => Plain,
): OpCase {
  const sides = left ? [a, b] : [a, turnedShape(b)];
  return {
    name: `${sides.map(show).join(" and ")}${left ? "" : " from the right"}${name}`,
    inputs: sides.map((shape) => random(...shape)),
    call: (a, b) => call(tamed(a!), b!, left),
    reference: (a, b) => {
      const used = matrixOf(tamedPlain(a!));
      return left ? factors.solve(used, b!) : turned(factors.solve(turned(used), turned(b!)));
    },
    dtypes: FLOATS,
    terms: 16,
  };
}

function triangular(upper: boolean, unitriangular: boolean): OpCase[] {
  const read = (a: Plain): Plain => {
    const part = triangle(a, (row, column) => upper ? row <= column : row >= column);
    if (!unitriangular) return part;
    return reference.build(
      part.shape,
      (index) => index.at(-1) === index.at(-2) ? 1 : reference.read(part, index),
    );
  };
  const options = { upper, unitriangular };
  const name = `, ${upper ? "upper" : "lower"}${unitriangular ? " with ones" : ""}`;
  return [true, false].flatMap((left) =>
    SYSTEMS.map((shapes) =>
      system(shapes, left, name, (a, b) => linalg.solveTriangular(a, b, { ...options, left }), read)
    )
  );
}

/** Vectors as right sides: one, one for each matrix, and ones that could also be matrices. */
const VECTORS: readonly (readonly [a: number[], b: number[]])[] = [
  [[3, 3], [3]],
  [[2, 3, 3], [3]],
  [[2, 3, 3], [2, 3]],
  [[3, 3, 3], [3, 3]],
  [[0, 0], [0]],
];

const ofVectors = VECTORS.map(([a, b]): OpCase => ({
  name: `${show(a)} and vectors ${show(b)}`,
  inputs: [random(...a), random(...b)],
  call: (a, b) => linalg.solve(tamed(a!), b!),
  reference: (a, b) => {
    const x = factors.solve(tamedPlain(a!), reference.reshape(b!, [...b!.shape, 1]));
    return reference.reshape(x, x.shape.slice(0, -1));
  },
  dtypes: FLOATS,
  terms: 16,
}));

/** Symmetric positive definite matrices, shifted so that no digits are lost. */
function positive(a: Tensor): Tensor {
  return a.matmul(a.mT).add(eye(a.shape.at(-1)!).mul(9));
}

function choleskyCase(shape: number[], upper: boolean): OpCase {
  return {
    name: `of ${show(shape)}${upper ? ", upper" : ""}`,
    inputs: [random(...shape)],
    call: (a) => linalg.cholesky(positive(a!), { upper }),
    reference: (a) => {
      const l = factors.cholesky(factors.shifted(reference.matmul(a!, turned(a!)), 1, 9));
      return upper ? turned(l) : l;
    },
    dtypes: FLOATS,
    terms: 16,
  };
}

/** The error of n rounding errors in products of n elements of rows: n·(3·√n)ⁿ. */
function detTerms(n: number): number {
  return n * (3 * Math.sqrt(n)) ** n;
}

const singular: readonly (readonly [what: string, shape: number[], data: number[]])[] = [
  ["nothing but 0", [3, 3], [0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ["one 0", [1, 1], [0]],
  ["rank 1 of 2", [2, 2], [1, 2, 2, 4]],
  ["rank 1 of 3", [3, 3], [1, 2, -1, 2, 4, -2, -1, -2, 1]],
  ["rank 2 of 3", [3, 3], [1, 2, 3, 0, 0, 0, 2, -1, 1]],
  ["rank 2 of 4", [4, 4], [1, 0, 2, 0, 0, 1, 0, 2, 2, 0, 4, 0, 0, -1, 0, -2]],
  ["some of a batch", [3, 1, 2, 2], [1, 2, 2, 4, 1, 2, 3, 4, 0, 0, 0, 0]],
];

const DETS: OpCase[] = [
  ...SQUARE.map((shape): OpCase => ({
    name: `of ${show(shape)}`,
    inputs: [random(...shape)],
    call: linalg.det,
    reference: factors.det,
    dtypes: FLOATS,
    terms: detTerms(shape.at(-1)!),
  })),
  ...singular.map(([what, shape, data]): OpCase => ({
    name: `of ${what}`,
    inputs: [{ shape, data }],
    call: linalg.det,
    reference: factors.det,
    dtypes: FLOATS,
    terms: detTerms(shape.at(-1)!),
  })),
];

export const FACTOR_CASES = {
  "linalg.cholesky": SQUARE.flatMap((shape) =>
    [false, true].map((upper) => choleskyCase(shape, upper))
  ),
  "linalg.solveTriangular": [
    ...triangular(false, false),
    ...triangular(true, false),
    ...triangular(false, true),
    ...triangular(true, true),
  ],
  "linalg.solve": [
    ...[true, false].flatMap((left) =>
      SYSTEMS.map((shapes) =>
        system(shapes, left, "", (a, b) => linalg.solve(a, b, { left }), (a) => a)
      )
    ),
    ...ofVectors,
  ],
  "linalg.inv": SQUARE.map((shape): OpCase => ({
    name: `of ${show(shape)}`,
    inputs: [random(...shape)],
    call: (a) => linalg.inv(tamed(a!)),
    reference: (a) => factors.solve(tamedPlain(a!), factors.identityLike(a!)),
    dtypes: FLOATS,
    terms: 16,
  })),
  "linalg.det": DETS,
} satisfies Record<string, readonly OpCase[]>;

/** Inputs that are not square matrices. */
export function badSquares(call: (a: Tensor) => unknown): ErrorCase[] {
  const square = eye(2).to({ dtype: "int32" });
  return [
    notTensor(call),
    bad("a vector", ShapeError, () => call(vector), "[..., n, n]", "[3]"),
    bad("a number", ShapeError, () => call(scalar), "[..., n, n]", "[]"),
    bad("no square", ShapeError, () => call(matrix), "[..., n, n]", "[2, 3]"),
    bad("int32", DTypeError, () => call(square), "float", "int32"),
  ];
}

/** Right sides of 3×3 matrices that are refused. */
function badSides(call: (a: Tensor, b: Tensor) => unknown): ErrorCase[] {
  const a = eye(3);
  return [
    ...badSquares((a) => call(a, matrix)),
    notTensor((b) => call(a, b)),
    bad("other rows", ShapeError, () => call(a, zeros([2, 2])), "[3, 3]", "[2, 2]"),
    bad("a number", ShapeError, () => call(a, scalar), "[3, 3]", "[]"),
    bad("a bool right side", DTypeError, () => call(a, bools.reshape([3, 1])), "bool"),
    bad(
      "batches that do not broadcast",
      ShapeError,
      () => call(zeros([2, 3, 3]).add(a), zeros([4, 3, 3])),
      "[2]",
      "[4]",
    ),
  ];
}

function badSingular(call: (a: Tensor) => unknown): ErrorCase[] {
  const pair = tensor([[[1, 2], [3, 4]], [[1, 2], [2, 4]]]);
  return [
    bad("a singular matrix", RangeError, () => call(zeros([3, 3])), "the matrix", "pivot 1"),
    bad("one of a batch", RangeError, () => call(pair), "matrix [1] of the batch", "pivot 2"),
    bad("one of a larger batch", RangeError, () => call(pair.unsqueeze(0)), "matrix [0, 1]"),
  ];
}

export const FACTOR_ERRORS = {
  "linalg.cholesky": [
    ...badSquares(linalg.cholesky),
    bad(
      "a negative minor",
      RangeError,
      () => linalg.cholesky(tensor([[1, 2], [2, 1]])),
      "the matrix is not positive definite",
      "order 2",
    ),
    bad("zeros", RangeError, () => linalg.cholesky(zeros([2, 2])), "order 1"),
    bad("NaN", RangeError, () => linalg.cholesky(full([2, 2], NaN)), "order 1"),
    bad(
      "one of a batch",
      RangeError,
      () => linalg.cholesky(tensor([1, 1, 1, -1, 1, 1]).reshape([3, 2, 1, 1])),
      "matrix [1, 1] of the batch",
    ),
  ],
  "linalg.solveTriangular": [
    ...badSides((a, b) => linalg.solveTriangular(a, b, { upper: true })),
    bad(
      "a vector",
      ShapeError,
      () => linalg.solveTriangular(eye(3), vector, { upper: true }),
      "[3, 3]",
      "[3]",
    ),
    bad(
      "other columns from the right",
      ShapeError,
      () => linalg.solveTriangular(eye(3), zeros([3, 2]), { upper: true, left: false }),
      "left is false",
      "[3, 2]",
    ),
    bad(
      "no triangle named",
      TypeError,
      () => linalg.solveTriangular(eye(3), zeros([3, 2]), {} as { upper: boolean }),
      "upper",
    ),
  ],
  "linalg.solve": [
    ...badSides((a, b) => linalg.solve(a, b)),
    bad("another vector", ShapeError, () => linalg.solve(eye(3), tensor([1, 2])), "[3, 3]", "[2]"),
    bad(
      "a vector from the right",
      ShapeError,
      () => linalg.solve(eye(3), vector, { left: false }),
      "left is false",
      "[3]",
    ),
    ...badSingular((a) => linalg.solve(a, zeros(a.shape))),
  ],
  "linalg.inv": [...badSquares(linalg.inv), ...badSingular(linalg.inv)],
  "linalg.det": badSquares(linalg.det),
} satisfies Record<string, readonly ErrorCase[]>;
