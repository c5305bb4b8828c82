/** How much elementwise ops of float64 may differ between GPU and CPU, as narrowly as known. */

import type { Agrees } from "../common/compare.ts";

/** The allowed difference, in units in the last place of the CPU's number. */
interface Difference {
  /** The ops; all others if omitted. */
  readonly ops?: readonly string[];
  readonly reason: string;
  readonly units: number;
}

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

/** The smallest normal float64; smaller numbers may become 0. */
const NORMAL = 2 ** -1022;

/** Compares the GPU with the CPU in float64, including the signs of infinities and zeros. */
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
