/** A chain of decisions that are only judged at its end. */

import type { TypedArray } from "../core/dtype.ts";
import { checkCount, MANY, optionReader, SHARE } from "../core/options.ts";
import { below } from "../data/draws.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  Environment,
  ENVIRONMENT_OPTIONS,
  type EnvironmentOptions,
  type Outcome,
} from "./environment.ts";

/** Options of `Chain`. */
export interface ChainOptions extends EnvironmentOptions {
  /** How many decisions an episode has. Default: 10. */
  length?: number;
  /** The share of them that must be right, from 0 to 1. Default: 0.8. */
  needed?: number;
}

const readOptions = optionReader<ChainOptions>({
  ...ENVIRONMENT_OPTIONS,
  length: MANY,
  needed: SHARE,
});

/**
 * A chain of decisions between 0 and 1, with a reward of 1 after the last one if enough of them
 * were as a key has it that is drawn when the environment is made: sparse, and late. What is seen
 * is the place in the chain, one-hot, and all zeros behind it.
 *
 * @example Who knows the key
 * ```ts
 * import { rl } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const env = new rl.Chain({ length: 3 });
 * env.reset();
 * const rewards = [...env.key].map((right) => env.step(right.reshape([1])).reward.item());
 * assertEquals(rewards, [0, 0, 1]);
 * ```
 */
export class Chain extends Environment {
  /** The decisions that are right, int32 of shape [length]. */
  readonly key: Tensor;
  readonly #right: Int32Array;
  readonly #needed: number;
  /** The place in the chain and how many decisions were right, of each. */
  readonly #states: Int32Array;

  /** Creates the environments. */
  constructor(options?: ChainOptions) {
    checkCount("make rl.Chain", arguments.length, 1);
    const { length = 10, needed = 0.8, ...own } = readOptions("make rl.Chain", options);
    super({ name: "Chain", observationShape: [length], actionSize: 2 }, own);
    this.#right = Int32Array.from({ length }, () => below(this.generator, 2));
    this.key = fromTypedArray(this.#right.slice(), [length]);
    this.#needed = needed;
    this.#states = new Int32Array(2 * this.count);
  }

  /** Begins at the first decision. */
  protected begin(i: number): void {
    this.#states.fill(0, 2 * i, 2 * i + 2);
  }

  /** A decision. */
  protected move(i: number, actions: TypedArray, offset: number): Outcome {
    const [place = 0, right = 0] = this.#states.subarray(2 * i);
    const found = right + Number(actions[offset] === this.#right[place]);
    this.#states.set([place + 1, found], 2 * i);
    const terminated = place + 1 === this.#right.length;
    const enough = found / this.#right.length >= this.#needed;
    return { reward: Number(terminated && enough), terminated };
  }

  /** Writes the place. */
  protected observe(i: number, out: TypedArray): void {
    const place = this.#states[2 * i] ?? 0;
    if (place < out.length) out[place] = 1;
  }
}
