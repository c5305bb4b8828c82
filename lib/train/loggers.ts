/** Callbacks that log a run to files. */

import { jsonLines } from "../core/json.ts";
import { checkCount, checkKind, COUNT, optionReader } from "../core/options.ts";
import { checkTarget, joined, writeText } from "../io/sink.ts";
import { explained, PATH_TEXT } from "../io/source.ts";
import type { BatchReport, Callback, Run } from "./callback.ts";
import type { EpochRecord } from "./history.ts";
import { scalarsRecord, versionRecord } from "./tensorboard.ts";

/** A path, which must be a string. */
function pathFor(name: string, path: string, count: number): string {
  checkCount(`make ${name}`, count, 1);
  checkKind(`make ${name}`, "the path", path, PATH_TEXT);
  return path;
}

/**
 * Writes the numbers of the epochs as comma-separated values. After each epoch the whole history is
 * rewritten, so that a resumed run records no epoch twice.
 *
 * @example
 * ```ts
 * import { train } from "@adjoint/ml";
 *
 * const callbacks = [new train.CsvLogger("history.csv")];
 * ```
 */
export class CsvLogger implements Callback {
  readonly #path: string;

  /**
   * Creates the callback.
   *
   * @param path The file; an existing one is replaced.
   */
  constructor(path: string) {
    this.#path = pathFor("CsvLogger", path, arguments.length);
  }

  /** Refuses a file that cannot be written, before training starts. */
  onFitStart(): void {
    checkTarget("CsvLogger", this.#path);
  }

  /** Writes a header, then a line for each epoch. */
  onEpochEnd({ history }: Run): void {
    writeText("CsvLogger", this.#path, history.toCsv());
  }
}

/**
 * Writes the numbers of each epoch as a line of JSON. After each epoch the whole history is rewritten.
 * Numbers that JSON lacks are null.
 *
 * @example
 * ```ts
 * import { train } from "@adjoint/ml";
 *
 * const callbacks = [new train.JsonlLogger("history.jsonl")];
 * ```
 */
export class JsonlLogger implements Callback {
  readonly #path: string;

  /**
   * Creates the callback.
   *
   * @param path The file; an existing one is replaced.
   */
  constructor(path: string) {
    this.#path = pathFor("JsonlLogger", path, arguments.length);
  }

  /** Refuses a file that cannot be written, before training starts. */
  onFitStart(): void {
    checkTarget("JsonlLogger", this.#path);
  }

  /** Writes a line for each epoch. */
  onEpochEnd({ history: { records } }: Run): void {
    writeText("JsonlLogger", this.#path, jsonLines(records));
  }
}

/** Options of `TensorBoardLogger`. */
export interface TensorBoardLoggerOptions {
  /** Log every so many steps; epochs are always logged. Default: 50. */
  every?: number;
}

const readOptions = optionReader<TensorBoardLoggerOptions>({ every: COUNT });

/**
 * Writes the numbers of steps and epochs to a folder that TensorBoard reads. A resumed run adds a
 * file; where two files have a number for the same step, TensorBoard shows the later one.
 *
 * @example
 * ```ts
 * import { train } from "@adjoint/ml";
 *
 * const callbacks = [new train.TensorBoardLogger("runs/first", { every: 10 })];
 * ```
 */
export class TensorBoardLogger implements Callback {
  readonly #folder: string;
  readonly #every: number;
  #path = "";
  #records: Uint8Array[] = [];

  /**
   * Creates the callback.
   *
   * @param folder The folder, created if missing, in which each call of `fit` makes a file.
   */
  constructor(folder: string, options?: TensorBoardLoggerOptions) {
    const call = "make TensorBoardLogger";
    checkCount(call, arguments.length, 2);
    checkKind(call, "the folder", folder, PATH_TEXT);
    const { every = 50 } = readOptions(call, options);
    this.#folder = folder;
    this.#every = every;
  }

  /** Starts a file. */
  onFitStart(): void {
    const now = Date.now();
    this.#path = `${this.#folder}/events.out.tfevents.${String(now).slice(0, -3)}.` +
      crypto.randomUUID();
    this.#records = [versionRecord(now / 1000)];
    this.#flush();
  }

  /** Records a step. */
  onBatchEnd(run: Run, { loss, terms, lr, gradNorm, stepped }: BatchReport): void {
    if (!stepped || run.step % this.#every !== 0) return;
    const values = { loss, ...terms, lr, ...(gradNorm !== null && { gradNorm }) };
    this.#note(run.step, "step", values);
  }

  /** Records an epoch, and writes what was recorded. */
  onEpochEnd(run: Run, record: EpochRecord): void {
    const { epoch: _, step: __, ...values } = record;
    this.#note(run.step, "epoch", values);
    this.#flush();
  }

  /** Writes the rest. */
  onFitEnd(): void {
    this.#flush();
  }

  #note(step: number, group: string, values: Readonly<Record<string, number>>): void {
    const named = Object.entries(values).map(([name, value]) => [`${group}/${name}`, value]);
    this.#records.push(scalarsRecord(Date.now() / 1000, step, Object.fromEntries(named)));
  }

  #flush(): void {
    const [folder, records] = [this.#folder, this.#records];
    if (records.length === 0) return;
    this.#records = [];
    try {
      Deno.mkdirSync(folder, { recursive: true });
      Deno.writeFileSync(this.#path, joined(records), { append: true });
    } catch (error) {
      throw explained(`run TensorBoardLogger on ${folder}`, `--allow-write=${folder}`, error);
    }
  }
}
