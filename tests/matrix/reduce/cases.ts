/** Cases of reductions and of the functions made of them. */

import {
  argmax,
  argmin,
  clamp,
  type DType,
  logSoftmax,
  logsumexp,
  max,
  mean,
  min,
  softmax,
  sum,
} from "../../../mod.ts";
import { type CaseInput, FLOATS, NUMBERS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import type { Plain } from "../../common/samples.ts";
import { named, REDUCED, totals } from "./reduced.ts";

/** Elements that differ and that both a maximum and a minimum of NaN and infinities has. */
const SPECIAL: readonly CaseInput[] = [
  { shape: [2, 3], data: [1, NaN, 3, -Infinity, 2, Infinity] },
  { shape: [4], data: [-Infinity, -Infinity, -Infinity, -Infinity] },
  { shape: [5], data: [2, 1, 2, 1, 2] },
];

function extremes(run: typeof max, largest: boolean): OpCase[] {
  const value = (values: readonly number[]) => values[reference.first(values, largest)]!;
  const place = (values: readonly number[]) => reference.first(values, largest);
  const cases: OpCase[] = [];
  for (const [shape, dim] of REDUCED) {
    if (dim === undefined) {
      cases.push({
        name: named(shape, dim),
        inputs: [random(...shape)],
        call: (x) => run(x),
        reference: (x) => reference.reduce(x, undefined, false, value),
      });
    } else if (typeof dim === "number") {
      for (const keepdim of [false, true]) {
        cases.push({
          name: named(shape, dim, keepdim),
          inputs: [random(...shape)],
          call: (x) => {
            const { values, indices } = run(x, dim, { keepdim });
            return [values, indices];
          },
          reference: (x) => [
            reference.reduce(x, dim, keepdim, value),
            reference.reduce(x, dim, keepdim, place),
          ],
          results: (dtype) => [dtype, "int32"],
        });
      }
    }
  }
  const special = SPECIAL.map((input): OpCase => ({
    name: `of ${input.data}`,
    inputs: [input],
    call: (x) => [run(x), run(x, -1).values, run(x, -1).indices],
    reference: (x) => [
      reference.reduce(x, undefined, false, value),
      reference.reduce(x, -1, false, value),
      reference.reduce(x, -1, false, place),
    ],
    dtypes: FLOATS,
    results: (dtype) => [dtype, dtype, "int32"],
    differentiable: false,
  }));
  return [...cases, ...special];
}

function places(run: typeof argmax, largest: boolean): OpCase[] {
  const place = (values: readonly number[]) => reference.first(values, largest);
  const single = REDUCED.map(([shape, dim]) =>
    [shape, typeof dim === "object" ? -1 : dim] as const
  );
  const cases = single.flatMap(([shape, dim]) =>
    [false, true].map((keepdim): OpCase => ({
      name: named(shape, dim, keepdim),
      inputs: [random(...shape)],
      call: (x) => run(x, dim, { keepdim }),
      reference: (x) => reference.reduce(x, dim, keepdim, place),
      results: () => "int32",
      differentiable: false,
    }))
  );
  const special = SPECIAL.map((input): OpCase => ({
    name: `of ${input.data}`,
    inputs: [input],
    call: (x) => run(x),
    reference: (x) => reference.reduce(x, undefined, false, place),
    dtypes: FLOATS,
    results: () => "int32",
    differentiable: false,
  }));
  return [...cases, ...special];
}

/** Integers and bool become float32. */
const floated = (dtype: DType): DType => dtype === "float64" ? dtype : "float32";

const ALONG: readonly (readonly [shape: number[], dim: number])[] = [
  [[5], 0],
  [[2, 3], 0],
  [[2, 3], 1],
  [[2, 3, 4], 1],
  [[2, 3, 4], -1],
  [[1], 0],
  [[3, 1], 1],
  [[], 0],
  [[0], 0],
  [[0, 3], 1],
  [[30, 40], 0],
];

/** Elements that overflow unless the largest is subtracted, and infinities. */
const LARGE: readonly CaseInput[] = [
  { shape: [3], data: [1e4, 1e4 - 1, -1e4] },
  { shape: [2, 2], data: [-1e4, -1e4, 800, 801] },
  { shape: [2, 2], data: [-Infinity, 0, -Infinity, 1] },
];

function along(run: typeof softmax, value: (x: Plain, dim: number) => Plain): OpCase[] {
  const cases = ALONG.map(([shape, dim]): OpCase => ({
    name: named(shape, dim),
    inputs: [random(...shape)],
    call: (x) => run(x, dim),
    reference: (x) => shape.length === 0 ? value({ ...x, shape: [1] }, 0) : value(x, dim),
    results: floated,
    terms: 1,
  }));
  const large = LARGE.map((input): OpCase => ({
    name: `of ${input.data}`,
    inputs: [input],
    call: (x) => run(x, -1),
    reference: (x) => value(x, -1),
    dtypes: FLOATS,
    terms: 1,
    differentiable: false,
  }));
  return [
    ...cases.map((one) => ({
      ...one,
      reference: (x: Plain) => ({ ...one.reference(x) as Plain, shape: x.shape }),
    })),
    ...large,
  ];
}

function bounded(x: number, low: number, high: number): number {
  return x > high ? high : x < low ? (low > high ? high : low) : x;
}

/** The cases. */
export const REDUCE_CASES = {
  sum: totals(sum, reference.total, {
    results: (dtype) => dtype === "bool" ? "int32" : dtype,
  }),
  mean: totals(mean, (values) => reference.total(values) / values.length, { dtypes: FLOATS }),
  max: extremes(max, true),
  min: extremes(min, false),
  argmax: places(argmax, true),
  argmin: places(argmin, false),
  logsumexp: [
    ...totals(logsumexp, reference.logsumexp, { results: floated }),
    ...LARGE.map((input): OpCase => ({
      name: `of ${input.data}`,
      inputs: [input],
      call: (x) => [logsumexp(x), logsumexp(x, -1)],
      reference: (x) => [
        reference.reduce(x, undefined, false, reference.logsumexp),
        reference.reduce(x, -1, false, reference.logsumexp),
      ],
      dtypes: FLOATS,
      results: (dtype) => [dtype, dtype],
      terms: 1,
      differentiable: false,
    })),
    {
      name: "of infinities of one sign",
      inputs: [{ shape: [2, 2], data: [-Infinity, -Infinity, Infinity, Infinity] }],
      call: (x) => logsumexp(x, 1),
      reference: (x) => reference.reduce(x, 1, false, reference.logsumexp),
      dtypes: FLOATS,
      differentiable: false,
    },
  ],
  softmax: along(softmax, (x, dim) => reference.map(reference.logSoftmax(x, dim), Math.exp)),
  logSoftmax: along(logSoftmax, reference.logSoftmax),
  clamp: [
    {
      name: "to numbers",
      inputs: [random(2, 30)],
      call: (x) => clamp(x, -1, 2),
      reference: (x) => reference.map(x, (value) => bounded(value, -1, 2)),
      dtypes: NUMBERS,
    },
    {
      name: "below only",
      inputs: [random(2, 30)],
      call: (x) => clamp(x, 1),
      reference: (x) => reference.map(x, (value) => bounded(value, 1, Infinity)),
      dtypes: NUMBERS,
    },
    {
      name: "above only",
      inputs: [random(30)],
      call: (x) => clamp(x, null, 1),
      reference: (x) => reference.map(x, (value) => bounded(value, -Infinity, 1)),
      dtypes: NUMBERS,
    },
    {
      name: "to bounds that cross",
      inputs: [random(30)],
      call: (x) => clamp(x, 2, -1),
      reference: (x) => reference.map(x, (value) => bounded(value, 2, -1)),
      dtypes: NUMBERS,
    },
    {
      name: "to tensors",
      inputs: [random(3, 20), random(20), random(3, 1)],
      call: (x, low, high) => clamp(x, low, high),
      reference: (x, low, high) => {
        const [lows, highs] = [low!, high!].map((bound) => reference.expand(bound, x!.shape));
        return {
          shape: x!.shape,
          data: x!.data.map((value, i) => bounded(value, lows!.data[i]!, highs!.data[i]!)),
        };
      },
      dtypes: NUMBERS,
    },
    {
      name: "of NaN",
      inputs: [{ shape: [3], data: [NaN, 5, -Infinity] }],
      call: (x) => clamp(x, -1, 1),
      reference: (x) => reference.map(x, (value) => bounded(value, -1, 1)),
      dtypes: FLOATS,
      differentiable: false,
    },
    {
      name: "of an empty one and of a scalar",
      inputs: [random(0), random()],
      call: (x, y) => [clamp(x, -1, 1), clamp(y, -1, 1)],
      reference: (x, y) => [x!, reference.map(y!, (value) => bounded(value, -1, 1))],
      dtypes: NUMBERS,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;
