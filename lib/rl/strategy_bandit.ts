/** Learners who need different strategies of teaching. */

import { keep } from "../autograd/scope.ts";
import type { TypedArray } from "../core/dtype.ts";
import { checkCount, checkKind, countTo, optionReader, TENSOR } from "../core/options.ts";
import { extentAt } from "../core/shape.ts";
import { uniform } from "../data/draws.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { randn } from "../tensor/rand.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  Environment,
  ENVIRONMENT_OPTIONS,
  type EnvironmentOptions,
  type Outcome,
} from "./environment.ts";

/** Options of `StrategyBandit`. */
export interface StrategyBanditOptions extends EnvironmentOptions {
  /** How many numbers tell how a learner behaves. Default: 6. */
  features?: number;
  /** How many strategies there are. Default: 4. */
  strategies?: number;
}

/** Each feature has a weight for each strategy. */
const SEVERAL = countTo(4096);

const readOptions = optionReader<StrategyBanditOptions>({
  ...ENVIRONMENT_OPTIONS,
  features: SEVERAL,
  strategies: SEVERAL,
});

/** The deviation of the weights that say what helps whom. */
const SPREAD = 1.2;

/**
 * Synthetic learners, one for each episode of a single step: what is seen is how the learner
 * behaves, an action is a strategy of teaching, and the reward 1 if it helps. Its probability is
 * logistic in the behaviour, with weights that are drawn when the environment is made. Nothing here
 * is measured on learners.
 *
 * @example How often a strategy helps
 * ```ts
 * import { rl } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const env = new rl.StrategyBandit({ count: 5 });
 * const learners = env.reset();
 * assertEquals(env.success(learners).shape, [5, 4]);
 * ```
 */
export class StrategyBandit extends Environment {
  readonly #weights: Tensor;
  /** How the learner of each behaves. */
  readonly #learners: Float32Array;

  /** Creates the environments. */
  constructor(options?: StrategyBanditOptions) {
    checkCount("make rl.StrategyBandit", arguments.length, 1);
    const { features = 6, strategies = 4, ...own } = readOptions(
      "make rl.StrategyBandit",
      options,
    );
    super(
      { name: "StrategyBandit", observationShape: [features], actionSize: strategies },
      own,
    );
    this.#weights = keep(
      randn([features, strategies], { generator: this.generator }).mul(SPREAD),
    );
    this.#learners = new Float32Array(this.count * features);
  }

  /**
   * The probability that each strategy helps.
   *
   * @param learners How they behave, float32 of shape [n, features].
   * @returns A tensor of shape [n, strategies].
   */
  success(learners: Tensor): Tensor {
    const call = "run StrategyBandit.success";
    checkCount(call, arguments.length, 1);
    checkKind(call, "learners", learners, TENSOR);
    const features = extentAt(this.#weights.shape, 0);
    if (learners.ndim !== 2 || extentAt(learners.shape, 1) !== features) {
      throw new ShapeError(
        `Cannot ${call}: learners must have shape [n, ${features}], got ${
          showShape(learners.shape)
        }`,
        [learners.shape],
      );
    }
    return learners.to({ dtype: "float32" }).matmul(this.#weights).sigmoid();
  }

  /** Another learner. */
  protected begin(i: number): void {
    const [features = 0] = this.observationShape;
    this.#learners.set(randn([features], { generator: this.generator }).data, i * features);
  }

  /** Tries a strategy. */
  protected move(i: number, actions: TypedArray, offset: number): Outcome {
    const [features = 0] = this.observationShape;
    const weights = this.#weights.data;
    let score = 0;
    for (let k = 0; k < features; k++) {
      const weight = weights[k * this.actionSize + (actions[offset] ?? 0)] ?? 0;
      score += (this.#learners[i * features + k] ?? 0) * weight;
    }
    const helps = uniform(this.generator) < 1 / (1 + Math.exp(-score));
    return { reward: Number(helps), terminated: true };
  }

  /** Writes how the learner behaves. */
  protected observe(i: number, out: TypedArray): void {
    out.set(this.#learners.subarray(i * out.length, (i + 1) * out.length));
  }
}
