/** Random numbers compared by what is known of them without the numbers. */

import { AssertionError } from "@std/assert";

/** What is known of random numbers. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly std: number;
  readonly low: number;
  readonly high: number;
  /** How heavy the tails are: 1.8 for uniform numbers, 3 for normal ones. */
  readonly kurtosis: number;
}

/** The moments of some numbers. */
export function momentsOf(values: readonly number[]): Moments {
  const count = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / count;
  const central = (power: number) =>
    values.reduce((sum, x) => sum + (x - mean) ** power, 0) / count;
  const std = Math.sqrt(central(2));
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return { count, mean, std, low, high, kurtosis: std > 0 ? central(4) / std ** 4 : 0 };
}

/** Below this the numbers have bounds that many of them come near to. */
const BOUNDED = 2.6;

/** Compares two samples of a distribution: five standard errors of what one would expect. */
export function assertMoments(actual: Moments, wanted: Moments, message: string): void {
  const error = 1 / actual.count + 1 / wanted.count;
  const share = 5 * Math.sqrt(error);
  const { std, kurtosis } = wanted;
  const limits = {
    mean: share * std,
    std: share * std * Math.sqrt(Math.max(kurtosis - 1, 0)) / 2,
    kurtosis: share * Math.sqrt(24),
    // Of n numbers between bounds the last is some 1/n of the way from its bound.
    ...kurtosis < BOUNDED && { low: 40 * error * std, high: 40 * error * std },
  };
  for (const [name, limit] of Object.entries(limits)) {
    const [a, b] = [actual, wanted].map((moments) => moments[name as keyof Moments]);
    // Float32 rounds what does not spread.
    if (!(Math.abs(a! - b!) <= limit + 1e-7 * Math.abs(b!))) {
      throw new AssertionError(`${message}: ${name} is ${a}, not ${b} within ${limit}`);
    }
  }
}
