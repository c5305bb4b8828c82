/** Checkpoints: everything that a run needs to continue, in one file. */

import { noGrad } from "../autograd/tape.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  COUNT,
  isPlainObject,
  kept,
  kind,
  NUMBER,
  optionReader,
  shown,
  TEXT,
} from "../core/options.ts";
import { defaultGenerator } from "../core/random.ts";
import { loadWithMetadata, saveSafetensors } from "../io/safetensors.ts";
import { checkTarget } from "../io/sink.ts";
import { PATH_TEXT } from "../io/source.ts";
import type { BatchReport, Callback, Run } from "./callback.ts";
import { type EpochRecord, MODE, monitored, signOf } from "./history.ts";
import { isStateful, putTogether, type Stateful, stateReader, takeApart } from "./state_tree.ts";

/** The entries of a checkpoint's metadata: everything but the tensors, and the random stream. */
const [STATES, RANDOM] = ["adjoint_states", "adjoint_random"] as const;

const STATEFUL = kind("something with stateDict and loadStateDict", isStateful);

function checkParts(call: string, path: string, parts: Readonly<Record<string, Stateful>>): void {
  checkKind(call, "the path", path, PATH_TEXT);
  if (!isPlainObject(parts)) {
    throw new TypeError(
      `Cannot ${call}: it needs an object, as in { model, optimizer }, got ${shown(parts)}`,
    );
  }
  for (const [name, part] of Object.entries(parts)) checkKind(call, name, part, STATEFUL);
}

/**
 * Writes the states of a model, an optimizer and anything else that has one, and of the random
 * stream, to a safetensors file. The file is written under a temporary name, synced and renamed, so
 * that an old one stays intact if anything fails.
 *
 * @param path The file; it needs `--allow-read` and `--allow-write` for its folder.
 * @param parts What to save, by name.
 *
 * @example Save and load
 * ```ts
 * import { nn, optim, train } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * const model = new nn.Linear(2, 1);
 * const optimizer = new optim.Adam(model.parameters());
 * train.save(path, { model, optimizer });
 * const before = model.weight.toArray();
 * nn.init.zeros_(model.weight);
 * train.load(path, { model, optimizer });
 * assertEquals(model.weight.toArray(), before);
 * await Deno.remove(path);
 * ```
 */
export function save(path: string, parts: Readonly<Record<string, Stateful>>): void {
  checkCount("save", arguments.length, 2);
  checkParts("save", path, parts);
  const states = Object.entries(parts).map(([name, part]) => [name, part.stateDict()]);
  const { tensors, rest } = takeApart("save", Object.fromEntries(states));
  const random = takeApart("save", defaultGenerator.state).rest;
  saveSafetensors(path, tensors, { metadata: { format: "pt", [STATES]: rest, [RANDOM]: random } });
}

/**
 * Restores the states in a file that `save` wrote, and the random stream. If anything does not fit,
 * nothing changes.
 *
 * @param parts Everything that was saved, by the same names.
 * @throws {NotFound} If there is no such file.
 * @throws {InvalidData} If the file is damaged or of another kind.
 * @throws {TypeError} If a name is missing or unknown, or a state does not fit.
 */
export function load(path: string, parts: Readonly<Record<string, Stateful>>): void {
  checkCount("load", arguments.length, 2);
  checkParts("load", path, parts);
  const { tensors, metadata } = loadWithMetadata("load", path);
  const { [STATES]: rest, [RANDOM]: random } = metadata;
  if (rest === undefined || random === undefined) {
    throw new Deno.errors.InvalidData(`Cannot load ${path}: it was not written by train.save`);
  }
  const states = putTogether({ tensors, rest }) as Readonly<Record<string, unknown>>;
  const [asked, kept] = [Object.keys(parts), Object.keys(states)];
  if (asked.length !== kept.length || asked.some((name) => !kept.includes(name))) {
    throw new TypeError(
      `Cannot load ${path}: its parts are ${kept.join(", ")}, got ${asked.join(", ")}`,
    );
  }
  takeOver(Object.entries(parts).map(([name, part]) => [part, states[name]]));
  defaultGenerator.state = putTogether({ tensors, rest: random }) as typeof defaultGenerator.state;
}

/** Loads the state of each part; if one does not fit, the earlier ones get their old states back. */
function takeOver(parts: readonly (readonly [Stateful, unknown])[]): void {
  const before = parts.map(([part]) => {
    const { tensors, rest } = takeApart("load", part.stateDict());
    const copies = Object.entries(tensors).map(([name, x]) => [name, noGrad(() => x.clone())]);
    return putTogether({ tensors: Object.fromEntries(copies), rest });
  });
  let begun = 0;
  try {
    for (const [part, state] of parts) {
      begun++;
      part.loadStateDict(state as never);
    }
  } catch (error) {
    parts.slice(0, begun).forEach(([part], i) => part.loadStateDict(before[i] as never));
    throw error;
  }
}

/** Options of `Checkpoint`. */
export interface CheckpointOptions {
  /** Epochs between two writes. Default: 1. */
  every?: number;
  /** Optimizer steps between additional writes. Default: no additional writes. */
  everySteps?: number;
  /** The number that ranks epochs. Default: "valLoss". */
  monitor?: string;
  /** Whether lower or higher is better. Default: "min". */
  mode?: "min" | "max";
  /** How many of the best epochs to keep in separate files. Default: none. */
  saveTopK?: number;
}

const readOptions = optionReader<CheckpointOptions>({
  every: COUNT,
  everySteps: COUNT,
  monitor: TEXT,
  mode: MODE,
  saveTopK: COUNT,
});

/** An epoch that is kept. */
export interface KeptEpoch {
  /** The number by which epochs are compared. */
  readonly value: number;
  /** The file. */
  readonly path: string;
}

/** The state of `Checkpoint`. */
export type CheckpointState = {
  /** The kept epochs, the best first. */
  readonly best: readonly KeptEpoch[];
};

const KEPT = kind(
  "a kept epoch",
  (value) => isPlainObject(value) && NUMBER.accepts(value.value) && TEXT.accepts(value.path),
);
const readState = stateReader<CheckpointState>({ best: arrayOf(KEPT, "{ value, path }") });

/**
 * Writes a run to a file from which `fit` can `resume`: after epochs, optionally after steps, and at the
 * end, even after Ctrl-C. With `saveTopK`, the best epochs are kept beside it, as `NAME.epoch3.EXTENSION`.
 *
 * @example
 * ```ts
 * import { train } from "@adjoint/ml";
 *
 * const callbacks = [new train.Checkpoint("run.safetensors", { everySteps: 100, saveTopK: 2 })];
 * ```
 */
export class Checkpoint implements Callback {
  /** It reads the states of the others. */
  readonly afterOthers = true;
  readonly #path: string;
  readonly #options: CheckpointOptions;
  #best: readonly KeptEpoch[] = [];
  #saved = "";
  #writable = false;

  /**
   * Creates the callback.
   *
   * @param path The file, which is overwritten; its folder must exist.
   */
  constructor(path: string, options?: CheckpointOptions) {
    checkCount("make Checkpoint", arguments.length, 2);
    checkKind("make Checkpoint", "the path", path, PATH_TEXT);
    this.#options = kept(readOptions("make Checkpoint", options));
    this.#path = path;
  }

  /** Refuses a file that cannot be written, before any training would be lost. */
  onFitStart(run: Run): void {
    this.#saved = "";
    if (run.epoch === 0) this.#best = [];
    this.#writable = false;
    checkTarget("Checkpoint", this.#path);
    this.#writable = true;
  }

  /** Writes the file after a step, if it is due. */
  onBatchEnd(run: Run, { stepped }: BatchReport): void {
    const { everySteps = Infinity } = this.#options;
    if (stepped && run.step % everySteps === 0) this.#save(run);
  }

  /** Writes the file after an epoch, if it is due, and keeps the epoch if it is one of the best. */
  onEpochEnd(run: Run, record: EpochRecord): void {
    const { every = 1, monitor = "valLoss", mode = "min", saveTopK = 0 } = this.#options;
    if (saveTopK > 0) {
      this.#compare(run, monitored("keep the best", record, monitor), mode, saveTopK);
    }
    if (run.epoch % every === 0) this.#save(run);
  }

  /** Writes the file if the run has changed since. */
  onFitEnd(run: Run): void {
    if (run.resumable && this.#writable) this.#save(run);
  }

  /** The kept epochs. */
  stateDict(): CheckpointState {
    return { best: this.#best };
  }

  /** Restores them. */
  loadStateDict(state: CheckpointState): void {
    this.#best = readState("load the state of Checkpoint", state).best;
  }

  #save(run: Run): void {
    const where = `${run.epoch}, ${run.batch}, ${run.history.records.length}`;
    if (this.#saved === where) return;
    save(this.#path, run.parts);
    this.#saved = where;
  }

  #compare(run: Run, value: number, mode: "min" | "max", count: number): void {
    const name = /[^/\\]*$/.exec(this.#path)?.index ?? 0;
    const dot = this.#path.lastIndexOf(".");
    const at = dot > name ? dot : this.#path.length;
    const path = `${this.#path.slice(0, at)}.epoch${run.epoch}${this.#path.slice(at)}`;
    const ranked = [...this.#best, { value, path }].sort((a, b) =>
      signOf(mode) * (a.value - b.value)
    );
    if (Number.isNaN(value) || ranked.slice(count).some((kept) => kept.path === path)) return;
    this.#best = ranked.slice(0, count);
    save(path, run.parts);
    for (const { path } of ranked.slice(count)) {
      try {
        Deno.removeSync(path);
      } catch (error) {
        // Someone may have moved it.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
}
