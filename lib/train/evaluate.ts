/** Evaluation of a model on data other than the training data. */

import { keep, scope } from "../autograd/scope.ts";
import { noGrad } from "../autograd/tape.ts";
import { checkCount, isPlainObject, kind, shown } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { evaluating } from "../nn/modes.ts";
import type { AnyModule } from "../nn/module.ts";
import { taken } from "./batches.ts";
import { Means, SUMS } from "./means.ts";
import { type Evaluated, modulesOf } from "./objective.ts";
import {
  type Batches,
  type BatchMetric,
  type EvaluateOptions,
  type Evaluation,
  type Metrics,
  readEvaluation,
  type StreamingMetric,
} from "./settings.ts";
import { isStateful, stateReader } from "./state_tree.ts";

/** The numbers of a batch: the loss and its terms. */
export function numbersOf({ loss, terms }: Evaluated): Record<string, number> {
  const parts = Object.entries(terms).map(([name, term]) => [name, term.item()]);
  return { loss: loss.item(), ...Object.fromEntries(parts) };
}

/**
 * A scope for a batch, beyond which tensors live on that modules hold beside parameters and buffers,
 * such as a carried state.
 */
export function batchScope<T>(modules: readonly AnyModule[], fn: () => T): T {
  return scope(() => {
    const result = fn();
    for (const module of modules) {
      for (const value of Object.values(module)) {
        if (isTensor(value) || Array.isArray(value)) keep(value);
      }
    }
    return result;
  });
}

/** The state of metrics over several batches. */
export interface MeasuredState {
  readonly means: ReturnType<Means["stateDict"]>;
  readonly streams: Readonly<Record<string, unknown>>;
}

const readState = stateReader<MeasuredState>({
  means: SUMS,
  streams: kind("states by name", isPlainObject),
});

/** Metrics over several batches. */
export class Measured {
  readonly #means = new Means();
  readonly #functions: readonly (readonly [string, BatchMetric])[];
  readonly #streams: readonly (readonly [string, StreamingMetric])[];
  readonly #names: readonly string[];

  /** Starts without batches. */
  constructor(metrics: Metrics) {
    const entries = Object.entries(metrics).map(([name, metric]) =>
      // What a streaming form computes exactly is not averaged over batches.
      [name, "stream" in metric ? metric.stream() : metric] as const
    );
    this.#names = Object.keys(metrics);
    this.#functions = entries.filter((entry) => typeof entry[1] === "function") as [
      string,
      BatchMetric,
    ][];
    this.#streams = entries.filter((entry) => typeof entry[1] !== "function") as [
      string,
      StreamingMetric,
    ][];
    for (const [, stream] of this.#streams) stream.reset();
  }

  /** Adds a batch. */
  add({ output, target, size, terms }: Evaluated): void {
    if (output === null || target === null) return;
    const twice = this.#names.find((name) => Object.hasOwn(terms, name));
    if (twice !== undefined) {
      throw new TypeError(`Cannot compute the metric ${twice}: a term of the loss has its name`);
    }
    const prediction = output.detach();
    noGrad(() => {
      for (const [, stream] of this.#streams) stream.update(prediction, target);
      for (const [name, metric] of this.#functions) {
        const value = metric(prediction, target);
        const number = isTensor(value) && value.size === 1 ? value.item() : value;
        this.#means.add({ [name]: checkedNumber(name, number) }, size);
      }
    });
  }

  /** The sums of the functions, and the states of the streams that have one. */
  stateDict(): MeasuredState {
    const states = this.#streams.flatMap(([name, stream]) =>
      isStateful(stream) ? [[name, stream.stateDict()]] : []
    );
    return { means: this.#means.stateDict(), streams: Object.fromEntries(states) };
  }

  /** Restores them. */
  loadStateDict(state: MeasuredState): void {
    const { means, streams } = readState("resume", state);
    this.#means.loadStateDict(means);
    for (const [name, stream] of this.#streams) {
      if (isStateful(stream) && Object.hasOwn(streams, name)) {
        stream.loadStateDict(streams[name] as never);
      }
    }
  }

  /** The metrics by name. */
  get(): Record<string, number> {
    const streamed = this.#streams.map(([name, stream]) => [
      name,
      checkedNumber(name, stream.compute()),
    ]);
    const all: Record<string, number> = { ...this.#means.get(), ...Object.fromEntries(streamed) };
    return Object.fromEntries(this.#names.map((name) => [name, all[name] ?? NaN]));
  }
}

function checkedNumber(name: string, value: unknown): number {
  if (typeof value === "number") return value;
  throw new TypeError(
    `Cannot compute the metric ${name}: it must give a number, got ${shown(value)}`,
  );
}

/**
 * Means of the loss and its terms over data, and metrics; the modes of the modules are restored
 * afterwards.
 */
export async function evaluated(
  { model, criterion, objective, metrics, limit }: Evaluation,
  data: Batches<unknown>,
  source: string,
): Promise<Record<string, number>> {
  const means = new Means();
  const measured = new Measured(metrics);
  const modules = modulesOf({ model, criterion });
  let batches = 0;
  await evaluating(modules, async () => {
    for await (const batch of taken(data, limit)) {
      batches++;
      batchScope(modules, () =>
        noGrad(() => {
          const found = objective(batch, source);
          means.add(numbersOf(found), found.size);
          measured.add(found);
        }));
    }
  });
  if (batches > 0) return { ...means.get(), ...measured.get() };
  throw new RangeError(
    `Cannot evaluate: ${source} gave no batches; an iterator gives them only once, an array or a ` +
      "DataLoader each time",
  );
}

/**
 * The mean loss of a model over data, its terms, and metrics, without gradients and with the model
 * in evaluation mode; its mode is restored afterwards. Means are weighted by the number of examples
 * in each batch.
 *
 * @returns The numbers by name: `loss`, the terms, the metrics.
 *
 * @example A model that is always right
 * ```ts
 * import { losses, nn, ones, train } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const batches = [[ones([2, 1]), ones([2, 1])]];
 * const model = new nn.Sequential();
 * assertEquals(await train.evaluate({ model, loss: losses.mse, data: batches }), { loss: 0 });
 * ```
 */
export async function evaluate<B>(options: EvaluateOptions<B>): Promise<Record<string, number>> {
  checkCount("evaluate", arguments.length, 1);
  const { data, ...evaluation } = readEvaluation("evaluate", options);
  return await evaluated(evaluation, data, "data");
}
