/**
 * Where an elementwise op may give another number on the GPU than on the CPU at special points, as
 * narrow as is known. Everywhere else they agree to `CLOSE`, zeros and infinities with their signs.
 */

import type { Agrees } from "../common/compare.ts";
import type { Plain } from "../common/samples.ts";

/** A difference. */
export interface Difference {
  /** The ops; all if left out. */
  readonly ops?: readonly string[];
  /** Whether it is the device that differs, as WGSL allows, or our program, until that is mended. */
  readonly cause: "device" | "program";
  readonly reason: string;
  /** The inputs where it shows. Default: any. */
  readonly at?: (...inputs: number[]) => boolean;
  /** What may come there. */
  readonly gives: (came: number, wanted: number, ...inputs: number[]) => boolean;
}

/** What a GPU may be off in float32, of the number itself. */
const CLOSE = 2e-5;

/** The smallest float32 that has all its digits. */
const NORMAL = 2 ** -126;

const TRIGONOMETRY = ["asin", "acos", "atan", "atan2"];

const isZero = (x: number) => x === 0;
const isNaN = (...inputs: number[]) => inputs.some(Number.isNaN);
const isSmall = (x: number) => Math.abs(x) < 2 ** -12;
const within = (size: number) => (came: number, wanted: number) => Math.abs(came - wanted) <= size;

/** Off by a share of the dividend, and by a whole divisor where the quotient rounds to an integer. */
function turned(came: number, wanted: number, a: number, b: number): boolean {
  const [share, quotient] = [2 ** -22, a / b];
  const away = Math.abs(quotient - Math.round(quotient));
  const turns = away > 0 && away <= share * Math.abs(quotient) ? [0, b, -b] : [0];
  return turns.some((turn) => Math.abs(came + turn - wanted) <= share * Math.abs(a));
}

/** The differences. */
export const DIFFERENCES: readonly Difference[] = [
  {
    cause: "device",
    reason: "numbers below the normal ones may become 0",
    gives: (came, wanted) => came === 0 && wanted !== 0 && Math.abs(wanted) < NORMAL,
  },
  {
    ops: ["sin", "cos", "tan"],
    cause: "device",
    reason: "WGSL knows the error of sin and cos from −π to π only",
    at: (x) => Math.abs(x) > 2 ** 24,
    gives: (came) => Number.isFinite(came),
  },
  {
    ops: ["asin", "atan", "atan2"],
    cause: "device",
    reason: "atan2 may be off by 4096 units in the last place; here it is half a thousand",
    gives: (came, wanted) => Math.abs(came - wanted) <= 2 ** -15 * Math.abs(wanted),
  },
  {
    ops: ["log1p"],
    cause: "device",
    reason: "log may be off by 2⁻²¹ beside 1",
    at: isSmall,
    gives: within(2 ** -21),
  },
  {
    ops: ["tanh", "sinh"],
    cause: "device",
    reason: "the error of tanh and sinh beside 0 is that of numbers beside 1",
    at: isSmall,
    gives: within(2 ** -23),
  },
  {
    ops: ["remainder"],
    cause: "device",
    reason: "x % y is x − y·trunc(x / y), which is off by a share of x",
    gives: turned,
  },
  {
    ops: ["remainder"],
    cause: "device",
    reason: "y·trunc(x / y) has no digit of x % y left, and may be infinite",
    at: (a, b) => Math.abs(a / b) >= 2 ** 24,
    gives: () => true,
  },
  {
    ops: ["lgamma"],
    cause: "device",
    reason: "it is 0 at 1 and 2, where logarithms cancel",
    at: (x) => x === 1 || x === 2,
    gives: within(2 ** -20),
  },
  {
    ops: ["remainder"],
    cause: "program",
    reason: "x % ∞ is computed as x − ∞·0",
    at: (a, b) => Number.isFinite(a) && Math.abs(b) === Infinity,
    gives: Number.isNaN,
  },
  {
    ops: ["log1p"],
    cause: "program",
    reason: "∞ / ∞ is a factor",
    at: (x) => x === Infinity,
    gives: Number.isNaN,
  },
  {
    ops: ["tanh"],
    cause: "program",
    reason: "clamp loses a NaN",
    at: isNaN,
    gives: (came) => Math.abs(came) === 1,
  },
  {
    ops: ["softplus"],
    cause: "program",
    reason: "1 + e^x is 1, where log1p has e^x",
    at: (x) => x < -16,
    gives: isZero,
  },
  {
    ops: ["expm1", "erfinv", "asin", "atan", "sinh"],
    cause: "program",
    reason: "the sign of 0 is lost",
    at: (x) => Object.is(x, -0),
    gives: isZero,
  },
  {
    ops: ["digamma"],
    cause: "program",
    reason: "the side of the pole is lost with the sign of 0",
    at: (x) => Object.is(x, -0),
    gives: (came) => came === -Infinity,
  },
  {
    ops: ["erfinv"],
    cause: "program",
    reason: "outside of −1 to 1 it is no NaN",
    at: (x) => Math.abs(x) > 1,
    gives: Number.isFinite,
  },
  {
    ops: ["asin", "acos"],
    cause: "program",
    reason: "outside of −1 to 1 the NaN of √(1 − x²) is lost in atan2",
    at: (x) => Math.abs(x) > 1,
    gives: Number.isFinite,
  },
  {
    ops: TRIGONOMETRY,
    cause: "program",
    reason: "atan and atan2 lose a NaN",
    at: isNaN,
    gives: Number.isFinite,
  },
  {
    ops: ["atan2"],
    cause: "program",
    reason: "the sign of 0 on the right is lost",
    at: (y, x) => y === 0 && Object.is(x, -0),
    gives: isZero,
  },
  {
    ops: ["pow"],
    cause: "program",
    reason: "powers of 0 that are infinite become 0",
    at: (a, b) => a === 0 && !(b >= 0),
    gives: isZero,
  },
  {
    ops: ["pow"],
    cause: "program",
    reason: "an odd power of −0 is that of 0",
    at: (a, b) => Object.is(a, -0) && Math.abs(b % 2) === 1,
    gives: isZero,
  },
  {
    ops: ["pow"],
    cause: "program",
    reason: "1^∞ is computed as 2^(∞·0)",
    at: (a, b) => Math.abs(a) === 1 && !Number.isFinite(b),
    gives: Number.isNaN,
  },
  {
    ops: ["pow"],
    cause: "program",
    reason: "a power of −∞ that is no integer is refused as one of a finite number is",
    at: (a, b) => a === -Infinity && !Number.isInteger(b),
    gives: Number.isNaN,
  },
  {
    ops: ["pow"],
    cause: "program",
    reason: "|a| or log loses a NaN",
    at: Number.isNaN,
    gives: isZero,
  },
];

/** Whether a number of the CPU and one of the GPU are as good as equal. */
function close(came: number, wanted: number): boolean {
  return wanted !== 0 && Number.isFinite(wanted)
    ? Math.abs(came - wanted) <= CLOSE * Math.abs(wanted)
    : Object.is(came, wanted);
}

/** What decides whether the GPU agrees with the CPU at special points of an op. */
export function agreesAt(op: string, inputs: readonly Plain[]): Agrees {
  const known = DIFFERENCES.filter(({ ops }) => ops?.includes(op) ?? true);
  return (came, wanted, place) => {
    const point = inputs.map(({ data }) => data[place]!);
    return close(came, wanted) ||
      known.some(({ at, gives }) => (at?.(...point) ?? true) && gives(came, wanted, ...point));
  };
}
