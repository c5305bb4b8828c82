/** What was seen and done, kept to be learned from. */

import { keep } from "../autograd/scope.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  isPlainObject,
  kind,
  optionReader,
} from "../core/options.ts";
import { GENERATOR, type RandomGenerator } from "../core/random.ts";
import { sameShape } from "../core/shape.ts";
import { stack } from "../ops/mod.ts";
import { randperm } from "../tensor/rand.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Tensors by name. */
export type TensorRecord<K extends string> = Readonly<Record<K, Tensor>>;

/** Options of `RolloutBuffer.batches`. */
export interface RolloutBatchesOptions<More extends string> {
  /** What is cut in the same way, as advantages: tensors of shape [steps, environments, ...]. */
  more?: TensorRecord<More>;
  /** The stream that the order is drawn from. Default: the one that `manualSeed` seeds. */
  generator?: RandomGenerator;
}

const RECORD = kind(
  "an object of tensors, as in { action, reward }",
  (value) =>
    isPlainObject(value) && Object.values(value).length > 0 &&
    Object.values(value).every((x) => x instanceof Tensor),
);
const readBatches = optionReader<RolloutBatchesOptions<string>>({
  more: RECORD,
  generator: GENERATOR,
});

/**
 * The steps of several environments side by side: what was observed and done, with which probability,
 * and what came of it. Everything is kept as a copy without gradient, so that log-probabilities stay
 * those of the policy that acted.
 *
 * @example Two steps of three environments
 * ```ts
 * import { ones, rl } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const buffer = new rl.RolloutBuffer<"observation" | "reward">();
 * for (let step = 0; step < 2; step++) buffer.add({ observation: ones([3, 4]), reward: ones([3]) });
 * assertEquals(buffer.stacked().observation.shape, [2, 3, 4]);
 * assertEquals([...buffer.batches(4)].map(({ reward }) => reward.shape), [[4], [2]]);
 * ```
 */
export class RolloutBuffer<K extends string = string> {
  #steps: TensorRecord<K>[] = [];

  /** Creates the object, which is empty. */
  constructor() {
    checkCount("make rl.RolloutBuffer", arguments.length, 0);
  }

  /** How many steps there are. */
  get length(): number {
    return this.#steps.length;
  }

  /**
   * Keeps a step.
   *
   * @param step Tensors by name, the same names in each step, with the environments along the first
   * dimension.
   * @throws {ShapeError} If a shape is not as in the step before, or the environments differ in
   * number.
   */
  add(step: TensorRecord<K>): void {
    const call = "run RolloutBuffer.add";
    checkCount(call, arguments.length, 1);
    checkKind(call, "step", step, RECORD);
    const entries = Object.entries<Tensor>(step);
    const [before] = this.#steps;
    const names = Object.keys(before ?? step);
    if (entries.length !== names.length || names.some((name) => !Object.hasOwn(step, name))) {
      throw new TypeError(
        `Cannot ${call}: the step must have ${names.join(", ")} as those before, got ${
          Object.keys(step).join(", ")
        }`,
      );
    }
    const environments = entries[0]?.[1].shape[0];
    for (const [name, { shape, ndim }] of entries) {
      const like: Tensor | undefined = before?.[name as K];
      if (ndim === 0 || shape[0] !== environments) {
        throw new ShapeError(
          `Cannot ${call}: ${name} must have ${
            environments ?? "the"
          } environments along the first ` +
            `dimension, got shape ${showShape(shape)}`,
          [shape],
        );
      }
      if (like === undefined || sameShape(like.shape, shape)) continue;
      throw new ShapeError(
        `Cannot ${call}: ${name} must have the shape ${
          showShape(like.shape)
        } of those before, got ${showShape(shape)}`,
        [like.shape, shape],
      );
    }
    this.#steps.push(keep(mapped(step, (x) => x.detach().clone())));
  }

  /** All steps, as tensors of shape [steps, environments, ...]. */
  stacked(): TensorRecord<K> {
    checkCount("run RolloutBuffer.stacked", arguments.length, 0);
    const [first] = this.#filled("stacked");
    return mapped(first, (_, name) => stack(this.#steps.map((step) => step[name]), 0));
  }

  /**
   * All steps of all environments, each once, in random order, in batches of which the last may be
   * smaller.
   *
   * @param size How many belong to a batch.
   */
  batches<More extends string = never>(
    size: number,
    options?: RolloutBatchesOptions<More>,
  ): Iterable<TensorRecord<K | More>> {
    const call = "run RolloutBuffer.batches";
    checkCount(call, arguments.length, 2);
    checkKind(call, "size", size, COUNT);
    const { more, generator } = readBatches(call, options);
    const [first] = this.#filled("batches");
    const taken = Object.keys(more ?? {}).find((name) => Object.hasOwn(first, name));
    if (taken !== undefined) {
      throw new TypeError(
        `Cannot ${call}: more must have names of its own, and steps have ${taken}`,
      );
    }
    const extents = [this.length, Object.values<Tensor>(first)[0]?.shape[0] ?? 0];
    const all = { ...this.stacked(), ...more } as TensorRecord<K | More>;
    for (const [name, { shape }] of Object.entries<Tensor>(all)) {
      if (sameShape(shape.slice(0, 2), extents)) continue;
      throw new ShapeError(
        `Cannot ${call}: ${name} must have a shape that begins with ${showShape(extents)}, got ${
          showShape(shape)
        }`,
        [shape],
      );
    }
    const flat = mapped(all, (x) => x.detach().flatten(0, 1));
    const [steps = 0, environments = 0] = extents;
    const order = randperm(steps * environments, generator === undefined ? {} : { generator });
    return order.split(size, 0).map((rows) => mapped(flat, (x) => x.indexSelect(0, rows)));
  }

  /** Forgets all steps. */
  clear(): void {
    checkCount("run RolloutBuffer.clear", arguments.length, 0);
    this.#steps = [];
  }

  #filled(name: string): readonly [TensorRecord<K>, ...TensorRecord<K>[]] {
    const [first, ...rest] = this.#steps;
    if (first !== undefined) return [first, ...rest];
    throw new RangeError(`Cannot run RolloutBuffer.${name}: there are no steps yet; add some`);
  }
}

/** The same names with other tensors. */
function mapped<K extends string>(
  record: TensorRecord<K>,
  change: (x: Tensor, name: K) => Tensor,
): TensorRecord<K> {
  const entries = Object.entries<Tensor>(record) as [K, Tensor][];
  return Object.fromEntries(
    entries.map(([name, x]) => [name, change(x, name)]),
  ) as Record<K, Tensor>;
}
