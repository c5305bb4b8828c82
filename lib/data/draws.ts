/** Single random numbers from a stream. */

import type { RandomGenerator } from "../core/random.ts";

/** A number in [0, 1), of 32 bits. */
export function uniform(generator: RandomGenerator): number {
  return (generator.words(1)[0] ?? 0) / 2 ** 32;
}

/** A number in a range. */
export function between(generator: RandomGenerator, low: number, high: number): number {
  return low + (high - low) * uniform(generator);
}

/** A whole number from 0 to n - 1. */
export function below(generator: RandomGenerator, n: number): number {
  return Math.floor(uniform(generator) * n);
}

/** A standard normal number, by the Box–Muller transform. */
export function normal(generator: RandomGenerator): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(generator)));
  return radius * Math.cos(2 * Math.PI * uniform(generator));
}
