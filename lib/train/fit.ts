/** The training loop. */

import { inPhase } from "../autograd/timeline.ts";
import { append } from "../core/lists.ts";
import { notebook } from "../core/notebook.ts";
import { checkCount } from "../core/options.ts";
import type { Callback } from "./callback.ts";
import type { History } from "./history.ts";
import { evaluated } from "./evaluate.ts";
import { FitError } from "./fit_error.ts";
import { load } from "./checkpoint.ts";
import { firstBatches, taken } from "./batches.ts";
import { NotebookProgress } from "./notebook_progress.ts";
import { ProgressBar } from "./progress.ts";
import { TrainingRun } from "./run.ts";
import { type Batches, type FitOptions, type Plan, readPlan } from "./settings.ts";

/**
 * Calls a function on Ctrl-C, if the process can receive signals. @returns A function that stops
 * this.
 */
function onInterrupt(fn: () => void): () => void {
  try {
    Deno.addSignalListener("SIGINT", fn);
  } catch {
    // Workers receive no signals.
    return () => {};
  }
  return () => Deno.removeSignalListener("SIGINT", fn);
}

/** Whether a file exists; `load` refuses one that is not a checkpoint. */
function exists(path: string): boolean {
  try {
    Deno.statSync(path);
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
  return true;
}

/** The default display of progress. */
function progress(): Callback {
  return notebook === null ? new ProgressBar() : new NotebookProgress(notebook);
}

/** One epoch, from the current position. */
async function runEpoch(run: TrainingRun, plan: Plan, data: Batches<unknown>): Promise<void> {
  await run.call("onEpochStart");
  if (run.stopped) return;
  for await (const batch of taken(run.remaining(data), plan.limit - run.batch)) {
    await run.call("onBatchEnd", run.learn(batch));
    if (run.stopped && run.resumable) return;
  }
  run.finishStep();
  run.checkBatches();
  const { validation } = plan;
  const validated = validation === null
    ? {}
    : await inPhase("validation", () => evaluated(plan, validation, "validation"));
  await run.call("onEpochEnd", run.endEpoch(validated));
}

async function runEpochs(run: TrainingRun, plan: Plan, data: Batches<unknown>): Promise<void> {
  while (run.next(data)) await runEpoch(run, plan, data);
}

/**
 * Runs the epochs, and fails if an interrupt message from a notebook cuts them off: such a message
 * ends the running code, and whatever awaits it would wait forever. If it comes during a batch, a
 * timer finds the run still busy; otherwise the promise of the epochs is abandoned, and the garbage
 * collector reports it.
 */
async function unlessCutOff(run: TrainingRun, begin: () => Promise<void>): Promise<void> {
  const { promise: cutOff, reject } = Promise.withResolvers<never>();
  const cut = (where: string) =>
    reject(new FitError(`interrupted ${where} of epoch ${run.epoch}`, run.history));
  const lost = new FinalizationRegistry<string>(cut);
  // No variable of the suspended function below may hold the promise.
  const race = () => {
    const epochs = begin();
    lost.register(epochs, "between two batches");
    return Promise.race([epochs, cutOff]);
  };
  const timer = setInterval(() => run.busy && cut("in a batch"), 50);
  try {
    await race();
  } finally {
    clearInterval(timer);
  }
}

/**
 * Trains a model: for each batch of each epoch, computes the loss and its gradients and steps the
 * optimizer, then validates. The guide on training shows the same loop written by hand with public
 * functions. Batches that are pairs are moved to the device of the model's parameters. Each batch
 * is computed inside `scope`, so that its memory is reused immediately: tensors that the model and
 * the loss hold as properties survive, as do those passed to `keep`.
 *
 * An interrupt (Ctrl-C) ends training after the current batch; the callbacks' `onFitEnd` is still
 * called.
 *
 * @returns A record of each epoch: `epoch`, `step`, `lr`, `seconds`, `loss`, its terms, the
 * metrics, and the same of the validation with the prefix `val`.
 * @throws {FitError} If the loss is not finite or depends on no parameter of the optimizer, or training
 * was interrupted.
 *
 * @example A line through points
 * ```ts
 * import { data, losses, nn, optim, tensor, train } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const x = tensor([[0], [1], [2], [3]]);
 * const points = new data.TensorDataset(x, x.mul(2).add(1));
 * const model = new nn.Linear(1, 1);
 * const history = await train.fit({
 *   model,
 *   loss: losses.mse,
 *   optimizer: new optim.Adam(model.parameters(), { lr: 0.1 }),
 *   train: new data.DataLoader(points, { batchSize: 2, shuffle: true }),
 *   epochs: 100,
 *   progress: false,
 * });
 * assert(history.best("loss")!.loss! < 0.1);
 * ```
 */
export async function fit<B>(options: FitOptions<B>): Promise<History> {
  checkCount("fit", arguments.length, 1);
  const plan = readPlan("fit", options);
  const run = new TrainingRun(plan, plan.progress ? [progress()] : []);
  if (plan.resume !== null && exists(plan.resume)) load(plan.resume, run.parts);
  const data = plan.overfit ? await firstBatches(plan.train, plan.limit) : plan.train;
  const quiet = onInterrupt(() => run.interrupt());
  const failures: unknown[] = [];
  try {
    await run.call("onFitStart");
    const epochs = () => runEpochs(run, plan, data);
    await (notebook === null ? epochs() : unlessCutOff(run, epochs));
  } catch (error) {
    failures.push(error);
  }
  quiet();
  append(failures, await run.end());
  run.endEarly();
  if (failures.length > 0) {
    // The first failure is the cause; the others often follow from it.
    for (const other of failures.slice(1)) console.warn(`fit: at the end, too: ${other}`);
    throw failures[0];
  }
  if (run.interrupted) throw new FitError(`interrupted in epoch ${run.epoch}`, run.history);
  return run.history;
}
