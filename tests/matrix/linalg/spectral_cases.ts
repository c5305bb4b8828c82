/** Cases of orthogonal factors, eigenvalues and conjugate gradients, and calls that must fail. */

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
import { bad, bools, index, matrix, notTensor, scalar, untyped, vector } from "../bad_input.ts";
import { type ErrorCase, FLOATS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import { type Plain, show } from "../../common/samples.ts";
import { badSquares } from "./factor_cases.ts";
import * as factors from "./factor_references.ts";

/** With this on the diagonal, random matrices have independent rows and columns. */
function independent(a: Tensor): Tensor {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const one = eye(Math.max(m, n), { device: a.device });
  return a.mul(0.25).add(one.slice(0, 0, m).slice(1, 0, n).mul(3));
}

function independentPlain(a: Plain): Plain {
  return factors.shifted(a, 0.25, 3);
}

/** The factors with a positive diagonal of r. */
function positive({ q, r }: linalg.QrResult): Tensor[] {
  const signs = r.detach().diagonal({ dim1: -2, dim2: -1 }).sign();
  return [q.mul(signs.unsqueeze(-2)), r.mul(signs.unsqueeze(-1))];
}

function orthogonal(shape: number[]): OpCase {
  return {
    name: `of ${show(shape)}`,
    inputs: [random(...shape)],
    call: (a) => positive(linalg.qr(independent(a!))),
    reference: (a) => factors.qr(independentPlain(a!)),
    dtypes: FLOATS,
    terms: 16,
  };
}

/** All columns of q; the matrix determines only their products. */
function complete(shape: number[]): OpCase {
  const [batch, m] = [shape.slice(0, -2), shape.at(-2)!];
  return {
    name: `of ${show(shape)}, complete`,
    inputs: [random(...shape)],
    call: (a) => {
      const { q, r } = linalg.qr(independent(a!), { mode: "complete" });
      return [q.mT.matmul(q), q.matmul(r), r.tril(-1)];
    },
    reference: (a) => [
      reference.build([...batch, m, m], (at) => Number(at.at(-1) === at.at(-2))),
      independentPlain(a!),
      reference.map(a!, () => 0),
    ],
    dtypes: FLOATS,
    terms: 16,
    differentiable: false,
  };
}

/** Symmetric matrices with eigenvalues about 5 apart. */
function symmetric(a: Tensor): Tensor {
  const n = a.shape.at(-1)!;
  const spread = tensor(Array.from({ length: n }, (_, i) => 5 * i), { device: a.device });
  return a.add(a.mT).mul(0.125).add(eye(n, { device: a.device }).mul(spread));
}

function symmetricPlain(a: Plain): Plain {
  return reference.build(a.shape, (at) => {
    const [i, j] = at.slice(-2) as [number, number];
    const other = reference.read(a, [...at.slice(0, -2), j, i]);
    return (reference.read(a, at) + other) / 8 + (i === j ? 5 * i : 0);
  });
}

function spectral(shape: number[], uplo?: "L" | "U"): OpCase {
  return {
    name: `of ${show(shape)}${uplo === undefined ? "" : `, ${uplo}`}`,
    inputs: [random(...shape)],
    call: (a) => {
      const s = symmetric(a!);
      const { eigenvalues, eigenvectors } = uplo ? linalg.eigh(s, { uplo }) : linalg.eigh(s);
      return [eigenvalues, eigenvectors];
    },
    reference: (a) => factors.eigh(symmetricPlain(a!)),
    dtypes: FLOATS,
    terms: 64,
  };
}

/** Symmetric positive definite matrices with eigenvalues of about 1 to 20. */
function definite(a: Tensor): Tensor {
  return a.matmul(a.mT).mul(0.25).add(eye(a.shape.at(-1)!, { device: a.device }).mul(2));
}

function definitePlain(a: Plain): Plain {
  const dims = a.shape.map((_, i) => i);
  const turned = reference.permute(a, [...dims.slice(0, -2), dims.at(-1)!, dims.at(-2)!]);
  return factors.shifted(reference.matmul(a, turned), 0.25, 2);
}

/** As accurately as rounding allows. */
const EXACT: linalg.CgOptions = { tol: 1e-16, maxIterations: 12 };

function gradients(a: number[], b: number[]): OpCase {
  return {
    name: `${show(a)} and ${show(b)}`,
    inputs: [random(...a), random(...b)],
    call: (a, b) => linalg.cg(definite(a!), b!, EXACT),
    reference: (a, b) => {
      const x = factors.solve(definitePlain(a!), reference.reshape(b!, [...b!.shape, 1]));
      return reference.reshape(x, x.shape.slice(0, -1));
    },
    dtypes: FLOATS,
    terms: 64,
  };
}

export const SPECTRAL_CASES = {
  "linalg.qr": [
    ...[[3, 3], [4, 2], [2, 4], [1, 1], [3, 1], [1, 3], [2, 3, 2], [2, 1, 2, 3]].map(orthogonal),
    ...[[0, 2], [3, 0], [0, 2, 2]].map(orthogonal),
    ...[[3, 3], [4, 2], [2, 4], [2, 3, 1], [3, 0]].map(complete),
  ],
  "linalg.eigh": [
    ...[[3, 3], [1, 1], [2, 2], [4, 4], [2, 3, 3], [2, 1, 2, 2]].map((shape) => spectral(shape)),
    ...[[0, 0], [0, 2, 2]].map((shape) => spectral(shape)),
    spectral([3, 3], "L"),
    spectral([3, 3], "U"),
  ],
  "linalg.cg": [
    gradients([3, 3], [3]),
    gradients([1, 1], [1]),
    gradients([2, 3, 3], [2, 3]),
    gradients([3, 3], [2, 3]),
    gradients([2, 2, 2], [2]),
    gradients([0, 0], [0]),
    gradients([0, 2, 2], [0, 2]),
    {
      name: "of a function, with what it uses",
      inputs: [random(3, 3), random(3)],
      call: (a, b) => {
        const m = definite(a!);
        return linalg.cg((v) => m.matmul(v), b!, EXACT);
      },
      reference: (a, b) => {
        const x = factors.solve(definitePlain(a!), reference.reshape(b!, [3, 1]));
        return reference.reshape(x, [3]);
      },
      dtypes: FLOATS,
      terms: 64,
    },
    {
      name: "of a function of a matrix, from a point on",
      inputs: [random(2, 2), random(2, 2)],
      call: (scale, b) => {
        const diagonal = scale!.square().add(1);
        return linalg.cg((v) => v.mul(diagonal), b!, { ...EXACT, x0: b!.detach().mul(0.5) });
      },
      reference: (scale, b) => ({
        shape: [2, 2],
        data: b!.data.map((value, i) => value / (scale!.data[i]! ** 2 + 1)),
      }),
      dtypes: FLOATS,
      terms: 64,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

export const SPECTRAL_ERRORS = {
  "linalg.qr": [
    notTensor((x) => linalg.qr(x)),
    bad("a vector", ShapeError, () => linalg.qr(vector), "two dimensions", "[3]"),
    bad("a number", ShapeError, () => linalg.qr(scalar), "two dimensions", "[]"),
    bad("int32", DTypeError, () => linalg.qr(index.reshape([2, 1])), "float", "int32"),
    bad("bool", DTypeError, () => linalg.qr(bools.reshape([3, 1])), "float", "bool"),
    bad("mode r", TypeError, () => untyped.linalg.qr(matrix, { mode: "r" }), '"reduced"'),
    bad(
      "the mode by position",
      TypeError,
      () => untyped.linalg.qr(matrix, "complete"),
      '{ mode: "complete" }',
    ),
  ],
  "linalg.eigh": [
    ...badSquares(linalg.eigh),
    bad("NaN", RangeError, () => linalg.eigh(full([2, 2], NaN)), "the matrix", "not finite"),
    bad("an infinity", RangeError, () => linalg.eigh(eye(2).mul(Infinity)), "not finite"),
    bad(
      "one of a batch",
      RangeError,
      () => linalg.eigh(tensor([1, NaN]).reshape([2, 1, 1])),
      "matrix [1] of the batch",
    ),
    bad(
      "the triangle by position",
      TypeError,
      () => untyped.linalg.eigh(eye(2), "U"),
      '{ uplo: "U" }',
    ),
  ],
  "linalg.cg": [
    ...badSquares((a) => linalg.cg(a, vector)).filter(({ name }) => name !== "not a tensor"),
    bad("no operator", TypeError, () => untyped.linalg.cg({}, vector), "or a function"),
    notTensor((b) => linalg.cg(eye(3), b)),
    bad("int32 on the right", DTypeError, () => linalg.cg(eye(2), index), "float", "int32"),
    bad("another length", ShapeError, () => linalg.cg(eye(2), vector), "[2, 2] and [3]"),
    bad("a number", ShapeError, () => linalg.cg(eye(2), scalar), "[2, 2] and []"),
    bad(
      "other batches",
      ShapeError,
      () => linalg.cg(zeros([2, 3, 3]), zeros([4, 3])),
      "[2]",
      "[4]",
    ),
    bad("x0 of another shape", ShapeError, () => linalg.cg(eye(3), vector, { x0: scalar }), "x0"),
    bad(
      "x0 of another type",
      DTypeError,
      () => linalg.cg(eye(3), vector, { x0: zeros([3], { dtype: "float64" }) }),
      "float32",
      "float64",
    ),
    bad("tol below 0", RangeError, () => linalg.cg(eye(3), vector, { tol: -1 }), "tol", "-1"),
    bad(
      "steps below 0",
      RangeError,
      () => linalg.cg(eye(3), vector, { maxIterations: -1 }),
      "maxIterations",
    ),
    bad("what is negative", RangeError, () => linalg.cg(eye(3).neg(), vector), "positive definite"),
    bad(
      "one of two",
      RangeError,
      () => linalg.cg(tensor([1, -1]).reshape([2, 1, 1]), tensor([[1], [1]])),
      "positive definite",
    ),
    bad(
      "a function of another shape",
      TypeError,
      () => linalg.cg((v) => v.sum(), vector),
      "[3] and float32",
      "[] and float32",
    ),
    bad("a function of no tensor", TypeError, () => untyped.linalg.cg(() => 2, vector), "got 2"),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
