/** Cases of special functions with arguments other than tensors. */

import { polygamma } from "../../../mod.ts";
import { FLOATS, type OpCase } from "../cases.ts";
import { map } from "../../common/references.ts";

/** (−1)ⁿ⁺¹ · n! · Σ (x + k)⁻ⁿ⁻¹ over k ≥ 0, for n ≥ 1: many terms, and an integral for the rest. */
function series(n: number, x: number): number {
  const [s, far] = [n + 1, x + 3000];
  let sum = far ** -s * (far / (s - 1) + 0.5 + s / (12 * far));
  for (let at = far - 1; at > x - 0.5; at--) sum += at ** -s;
  let factor = n % 2 === 0 ? -1 : 1;
  for (let i = 2; i <= n; i++) factor *= i;
  return factor * sum;
}

const POINTS = [0.75, 1, 1.5, 2.25, 6, 11];

export const SPECIAL_CASES = {
  polygamma: [
    ...[1, 2, 3].map((n): OpCase => ({
      name: `of order ${n}`,
      inputs: [{ shape: [2, 3], data: POINTS }],
      call: (x) => polygamma(n, x!),
      reference: (x) => map(x!, (value) => series(n, value)),
      dtypes: FLOATS,
      terms: 8,
    })),
    {
      name: "left of 0, where ψ₁(x) = ψ₁(x + 1) + 1/x²",
      inputs: [{ shape: [3], data: [-0.5, -1.25, -20.75] }],
      call: (x) => polygamma(1, x!),
      reference: (x) =>
        map(x!, (value) => {
          let sum = 0;
          for (; value < 1; value++) sum += value ** -2;
          return sum + series(1, value);
        }),
      dtypes: FLOATS,
      terms: 8,
    },
    {
      name: "of order 0, which is digamma",
      inputs: [{ shape: [3], data: [2, 3, 4] }],
      call: (x) => polygamma(0, x!),
      reference: (x) =>
        map(x!, (value) => {
          let sum = -0.5772156649015329;
          for (let n = 1; n < value; n++) sum += 1 / n;
          return sum;
        }),
      dtypes: FLOATS,
      terms: 1,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;
