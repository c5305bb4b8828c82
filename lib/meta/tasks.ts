/** Distributions of tasks. */

import { settled } from "../core/engine.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, FUNCTION, MANY, optionReader, shown } from "../core/options.ts";
import { defaultGenerator, GENERATOR, type RandomGenerator } from "../core/random.ts";
import { sameShape } from "../core/shape.ts";
import { leavesOf, type Mirror, rebuild, type TensorTree } from "../core/tree.ts";
import { stack } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of `TaskDistribution.sample`. */
export interface SampleOptions {
  /** The generator of the random numbers. Default: the stream of `manualSeed`. */
  generator?: RandomGenerator;
}

const readSample = optionReader<SampleOptions>({ generator: GENERATOR });

/**
 * A distribution of tasks, from which `metaTrain` draws. A task consists of tensors in arrays and records,
 * such as `{ support: [x, y], query: [x, y] }`: what a model adapts to, and what it is judged by. All tasks
 * have the same form and shapes, so that they can be processed together.
 *
 * @example Lines of different slopes
 * ```ts
 * import { meta, randn } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const lines = new meta.TaskDistribution((generator) => {
 *   const [slope, x] = [randn([], { generator }), randn([10], { generator })];
 *   return { x, y: x.mul(slope) };
 * });
 * assertEquals(lines.sample(8).y.shape, [8, 10]);
 * ```
 */
export class TaskDistribution<Task> {
  readonly #draw: (generator: RandomGenerator) => Task & TensorTree;

  /**
   * Creates a distribution.
   *
   * @param draw Makes one task, with random numbers from the given generator.
   */
  constructor(draw: (generator: RandomGenerator) => Task & TensorTree) {
    checkCount("make meta.TaskDistribution", arguments.length, 1);
    checkKind("make meta.TaskDistribution", "draw", draw, FUNCTION);
    this.#draw = draw;
  }

  /**
   * Draws tasks.
   *
   * @param count How many.
   * @returns The tasks in the form of one, with the tasks along a new first dimension of each tensor, as
   * `vmap` takes them.
   * @throws {TypeError} If a task is not tensors in arrays and records, or differs in form from the first.
   * @throws {ShapeError} If the shapes of tasks differ.
   */
  sample(count: number, options?: SampleOptions): Mirror<Task> {
    const call = "run meta.TaskDistribution.sample";
    checkCount(call, arguments.length, 2);
    checkKind(call, "count", count, MANY);
    const { generator = defaultGenerator } = readSample(call, options);
    const consequence = "a task is needed at once";
    const tasks = Array.from(
      { length: count },
      () => settled("meta.TaskDistribution.sample", consequence, this.#draw(generator)),
    );
    const [first] = tasks as [Task & TensorTree];
    const form = placesOf(call, first);
    const lists = tasks.map((task, i) => {
      const places = placesOf(call, task);
      if (places.join() !== form.join()) {
        throw new TypeError(
          `Cannot ${call}: all tasks must have the tensors of the first, ${form.join(", ")}, got ` +
            `${places.join(", ")} in task ${i}`,
        );
      }
      return leavesOf(task) ?? [];
    });
    const together = form.map((place, k) =>
      stacked(call, place, lists.flatMap((list) => list[k] ?? []))
    );
    return rebuild(first as Task, together);
  }
}

/** The path to each tensor of a task. */
function placesOf(call: string, task: unknown): readonly string[] {
  const leaves = leavesOf(task);
  if (leaves === null || leaves.length === 0) {
    throw new TypeError(
      `Cannot ${call}: a task must consist of tensors in arrays or records, got ${shown(task)}`,
    );
  }
  const ways = (tree: unknown, way: string): string[] =>
    leaves.includes(tree as Tensor)
      ? [way === "" ? "task" : way]
      : Object.entries(tree as object).flatMap(([key, part]) =>
        ways(part, way === "" ? key : `${way}.${key}`)
      );
  return ways(task, "");
}

function stacked(call: string, place: string, tensors: readonly Tensor[]): Tensor {
  const [{ shape }] = tensors as [Tensor];
  const other = tensors.find((x) => !sameShape(x.shape, shape));
  if (other !== undefined) {
    throw new ShapeError(
      `Cannot ${call}: ${place} must have the same shape in all tasks, got ${
        showShape(shape)
      } and ${showShape(other.shape)}`,
      [shape, other.shape],
    );
  }
  return stack(tensors, 0);
}
