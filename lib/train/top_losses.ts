/** The examples with the largest losses. */

import { noGrad } from "../autograd/tape.ts";
import { checkCount, checkKind, COUNT, optionReader } from "../core/options.ts";
import { DATASET, type Dataset } from "../data/dataset.ts";
import { DataLoader } from "../data/loader.ts";
import { MODULE } from "../nn/checks.ts";
import { evaluating } from "../nn/modes.ts";
import type { Module } from "../nn/module.ts";
import { taken } from "./batches.ts";
import { batchScope } from "./evaluate.ts";
import { CRITERION, type Criterion, isModule, modulesOf, pairObjective } from "./objective.ts";

/** Options of `topLosses`. */
export interface TopLossesOptions {
  /** How many examples to return. Default: 10. */
  k?: number;
}

/** An example and its loss. */
export interface ExampleLoss {
  /** Its index in the data set. */
  readonly index: number;
  /** Its loss. */
  readonly loss: number;
}

const readOptions = optionReader<TopLossesOptions>({ k: COUNT });

/**
 * The examples with the largest losses, largest first, each computed separately in evaluation mode:
 * often wrong labels, or where the model fails. NaN comes first. Follows fastai's `top_losses`.
 *
 * @param dataset Pairs of an input and a target.
 *
 * @example A point that does not fit
 * ```ts
 * import { data, losses, nn, tensor, train } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const points = new data.TensorDataset(tensor([[1], [2], [3]]), tensor([[1], [9], [3]]));
 * const [worst] = await train.topLosses(new nn.Sequential(), losses.mse, points, { k: 1 });
 * assertEquals(worst, { index: 1, loss: 49 });
 * ```
 */
export async function topLosses<T>(
  model: Module,
  loss: Criterion,
  dataset: Dataset<T>,
  options?: TopLossesOptions,
): Promise<ExampleLoss[]> {
  const call = "find the top losses";
  checkCount(call, arguments.length, 4);
  checkKind(call, "the model", model, MODULE);
  checkKind(call, "the loss", loss, CRITERION);
  checkKind(call, "the data set", dataset, DATASET);
  const { k = 10 } = readOptions(call, options);
  const objective = pairObjective(call, model, loss);
  const modules = modulesOf({ model, criterion: isModule(loss) ? loss : null });
  const found: ExampleLoss[] = [];
  await evaluating(modules, async () => {
    for await (const batch of taken(new DataLoader(dataset), Infinity)) {
      const value = batchScope(
        modules,
        () => noGrad(() => objective(batch, "the data set").loss.item()),
      );
      found.push({ index: found.length, loss: value });
    }
  });
  const rank = ({ loss }: ExampleLoss) => Number.isNaN(loss) ? Infinity : loss;
  return found.sort((a, b) => rank(b) - rank(a) || a.index - b.index).slice(0, k);
}
