/** Cases of positions in an order and of distinct elements, and calls of them that must fail. */

import {
  type DType,
  searchsorted,
  ShapeError,
  type Tensor,
  tensor,
  unique,
  zeros,
} from "../../../mod.ts";
import { bad, badDims, empty, matrix, notTensor, scalar, untyped, vector } from "../bad_input.ts";
import { type ErrorCase, FLOATS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import type { Plain } from "../../common/samples.ts";
import { lanes } from "../scan/lanes.ts";

const INT32: Pick<OpCase, "results" | "differentiable"> = {
  results: () => "int32",
  differentiable: false,
};

function ascending(lane: readonly number[]): number[] {
  return lane.toSorted((a, b) => a - b);
}

/** How many elements of the rows of x precede each value. */
function places(x: Plain, values: Plain, right: boolean): Plain {
  return reference.build(values.shape, (at) => {
    const value = reference.read(values, at);
    const row = x.shape.length === 1 ? [] : at.slice(0, -1);
    const lane = reference.positions(x.shape.at(-1)!, 0, Infinity)
      .map((i) => reference.read(x, [...row, i]));
    return lane.filter((element) => right ? element <= value : element < value).length;
  });
}

function searching(rows: number[], values: number[], right: boolean): OpCase {
  return {
    name: `[${values}] in [${rows}]${right ? " from the right" : ""}`,
    inputs: [random(...rows), random(...values)],
    call: (x, v) => right ? searchsorted(sorted(x!), v!, { right }) : searchsorted(sorted(x!), v!),
    reference: (x, v) => places(lanes(x!, -1, ascending), v!, right),
    ...INT32,
  };
}

function sorted(x: Tensor): Tensor {
  return x.sort(-1).values;
}

const ROWS: readonly (readonly [rows: number[], values: number[]])[] = [
  [[5], [7]],
  [[8], [2, 3]],
  [[1], [4]],
  [[7], []],
  [[2, 4], [2, 5]],
  [[2, 3, 6], [2, 3, 1]],
  [[16], [0]],
  [[100], [50]],
];

/** The classes of entries along a dimension, or of all elements. */
function classes(x: Plain, dim: number | undefined): [Plain, Plain, Plain] {
  const entries = dim === undefined
    ? { shape: [x.data.length], data: x.data }
    : reference.permute(x, [dim, ...x.shape.map((_, i) => i).filter((i) => i !== dim)]);
  const extent = entries.shape[0]!;
  const length = extent === 0 ? 0 : entries.data.length / extent;
  const rows = Array.from(
    { length: extent },
    (_, i) => entries.data.slice(i * length, (i + 1) * length),
  );
  const before = (a: readonly number[], b: readonly number[]) => {
    const k = a.findIndex((value, i) => value !== b[i]);
    return k < 0 ? 0 : a[k]! - b[k]!;
  };
  const kept = rows.filter((row, i) => rows.findIndex((other) => before(row, other) === 0) === i)
    .sort(before);
  const inverse = rows.map((row) => kept.findIndex((other) => before(row, other) === 0));
  const values = { shape: [kept.length, ...entries.shape.slice(1)], data: kept.flat() };
  const order = x.shape.map((_, i) => i === dim ? 0 : i < dim! ? i + 1 : i);
  return [
    dim === undefined ? values : reference.permute(values, order),
    { shape: dim === undefined ? x.shape : [extent], data: inverse },
    { shape: [kept.length], data: kept.map((_, k) => inverse.filter((c) => c === k).length) },
  ];
}

function sorting(shape: number[], dim?: number, data?: readonly number[]): OpCase {
  return {
    name: `of ${data === undefined ? `[${shape}]` : data.join(" ")}${
      dim === undefined ? "" : ` along ${dim}`
    }`,
    inputs: [data === undefined ? random(...shape) : { shape, data }],
    call: (x) => {
      const of = dim === undefined ? {} : { dim };
      const all = unique(x!, { ...of, returnInverse: true, returnCounts: true });
      return [unique(x!, of), all.inverse!, all.counts!];
    },
    reference: (x) => classes(x!, dim === undefined || dim >= 0 ? dim : dim + shape.length),
    results: (dtype) => [dtype, "int32", "int32"] satisfies DType[],
    // Differences would separate equal elements.
    ...data === undefined ? {} : { differentiable: false },
  };
}

export const SEARCH_CASES = {
  searchsorted: [
    ...ROWS.flatMap(([rows, values]) =>
      [false, true].map((right) => searching(rows, values, right))
    ),
    {
      name: "in no elements",
      inputs: [random(0), random(3)],
      call: (x, v) => searchsorted(x!, v!),
      reference: (_, v) => reference.map(v!, () => 0),
      ...INT32,
    },
    {
      name: "of numbers",
      inputs: [random(6)],
      call: (x) => [searchsorted(sorted(x!), 1), searchsorted(sorted(x!), 0.5, { right: true })],
      reference: (x) => {
        const row = lanes(x!, 0, ascending);
        return [[1, false], [0.5, true]].map(([value, right]) =>
          places(row, { shape: [], data: [Number(value)] }, right === true)
        );
      },
      ...INT32,
    },
    {
      name: "of NaN and infinities",
      inputs: [
        { shape: [5], data: [-Infinity, 0, 0, 1, Infinity] },
        { shape: [3], data: [NaN, Infinity, -Infinity] },
      ],
      call: (x, v) => [searchsorted(sorted(x!), v!), searchsorted(sorted(x!), v!, { right: true })],
      reference: (x, v) => {
        // NaN comes last.
        const last = reference.map(v!, (value) => Number.isNaN(value) ? Infinity : value);
        const behind = (at: Plain) => ({
          ...at,
          data: at.data.map((place, i) => Number.isNaN(v!.data[i]!) ? 5 : place),
        });
        return [false, true].map((right) => behind(places(x!, last, right)));
      },
      dtypes: FLOATS,
      ...INT32,
    },
  ],
  unique: [
    sorting([5]),
    sorting([2, 3]),
    sorting([]),
    sorting([0]),
    sorting([3, 2], 0),
    sorting([2, 3, 2], 1),
    sorting([2, 3], -1),
    sorting([0, 2], 0),
    sorting([3, 2], 0, [1, 0, 0, 1, 1, 0]),
    sorting([2, 4], 1, [1, 0, 1, 1, 0, 1, 0, 1]),
    sorting([7], undefined, [1, 0, 1, 0, 0, 1, 1]),
    {
      name: "of NaN, each by itself, and both zeros",
      inputs: [{ shape: [6], data: [NaN, 0, -Infinity, -0, NaN, 1] }],
      call: (x) => {
        const { values, inverse, counts } = unique(x!, { returnInverse: true, returnCounts: true });
        return [values, inverse!, counts!];
      },
      reference: (x) =>
        x!.data.every((value) => Object.is(value, NaN))
          // All elements are the same NaN, stretched.
          ? [{ shape: [6], data: x!.data }, { shape: [6], data: [0, 1, 2, 3, 4, 5] }, {
            shape: [6],
            data: [1, 1, 1, 1, 1, 1],
          }]
          : [
            { shape: [5], data: [-Infinity, 0, 1, NaN, NaN] },
            { shape: [6], data: [3, 1, 0, 1, 4, 2] },
            { shape: [5], data: [1, 2, 1, 1, 1] },
          ],
      dtypes: FLOATS,
      results: (dtype) => [dtype, "int32", "int32"],
      differentiable: false,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

export const SEARCH_ERRORS = {
  searchsorted: [
    notTensor((x) => searchsorted(x, vector)),
    notTensor((x) => searchsorted(vector, x)),
    bad("in a number", ShapeError, () => searchsorted(scalar, vector), "[] and [3]"),
    bad("a row for several", ShapeError, () => searchsorted(matrix, vector), "[2, 3] and [3]"),
    bad("other rows", ShapeError, () => searchsorted(matrix, zeros([3, 3])), "[3, 3]"),
    bad(
      "the side by position",
      TypeError,
      () => untyped.searchsorted(vector, 1, true),
      "{ right: true }",
    ),
  ],
  unique: [
    ...badDims((x, dim) => unique(x, { dim })),
    bad("entries of nothing", ShapeError, () => unique(empty, { dim: 0 }), "dim 0", "[2, 0]"),
    bad("dim by position", TypeError, () => untyped.unique(vector, 0), "{ dim: 0 }"),
    bad("sorted", TypeError, () => untyped.unique(tensor([1]), { sorted: false }), '"sorted"'),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
