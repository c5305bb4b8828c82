/** An arm that is to reach for a point. */

import type { TypedArray } from "../core/dtype.ts";
import { checkCount, COUNT, optionReader } from "../core/options.ts";
import { between } from "../data/draws.ts";
import {
  Environment,
  ENVIRONMENT_OPTIONS,
  type EnvironmentOptions,
  type Outcome,
} from "./environment.ts";

/** Options of `Reacher`. */
export interface ReacherOptions extends EnvironmentOptions {
  /** The steps after which an episode is cut off. Default: 50. */
  maxSteps?: number;
}

const readOptions = optionReader<ReacherOptions>({ ...ENVIRONMENT_OPTIONS, maxSteps: COUNT });

/** The most that a joint turns in a step, in radians. */
const FASTEST = 0.15;
/** How near to the shoulder and how far from it a point may lie, for links of length 1. */
const [NEAREST, FARTHEST] = [0.3, 1.9];

/**
 * An arm with two links of length 1 in a plane, whose joints are turned: an action is a number from
 * −1 to 1 for each joint, the share of the fastest turn, 0.15 a step; what is beyond counts as the
 * limit. Kinematics alone, without masses. What is seen: sine and cosine of both joints, the point,
 * and the way from the tip to it. The reward is the distance with the other sign. No state is a
 * last one: an episode is cut off.
 *
 * @example An arm at rest
 * ```ts
 * import { rl, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const env = new rl.Reacher();
 * const seen = env.reset().squeeze(0).toArray() as number[];
 * const { reward } = env.step(zeros([1, 2]));
 * assertAlmostEquals(reward.item(), -Math.hypot(seen[6]!, seen[7]!), 1e-6);
 * ```
 */
export class Reacher extends Environment {
  /** Both joints and the point of each. */
  readonly #states: Float64Array;

  /** Creates the environments. */
  constructor(options?: ReacherOptions) {
    checkCount("make rl.Reacher", arguments.length, 1);
    const { maxSteps = 50, ...own } = readOptions("make rl.Reacher", options);
    super(
      { name: "Reacher", observationShape: [8], actionSize: 2, continuous: true, maxSteps },
      own,
    );
    this.#states = new Float64Array(4 * this.count);
  }

  /** Begins with any joints and a point within reach. */
  protected begin(i: number): void {
    const angle = () => between(this.generator, -Math.PI, Math.PI);
    const [shoulder, elbow, direction] = [angle(), angle(), angle()];
    // As likely in each part of the ring.
    const radius = Math.sqrt(between(this.generator, NEAREST ** 2, FARTHEST ** 2));
    const point = [radius * Math.cos(direction), radius * Math.sin(direction)];
    this.#states.set([shoulder, elbow, ...point], 4 * i);
  }

  /** Turns the joints. */
  protected move(i: number, actions: TypedArray, offset: number): Outcome {
    for (let joint = 0; joint < 2; joint++) {
      const turn = Math.max(-1, Math.min(1, actions[offset + joint] ?? 0));
      this.#states[4 * i + joint] = (this.#states[4 * i + joint] ?? 0) + FASTEST * turn;
    }
    return { reward: -Math.hypot(...this.#way(i)), terminated: false };
  }

  /** From the tip to the point. */
  #way(i: number): [number, number] {
    const [shoulder = 0, elbow = 0, x = 0, y = 0] = this.#states.subarray(4 * i);
    return [
      x - Math.cos(shoulder) - Math.cos(shoulder + elbow),
      y - Math.sin(shoulder) - Math.sin(shoulder + elbow),
    ];
  }

  /** Writes joints, point and way. */
  protected observe(i: number, out: TypedArray): void {
    const [shoulder = 0, elbow = 0, x = 0, y = 0] = this.#states.subarray(4 * i);
    const joints = [shoulder, elbow].flatMap((angle) => [Math.sin(angle), Math.cos(angle)]);
    out.set([...joints, x, y, ...this.#way(i)]);
  }
}
