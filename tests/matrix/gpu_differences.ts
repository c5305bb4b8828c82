/**
 * Where an elementwise op may give another number on the GPU than on the CPU at special points, as
 * WGSL allows, and as narrowly as known. Everywhere else they agree to `CLOSE`, including the signs
 * of zeros and infinities.
 */

import type { Agrees } from "../common/compare.ts";
import type { Plain } from "../common/samples.ts";

/** A difference that is due to the device, not to our program. */
export interface Difference {
  /** The ops; all if omitted. */
  readonly ops?: readonly string[];
  readonly reason: string;
  /** The results that are allowed. */
  readonly gives: (came: number, wanted: number, ...inputs: number[]) => boolean;
}

/** The allowed relative error of a GPU in float32. */
const CLOSE = 2e-5;

/**
 * The allowed error of a normal random number, which is the root of a logarithm times a sine. From
 * 1/2 to 3/4 a logarithm may be off by 2⁻²¹, which is at most 2⁻¹⁹ of it, and half of that for the
 * root; the rest is for rounding. Where the CPU's sine is 0 except for the rounding of π, ours is
 * 0.
 */
export const NORMAL_NUMBERS = { rtol: 2 ** -19, atol: 2 ** -40 } as const;

/**
 * The same for float64. The CPU rounds the angle, by at most half a unit of 2π, and the root is
 * less than 9.
 */
export const NORMAL_NUMBERS_FLOAT64 = { rtol: 2 ** -50, atol: 2 ** -48 } as const;

/** The smallest normal float32. */
const NORMAL = 2 ** -126;

export const DIFFERENCES: readonly Difference[] = [
  {
    reason: "numbers below the normal ones may become 0",
    gives: (came, wanted) => came === 0 && wanted !== 0 && Math.abs(wanted) < NORMAL,
  },
  {
    ops: ["asin", "atan", "atan2"],
    reason: "atan2 may be off by 4096 units in the last place; here it is half a thousand",
    gives: (came, wanted) => Math.abs(came - wanted) <= 2 ** -15 * Math.abs(wanted),
  },
  {
    ops: ["remainder"],
    reason: "a rest below the normal numbers may be 0 before the divisor is added to it",
    gives: (came, wanted, _, b) => came === b && Math.abs(wanted - b) < NORMAL,
  },
];

/** Whether a number of the CPU and one of the GPU agree. */
function close(came: number, wanted: number): boolean {
  return wanted !== 0 && Number.isFinite(wanted)
    ? Math.abs(came - wanted) <= CLOSE * Math.abs(wanted)
    : Object.is(came, wanted);
}

/** Compares the GPU with the CPU at special points of an op. */
export function agreesAt(op: string, inputs: readonly Plain[]): Agrees {
  const known = DIFFERENCES.filter(({ ops }) => ops?.includes(op) ?? true);
  return (came, wanted, place) => {
    const point = inputs.map(({ data }) => data[place]!);
    return close(came, wanted) ||
      known.some(({ gives }) => gives(came, wanted, ...point));
  };
}
