/** Cases of orders along a dimension, and calls of them that must fail. */

import {
  argsort,
  type DType,
  DTypeError,
  median,
  quantile,
  type QuantileOptions,
  ShapeError,
  sort,
  tensor,
  topk,
  zeros,
} from "../../../mod.ts";
import {
  bad,
  badDims,
  bools,
  empty,
  index,
  matrix,
  notTensor,
  scalar,
  vector,
} from "../bad_input.ts";
import { type ErrorCase, FLOATS, NUMBERS, type OpCase, random } from "../cases.ts";
import type { Plain } from "../../common/samples.ts";
import { lanes, SHAPES } from "../scan/lanes.ts";

/** Ties and values that do not compare, the same in float64 and float32. */
const TIES = { shape: [9], data: [1, 0, NaN, 1, -Infinity, 0, Infinity, NaN, 1] };

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

type Interpolation = NonNullable<QuantileOptions["interpolation"]>;

/** An interpolation between two neighbours. */
const BETWEEN: Readonly<Record<Interpolation, (share: number, place: number) => number>> = {
  linear: (share) => share,
  lower: () => 0,
  higher: (share) => Math.ceil(share),
  midpoint: (share) => share === 0 ? 0 : 0.5,
  nearest: (share, place) => share === 0.5 ? place % 2 : Math.round(share),
};

function quantileOf(lane: readonly number[], q: number, interpolation: Interpolation): number {
  if (lane.some(Number.isNaN)) return NaN;
  const sorted = lane.toSorted((a, b) => a - b);
  const place = Math.floor(q * (lane.length - 1));
  const weight = BETWEEN[interpolation](q * (lane.length - 1) - place, place);
  const [low, high] = [sorted[place]!, sorted[place + 1]!];
  if (weight === 0) return low;
  // Counted from the nearer end, as in PyTorch, which decides between an infinite and a finite
  // element.
  return weight < 0.5 ? low + weight * (high - low) : high - (1 - weight) * (high - low);
}

/** Quantiles along a dimension, which is kept, with a first dimension for the shares. */
function quantiles(
  x: Plain,
  shares: readonly number[],
  dim: number,
  interpolation: Interpolation = "linear",
): Plain {
  const each = shares.map((q) => lanes(x, dim, (lane) => [quantileOf(lane, q, interpolation)]));
  return { shape: [shares.length, ...each[0]!.shape], data: each.flatMap(({ data }) => data) };
}

/** All elements as one lane. */
function flat({ data }: Plain): Plain {
  return { shape: [data.length], data };
}

/** Shares whose products with whole numbers are exact in both floating types. */
const SHARES = [0, 0.25, 0.5, 0.75, 1];

/** The types, and the rounding errors of the interpolation. */
const QUANTILE: Partial<OpCase> = { dtypes: FLOATS, terms: 4 };

const pair = (dtype: DType): readonly DType[] => [dtype, "int32"];

export const SORTING_CASES = {
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
    ...SHAPES.filter(([shape]) => !shape.includes(0)).map(([shape]): OpCase => ({
      name: `[${shape}] of all`,
      inputs: [random(...shape)],
      call: (x) => median(x),
      reference: (x) => ({ shape: [], data: middle(x.data).map((i) => x.data[i]!) }),
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
  quantile: [
    ...SHAPES.filter(([shape]) => !shape.includes(0)).flatMap(([shape, dim]) =>
      [0.3, 0.5].map((q): OpCase => ({
        ...QUANTILE,
        name: `[${shape}] dim ${dim} at ${q}`,
        inputs: [random(...shape)],
        call: (x) => quantile(x, q, dim, { keepdim: true }),
        reference: (x) => {
          const { shape, data } = quantiles(x, [q], dim);
          return { shape: shape.slice(1), data };
        },
      }))
    ),
    ...(Object.keys(BETWEEN) as Interpolation[]).flatMap((interpolation) =>
      ([[[2, 4], 1], [[4, 3], 0], [[2, 7, 2], 1]] as const).map(([shape, dim]): OpCase => ({
        ...QUANTILE,
        name: `[${shape}] dim ${dim} ${interpolation}`,
        inputs: [random(...shape)],
        call: (x) => {
          const shares = tensor(SHARES, { dtype: x.dtype, device: x.device });
          return quantile(x, shares, dim, { interpolation });
        },
        reference: (x) => {
          const { shape, data } = quantiles(x, SHARES, dim, interpolation);
          return { shape: shape.toSpliced(dim + 1, 1), data };
        },
      }))
    ),
    {
      ...QUANTILE,
      name: "of all elements, with the dimensions and without",
      inputs: [random(3, 4)],
      call: (x) => [quantile(x, 0.3), quantile(x, 0.3, undefined, { keepdim: true })],
      reference: (x) => [[], [1, 1]].map((shape) => ({ ...quantiles(flat(x), [0.3], 0), shape })),
    },
    {
      ...QUANTILE,
      name: "at shares that have a gradient",
      inputs: [random(3, 6), { shape: [2], data: [0.3, 0.85] }],
      call: (x, q) => quantile(x, q, 1),
      reference: (x, q) => ({ ...quantiles(x, q.data, 1), shape: [2, 3] }),
    },
    {
      ...QUANTILE,
      name: "at no shares",
      inputs: [random(2, 3)],
      call: (x) => quantile(x, zeros([0], { dtype: x.dtype, device: x.device }), 1),
      reference: () => ({ shape: [0, 2], data: [] }),
    },
    {
      ...QUANTILE,
      name: "of NaN and of infinities",
      inputs: [{ shape: [3, 3], data: [1, NaN, 2, -Infinity, 0, Infinity, Infinity, 4, 3] }],
      call: (x) => SHARES.map((q) => quantile(x, q, 1)),
      reference: (x) => SHARES.map((q) => ({ ...quantiles(x, [q], 1), shape: [3] })),
      differentiable: false,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

export const SORTING_ERRORS = {
  argsort: [...badDims((x, dim) => argsort(x, dim))],
  sort: [...badDims((x, dim) => sort(x, dim))],
  topk: [
    ...badDims((x, dim) => topk(x, 1, dim)),
    bad("more than there are", RangeError, () => topk(matrix, 4), "0 to 3", "got 4"),
    bad("none of a scalar", RangeError, () => topk(scalar, 0), "1 to 1", "got 0"),
    bad("a fraction", RangeError, () => topk(matrix, 1.5), "got 1.5"),
    notTensor((x) => topk(x, 1)),
  ],
  median: [
    ...badDims((x, dim) => median(x, dim)),
    bad("an empty dimension", RangeError, () => median(zeros([2, 0]), 1), "[2, 0]", "empty"),
    bad("nothing at all", RangeError, () => median(empty), "[2, 0]", "empty"),
    bad("bool", DTypeError, () => median(bools, 0), "bool"),
  ],
  quantile: [
    ...badDims((x, dim) => quantile(x, 0.5, dim)),
    notTensor((x) => quantile(vector, x)),
    bad("int32", DTypeError, () => quantile(index, 0.5), "float32 or float64", "int32"),
    bad("nothing at all", RangeError, () => quantile(empty, 0.5, 0), "[2, 0]", "empty"),
    ...[-0.1, 1.5, NaN].flatMap((q) => [
      bad(`share ${q}`, RangeError, () => quantile(vector, q), "0 to 1", `got ${q}`),
      bad(`share ${q} in a tensor`, RangeError, () => quantile(vector, tensor([0, q])), "0 to 1"),
    ]),
    bad("a matrix of shares", ShapeError, () => quantile(vector, matrix), "[2, 3]"),
    bad(
      "shares of another type",
      DTypeError,
      () => quantile(vector, zeros([2], { dtype: "float64" })),
      "float32",
      "float64",
    ),
    bad(
      "another interpolation",
      TypeError,
      () => quantile(vector, 0.5, 0, { interpolation: "cubic" as "linear" }),
      '"nearest"',
      '"cubic"',
    ),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
