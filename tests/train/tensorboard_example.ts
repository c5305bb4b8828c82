/**
 * A file of events that is the same each time, and the numbers that were noted in it.
 *
 *     deno run -A tests/train/tensorboard_example.ts FOLDER    # writes the file, prints the numbers
 */

import { TensorBoardLogger } from "../../lib/train/loggers.ts";
import type { BatchReport, Run } from "../../lib/train/mod.ts";

/** The steps and the numbers of each tag; those that JSON lacks as text. */
export type Noted = Record<string, [step: number, value: number | string][]>;

/** What a run has noted of some steps: small, large, and none at all. */
const REPORTS: readonly (readonly [step: number, report: BatchReport])[] = [
  [1, { loss: 0.1, terms: {}, lr: 1e-3, gradNorm: null, size: 4, stepped: true }],
  [127, { loss: -0, terms: { smooth: 1e-40 }, lr: 3e38, gradNorm: 2, size: 4, stepped: true }],
  [128, {
    loss: NaN,
    terms: { "täglich ∑": Infinity },
    lr: 1,
    gradNorm: 0,
    size: 4,
    stepped: true,
  }],
  [3_000_000_000, { loss: 16777217, terms: {}, lr: 0, gradNorm: null, size: 1, stepped: true }],
];

/** Writes the file. @returns What TensorBoard must find in it. */
export function writeExample(folder: string): Noted {
  const { now } = Date;
  const logger = new TensorBoardLogger(folder, { every: 1 });
  const noted: Noted = {};
  const note = (group: string, step: number, values: Readonly<Record<string, number>>) => {
    for (const [name, value] of Object.entries(values)) {
      const single = Math.fround(value);
      const shown = Number.isFinite(single) ? single : String(single);
      (noted[`${group}/${name}`] ??= []).push([step, shown]);
    }
  };
  try {
    Date.now = () => 1766016000250;
    logger.onFitStart();
    for (const [step, report] of REPORTS) {
      const run = { step } as Run;
      logger.onBatchEnd(run, report);
      const { loss, terms, lr, gradNorm } = report;
      note("step", step, { loss, ...terms, lr, ...(gradNorm !== null && { gradNorm }) });
      const epoch = { loss: loss / 2, valLoss: step };
      logger.onEpochEnd(run, { epoch: 1, step, ...epoch });
      note("epoch", step, epoch);
    }
    logger.onFitEnd();
  } finally {
    Date.now = now;
  }
  return noted;
}

if (import.meta.main) console.log(JSON.stringify(writeExample(Deno.args[0] ?? ".")));
