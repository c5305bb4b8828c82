/** Cases of `linalg.norm`, and calls that must fail. */

import { DTypeError, linalg, zeros } from "../../../mod.ts";
import { bad, index, matrix, notTensor, scalar, vector } from "../bad_input.ts";
import { type ErrorCase, FLOATS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import { show } from "../../common/samples.ts";

/** Orders of matrix norms: how the sums of |x| are reduced, and whether they are of columns. */
const SUMS: Readonly<Record<string, readonly [(...sums: number[]) => number, boolean]>> = {
  1: [Math.max, true],
  "-1": [Math.min, true],
  Infinity: [Math.max, false],
  "-Infinity": [Math.min, false],
};

/** Shapes, and the dimensions of rows and of columns. */
const MATRICES: readonly (readonly [number[], readonly [number, number] | undefined])[] = [
  [[2, 3], undefined],
  [[2, 3], [1, 0]],
  [[2, 3, 4], [0, 2]],
  [[2, 3, 4], [-1, 0]],
  [[2, 3, 2], [-2, -1]],
  [[0, 2, 3], [1, 2]],
];

function root(values: readonly number[]): number {
  return Math.hypot(...values);
}

function matrixNorms(): OpCase[] {
  return MATRICES.flatMap(([shape, dim]) => {
    const [row, column] = dim ?? [0, 1];
    const where = `${show(shape)}${dim === undefined ? "" : ` over ${show(dim)}`}`;
    const spec = { inputs: [random(...shape)], dtypes: FLOATS, terms: 16 };
    const sums = Object.entries(SUMS).flatMap(([key, [choose, ofColumns]]) =>
      [false, true].map((keepdim): OpCase => ({
        ...spec,
        name: `of order ${key} of ${where}${keepdim ? " kept" : ""}`,
        call: (x) => linalg.norm(x!, { ord: Number(key), dim, keepdim }),
        reference: (x) => {
          const sizes = reference.map(x!, Math.abs);
          const [added, compared] = ofColumns ? [row, column] : [column, row];
          const sums = reference.reduce(sizes, added, true, reference.total);
          const kept = reference.reduce(sums, compared, true, (all) => choose(...all));
          return reference.reduce(kept, [row, column], keepdim, ([one]) => one!);
        },
      }))
    );
    const roots = (["fro", undefined] as const).map((ord): OpCase => ({
      ...spec,
      name: `of order ${ord} of ${where}`,
      call: (x) => linalg.norm(x!, { ...ord === undefined ? {} : { ord }, dim }),
      reference: (x) => reference.reduce(x!, dim, false, root),
    }));
    return [...sums, ...roots];
  });
}

/** Empty matrices that have a norm. */
const EMPTY: readonly (readonly [number[], number | "fro"])[] = [
  [[0, 3], Infinity],
  [[0, 3], 1],
  [[3, 0], 1],
  [[3, 0], -Infinity],
  [[0, 3], "fro"],
];

function vectorNorms(): OpCase[] {
  const spec = { dtypes: FLOATS, terms: 24 };
  const sizes = (values: readonly number[]) => values.map(Math.abs);
  const largest = (values: readonly number[]) => Math.max(...sizes(values));
  return [
    ...[[5], [2, 3, 4], []].map((shape): OpCase => ({
      ...spec,
      name: `of all of ${show(shape)}`,
      inputs: [random(...shape)],
      call: (x) => [linalg.norm(x!), linalg.norm(x!, { keepdim: true })],
      reference: (x) => [
        reference.reduce(x!, undefined, false, root),
        reference.reduce(x!, undefined, true, root),
      ],
    })),
    {
      ...spec,
      name: "of orders 1 and Infinity of a vector",
      inputs: [random(5)],
      call: (x) => [linalg.norm(x!, { ord: 1 }), linalg.norm(x!, { ord: Infinity })],
      reference: (x) => [
        reference.reduce(x!, 0, false, (values) => reference.total(sizes(values))),
        reference.reduce(x!, 0, false, largest),
      ],
    },
    {
      ...spec,
      name: "of orders 2, 1 and Infinity over one dimension",
      inputs: [random(2, 3, 4)],
      call: (x) => [
        linalg.norm(x!, { dim: 1 }),
        linalg.norm(x!, { ord: 1, dim: [-1], keepdim: true }),
        linalg.norm(x!, { ord: Infinity, dim: 0 }),
      ],
      reference: (x) => [
        reference.reduce(x!, 1, false, root),
        reference.reduce(x!, 2, true, (values) => reference.total(sizes(values))),
        reference.reduce(x!, 0, false, largest),
      ],
    },
    ...EMPTY.map(([shape, ord]): OpCase => ({
      ...spec,
      name: `of order ${ord} of ${show(shape)}`,
      inputs: [random(...shape)],
      call: (x) => linalg.norm(x!, { ord }),
      reference: () => ({ shape: [], data: [0] }),
    })),
  ];
}

export const MATRIX_NORM_CASES = {
  "linalg.norm": [...vectorNorms(), ...matrixNorms()],
} satisfies Record<string, readonly OpCase[]>;

export const MATRIX_NORM_ERRORS = {
  "linalg.norm": [
    notTensor((x) => linalg.norm(x)),
    bad("int32", DTypeError, () => linalg.norm(index), "float", "int32"),
    bad("dim 2", RangeError, () => linalg.norm(matrix, { dim: 2 }), "-2 to 1", "got 2"),
    bad("a dim twice", RangeError, () => linalg.norm(matrix, { dim: [0, -2] }), "twice"),
    bad("three dims", RangeError, () => linalg.norm(zeros([1, 1, 1]), { dim: [0, 1, 2] }), "two"),
    bad("no dims", RangeError, () => linalg.norm(matrix, { dim: [] }), "dim", "[]"),
    bad("two dims of a number", RangeError, () => linalg.norm(scalar, { dim: [0, -1] }), "dim"),
    bad(
      "an order of three dimensions",
      RangeError,
      () => linalg.norm(zeros([1, 1, 1]), { ord: 1 }),
    ),
    bad(
      "order 2 of a matrix",
      RangeError,
      () => linalg.norm(matrix, { ord: 2 }),
      '"fro", 1, -1',
      "2",
    ),
    bad("order -2 of a matrix", RangeError, () => linalg.norm(matrix, { ord: -2 }), "got -2"),
    bad(
      '"nuc"',
      RangeError,
      () => linalg.norm(matrix, { ord: "nuc" as "fro" }),
      "singular values",
      '"nuc"',
    ),
    bad("NaN", RangeError, () => linalg.norm(matrix, { ord: NaN }), "NaN"),
    bad("NaN of a vector", RangeError, () => linalg.norm(vector, { ord: NaN }), "NaN"),
    bad('"fro" of a vector', RangeError, () => linalg.norm(vector, { ord: "fro" }), '"fro"'),
    bad(
      "the smallest sum of none",
      RangeError,
      () => linalg.norm(zeros([3, 0]), { ord: -1 }),
      "empty",
    ),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
