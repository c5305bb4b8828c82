/** Means of the numbers of many batches, weighted by their number of examples. */

import { isPlainObject, type Kind, kind, NUMBER } from "../core/options.ts";

/** The kind of the state. */
export const SUMS: Kind = kind(
  "sums by name, { sum, weight }",
  (value) =>
    isPlainObject(value) &&
    Object.values(value).every((own) =>
      isPlainObject(own) && NUMBER.accepts(own.sum) && NUMBER.accepts(own.weight)
    ),
);

/** Weighted sums by name, from which the means are computed. */
export class Means {
  readonly #sums = new Map<string, { sum: number; weight: number }>();

  /** Adds the numbers of a batch with `weight` examples. */
  add(values: Readonly<Record<string, number>>, weight: number): void {
    for (const [name, value] of Object.entries(values)) {
      const entry = this.#sums.get(name) ?? { sum: 0, weight: 0 };
      this.#sums.set(name, { sum: entry.sum + value * weight, weight: entry.weight + weight });
    }
  }

  /** The means by name. */
  get(): Record<string, number> {
    return Object.fromEntries(
      [...this.#sums].map(([name, { sum, weight }]) => [name, sum / weight]),
    );
  }

  /** The sums, as a state to continue from. */
  stateDict(): Record<string, { sum: number; weight: number }> {
    return Object.fromEntries([...this.#sums].map(([name, entry]) => [name, { ...entry }]));
  }

  /** Restores the sums. */
  loadStateDict(state: Readonly<Record<string, { sum: number; weight: number }>>): void {
    this.#sums.clear();
    for (const [name, entry] of Object.entries(state)) this.#sums.set(name, { ...entry });
  }
}
