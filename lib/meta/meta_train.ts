/** Training of the ingredients of an inner loop. */

import { grad } from "../autograd/backward.ts";
import { keep, scope } from "../autograd/scope.ts";
import { enableGrad } from "../autograd/tape.ts";
import { GradError } from "../core/errors.ts";
import {
  ANY,
  checkCount,
  checkKind,
  COUNT,
  FUNCTION,
  kind,
  MANY,
  optionReader,
} from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import type { Mirror } from "../core/tree.ts";
import { Optimizer } from "../optim/optimizer.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { vmap } from "../transforms/vmap.ts";
import { TaskDistribution } from "./tasks.ts";

/** The part of an optimizer that `metaTrain` uses; those of `optim` have it. */
export interface MetaOptimizer {
  /** The meta parameters in their groups. */
  readonly paramGroups: readonly { readonly params: readonly Tensor[] }[];
  /** Updates them by their gradients. */
  step(): unknown;
  /** Drops the gradients. */
  zeroGrad(): void;
}

/** Options of `metaTrain`. */
export interface MetaTrainOptions<Task> {
  /** The tasks to draw from. */
  tasks: TaskDistribution<Task>;
  /**
   * The meta loss of one task, a tensor with one element: usually an `innerLoop` on one part of the task
   * and the loss of its result on the other. It runs under `vmap`, and gets a single task.
   */
  loss: (task: Mirror<Task>) => Tensor;
  /** The optimizer of the meta parameters. */
  optimizer: MetaOptimizer;
  /** How many steps of the optimizer. */
  steps: number;
  /** How many tasks each step averages over. Default: 8. */
  tasksPerStep?: number;
}

const OPTIMIZER = kind("an optimizer", (value) => value instanceof Optimizer);
const DISTRIBUTION = kind("a TaskDistribution", (value) => value instanceof TaskDistribution);
const ONE = kind("a tensor of one element", (value) => isTensor(value) && value.size === 1);

const readOptions = optionReader<MetaTrainOptions<Tensor>>({
  tasks: ANY,
  loss: ANY,
  optimizer: ANY,
  steps: ANY,
  tasksPerStep: MANY,
});

const CALL = "run meta.metaTrain";

/** The gradients of a meta loss; refuses one that depends on no parameter of some group. */
function metaGradients(loss: Tensor, groups: readonly (readonly Tensor[])[]): (Tensor | null)[] {
  const params = groups.flat();
  const found = loss.node === null
    ? params.map(() => null)
    : grad(loss, params, { allowUnused: true });
  let next = 0;
  groups.forEach((group, i) => {
    const own = found.slice(next, next += group.length);
    if (own.length > 0 && own.every((g) => g === null)) {
      const which = groups.length === 1 ? "" : ` of group ${i}`;
      throw new GradError(
        `Cannot ${CALL}: the meta loss must depend on the meta parameters${which}, got one that does ` +
          "not; an optimizer's step, detach, item or firstOrder within it stops the gradient",
      );
    }
  });
  return found;
}

/**
 * Trains meta parameters, on which the loss of an adapted model depends: initial parameters, a learned
 * loss or learning rates. Each step draws tasks, computes the losses of all of them at once by `vmap`, and
 * steps the optimizer by the gradient of their mean. Only the meta parameters get gradients. Each step
 * runs inside `scope`, which reuses its memory immediately.
 *
 * @returns The mean loss of each step.
 * @throws {GradError} If the loss depends on none of the meta parameters of some group, which would
 * then never change.
 *
 * @example A learned rate
 * ```ts
 * import { manualSeed, meta, optim, randn, tensor, zeros } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * manualSeed(1);
 * const lr = tensor(0.1, { requiresGrad: true });
 * const tasks = new meta.TaskDistribution((generator) => randn([4], { generator }));
 * meta.metaTrain({
 *   tasks,
 *   loss: (goal) => {
 *     const distance = (x: typeof goal) => x.sub(goal).square().sum();
 *     return distance(meta.innerLoop({ params: zeros([4]), loss: distance, lr }));
 *   },
 *   optimizer: new optim.Adam([lr], { lr: 0.02 }),
 *   steps: 200,
 * });
 * // With this rate, one step reaches the goal.
 * assertAlmostEquals(lr.item(), 0.5, 0.02);
 * ```
 */
export function metaTrain<Task>(options: MetaTrainOptions<Task>): number[] {
  checkCount(CALL, arguments.length, 1);
  const read = readOptions(CALL, options as unknown as MetaTrainOptions<Tensor>);
  const { tasks, loss, optimizer, steps, tasksPerStep = 8 } = read;
  checkKind(CALL, "tasks", tasks, DISTRIBUTION);
  checkKind(CALL, "loss", loss, FUNCTION);
  checkKind(CALL, "optimizer", optimizer, OPTIMIZER);
  checkKind(CALL, "steps", steps, COUNT);
  const each = vmap((task: Tensor) => {
    const value = loss(task);
    checkKind(CALL, "the loss of a task", value, ONE);
    return value.reshape([]);
  }, { randomness: "different" });
  const history: number[] = [];
  for (let step = 0; step < steps; step++) {
    history.push(scope(() => {
      const groups = optimizer.paramGroups.map(({ params }) =>
        params.filter(({ requiresGrad }) => requiresGrad)
      );
      if (groups.flat().length === 0) {
        throw new GradError(
          `Cannot ${CALL}: the optimizer must have meta parameters that require gradients, got none`,
        );
      }
      const value = enableGrad(() => each(tasks.sample(tasksPerStep)).mean());
      const found = metaGradients(value, groups);
      optimizer.zeroGrad();
      groups.flat().forEach((p, i) => p.grad = keep(found[i] ?? null));
      optimizer.step();
      return value.item();
    }));
  }
  return history;
}
