/** Cases of products and distances of pairs, and calls of them that must fail. */

import {
  cdist,
  cross,
  DTypeError,
  kron,
  ShapeError,
  type Tensor,
  tensordot,
  zeros,
} from "../../../mod.ts";
import {
  bad,
  badDims,
  bools,
  index,
  matrix,
  notTensor,
  scalar,
  untyped,
  vector,
  wide,
} from "../bad_input.ts";
import { type ErrorCase, FLOATS, NUMBERS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import type { Plain } from "../../common/samples.ts";

function plainCross(a: Plain, b: Plain, shape: readonly number[], axis: number): Plain {
  const [x, y] = [reference.expand(a, shape), reference.expand(b, shape)];
  return reference.build(shape, (at) => {
    const [i, j] = [(at[axis]! + 1) % 3, (at[axis]! + 2) % 3];
    const product = (first: number, second: number) =>
      reference.read(x, at.with(axis, first)) * reference.read(y, at.with(axis, second));
    return product(i, j) - product(j, i);
  });
}

function crossing(a: number[], b: number[], shape: number[], dim: number): OpCase {
  return {
    name: `[${a}] and [${b}] along ${dim}`,
    inputs: [random(...a), random(...b)],
    call: (x, y) => dim === -1 ? cross(x!, y!) : cross(x!, y!, { dim }),
    reference: (x, y) => plainCross(x!, y!, shape, dim < 0 ? dim + shape.length : dim),
    dtypes: NUMBERS,
    terms: 2,
  };
}

function blocks(a: number[], b: number[]): OpCase {
  const rank = Math.max(a.length, b.length);
  const full = (shape: readonly number[]) => [...new Array(rank - shape.length).fill(1), ...shape];
  const [outer, inner] = [full(a), full(b)];
  return {
    name: `[${a}] and [${b}]`,
    inputs: [random(...a), random(...b)],
    call: (x, y) => kron(x!, y!),
    reference: (x, y) => {
      const [left, right] = [reference.reshape(x!, outer), reference.reshape(y!, inner)];
      return reference.build(
        outer.map((extent, i) => extent * inner[i]!),
        (at) =>
          reference.read(left, at.map((place, i) => Math.floor(place / inner[i]!))) *
          reference.read(right, at.map((place, i) => place % inner[i]!)),
      );
    },
    terms: 1,
  };
}

function contracting(
  equation: string,
  a: number[],
  b: number[],
  dims: number | [number[], number[]] | undefined,
  terms: number,
): OpCase {
  return {
    name: `[${a}] and [${b}] over ${JSON.stringify(dims)}`,
    inputs: [random(...a), random(...b)],
    call: (x, y) => dims === undefined ? tensordot(x!, y!) : tensordot(x!, y!, dims),
    reference: (x, y) => reference.einsum(equation, x!, y!),
    dtypes: NUMBERS,
    terms,
  };
}

const NORMS: Readonly<Record<string, (sizes: readonly number[]) => number>> = {
  0: (sizes) => sizes.filter((size) => size !== 0).length,
  0.5: (sizes) => reference.total(sizes.map(Math.sqrt)) ** 2,
  1: reference.total,
  2: (sizes) => Math.hypot(...sizes),
  3: (sizes) => Math.cbrt(reference.total(sizes.map((size) => size ** 3))),
  Infinity: (sizes) => Math.max(0, ...sizes),
};

/** Distances, each from the points of its pair. */
function plainDistances(a: Plain, b: Plain, batch: readonly number[], p: number): Plain {
  const [[n, d], m] = [a.shape.slice(-2), b.shape.at(-2)!];
  const x = reference.expand(a, [...batch, n!, d!]);
  const y = reference.expand(b, [...batch, m, d!]);
  return reference.build([...batch, n!, m], (at) => {
    const [outer, i, j] = [at.slice(0, -2), at.at(-2)!, at.at(-1)!];
    const sizes = Array.from(
      { length: d! },
      (_, k) => Math.abs(reference.read(x, [...outer, i, k]) - reference.read(y, [...outer, j, k])),
    );
    return NORMS[p]!(sizes);
  });
}

function distant(a: number[], b: number[], batch: number[], p = 2): OpCase {
  return {
    name: `[${a}] and [${b}], order ${p}`,
    inputs: [random(...a), random(...b)],
    call: (x, y) => p === 2 ? cdist(x!, y!) : cdist(x!, y!, { p }),
    reference: (x, y) => plainDistances(x!, y!, batch, p),
    dtypes: FLOATS,
    terms: p < 1 ? 64 : 8,
  };
}

export const PAIR_CASES = {
  cross: [
    crossing([3], [3], [3], -1),
    crossing([2, 3], [2, 3], [2, 3], -1),
    crossing([3, 2], [3, 2], [3, 2], 0),
    crossing([2, 3, 2], [1, 3, 2], [2, 3, 2], 1),
    crossing([1, 3], [4, 3], [4, 3], -1),
    crossing([0, 3], [0, 3], [0, 3], 1),
  ],
  kron: [
    blocks([2], [3]),
    blocks([2, 2], [2, 3]),
    blocks([3], [2, 2]),
    blocks([2, 2], [3]),
    blocks([], [2, 3]),
    blocks([], []),
    blocks([2, 0], [2, 3]),
    blocks([2, 1, 2, 1], [1, 2, 1, 3]),
  ],
  tensordot: [
    contracting("ij,ij->", [2, 3], [2, 3], undefined, 6),
    contracting("ij,jk->ik", [2, 3], [3, 2], 1, 3),
    contracting("i,j->ij", [2], [3], 0, 1),
    contracting("aij,ijb->ab", [2, 3, 2], [3, 2, 4], 2, 6),
    contracting("ij,kj->ik", [2, 3], [4, 3], [[1], [1]], 3),
    contracting("iaj,jib->ab", [2, 3, 4], [4, 2, 2], [[0, -1], [1, 0]], 8),
    contracting("ij,kl->ijkl", [2, 1], [1, 3], [[], []], 1),
    contracting("ij,jk->ik", [2, 0], [0, 3], 1, 1),
    contracting("ij,jk->ik", [0, 2], [2, 3], 1, 2),
  ],
  cdist: [
    ...[0, 0.5, 1, 2, 3, Infinity].map((p) => distant([3, 2], [4, 2], [], p)),
    distant([1, 3], [1, 3], []),
    distant([2, 3, 2], [2, 2, 2], [2]),
    distant([3, 2], [2, 2, 2], [2]),
    distant([2, 1, 3, 2], [2, 2, 2], [2, 2], 1),
    ...[0, 1, 2, Infinity].map((p) => distant([2, 0], [3, 0], [], p)),
    distant([0, 2], [3, 2], []),
    distant([2, 2], [0, 2], [], Infinity),
    distant([0, 2, 2], [0, 3, 2], [0]),
    {
      name: "of points that coincide and that almost do",
      inputs: [
        { shape: [3, 2], data: [1000, 2000, 1000.0625, 2000, 1000, 2000] },
        { shape: [2, 2], data: [1000, 2000, 1000.125, 2000.125] },
      ],
      call: (a, b) => [1, 2, Infinity].map((p) => cdist(a!, b!, { p })),
      reference: (a, b) => [1, 2, Infinity].map((p) => plainDistances(a!, b!, [], p)),
      dtypes: FLOATS,
      terms: 1,
      // There is a kink there; `pair_test.ts` tests the gradients.
      differentiable: false,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

function badPairs(call: (a: Tensor, b: Tensor) => unknown): ErrorCase[] {
  return [notTensor((x) => call(x, matrix)), notTensor((x) => call(matrix, x))];
}

export const PAIR_ERRORS = {
  cross: [
    ...badPairs(cross),
    ...badDims((x, dim) => cross(x, x, { dim })),
    bad("other ranks", ShapeError, () => cross(matrix, vector), "number of dimensions", "[3]"),
    bad("an extent of 2", ShapeError, () => cross(matrix, matrix, { dim: 0 }), "dim 0", "[2, 3]"),
    bad("other batches", ShapeError, () => cross(matrix, zeros([4, 3])), "[2, 3]", "[4, 3]"),
    bad("bool", DTypeError, () => cross(bools, bools), "bool"),
    bad("dim by position", TypeError, () => untyped.cross(vector, vector, 0), "{ dim: 0 }"),
  ],
  kron: [
    ...badPairs(kron),
    bad("five dimensions", ShapeError, () => kron(zeros([1, 1, 1, 1, 1]), scalar), "at most 4"),
    bad("2^32 elements", ShapeError, () => kron(wide(65536), wide(65536)), "2^31"),
  ],
  tensordot: [
    ...badPairs(tensordot),
    bad("other extents", ShapeError, () => tensordot(matrix, matrix, 1), "[1] and [0]", "[2, 3]"),
    bad("more dims than there are", RangeError, () => tensordot(matrix, matrix, 3), "0 to 2"),
    bad("dims below 0", RangeError, () => tensordot(matrix, matrix, -1), "got -1"),
    bad("a fraction", RangeError, () => tensordot(matrix, matrix, 0.5), "got 0.5"),
    bad("one list", TypeError, () => untyped.tensordot(matrix, matrix, [1]), "[[1], [0]]"),
    bad("other counts", RangeError, () => tensordot(matrix, matrix, [[0, 1], [0]]), "as many"),
    bad("a dim twice", RangeError, () => tensordot(matrix, matrix, [[0, 0], [0, 1]]), "differ"),
    bad("dim 2", RangeError, () => tensordot(matrix, matrix, [[2], [0]]), "-2 to 1"),
    bad("bool", DTypeError, () => tensordot(bools, bools, 1), "bool"),
    bad(
      "ten dimensions",
      ShapeError,
      () => tensordot(zeros([1, 1, 1, 1, 1]), zeros([1, 1, 1, 1, 1]), 0),
      "at most 8",
    ),
    bad("2^32 elements", ShapeError, () => tensordot(wide(65536), wide(65536), 0), "2^31"),
  ],
  cdist: [
    ...badPairs(cdist),
    bad("a vector", ShapeError, () => cdist(vector, matrix), "[..., n, d]", "[3]"),
    bad("other coordinates", ShapeError, () => cdist(matrix, zeros([2, 2])), "[2, 3] and [2, 2]"),
    bad("other batches", ShapeError, () => cdist(zeros([2, 1, 1]), zeros([3, 1, 1])), "[2]", "[3]"),
    bad("p below 0", RangeError, () => cdist(matrix, matrix, { p: -1 }), "got -1"),
    bad("p of NaN", RangeError, () => cdist(matrix, matrix, { p: NaN }), "got NaN"),
    bad("p by position", TypeError, () => untyped.cdist(matrix, matrix, 1), "{ p: 1 }"),
    bad(
      "int32",
      DTypeError,
      () => cdist(index.reshape([2, 1]), index.reshape([2, 1])),
      "float",
      "int32",
    ),
    bad("eight dimensions", ShapeError, () => {
      const x = zeros([1, 1, 1, 1, 1, 1, 1, 1]);
      return cdist(x, x);
    }, "at most 7"),
    bad("2^32 pairs", ShapeError, () => cdist(wide(65536, 1), wide(65536, 1)), "2^31"),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
