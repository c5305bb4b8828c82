/** Cases of running sums and of orders along a dimension, and calls of them that must fail. */

import { argsort, cumsum, type DType, DTypeError, median, sort, topk, zeros } from "../../mod.ts";
import { build, read } from "../references.ts";
import { bad, badDims, bools, matrix, notTensor } from "./bad_input.ts";
import { type ErrorCase, FLOATS, NUMBERS, type OpCase, random } from "./cases.ts";
import type { Plain } from "./samples.ts";

const SHAPES: readonly (readonly [shape: number[], dim: number])[] = [
  [[5], 0],
  [[2, 3], 0],
  [[2, 3], -1],
  [[2, 3, 4], 1],
  [[1, 4], 0],
  [[0, 3], 1],
  [[3, 0], 1],
  [[], 0],
  [[], -1],
  [[40, 300], 1],
];

/** Ties and values that don't compare, in float64 and float32 alike. */
const TIES = { shape: [9], data: [1, 0, NaN, 1, -Infinity, 0, Infinity, NaN, 1] };

/** A function of whole lanes. */
function lanes(x: Plain, dim: number, fn: (lane: readonly number[]) => readonly number[]): Plain {
  if (x.shape.length === 0) return { shape: [], data: [...fn(x.data)] };
  const axis = dim < 0 ? dim + x.shape.length : dim;
  const lane = (index: readonly number[]) =>
    fn(Array.from({ length: x.shape[axis]! }, (_, i) => read(x, index.with(axis, i))));
  const empty = x.shape[axis] === 0;
  const extent = empty ? 0 : lane(x.shape.map(() => 0)).length;
  return build(
    x.shape.includes(0) ? x.shape : x.shape.with(axis, extent),
    (index) => lane(index)[index[axis]!]!,
  );
}

function running(lane: readonly number[]): number[] {
  let sum = 0;
  return lane.map((value) => sum += value);
}

/** Positions in order; a NaN is the largest. */
function order(lane: readonly number[], descending = false): number[] {
  const compare = (a: number, b: number) =>
    Number.isNaN(a) || Number.isNaN(b)
      ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
      : a < b
      ? -1
      : Number(a > b);
  return lane.map((_, i) => i).sort((i, j) =>
    descending ? compare(lane[j]!, lane[i]!) : compare(lane[i]!, lane[j]!)
  );
}

/** Values and positions. */
function picked(x: Plain, dim: number, pick: (lane: readonly number[]) => number[]): Plain[] {
  return [lanes(x, dim, (lane) => pick(lane).map((i) => lane[i]!)), lanes(x, dim, pick)];
}

/** The lower of two middle elements, or the last NaN. */
function middle(lane: readonly number[]): number[] {
  const sorted = order(lane);
  const last = sorted.at(-1)!;
  return [Number.isNaN(lane[last]) ? last : sorted[Math.floor((lane.length - 1) / 2)]!];
}

const pair = (dtype: DType): readonly DType[] => [dtype, "int32"];

/** The cases. */
export const SORTING_CASES = {
  cumsum: SHAPES.map(([shape, dim]): OpCase => ({
    name: `[${shape}] dim ${dim}`,
    inputs: [random(...shape)],
    call: (x) => cumsum(x, dim),
    reference: (x) => lanes(x, dim, running),
    results: (dtype) => dtype === "bool" ? "int32" : dtype,
    terms: 300,
  })),
  argsort: [
    ...SHAPES.flatMap(([shape, dim]) =>
      [false, true].map((descending): OpCase => ({
        name: `[${shape}] dim ${dim} ${descending ? "descending" : "ascending"}`,
        inputs: [random(...shape)],
        call: (x) => argsort(x, dim, { descending }),
        reference: (x) => lanes(x, dim, (lane) => order(lane, descending)),
        results: () => "int32",
        differentiable: false,
      }))
    ),
    ...[false, true].map((descending): OpCase => ({
      name: `of ties and NaN, ${descending ? "descending" : "ascending"}`,
      inputs: [TIES],
      call: (x) => argsort(x, 0, { descending }),
      reference: (x) => lanes(x, 0, (lane) => order(lane, descending)),
      results: () => "int32",
      dtypes: FLOATS,
      differentiable: false,
    })),
  ],
  sort: SHAPES.flatMap(([shape, dim]) =>
    [false, true].map((descending): OpCase => ({
      name: `[${shape}] dim ${dim} ${descending ? "descending" : "ascending"}`,
      inputs: [random(...shape)],
      call: (x) => {
        const { values, indices } = sort(x, dim, { descending });
        return [values, indices];
      },
      reference: (x) => picked(x, dim, (lane) => order(lane, descending)),
      results: pair,
    }))
  ),
  topk: SHAPES.filter(([shape]) => !shape.includes(0)).flatMap(([shape, dim]) =>
    [false, true].map((largest): OpCase => ({
      name: `[${shape}] dim ${dim} ${largest ? "largest" : "smallest"}`,
      inputs: [random(...shape)],
      call: (x) => {
        const { values, indices } = topk(x, 1, dim, { largest });
        return [values, indices];
      },
      reference: (x) => picked(x, dim, (lane) => order(lane, largest).slice(0, 1)),
      results: pair,
    }))
  ),
  median: [
    ...SHAPES.filter(([shape]) => !shape.includes(0)).map(([shape, dim]): OpCase => ({
      name: `[${shape}] dim ${dim}`,
      inputs: [random(...shape)],
      call: (x) => {
        const { values, indices } = median(x, dim, { keepdim: true });
        return [values, indices];
      },
      reference: (x) => picked(x, dim, (lane) => [order(lane)[Math.floor((lane.length - 1) / 2)]!]),
      results: pair,
      dtypes: NUMBERS,
    })),
    {
      name: "of a lane with NaN, without the dimension",
      inputs: [{ shape: [2, 3], data: [3, 1, 2, 5, NaN, 4] }],
      call: (x) => {
        const { values, indices } = median(x, 1);
        return [values, indices];
      },
      reference: (x) => picked(x, 1, middle).map(({ data }) => ({ shape: [x.shape[0]!], data })),
      results: pair,
      dtypes: FLOATS,
      differentiable: false,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

/** Calls that must fail. */
export const SORTING_ERRORS = {
  cumsum: [...badDims((x, dim) => cumsum(x, dim))],
  argsort: [...badDims((x, dim) => argsort(x, dim))],
  sort: [...badDims((x, dim) => sort(x, dim))],
  topk: [
    ...badDims((x, dim) => topk(x, 1, dim)),
    bad("more than there are", RangeError, () => topk(matrix, 4), "0 to 3", "got 4"),
    bad("a fraction", RangeError, () => topk(matrix, 1.5), "got 1.5"),
    notTensor((x) => topk(x, 1)),
  ],
  median: [
    ...badDims((x, dim) => median(x, dim)),
    bad("an empty dimension", RangeError, () => median(zeros([2, 0]), 1), "[2, 0]", "empty"),
    bad("bool", DTypeError, () => median(bools, 0), "bool"),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
