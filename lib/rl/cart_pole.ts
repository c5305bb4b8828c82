/** A pole on a cart that is to be balanced. */

import type { TypedArray } from "../core/dtype.ts";
import { checkCount, COUNT, optionReader } from "../core/options.ts";
import { between } from "../data/draws.ts";
import {
  Environment,
  ENVIRONMENT_OPTIONS,
  type EnvironmentOptions,
  type Outcome,
} from "./environment.ts";

/** Options of `CartPole`. */
export interface CartPoleOptions extends EnvironmentOptions {
  /** The steps after which an episode is cut off. Default: 500. */
  maxSteps?: number;
}

const readOptions = optionReader<CartPoleOptions>({ ...ENVIRONMENT_OPTIONS, maxSteps: COUNT });

/** Metres, kilograms, seconds, newtons. */
const [GRAVITY, CART, POLE, HALF_LENGTH, FORCE, TICK] = [9.8, 1, 0.1, 0.5, 10, 0.02];
const MASS = CART + POLE;
const [FARTHEST, STEEPEST] = [2.4, 12 * Math.PI / 180];

/**
 * A pole on a cart that is pushed to the left (0) or to the right (1). What is seen are the place
 * and the speed of the cart, and the angle and the angular speed of the pole. Each step gives 1; an
 * episode ends when the cart is 2.4 from the middle or the pole 12° from upright. Barto, Sutton and
 * Anderson, "Neuronlike adaptive elements that can solve difficult learning control problems",
 * 1983, in the form and with the numbers of Gymnasium's CartPole-v1.
 *
 * @example A pole that is always pushed one way
 * ```ts
 * import { RandomGenerator, rl, tensor } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const env = new rl.CartPole({ generator: new RandomGenerator(1) });
 * env.reset();
 * const right = tensor([1], { dtype: "int32" });
 * let steps = 1;
 * while (!env.step(right).terminated.item()) steps++;
 * assert(steps < 15);
 * ```
 */
export class CartPole extends Environment {
  /** Place, speed, angle and angular speed of each. */
  readonly #states: Float64Array;

  /** Creates the environments. */
  constructor(options?: CartPoleOptions) {
    checkCount("make rl.CartPole", arguments.length, 1);
    const { maxSteps = 500, ...own } = readOptions("make rl.CartPole", options);
    super({ name: "CartPole", observationShape: [4], actionSize: 2, maxSteps }, own);
    this.#states = new Float64Array(4 * this.count);
  }

  /** Begins an episode near the middle. */
  protected begin(i: number): void {
    for (let k = 0; k < 4; k++) this.#states[4 * i + k] = between(this.generator, -0.05, 0.05);
  }

  /** A step of Euler's. */
  protected move(i: number, actions: TypedArray, offset: number): Outcome {
    const state = this.#states.subarray(4 * i, 4 * i + 4);
    const [x = 0, speed = 0, angle = 0, turn = 0] = state;
    const force = actions[offset] === 1 ? FORCE : -FORCE;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const push = (force + POLE * HALF_LENGTH * turn * turn * sin) / MASS;
    const turning = (GRAVITY * sin - cos * push) /
      (HALF_LENGTH * (4 / 3 - POLE * cos * cos / MASS));
    const moving = push - POLE * HALF_LENGTH * turning * cos / MASS;
    state.set([
      x + TICK * speed,
      speed + TICK * moving,
      angle + TICK * turn,
      turn + TICK * turning,
    ]);
    const [place = 0, , tilt = 0] = state;
    return {
      reward: 1,
      terminated: Math.abs(place) > FARTHEST || Math.abs(tilt) > STEEPEST,
    };
  }

  /** Writes the state. */
  protected observe(i: number, out: TypedArray): void {
    for (let k = 0; k < 4; k++) out[k] = this.#states[4 * i + k] ?? 0;
  }
}
