/** The latency of a model. */

import { noGrad } from "../autograd/tape.ts";
import { checkCount, checkKind, COUNT, kind, optionReader, WHOLE } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { leavesOf } from "../core/tree.ts";
import { MODULE } from "../nn/checks.ts";
import { keptModes } from "../nn/modes.ts";
import type { Module } from "../nn/module.ts";
import { batchScope } from "./evaluate.ts";

/** Options of `latency`. */
export interface LatencyOptions {
  /** How many runs are timed. Default: 100. */
  runs?: number;
  /** Warm-up runs, which are not timed. Default: 10. */
  warmup?: number;
}

const readOptions = optionReader<LatencyOptions>({ runs: COUNT, warmup: WHOLE });
const INPUT = kind(
  "a tensor, or an array of what forward takes: tensors, and arrays and records of them",
  (value) => leavesOf(value) !== null,
);
/** The latency of a model, in milliseconds. */
export interface Latency {
  /** The median. */
  readonly p50: number;
  /** The 99th percentile. */
  readonly p99: number;
  /** The mean. */
  readonly mean: number;
  /** How many runs were timed. */
  readonly runs: number;
}

/** The smallest of the sorted values that at least this share of them do not exceed. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
}

/** Waits for outputs, which the GPU computes asynchronously. */
function waitFor(output: unknown): void {
  if (isTensor(output)) {
    if (output.device === "gpu" && output.size > 0) output.flatten().narrow(0, 0, 1).item();
  } else if (typeof output === "object" && output !== null) {
    for (const part of Object.values(output)) waitFor(part);
  }
}

/**
 * The latency of a model for an input: repeated runs in evaluation mode, without recording.
 *
 * @param input What its `forward` takes; an array of several arguments.
 *
 * @example A linear layer
 * ```ts
 * import { nn, ones, train } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const { p50, p99 } = train.latency(new nn.Linear(8, 8), ones([1, 8]), { runs: 20 });
 * assert(0 < p50 && p50 <= p99);
 * ```
 */
export function latency<Inputs extends unknown[]>(
  model: Module<Inputs, unknown>,
  input: Inputs | Inputs[0],
  options?: LatencyOptions,
): Latency {
  const call = "measure latency";
  checkCount(call, arguments.length, 3);
  checkKind(call, "the model", model, MODULE);
  checkKind(call, "the input", input, INPUT);
  const { runs = 100, warmup = 10 } = readOptions(call, options);
  const inputs = (Array.isArray(input) ? input : [input]) as Inputs;
  const modules = [...model.modules()];
  const restore = keptModes(modules);
  const times: number[] = [];
  try {
    model.eval();
    for (let run = 0; run < warmup + runs; run++) {
      batchScope(modules, () =>
        noGrad(() => {
          const began = performance.now();
          waitFor(model.forward(...inputs));
          if (run >= warmup) times.push(performance.now() - began);
        }));
    }
  } finally {
    restore();
  }
  times.sort((a, b) => a - b);
  const mean = times.reduce((sum, time) => sum + time, 0) / runs;
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), mean, runs };
}
