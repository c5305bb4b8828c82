/** How far elementwise ops of float64 may be from the CPU on a GPU, as narrow as is known. */

import type { Agrees } from "../common/compare.ts";

/** What may differ, in units in the last place of the CPU's number. */
interface Difference {
  /** The ops; all others if left out. */
  readonly ops?: readonly string[];
  readonly reason: string;
  readonly units: number;
}

/** The differences. */
export const DIFFERENCES_FLOAT64: readonly Difference[] = [
  {
    ops: [
      ...["neg", "abs", "add", "sub", "mul", "square", "relu", "sign", "maximum", "minimum"],
      ...["floor", "ceil", "round", "trunc", "remainder"],
    ],
    reason: "one operation, which Vulkan rounds correctly, or none that rounds",
    units: 0,
  },
  {
    ops: ["div", "reciprocal", "sqrt"],
    reason: "Vulkan asks for no more than 2.5 units",
    units: 2.5,
  },
  { reason: "several operations", units: 8 },
];

/** The smallest number that has all its digits; what is less may become 0. */
const NORMAL = 2 ** -1022;

/** What decides whether the GPU agrees with the CPU in float64; infinities and zeros with their signs. */
export function agreesInFloat64(op: string): Agrees {
  const { units } = DIFFERENCES_FLOAT64.find(({ ops }) => ops?.includes(op) ?? true)!;
  return (came, wanted) => {
    if (came === 0 && Math.abs(wanted) < NORMAL) return wanted !== 0 || Object.is(came, wanted);
    const finite = Number.isFinite(wanted) && Number.isFinite(came);
    const allowed = Number.EPSILON * units * Math.abs(wanted);
    return Object.is(came, wanted) ||
      finite && wanted !== 0 && Math.abs(came - wanted) <= Math.max(allowed, Number.MIN_VALUE);
  };
}
