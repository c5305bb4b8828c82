/** Search for settings: the learning rate and the batch size. */

import { noGrad } from "../autograd/tape.ts";
import { checkCount, checkKind, COUNT, optionReader } from "../core/options.ts";
import { DATASET, type Dataset } from "../data/dataset.ts";
import { DataLoader } from "../data/loader.ts";
import { keptModes } from "../nn/modes.ts";
import type { AnyModule } from "../nn/module.ts";
import { copied } from "../nn/state_dict.ts";
import {
  type LRRange,
  lrRangeTest,
  type LRRangeTestOptions,
  type RangedOptimizer,
} from "../optim/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { firstBatches } from "./batches.ts";
import { batchScope } from "./evaluate.ts";
import { type FitOptions, type Plan, readPlan } from "./settings.ts";

/** The settings of `lrFind` and `findBatchSize`. */
export type TrainedSettings<B> = Pick<FitOptions<B>, "model" | "loss" | "step" | "optimizer">;

/** Runs training of some modules, and restores model, loss and all that the optimizer changes. */
async function undone<T>(
  { model, criterion, optimizer }: Pick<Plan, "model" | "criterion" | "optimizer">,
  run: (modules: readonly AnyModule[]) => Promise<T>,
): Promise<T> {
  const trained: readonly AnyModule[] = criterion === null ? [model] : [model, criterion];
  const states = trained.map((module) => copied(module.stateDict()));
  const own = new Set(trained.flatMap((module): Tensor[] => module.parameters()));
  // A step may learn tensors of no module.
  const others = optimizer.paramGroups.flatMap(({ params }) => params).filter((p) => !own.has(p))
    .map((p) => [p, p.detach().clone()] as const);
  const state = optimizer.stateDict();
  const modules = trained.flatMap((module) => [...module.modules()]);
  const restoreModes = keptModes(modules);
  for (const module of trained) if (!module.training) module.train();
  try {
    return await run(modules);
  } finally {
    trained.forEach((module, i) => module.loadStateDict(states[i] ?? {}));
    noGrad(() => others.forEach(([p, value]) => p.copy_(value)));
    optimizer.loadStateDict(state as never);
    optimizer.zeroGrad();
    restoreModes();
  }
}

/**
 * Tries learning rates that increase from step to step, and suggests one, like `optim.lrRangeTest`.
 * Model, loss and optimizer are restored afterwards.
 *
 * @param settings The settings of `fit`.
 *
 * @example A rate to start with
 * ```ts
 * import { losses, nn, ones, optim, train } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const model = new nn.Linear(1, 1);
 * const optimizer = new optim.SGD(model.parameters());
 * const batches = [[ones([4, 1]), ones([4, 1])]];
 * const settings = { model, loss: losses.mse, optimizer, train: batches };
 * const { suggestion } = await train.lrFind(settings, { startLr: 1e-3, numIter: 50 });
 * assert(suggestion! > 1e-3 && suggestion! < 10);
 * ```
 */
export async function lrFind<B>(
  settings: TrainedSettings<B> & Pick<FitOptions<B>, "train">,
  options?: LRRangeTestOptions,
): Promise<LRRange> {
  checkCount("run lrFind", arguments.length, 2);
  const plan = readPlan("run lrFind", settings);
  const { objective, optimizer, train } = plan;
  const { numIter = 100 } = options ?? {};
  // The test itself refuses an invalid number of steps.
  const valid = COUNT.accepts(numIter);
  const batches = await firstBatches(train, valid ? numIter : 0);
  if (valid && batches.length === 0) {
    throw new RangeError("Cannot run lrFind: train gave no batches");
  }
  let next = 0;
  return await undone(
    plan,
    (modules) =>
      Promise.resolve(
        lrRangeTest(optimizer as unknown as RangedOptimizer, () =>
          batchScope(modules, () => {
            optimizer.zeroGrad();
            const { loss } = objective(batches[next++ % batches.length], "train");
            loss.backward();
            return loss.item();
          }), options),
      ),
  );
}

/** Options of `findBatchSize`. */
export interface FindBatchSizeOptions {
  /** The first size, which is then doubled; at most `max`. Default: 1. */
  start?: number;
  /** The largest size, at most the length of the data set, which is the default. */
  max?: number;
  /** Steps with each size. Default: 3. */
  steps?: number;
}

/** The speed of batches of one size. */
export interface BatchSizeRate {
  /** Examples per batch. */
  readonly batchSize: number;
  /** Examples per second. */
  readonly examplesPerSecond: number;
}

/** The result of trying sizes. */
export interface BatchSizes {
  /** The sizes that were tried. */
  readonly rates: readonly BatchSizeRate[];
  /**
   * The smallest size that is at most a tenth slower than the fastest; null if none fits into
   * memory.
   */
  readonly suggestion: number | null;
}

const readFind = optionReader<FindBatchSizeOptions>({ start: COUNT, max: COUNT, steps: COUNT });

/** The seconds that some steps take with the first batch of a size; null if memory runs out. */
function secondsOf(step: () => void, steps: number): number | null {
  const times: number[] = [];
  try {
    for (let i = 0; i <= steps; i++) {
      const before = performance.now();
      step();
      times.push(performance.now() - before);
    }
  } catch (error) {
    // Tensors and kernels use the same message.
    if (error instanceof Error && error.message.includes("there is no memory for")) return null;
    throw error;
  }
  // The first step is a warm-up.
  return times.slice(1).reduce((sum, time) => sum + time, 0) / 1000;
}

/**
 * Tries doubling batch sizes until memory runs out, and suggests the smallest of the fast ones. Model,
 * loss and optimizer are restored afterwards. Follows Lightning's `scale_batch_size`, which looks for the largest.
 *
 * @param settings The settings of `fit`, without batches.
 * @param dataset The examples.
 *
 * @example Sizes up to 4
 * ```ts
 * import { data, losses, nn, ones, optim, train } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new nn.Linear(1, 1);
 * const settings = { model, loss: losses.mse, optimizer: new optim.SGD(model.parameters()) };
 * const points = new data.TensorDataset(ones([6, 1]), ones([6, 1]));
 * const { rates } = await train.findBatchSize(settings, points);
 * assertEquals(rates.map(({ batchSize }) => batchSize), [1, 2, 4]);
 * ```
 */
export async function findBatchSize<T>(
  settings: TrainedSettings<T>,
  dataset: Dataset<T>,
  options?: FindBatchSizeOptions,
): Promise<BatchSizes> {
  const call = "run findBatchSize";
  checkCount(call, arguments.length, 3);
  checkKind(call, "the data set", dataset, DATASET);
  const { start = 1, max = dataset.length, steps = 3 } = readFind(call, options);
  if (start > max || max > dataset.length) {
    throw new RangeError(
      `Cannot ${call}: start must be at most max, and max at most the ${dataset.length} examples, ` +
        `got ${start} and ${max}`,
    );
  }
  const plan = readPlan(call, { ...settings, train: [] });
  const { objective, optimizer } = plan;
  const rates: BatchSizeRate[] = [];
  await undone(plan, async (modules) => {
    for (let batchSize = start; batchSize <= max; batchSize *= 2) {
      const [batch] = await firstBatches(new DataLoader(dataset, { batchSize }), 1);
      const seconds = secondsOf(() =>
        batchScope(modules, () => {
          optimizer.zeroGrad();
          objective(batch, "the data set").loss.backward();
          optimizer.step();
        }), steps);
      if (seconds === null) break;
      rates.push({ batchSize, examplesPerSecond: batchSize * steps / Math.max(seconds, 1e-9) });
    }
  });
  const fastest = Math.max(0, ...rates.map(({ examplesPerSecond }) => examplesPerSecond));
  const fast = rates.find(({ examplesPerSecond }) => examplesPerSecond >= 0.9 * fastest);
  return { rates, suggestion: fast?.batchSize ?? null };
}
