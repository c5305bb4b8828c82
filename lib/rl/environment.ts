/** What environments have in common: several run side by side, and begin anew by themselves. */

import { CODES, isFloat, type TypedArray } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, MANY, type OptionTable, TENSOR } from "../core/options.ts";
import { defaultGenerator, GENERATOR, type RandomGenerator } from "../core/random.ts";
import { checkRoom, sameShape, type Shape, sizeOf } from "../core/shape.ts";
import { fromTypedArray } from "../tensor/create.ts";
import { elementsOf } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of all environments. */
export interface EnvironmentOptions {
  /** How many run side by side. Default: 1. */
  count?: number;
  /** The stream that everything random comes from. Default: the one that `manualSeed` seeds. */
  generator?: RandomGenerator;
}

/** The kinds of the options of all environments. */
export const ENVIRONMENT_OPTIONS: OptionTable<EnvironmentOptions> = {
  count: MANY,
  generator: GENERATOR,
};

/** What came of a step, for each environment. */
export interface EnvironmentStep {
  /** What is seen now, in a new episode where the last one is over: [count, ...observationShape]. */
  readonly observation: Tensor;
  /** The rewards, [count]. */
  readonly reward: Tensor;
  /** Whether the state was the last one, after which nothing can come: bool, [count]. */
  readonly terminated: Tensor;
  /** Whether the episode was cut off at its time, though more could have come: bool, [count]. */
  readonly truncated: Tensor;
  /** What the action led to, before another episode began: [count, ...observationShape]. */
  readonly nextObservation: Tensor;
}

/** What an action leads to. */
export interface Outcome {
  /** What it is worth. */
  readonly reward: number;
  /** Whether nothing can come after it. */
  readonly terminated: boolean;
}

/** How an environment looks from outside. */
export interface Frame {
  /** Its name. */
  readonly name: string;
  /** The shape of what is seen. */
  readonly observationShape: Shape;
  /** The type of what is seen. Default: "float32". */
  readonly observed?: "int32";
  /** How many actions there are to choose from, or numbers that make an action. */
  readonly actionSize: number;
  /** Whether an action is made of numbers. */
  readonly continuous?: true;
  /** The steps after which an episode is cut off. Default: never. */
  readonly maxSteps?: number;
}

/**
 * Environments of one kind, side by side. One that is over begins anew within the same step.
 * Actions are int32 of shape [count], or float32 of shape [count, actionSize].
 */
export abstract class Environment {
  /** How many there are. */
  readonly count: number;
  /** The shape of what is seen of one. */
  readonly observationShape: Shape;
  /** How many actions there are to choose from, or numbers that make an action. */
  readonly actionSize: number;
  /** The sums of rewards of all episodes that are over, in their order. */
  readonly episodeReturns: number[] = [];

  /** Where everything random comes from. */
  protected readonly generator: RandomGenerator;
  readonly #frame: Frame;
  /** Steps and rewards so far; null before the first `reset`. */
  #episodes: { steps: number; sum: number }[] | null = null;

  /** For the environments of the library. */
  constructor(frame: Frame, { count = 1, generator = defaultGenerator }: EnvironmentOptions) {
    const seen = [count, ...frame.observationShape];
    checkRoom(seen, sizeOf(seen), CODES[frame.observed ?? "float32"], `what rl.${frame.name} sees`);
    this.#frame = frame;
    this.count = count;
    this.generator = generator;
    this.observationShape = frame.observationShape;
    this.actionSize = frame.actionSize;
  }

  /** Begins an episode. */
  protected abstract begin(i: number): void;
  /** Does an action, of which the elements stand at `offset`. */
  protected abstract move(i: number, actions: TypedArray, offset: number): Outcome;
  /** Writes what is seen over zeros. */
  protected abstract observe(i: number, out: TypedArray): void;

  /**
   * Begins an episode in each environment.
   *
   * @returns What is seen, of shape [count, ...observationShape].
   */
  reset(): Tensor {
    checkCount(`run ${this.#frame.name}.reset`, arguments.length, 0);
    this.#episodes = Array.from({ length: this.count }, () => ({ steps: 0, sum: 0 }));
    const seen = this.#room();
    for (let i = 0; i < this.count; i++) {
      this.begin(i);
      this.observe(i, this.#part(seen, i));
    }
    return this.#observation(seen);
  }

  /**
   * Does an action in each environment.
   *
   * @param actions int32 of shape [count], or floating of shape [count, actionSize].
   * @throws {TypeError} If no episode has begun.
   * @throws {RangeError} If there is no such action.
   */
  step(actions: Tensor): EnvironmentStep {
    const { name, maxSteps = Infinity } = this.#frame;
    checkCount(`run ${name}.step`, arguments.length, 1);
    const elements = this.#actions(actions);
    const episodes = this.#episodes;
    if (episodes === null) {
      throw new TypeError(`Cannot run ${name}.step: reset() must begin an episode first, got none`);
    }
    const rewards = new Float32Array(this.count);
    const [over, cut] = [new Uint8Array(this.count), new Uint8Array(this.count)];
    const width = elements.length / this.count;
    episodes.forEach((episode, i) => {
      const { reward, terminated } = this.move(i, elements, i * width);
      episode.steps++;
      episode.sum += reward;
      rewards[i] = reward;
      over[i] = Number(terminated);
      cut[i] = Number(!terminated && episode.steps >= maxSteps);
    });
    const next = this.#room();
    for (let i = 0; i < this.count; i++) this.observe(i, this.#part(next, i));
    const seen = next.slice();
    episodes.forEach((episode, i) => {
      if (over[i] === 0 && cut[i] === 0) return;
      this.episodeReturns.push(episode.sum);
      episode.steps = episode.sum = 0;
      this.begin(i);
      this.observe(i, this.#part(seen, i).fill(0));
    });
    return {
      observation: this.#observation(seen),
      reward: fromTypedArray(rewards, [this.count]),
      terminated: fromTypedArray(over, [this.count]),
      truncated: fromTypedArray(cut, [this.count]),
      nextObservation: this.#observation(next),
    };
  }

  /** Zeros for what is seen of all. */
  #room(): Float32Array | Int32Array {
    const room = this.count * sizeOf(this.observationShape);
    return this.#frame.observed === "int32" ? new Int32Array(room) : new Float32Array(room);
  }

  /** The part of one. */
  #part<A extends Float32Array | Int32Array>(all: A, i: number): A {
    const size = all.length / this.count;
    return all.subarray(i * size, (i + 1) * size) as A;
  }

  #observation(all: Float32Array | Int32Array): Tensor {
    return fromTypedArray(all, [this.count, ...this.observationShape]);
  }

  /** The elements of actions that there are. */
  #actions(actions: Tensor): TypedArray {
    const { name, actionSize, continuous = false } = this.#frame;
    const call = `run ${name}.step`;
    checkKind(call, "actions", actions, TENSOR);
    if (continuous ? !isFloat(actions.dtype) : actions.dtype !== "int32") {
      const needed = continuous ? "float32 or float64" : "int32";
      throw new DTypeError(`Cannot ${call}: actions must be ${needed}, got ${actions.dtype}`);
    }
    const shape = continuous ? [this.count, actionSize] : [this.count];
    if (!sameShape(actions.shape, shape)) {
      throw new ShapeError(
        `Cannot ${call}: actions must have shape ${showShape(shape)}, got ${
          showShape(actions.shape)
        }`,
        [actions.shape, shape],
      );
    }
    const elements = elementsOf(actions, `${name}.step`);
    for (const action of elements) {
      if (continuous ? Number.isFinite(action) : action >= 0 && action < actionSize) continue;
      const needed = continuous ? "finite" : `in 0 to ${actionSize - 1}`;
      throw new RangeError(`Cannot ${call}: actions must be ${needed}, got ${action}`);
    }
    return elements;
  }
}
