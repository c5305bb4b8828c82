/** Cases of softmax, of its logarithm, and of logsumexp. */

import { type DType, logSoftmax, logsumexp, softmax } from "../../../mod.ts";
import { type CaseInput, FLOATS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import type { Plain } from "../../common/samples.ts";
import { named, totals } from "../reduce/reduced.ts";

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

export const SOFTMAX_CASES = {
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
} satisfies Record<string, readonly OpCase[]>;
