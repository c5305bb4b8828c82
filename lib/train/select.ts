/** Model selection: the best of those that are fast and small enough. */

import {
  ABOVE_ZERO,
  checkCount,
  checkGiven,
  checkKind,
  isPlainObject,
  optionReader,
  TENSOR,
} from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { MODULE } from "../nn/checks.ts";
import type { Module } from "../nn/module.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { firstBatches } from "./batches.ts";
import { evaluated } from "./evaluate.ts";
import { MODE, signOf } from "./history.ts";
import { latency } from "./latency.ts";
import { pairObjective } from "./objective.ts";
import {
  BATCHES,
  type Batches,
  type BatchMetric,
  METRIC,
  type StreamableMetric,
} from "./settings.ts";

/** How to compare models. */
export interface SelectModelOptions {
  /** The metric of outputs and targets. */
  metric: BatchMetric | StreamableMetric;
  /** Whether lower or higher is better. Default: "min". */
  mode?: "min" | "max";
  /** Pairs of inputs and targets by which the model is selected. */
  validation: Batches<unknown>;
  /** Held-out pairs, on which the selected model is scored. */
  test: Batches<unknown>;
  /** The input for timing. Default: the first example of the validation set. */
  input?: Tensor;
  /** Upper bound of the 99th percentile of the latency, in milliseconds. Default: none. */
  latencyBudgetMs?: number;
  /** Upper bound of the number of parameters. Default: none. */
  paramBudget?: number;
}

const readOptions = optionReader<SelectModelOptions>({
  metric: METRIC,
  mode: MODE,
  validation: BATCHES,
  test: BATCHES,
  input: TENSOR,
  latencyBudgetMs: ABOVE_ZERO,
  paramBudget: ABOVE_ZERO,
});
/** A model in the comparison. */
export interface RankedModel {
  /** Its name. */
  readonly name: string;
  /** The metric on the validation set. */
  readonly score: number;
  /** The median of the latency, in milliseconds. */
  readonly p50: number;
  /** The 99th percentile of the latency, in milliseconds. */
  readonly p99: number;
  /** The number of parameters, shared ones counted once. */
  readonly parameters: number;
  /** Whether it is within the budgets. */
  readonly feasible: boolean;
}

/** The result of `selectModel`. */
export interface ModelSelection {
  /** The name of the best feasible model; null if none is. */
  readonly best: string | null;
  /** The metric on the test set; NaN if no model is feasible. */
  readonly testScore: number;
  /** All models, feasible ones first, each in order of the metric. */
  readonly rows: readonly RankedModel[];
}

/** The first example of the first batch, as a batch of one. */
async function firstExample(call: string, batches: Batches<unknown>): Promise<Tensor> {
  const [batch] = await firstBatches(batches, 1);
  const x: unknown = Array.isArray(batch) ? batch[0] : undefined;
  if (isTensor(x) && x.ndim > 0 && x.size > 0) return x.narrow(0, 0, 1);
  throw new TypeError(`Cannot ${call}: validation has no first example; pass { input }`);
}

/**
 * Compares trained models on a validation set, with their latency and size, and returns the best of those
 * within the budgets. Its score comes from a separate test set.
 *
 * @param candidates Models by name, which take and return one tensor.
 *
 * @example A budget changes the choice
 * ```ts
 * import { losses, nn, ones, train, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const small = new nn.Sequential(); // gives its input
 * const large = new nn.Linear(2, 2); // always right here
 * nn.init.zeros_(large.weight);
 * nn.init.zeros_(large.bias!);
 * const batches = [[ones([4, 2]), zeros([4, 2])]];
 * const given = { metric: losses.mse, validation: batches, test: batches };
 * const models = { small, large };
 * assertEquals((await train.selectModel(models, given)).best, "large");
 * assertEquals((await train.selectModel(models, { ...given, paramBudget: 5 })).best, "small");
 * ```
 */
export async function selectModel(
  candidates: Readonly<Record<string, Module<[Tensor], Tensor>>>,
  options: SelectModelOptions,
): Promise<ModelSelection> {
  const call = "run selectModel";
  checkCount(call, arguments.length, 2);
  if (!isPlainObject(candidates) || Object.keys(candidates).length === 0) {
    throw new TypeError(`Cannot ${call}: it needs models by name, as in { small, large }`);
  }
  for (const [name, model] of Object.entries(candidates)) checkKind(call, name, model, MODULE);
  const given = readOptions(call, options);
  checkGiven(call, given, "metric", "validation", "test");
  const { metric, mode = "min", validation, test, latencyBudgetMs = Infinity } = given;
  const { paramBudget = Infinity, input = await firstExample(call, validation) } = given;
  const scoreOf = async (model: Module<[Tensor], Tensor>, data: Batches<unknown>, role: string) => {
    // Only the metric is used, so any loss will do.
    const objective = pairObjective(call, model, () => tensor(0));
    const evaluation = { model, criterion: null, objective, metrics: { metric }, limit: Infinity };
    return (await evaluated(evaluation, data, role)).metric ?? NaN;
  };
  const rows: RankedModel[] = [];
  for (const [name, model] of Object.entries(candidates)) {
    const score = await scoreOf(model, validation, "validation");
    const { p50, p99 } = latency(model, input);
    const parameters = model.parameters().reduce((sum, { size }) => sum + size, 0);
    const feasible = p99 <= latencyBudgetMs && parameters <= paramBudget;
    rows.push({ name, score, p50, p99, parameters, feasible });
  }
  const rank = ({ score }: RankedModel) => Number.isNaN(score) ? Infinity : signOf(mode) * score;
  rows.sort((a, b) => {
    if (a.feasible !== b.feasible) return a.feasible ? -1 : 1;
    return rank(a) < rank(b) ? -1 : Number(rank(a) > rank(b));
  });
  const best = rows.find(({ feasible, score }) => feasible && !Number.isNaN(score)) ?? null;
  const model = best === null ? undefined : candidates[best.name];
  return {
    best: best?.name ?? null,
    testScore: model === undefined ? NaN : await scoreOf(model, test, "test"),
    rows,
  };
}
