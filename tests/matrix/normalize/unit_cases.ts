/** Cases of vectors of length 1 and of cosines, and calls of them that must fail. */

import { cosineSimilarity, DTypeError, normalize, ShapeError, zeros } from "../../../mod.ts";
import { bad, badDims, index, matrix, notTensor, untyped, vector } from "../bad_input.ts";
import { type ErrorCase, FLOATS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import type { Plain } from "../../common/samples.ts";

const NORMS: Readonly<Record<string, (sizes: readonly number[]) => number>> = {
  2: (sizes) => Math.hypot(...sizes),
  1: reference.total,
  3: (sizes) => Math.cbrt(reference.total(sizes.map((size) => size ** 3))),
  Infinity: (sizes) => Math.max(...sizes),
};

function unit(x: Plain, dim: number | number[], p: number, eps: number): Plain {
  const norms = reference.reduce(
    x,
    dim,
    true,
    (values) => Math.max(NORMS[p]!(values.map(Math.abs)), eps),
  );
  const wide = reference.expand(norms, x.shape);
  return { shape: x.shape, data: x.data.map((value, i) => value / wide.data[i]!) };
}

function scaled(shape: number[], dim: number | number[], p = 2): OpCase {
  return {
    name: `[${shape}] along ${JSON.stringify(dim)}, order ${p}`,
    inputs: [random(...shape)],
    call: (x) => normalize(x!, { dim, p }),
    reference: (x) => unit(x!, dim, p, 1e-12),
    dtypes: FLOATS,
    terms: 1,
  };
}

/** Rows, one of which is 0 and one short. */
const ZEROS = { shape: [3, 2], data: [0, 0, 3, -4, 0.25, 0] };

function compared(a: number[], b: number[], shape: number[], dim: number): OpCase {
  return {
    name: `[${a}] with [${b}] along ${dim}`,
    inputs: [random(...a), random(...b)],
    call: (a, b) => cosineSimilarity(a!, b!, { dim }),
    reference: (a, b) => cosines(reference.expand(a!, shape), reference.expand(b!, shape), dim),
    dtypes: FLOATS,
    terms: 4,
  };
}

function cosines(a: Plain, b: Plain, dim: number, eps = 1e-8): Plain {
  const [x, y] = [unit(a, dim, 2, eps), unit(b, dim, 2, eps)];
  const products = { shape: x.shape, data: x.data.map((value, i) => value * y.data[i]!) };
  return reference.reduce(products, dim, false, reference.total);
}

export const UNIT_CASES = {
  normalize: [
    {
      name: "[2, 3] as it stands",
      inputs: [random(2, 3)],
      call: (x) => normalize(x!),
      reference: (x) => unit(x!, 1, 2, 1e-12),
      dtypes: FLOATS,
      terms: 1,
    },
    ...[1, 2, 3, Infinity].map((p) => scaled([2, 3], 1, p)),
    scaled([3, 2], 0),
    scaled([2, 3, 2], -2),
    scaled([2, 3, 2], [0, 2]),
    scaled([4], 0),
    scaled([], 0),
    scaled([0, 3], 1),
    scaled([3, 0], 1),
    {
      name: "of zeros, and of less than eps",
      inputs: [ZEROS],
      call: (x) => [normalize(x!), normalize(x!, { eps: 1 })],
      reference: (x) => [unit(x!, 1, 2, 1e-12), unit(x!, 1, 2, 1)],
      dtypes: FLOATS,
      terms: 1,
      // Differences at 0 would need steps of 1e-12; `unit_test.ts` tests the gradient there.
      differentiable: false,
    },
    {
      name: "of less than eps",
      inputs: [{ shape: [2, 2], data: [0.25, 0, 3, -4] }],
      call: (x) => normalize(x!, { eps: 1 }),
      reference: (x) => unit(x!, 1, 2, 1),
      dtypes: FLOATS,
      terms: 1,
    },
  ],
  cosineSimilarity: [
    compared([2, 3], [2, 3], [2, 3], 1),
    compared([2, 3], [1, 3], [2, 3], -1),
    compared([3, 2], [3, 1], [3, 2], 0),
    compared([2, 1, 3], [4, 3], [2, 4, 3], 2),
    compared([4], [4], [4], 0),
    compared([2, 0], [2, 0], [2, 0], 1),
    compared([0, 3], [0, 3], [0, 3], 1),
    {
      name: "of zeros, and of less than eps",
      inputs: [ZEROS, random(3, 2)],
      call: (a, b) => [cosineSimilarity(a!, b!), cosineSimilarity(a!, b!, { eps: 1 })],
      reference: (a, b) => [cosines(a!, b!, 1), cosines(a!, b!, 1, 1)],
      dtypes: FLOATS,
      terms: 4,
      differentiable: false,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

export const UNIT_ERRORS = {
  normalize: [
    ...badDims((x, dim) => normalize(x, { dim })),
    notTensor((x) => normalize(x)),
    bad("a vector as it stands", RangeError, () => normalize(vector), "-1 to 0", "got 1"),
    bad("int32", DTypeError, () => normalize(index, { dim: 0 }), "float", "int32"),
    bad("p of NaN", RangeError, () => normalize(matrix, { p: NaN }), "p must", "NaN"),
    bad("eps of NaN", RangeError, () => normalize(matrix, { eps: NaN }), "eps must", "NaN"),
    bad("p by position", TypeError, () => untyped.normalize(matrix, 2), "{ p: 2 }"),
  ],
  cosineSimilarity: [
    ...badDims((x, dim) => cosineSimilarity(x, x, { dim })),
    notTensor((x) => cosineSimilarity(matrix, x)),
    bad("int32", DTypeError, () => cosineSimilarity(index, index, { dim: 0 }), "float", "int32"),
    bad("other shapes", ShapeError, () => cosineSimilarity(matrix, zeros([2, 2])), "[2, 2]"),
    bad("eps of NaN", RangeError, () => cosineSimilarity(matrix, matrix, { eps: NaN }), "NaN"),
    bad(
      "dim by position",
      TypeError,
      () => untyped.cosineSimilarity(matrix, matrix, 1),
      "{ dim: 1 }",
    ),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
