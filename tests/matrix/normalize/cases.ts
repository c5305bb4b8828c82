/** Cases of layer normalisation. */

import { layerNorm, type Tensor } from "../../../mod.ts";
import { FLOATS, type OpCase, random } from "../cases.ts";
import { build, read, total } from "../../common/references.ts";
import { count, type Plain, show } from "../../common/samples.ts";

const EPS = 1e-5;

/** Rows of a given length, normalised, then weighted and shifted. */
function normalized(x: Plain, length: number, weight?: Plain, bias?: Plain, eps = EPS): Plain {
  const data: number[] = [];
  for (let start = 0; start < x.data.length; start += length) {
    const row = x.data.slice(start, start + length);
    const mean = total(row) / length;
    const variance = total(row.map((value) => (value - mean) ** 2)) / length;
    row.forEach((value, i) => {
      const y = (value - mean) / Math.sqrt(variance + eps);
      data.push(y * (weight?.data[i] ?? 1) + (bias?.data[i] ?? 0));
    });
  }
  return { shape: x.shape, data };
}

const SHAPES: readonly (readonly [x: number[], normalized: number[]])[] = [
  [[5], [5]],
  [[3, 4], [4]],
  [[2, 3, 4], [3, 4]],
  [[2, 2, 30], [30]],
  [[0, 3], [3]],
  [[70, 300], [300]],
];

/** Which of weight and bias are given. */
const GIVEN = [[], ["weight"], ["bias"], ["weight", "bias"]] as const;

function norms(): OpCase[] {
  return SHAPES.flatMap(([x, shape]) =>
    GIVEN.map((given): OpCase => {
      const named = <T>(rest: readonly T[]) =>
        Object.fromEntries(given.map((k, i) => [k, rest[i]]));
      return {
        name: `of ${show(x)} over ${show(shape)} with ${given.join(" and ") || "nothing"}`,
        inputs: [random(...x), ...given.map(() => random(...shape))],
        call: (x, ...rest: Tensor[]) => layerNorm(x!, shape, named(rest)),
        reference: (x, ...rest) => {
          const { weight, bias } = named(rest);
          return normalized(x!, count(shape), weight, bias);
        },
        dtypes: FLOATS,
        terms: count(shape) + 8,
      };
    })
  );
}

export const NORMALIZE_CASES = {
  layerNorm: [
    ...norms(),
    {
      name: "of equal elements",
      inputs: [{ shape: [2, 2], data: [3, 3, -1, -1] }],
      call: (x) => layerNorm(x!, [2]),
      reference: (x) => build(x!.shape, (index) => 0 * read(x!, index)),
      dtypes: FLOATS,
    },
    {
      name: "with another ε",
      inputs: [random(3, 4)],
      call: (x) => layerNorm(x!, [4], { eps: 0.5 }),
      reference: (x) => normalized(x!, 4, undefined, undefined, 0.5),
      dtypes: FLOATS,
      terms: 8,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;
