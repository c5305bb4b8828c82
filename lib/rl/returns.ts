/** What came of actions: discounted returns, and advantages over what a critic expected. */

import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { isFloat, type TypedArray } from "../core/dtype.ts";
import {
  BOOL_TENSOR,
  checkCount,
  checkKind,
  INTEGER,
  optionReader,
  type OptionTable,
  SHARE,
  TENSOR,
} from "../core/options.ts";
import { extentAt, normalizeDim, sameShape } from "../core/shape.ts";
import { fromTypedArray } from "../tensor/create.ts";
import { elementsOf } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of `discountedReturns`. */
export interface ReturnOptions {
  /** Where a state was the last one, after which nothing can come; bool. Default: nowhere. */
  terminated?: Tensor;
  /** Where an episode was cut off though more would have come; bool. Default: nowhere. */
  truncated?: Tensor;
  /** What a step later is worth, from 0 to 1. Default: 0.99. */
  gamma?: number;
  /** The dimension of time. Default: 0. */
  dim?: number;
}

/** Options of `discountedReturns` with a critic. */
export interface DiscountedReturnsOptions extends ReturnOptions {
  /** The worth of the state after each step, of which that after a cut counts. Default: 0. */
  nextValues?: Tensor;
}

/** Options of `gae`. */
export interface GaeOptions extends ReturnOptions {
  /** How far it is looked ahead before the critic is believed, from 0 to 1. Default: 0.95. */
  lambda?: number;
}

/** What `gae` gives: tensors of the shape of the rewards, without gradient. */
export interface Advantages {
  /** How much better than expected each action was. */
  readonly advantages: Tensor;
  /** What the critic should have said: advantages and values together. */
  readonly returns: Tensor;
}

const RETURN_OPTIONS: OptionTable<ReturnOptions> = {
  terminated: BOOL_TENSOR,
  truncated: BOOL_TENSOR,
  gamma: SHARE,
  dim: INTEGER,
};
const readReturns = optionReader<DiscountedReturnsOptions>({
  ...RETURN_OPTIONS,
  nextValues: TENSOR,
});
const readGae = optionReader<GaeOptions>({ ...RETURN_OPTIONS, lambda: SHARE });

/** Tensors of one shape as rows that run through time. */
class Timeline {
  readonly #call: string;
  readonly #rewards: Tensor;
  readonly #dim: number;

  constructor(call: string, rewards: Tensor, dim: number) {
    checkKind(`compute ${call}`, "rewards", rewards, TENSOR);
    this.#call = call;
    this.#rewards = rewards;
    this.#dim = normalizeDim(call, dim, rewards.ndim);
  }

  /** The elements of a tensor of numbers, row after row. */
  numbers(name: string, x: Tensor): TypedArray {
    checkKind(`compute ${this.#call}`, name, x, TENSOR);
    if (isFloat(x.dtype)) return this.#read(name, x);
    throw new DTypeError(
      `Cannot compute ${this.#call}: ${name} must be float32 or float64, got ${x.dtype}`,
    );
  }

  /** Which elements are marked; none without marks. */
  marks(name: string, x: Tensor | undefined): (i: number) => boolean {
    if (x === undefined) return () => false;
    const elements = this.#read(name, x);
    return (i) => elements[i] === 1;
  }

  #read(name: string, x: Tensor): TypedArray {
    const { shape } = this.#rewards;
    if (!sameShape(x.shape, shape)) {
      throw new ShapeError(
        `Cannot compute ${this.#call}: ${name} must have the shape of the rewards, ${
          showShape(shape)
        }, got ${showShape(x.shape)}`,
        [shape, x.shape],
      );
    }
    return elementsOf(x.detach().movedim(this.#dim, -1), this.#call);
  }

  /** A tensor of numbers that follow from the next one in time, undefined after the last. */
  backwards(step: (i: number, ahead: number | undefined) => number): Tensor {
    const { dtype, device, size } = this.#rewards;
    const length = extentAt(this.#rewards.shape, this.#dim);
    const found = dtype === "float64" ? new Float64Array(size) : new Float32Array(size);
    for (let start = 0; start < size; start += length) {
      let ahead: number | undefined;
      for (let i = start + length - 1; i >= start; i--) found[i] = ahead = step(i, ahead);
    }
    const order = this.#rewards.detach().movedim(this.#dim, -1).shape;
    return fromTypedArray(found, order).movedim(-1, this.#dim).contiguous().to({ device });
  }
}

/** What comes later, by how much it counts: nothing where that is 0, whatever comes. */
function worth(share: number, later: number): number {
  return share === 0 ? 0 : share * later;
}

/**
 * What came of each step: Gₜ = rₜ + γ·Gₜ₊₁, of which nothing follows a state that was the last one.
 * Where an episode was cut off, and after the last step, it goes on with what a critic expects
 * there. Sutton and Barto, "Reinforcement learning", 2018.
 *
 * @param rewards r, floating, with time along the first dimension, or along `dim`.
 * @returns G, of the same shape, without gradient.
 * @throws {ShapeError} If a shape differs from that of the rewards.
 *
 * @example An episode that ends, and the beginning of another
 * ```ts
 * import { rl, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const terminated = tensor([false, true, false]);
 * const returns = rl.discountedReturns(tensor([1, 2, 4]), { terminated, gamma: 0.5 });
 * assertEquals(returns.toArray(), [2, 2, 4]);
 * ```
 */
export function discountedReturns(rewards: Tensor, options?: DiscountedReturnsOptions): Tensor {
  const call = "rl.discountedReturns";
  checkCount(`compute ${call}`, arguments.length, 2);
  const { gamma = 0.99, dim = 0, terminated, truncated, nextValues } = readReturns(
    `compute ${call}`,
    options,
  );
  const time = new Timeline(call, rewards, dim);
  const reward = time.numbers("rewards", rewards);
  const next = nextValues === undefined ? null : time.numbers("nextValues", nextValues);
  const [last, cut] = [time.marks("terminated", terminated), time.marks("truncated", truncated)];
  return time.backwards((i, ahead) => {
    const expected = next?.[i] ?? 0;
    const follows = last(i) ? 0 : cut(i) ? expected : ahead ?? expected;
    return (reward[i] ?? 0) + worth(gamma, follows);
  });
}

/**
 * Generalized advantage estimation: Aₜ = δₜ + γλ·Aₜ₊₁ with δₜ = rₜ + γ·V(sₜ₊₁) − V(sₜ). With λ = 0
 * it is the critic's error in one step, with λ = 1 the discounted return less what the critic
 * expected. After a state that was the last one (`terminated`) V is 0 and nothing follows; where an
 * episode was cut off (`truncated`) V counts and nothing follows. Schulman et al.,
 * "High-dimensional continuous control using generalized advantage estimation", 2016.
 *
 * @param rewards r, floating, with time along the first dimension, or along `dim`.
 * @param values V of the state in which each action was taken, the same shape.
 * @param nextValues V of the state that it led to, before another episode began; the same shape.
 * @throws {ShapeError} If a shape differs from that of the rewards.
 *
 * @example The end of an episode, and a cut
 * ```ts
 * import { rl, tensor, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [rewards, next] = [tensor([1, 1]), tensor([8, 8])];
 * const over = rl.gae(rewards, zeros([2]), next, { terminated: tensor([false, true]), gamma: 1 });
 * const cut = rl.gae(rewards, zeros([2]), next, { truncated: tensor([false, true]), gamma: 1 });
 * assertEquals([over.advantages.at(1).item(), cut.advantages.at(1).item()], [1, 9]);
 * ```
 */
export function gae(
  rewards: Tensor,
  values: Tensor,
  nextValues: Tensor,
  options?: GaeOptions,
): Advantages {
  const call = "rl.gae";
  checkCount(`compute ${call}`, arguments.length, 4);
  const { gamma = 0.99, lambda = 0.95, dim = 0, terminated, truncated } = readGae(
    `compute ${call}`,
    options,
  );
  const time = new Timeline(call, rewards, dim);
  const reward = time.numbers("rewards", rewards);
  const value = time.numbers("values", values);
  const next = time.numbers("nextValues", nextValues);
  const [last, cut] = [time.marks("terminated", terminated), time.marks("truncated", truncated)];
  const advantages = time.backwards((i, ahead = 0) => {
    const [r = 0, here = 0, there = 0] = [reward[i], value[i], next[i]];
    const error = r + (last(i) ? 0 : worth(gamma, there)) - here;
    return last(i) || cut(i) ? error : error + worth(gamma * lambda, ahead);
  });
  return { advantages, returns: advantages.add(values.detach()) };
}
