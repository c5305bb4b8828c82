/** Runs that are on the disk: what is in the folder of one, and where they are. */

import type { Environment } from "../core/environment.ts";
import { append } from "../core/lists.ts";
import { checkCount, checkKind, isPlainObject, TEXT } from "../core/options.ts";
import { textOf } from "../data/files.ts";
import { parseJsonl } from "../data/jsonl.ts";
import { explained } from "../io/source.ts";
import { type EpochRecord, History } from "../train/history.ts";

/** The version of the format, which grows when older readers would be wrong. */
export const FORMAT = 1;

/** The files of a run's folder, beside those of TensorBoard. */
export const FILES = {
  info: "run.json",
  epochs: "metrics.jsonl",
  table: "metrics.csv",
  steps: "steps.jsonl",
  layers: "layers.jsonl",
  notes: "notes.json",
} as const;

/** What JSON can hold. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** How a run ended: all epochs are done, something ended it early, an error broke it off; or it has not. */
export type Outcome = "finished" | "stopped" | "failed" | "running";

/** What `run.json` says of a run. */
export interface RunInfo {
  /** The version of the format: 1. */
  readonly format: number;
  /** When it began, as ISO 8601 in UTC. */
  readonly began: string;
  /** When it went on after it was broken off. */
  readonly resumed: readonly string[];
  /** When it ended; null while it runs, and where the program was killed. */
  readonly ended: string | null;
  /** How it ended; "running" also where the program was killed. */
  readonly outcome: Outcome;
  /** Why it ended early; null if it did not. */
  readonly stopped: string | null;
  /** Seconds that it trained, up to the last epoch that is over. */
  readonly seconds: number;
  /** The seed of the default stream of random numbers, in decimal. */
  readonly seed: string;
  /** What the script says that it was set to. */
  readonly settings: Readonly<Record<string, Json>>;
  /** What `fit` was given: `epochs`, `model`, `parameters`, `optimizer` and its `groups`. */
  readonly training: Readonly<Record<string, Json>>;
  /** What computed it. */
  readonly environment: Environment;
}

/** How long the weights and the gradients of each layer are at the end of an epoch. */
export interface LayerNorms {
  /** The epoch. */
  readonly epoch: number;
  /** Steps of the optimizer so far. */
  readonly step: number;
  /** ‖w‖ by layer, which is a parameter's name without its last part. */
  readonly weights: Readonly<Record<string, number>>;
  /** ‖g‖ by layer, of the last step's gradients, as they were after clipping. */
  readonly gradients: Readonly<Record<string, number>>;
}

/** A run as its folder has it. */
export interface RunRecord {
  /** The folder. */
  readonly path: string;
  /** What it is, and what it was made by. */
  readonly info: RunInfo;
  /** The numbers of the epochs. */
  readonly history: History;
  /** Numbers of single steps: `epoch`, `step`, `seconds`, `lr`, `loss`, its terms, `gradNorm`. */
  readonly steps: readonly EpochRecord[];
  /** Norms by layer, epoch by epoch. */
  readonly layers: readonly LayerNorms[];
  /** What the script added by `note`, by name. */
  readonly notes: Readonly<Record<string, Json>>;
}

/** A file in a folder. */
export function inside(folder: string, file: string): string {
  return `${folder.replace(/(?<=.)\/+$/, "")}/${file}`;
}

/** The text of a file; null if there is none. */
function textIn(call: string, folder: string, file: string): string | null {
  try {
    return textOf(call, inside(folder, file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function damaged(call: string, folder: string, file: string, why: string, cause?: unknown): Error {
  const message = `Cannot ${call}: ${inside(folder, file)} is damaged: ${why}`;
  return new Deno.errors.InvalidData(message, { cause });
}

/** The object in a file of JSON; null if there is no file. */
export function objectIn(call: string, folder: string, file: string): Record<string, Json> | null {
  const text = textIn(call, folder, file);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(call, folder, file, (cause as Error).message, cause);
  }
  if (isPlainObject(value)) return value as Record<string, Json>;
  throw damaged(call, folder, file, "it holds no object");
}

/** The lines of a file of JSON; none if there is no file. A line that was never finished is left out. */
export function linesIn<T>(call: string, folder: string, file: string): T[] {
  const text = textIn(call, folder, file) ?? "";
  try {
    const rows = parseJsonl<unknown>(text.slice(0, text.lastIndexOf("\n") + 1));
    const odd = rows.findIndex((row) => !isPlainObject(row));
    if (odd !== -1) throw new SyntaxError(`record ${odd + 1} is no object`);
    return rows.map(withNumbers) as T[];
  } catch (cause) {
    throw damaged(call, folder, file, (cause as Error).message, cause);
  }
}

/** Records hold numbers, of which JSON writes null for those that it lacks. */
function withNumbers(value: unknown): unknown {
  if (value === null) return NaN;
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, withNumbers(own)]));
}

/** What a run is; null if the folder is none of a run. */
export function infoIn(call: string, folder: string): RunInfo | null {
  const info = objectIn(call, folder, FILES.info);
  if (info === null) return null;
  if (info.format !== FORMAT) {
    throw damaged(call, folder, FILES.info, `its format is ${info.format}, known is ${FORMAT}`);
  }
  const needed = ["began", "outcome", "seed", "settings", "training", "environment"];
  const missing = needed.filter((name) => !(name in info));
  if (missing.length === 0) return info as unknown as RunInfo;
  throw damaged(call, folder, FILES.info, `it has no ${missing.join(", ")}`);
}

/** A run in a folder, for a call. */
export function runIn(call: string, path: string): RunRecord {
  const info = infoIn(call, path);
  if (info === null) {
    throw new Deno.errors.NotFound(`Cannot ${call}: there is no run in ${path}`);
  }
  const history = new History();
  append(history.records, linesIn<EpochRecord>(call, path, FILES.epochs));
  history.stopped = info.stopped;
  return {
    path,
    info,
    history,
    steps: linesIn(call, path, FILES.steps),
    layers: linesIn(call, path, FILES.layers),
    notes: objectIn(call, path, FILES.notes) ?? {},
  };
}

/**
 * Reads a run that `RunFolder` wrote, also one that is still running or was killed.
 *
 * @param path The folder; it needs `--allow-read`.
 * @throws {Deno.errors.NotFound} If it is no folder of a run.
 * @throws {Deno.errors.InvalidData} If a file in it is damaged.
 */
export function readRun(path: string): RunRecord {
  const call = "run readRun";
  checkCount(call, arguments.length, 1);
  checkKind(call, "the path", path, TEXT);
  return runIn(call, path);
}

/** The folders of runs in a folder, at any depth; runs do not lie in each other. */
function foldersIn(path: string): string[] {
  const entries = [...Deno.readDirSync(path)];
  if (entries.some(({ name, isFile }) => isFile && name === FILES.info)) return [path];
  return entries.filter(({ isDirectory }) => isDirectory).flatMap(({ name }) =>
    foldersIn(inside(path, name))
  );
}

/** When a run began; nothing of one that is damaged, of which `readRun` tells. */
function began(path: string): string {
  try {
    return infoIn("list a run", path)?.began ?? "";
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) return "";
    throw error;
  }
}

/**
 * The folders of all runs in a folder and in those inside it, the oldest run first.
 *
 * @param path The folder; it needs `--allow-read`. Default: "runs".
 * @throws {Deno.errors.NotFound} If there is no such folder.
 */
export function listRuns(path = "runs"): string[] {
  const call = "run listRuns";
  checkCount(call, arguments.length, 1);
  checkKind(call, "the path", path, TEXT);
  try {
    const found = foldersIn(path).map((run) => [`${began(run)} ${run}`, run] as const);
    return found.sort(([a], [b]) => a < b ? -1 : 1).map(([, run]) => run);
  } catch (cause) {
    throw explained(`${call} on ${path}`, `--allow-read=${path}`, cause);
  }
}
