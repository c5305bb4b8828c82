/** A car that is to stay in its lane. */

import type { TypedArray } from "../core/dtype.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FINITE,
  isListOf,
  kind,
  oneOf,
  optionReader,
  POSITIVE,
} from "../core/options.ts";
import { between } from "../data/draws.ts";
import { fromTypedArray } from "../tensor/create.ts";
import { randn } from "../tensor/rand.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  Environment,
  ENVIRONMENT_OPTIONS,
  type EnvironmentOptions,
  type Outcome,
} from "./environment.ts";

/** Options of `LaneKeeping`. */
export interface LaneKeepingOptions extends EnvironmentOptions {
  /**
   * What is seen: a picture of the lane, of shape [1, 16, 32], or the offset and the curve, of
   * shape [2]. Default: "image".
   */
  view?: "image" | "state";
  /** The offset beyond which an episode ends, positive. Default: 4. */
  limit?: number;
  /** The steps after which an episode is cut off. Default: 200. */
  maxSteps?: number;
}

const readOptions = optionReader<LaneKeepingOptions>({
  ...ENVIRONMENT_OPTIONS,
  view: oneOf("image", "state"),
  limit: POSITIVE,
  maxSteps: COUNT,
});
const NUMBERS = kind(
  "an array of finite numbers",
  (value) => isListOf(value, FINITE.accepts) && value.length > 0,
);

const [ROWS, COLUMNS] = [16, 32];
/** How much a curve drives out, and how much of both a step moves. */
const [DRIFT, TICK] = [0.8, 0.25];

/**
 * A car on a synthetic road that winds: an action is a number, how much is steered against the
 * offset from the middle of the lane, which changes by 0.25·(0.8·curve − action) a step, while the
 * curve is 0.4·sin(t/15). The reward is the offset's amount with the other sign. Without steering
 * the car drifts off by about 3. A toy: it says nothing about cars on roads.
 *
 * @example Steering that knows the curve
 * ```ts
 * import { rl } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const env = new rl.LaneKeeping({ view: "state", maxSteps: 1000 });
 * let seen = env.reset();
 * for (let step = 0; step < 100; step++) {
 *   const [offset, curve] = seen.split(1, 1);
 *   seen = env.step(offset!.add(curve!.mul(0.8))).observation;
 * }
 * assert(Math.abs(seen.at(0, 0).item()) < 1e-3);
 * ```
 */
export class LaneKeeping extends Environment {
  readonly #pictures: boolean;
  readonly #limit: number;
  /** Offset and time of each. */
  readonly #states: Float64Array;

  /** Creates the environments. */
  constructor(options?: LaneKeepingOptions) {
    checkCount("make rl.LaneKeeping", arguments.length, 1);
    const { view = "image", limit = 4, maxSteps = 200, ...own } = readOptions(
      "make rl.LaneKeeping",
      options,
    );
    super({
      name: "LaneKeeping",
      observationShape: view === "image" ? [1, ROWS, COLUMNS] : [2],
      actionSize: 1,
      continuous: true,
      maxSteps,
    }, own);
    this.#pictures = view === "image";
    this.#limit = limit;
    this.#states = new Float64Array(2 * this.count);
  }

  /**
   * Pictures of a lane, with noise.
   *
   * @param offsets How far the car is from the middle, a number for each picture.
   * @param curves How the road winds there, as many.
   * @returns A tensor of shape [n, 1, 16, 32].
   * @throws {TypeError} If there are not as many of both.
   */
  render(offsets: readonly number[], curves: readonly number[]): Tensor {
    const call = "run LaneKeeping.render";
    checkCount(call, arguments.length, 2);
    checkKind(call, "offsets", offsets, NUMBERS);
    checkKind(call, "curves", curves, NUMBERS);
    if (offsets.length !== curves.length) {
      throw new TypeError(
        `Cannot ${call}: there must be a curve for each offset, got ${offsets.length} offsets and ` +
          `${curves.length} curves`,
      );
    }
    const size = ROWS * COLUMNS;
    const pixels = new Float32Array(offsets.length * size);
    offsets.forEach((offset, i) => {
      this.#draw(offset, curves[i] ?? 0, pixels.subarray(i * size, (i + 1) * size));
    });
    return fromTypedArray(pixels, [offsets.length, 1, ROWS, COLUMNS]);
  }

  /** Two bright lines, as they look from above the car, the nearest row last. */
  #draw(offset: number, curve: number, out: TypedArray): void {
    const noise = randn([out.length], { generator: this.generator }).mul(0.2).data;
    for (let row = 0; row < ROWS; row++) {
      const ahead = 1 - row / (ROWS - 1);
      const middle = COLUMNS / 2 + 10 * (offset * (1 - 0.3 * ahead) + curve * ahead * ahead);
      for (let column = 0; column < COLUMNS; column++) {
        const left = Math.exp(-((column - middle + 6) ** 2) / 1.5);
        const right = Math.exp(-((column - middle - 6) ** 2) / 1.5);
        const place = row * COLUMNS + column;
        out[place] = left + right + (noise[place] ?? 0);
      }
    }
  }

  /** Begins somewhere in the lane. */
  protected begin(i: number): void {
    this.#states.set([between(this.generator, -0.5, 0.5), 0], 2 * i);
  }

  /** Steers for a step. */
  protected move(i: number, actions: TypedArray, offset: number): Outcome {
    const [place = 0, time = 0] = this.#states.subarray(2 * i);
    const next = place + TICK * (DRIFT * curveAt(time) - (actions[offset] ?? 0));
    this.#states.set([next, time + 1], 2 * i);
    return { reward: -Math.abs(next), terminated: Math.abs(next) > this.#limit };
  }

  /** Writes the picture, or the state. */
  protected observe(i: number, out: TypedArray): void {
    const [offset = 0, time = 0] = this.#states.subarray(2 * i);
    if (this.#pictures) this.#draw(offset, curveAt(time), out);
    else out.set([offset, curveAt(time)]);
  }
}

function curveAt(time: number): number {
  return 0.4 * Math.sin(time / 15);
}
