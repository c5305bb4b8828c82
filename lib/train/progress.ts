/** Progress in a terminal. */

import { checkCount, FLAG, FUNCTION, optionReader } from "../core/options.ts";
import type { BatchReport, Callback, Run } from "./callback.ts";
import { type EpochRecord, short } from "./history.ts";
import { Means } from "./means.ts";

/** Options of `ProgressBar`. */
export interface ProgressBarOptions {
  /** Receives the text. Default: writes to standard output. */
  write?: (text: string) => void;
  /** Whether the line may be overwritten. Default: whether standard output is a terminal. */
  moving?: boolean;
}

const readOptions = optionReader<ProgressBarOptions>({ write: FUNCTION, moving: FLAG });

function toStandardOutput(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** Milliseconds between two updates of the line. */
const PAUSE = 100;

/** A duration in readable form. */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function labelled(values: Readonly<Record<string, number>>): string {
  return Object.entries(values).map(([name, value]) => `${name} ${short(value)}`).join("  ");
}

/**
 * Shows progress: in a terminal, a line with the fraction done, the speed, the time left, the loss
 * and each of its terms; elsewhere, a line per epoch. `fit` uses it by default.
 */
export class ProgressBar implements Callback {
  readonly #write: (text: string) => void;
  readonly #moving: boolean;
  #means = new Means();
  #examples = 0;
  #began = 0;
  #first = 0;
  #shown = 0;

  /** Creates the bar. */
  constructor(options?: ProgressBarOptions) {
    checkCount("make ProgressBar", arguments.length, 1);
    const read = readOptions("make ProgressBar", options);
    this.#write = read.write ?? toStandardOutput;
    this.#moving = read.moving ?? Deno.stdout.isTerminal();
  }

  /** Starts an epoch. */
  onEpochStart(run: Run): void {
    this.#means = new Means();
    this.#examples = 0;
    this.#began = run.seconds;
    this.#first = run.batch;
  }

  /** Shows a batch. */
  onBatchEnd(run: Run, { loss, terms, size }: BatchReport): void {
    this.#means.add({ loss, ...terms }, size);
    this.#examples += size;
    const now = performance.now();
    if (!this.#moving || now - this.#shown < PAUSE) return;
    this.#shown = now;
    const seconds = Math.max(run.seconds - this.#began, 1e-9);
    const left = run.batches === null
      ? ""
      : `  ${duration(seconds / (run.batch - this.#first) * (run.batches - run.batch))} left`;
    this.#write(
      `\r\x1b[Kepoch ${run.epoch}/${run.epochs}  ${run.batch}/${run.batches ?? "?"}  ` +
        `${Math.round(this.#examples / seconds)} examples/s${left}  ${labelled(this.#means.get())}`,
    );
  }

  /** Shows an epoch. */
  onEpochEnd(run: Run, record: EpochRecord): void {
    const { epoch, step: _, lr, seconds: __, ...values } = record;
    this.#write(
      `${this.#moving ? "\r\x1b[K" : ""}epoch ${epoch}/${run.epochs}  ` +
        `${duration(run.seconds - this.#began)}  ${labelled(values)}  lr ${short(lr)}\n`,
    );
  }

  /** Ends the line of an unfinished epoch. */
  onFitEnd(run: Run): void {
    const { stopped } = run.history;
    if (stopped !== null) this.#write(`${this.#moving ? "\r\x1b[K" : ""}stopped: ${stopped}\n`);
  }
}
