/** The history of a training run. */

import { inColumns } from "../core/columns.ts";
import { append } from "../core/lists.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  isPlainObject,
  type Kind,
  kind,
  NUMBER,
  oneOf,
  optionReader,
  TEXT,
} from "../core/options.ts";
import { historyHtml } from "./shown.ts";
import { stateReader } from "./state_tree.ts";

/** The numbers of an epoch by name: `epoch`, `step`, `lr`, `seconds`, `loss`, its terms, `valLoss` … */
export type EpochRecord = Readonly<Record<string, number>>;

/** Options of `best`. */
export interface BestOptions {
  /** Whether the lowest or the highest value is the best. Default: "min". */
  mode?: "min" | "max";
}

/** Whether lower or higher is better. */
export const MODE: Kind = oneOf("min", "max");

/** 1 where lower is better, −1 where higher is: numbers times it are costs. */
export function signOf(mode: "min" | "max"): 1 | -1 {
  return mode === "min" ? 1 : -1;
}

const readBest = optionReader<BestOptions>({ mode: MODE });

/** A number of a record; refuses an unknown name. */
export function monitored(call: string, record: EpochRecord, name: string): number {
  const value = record[name];
  if (value !== undefined) return value;
  throw new RangeError(
    `Cannot ${call}: there is no "${name}" to monitor among ${Object.keys(record).join(", ")}`,
  );
}

/** A number in a few characters. */
export function short(value: number | undefined): string {
  if (value === undefined) return "";
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

/** The epochs of a run. */
export interface HistoryState {
  /** The records, in order. */
  readonly records: readonly EpochRecord[];
}

const RECORD = kind(
  "an epoch",
  (value) => isPlainObject(value) && Object.values(value).every(NUMBER.accepts),
);
const readState = stateReader<HistoryState>({ records: arrayOf(RECORD, "numbers by name") });

/** A name as a cell of comma-separated values (RFC 4180). */
function quotedCell(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** The numbers that training itself adds to a record. */
const OWN_NAMES: readonly string[] = ["epoch", "step", "lr", "seconds", "loss"];

/** Refuses a name that is taken; `what` describes the number. */
export function checkOwnName(call: string, what: string, name: string): void {
  if (!OWN_NAMES.includes(name)) return;
  throw new TypeError(
    `Cannot ${call}: ${what} must have a name of its own, got "${name}", which is one of ${
      OWN_NAMES.join(", ")
    }`,
  );
}

/**
 * The numbers of a training run, epoch by epoch.
 *
 * @example The best epoch
 * ```ts
 * import { train } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const history = new train.History();
 * history.records.push({ epoch: 1, loss: 0.5 }, { epoch: 2, loss: 0.2 }, { epoch: 3, loss: 0.3 });
 * assertEquals(history.best("loss"), { epoch: 2, loss: 0.2 });
 * assertEquals(history.column("loss"), [0.5, 0.2, 0.3]);
 * ```
 */
export class History {
  /** The epochs in order. */
  readonly records: EpochRecord[] = [];
  /** Why training ended before its last epoch; null if it did not. */
  stopped: string | null = null;

  /** Starts without epochs. */
  constructor() {
    checkCount("make History", arguments.length, 0);
  }

  /** The names of all numbers, in the order of their first appearance. */
  get columns(): string[] {
    return [...new Set(this.records.flatMap((record) => Object.keys(record)))];
  }

  /** One number of every epoch; NaN for epochs without it. */
  column(name: string): number[] {
    checkCount("read a column of a History", arguments.length, 1);
    this.#checkName("read a column of a History", name);
    return this.records.map((record) => record[name] ?? NaN);
  }

  /** The epoch with the best value; null if there is none or all are NaN. */
  best(name: string, options?: BestOptions): EpochRecord | null {
    const call = "find the best of a History";
    checkCount(call, arguments.length, 2);
    const { mode = "min" } = readBest(call, options);
    this.#checkName(call, name);
    const sign = signOf(mode);
    let best: EpochRecord | null = null;
    for (const record of this.records) {
      const value = sign * (record[name] ?? NaN);
      const least = best === null ? NaN : sign * (best[name] ?? NaN);
      if (value < least || (best === null && !Number.isNaN(value))) best = record;
    }
    return best;
  }

  #checkName(call: string, name: string): void {
    checkKind(call, "the name", name, TEXT);
    if (this.records.length === 0 || this.columns.includes(name)) return;
    throw new RangeError(
      `Cannot ${call}: there is no "${name}" among ${this.columns.join(", ")}`,
    );
  }

  /** The epochs as comma-separated values, with a header. */
  toCsv(): string {
    checkCount("run History.toCsv", arguments.length, 0);
    const { columns } = this;
    const rows = this.records.map((record) => columns.map((name) => record[name] ?? "").join(","));
    return [columns.map(quotedCell).join(","), ...rows, ""].join("\n");
  }

  /** The epochs as a text table. */
  toString(): string {
    checkCount("run History.toString", arguments.length, 0);
    const { columns } = this;
    const rows = [columns, ...this.records.map((r) => columns.map((name) => short(r[name])))];
    return [...inColumns(rows, 0), ...(this.stopped === null ? [] : [`stopped: ${this.stopped}`])]
      .join("\n");
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `History\n${this.toString()}`;
  }

  /** What a notebook displays. */
  [Symbol.for("Jupyter.display")](): Record<string, string> {
    return { "text/html": historyHtml(this), "text/plain": this.toString() };
  }

  /** The state to continue from. */
  stateDict(): HistoryState {
    checkCount("read the state of a History", arguments.length, 0);
    return { records: this.records.map((record) => ({ ...record })) };
  }

  /** Restores a state. */
  loadStateDict(state: HistoryState): void {
    const call = "load the state of a History";
    checkCount(call, arguments.length, 1);
    const { records } = readState(call, state);
    const copies = records.map((record) => ({ ...record }));
    this.records.length = 0;
    append(this.records, copies);
  }
}
