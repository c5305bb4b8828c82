/** A callback that keeps a run in a folder. */

import { environmentOf } from "../core/environment.ts";
import { jsonLines, jsonNumber } from "../core/json.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  isPlainObject,
  OBJECT,
  optionReader,
  orNull,
  shown,
  TEXT,
} from "../core/options.ts";
import { defaultGenerator } from "../core/random.ts";
import { isTensor } from "../core/tensor.ts";
import { writeText } from "../io/sink.ts";
import { explained, PATH_TEXT } from "../io/source.ts";
import { layerOf, lengthOf } from "../study/layers.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { BatchReport, Callback, Run } from "../train/callback.ts";
import type { EpochRecord } from "../train/history.ts";
import { CsvLogger, JsonlLogger, TensorBoardLogger } from "../train/loggers.ts";
import { stateReader } from "../train/state_tree.ts";
import {
  FILES,
  FORMAT,
  infoIn,
  inside,
  type Json,
  linesIn,
  objectIn,
  type RunInfo,
} from "./record.ts";

/** Options of `RunFolder`. */
export interface RunFolderOptions {
  /**
   * What the script was set to, by name: texts, numbers, bigints, flags, nulls, and arrays and objects
   * of them. Default: nothing.
   */
  settings?: Readonly<Record<string, unknown>>;
  /** Numbers of every so many steps are written, beside those of the epochs. Default: 50. */
  every?: number;
}

const readOptions = optionReader<RunFolderOptions>({
  settings: OBJECT,
  every: COUNT,
});

/** A value in the forms that JSON has; what has none is refused, and what contains itself. */
function jsonOf(call: string, name: string, value: unknown, above: readonly unknown[] = []): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return jsonNumber(value);
  if (typeof value === "bigint") return String(value);
  if (isTensor(value)) return jsonOf(call, name, value.toArray());
  const open = !above.includes(value);
  const path = [...above, value];
  if (open && Array.isArray(value)) {
    return Array.from(value, (own: unknown, i) => jsonOf(call, `${name}[${i}]`, own, path));
  }
  if (open && isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value).filter(([, own]) => own !== undefined)
        .map(([key, own]) => [key, jsonOf(call, `${name}.${key}`, own, path)]),
    );
  }
  throw new TypeError(
    `Cannot ${call}: ${name} must be a text, a number, a flag, null, or an array or a plain object ` +
      `of them, got ${shown(value)}`,
  );
}

/** What `fit` was given, as far as it can be written. */
function trainingOf({ model, optimizer, epochs }: Run): Record<string, Json> {
  const groups = optimizer.paramGroups.map(({ params, ...options }) => ({
    parameters: params.length,
    ...Object.fromEntries(
      Object.entries(options).filter(([, value]) =>
        ["number", "boolean", "string"].includes(typeof value) || Array.isArray(value)
      ),
    ),
  }));
  const parameters = model.namedParameters().reduce((sum, [, { size }]) => sum + size, 0);
  const names = { model: model.constructor.name, optimizer: optimizer.constructor.name };
  const training = { epochs, parameters, ...names, groups };
  return jsonOf("keep a run", "training", training) as Record<string, Json>;
}

/** What `RunFolder` knows. */
export type RunFolderState = {
  /** The folder of the run; null if none has begun. */
  readonly path: string | null;
};

const readState = stateReader<RunFolderState>({ path: orNull(TEXT) });

/** The lengths of what the parameters of each layer hold. */
function byLayer(params: readonly (readonly [string, Tensor | null])[]): Record<string, number> {
  const given = params.filter((param): param is [string, Tensor] => param[1] !== null);
  const layers = Map.groupBy(given, ([name]) => layerOf(name));
  return Object.fromEntries(
    [...layers].map(([layer, own]) => [layer, lengthOf(own.map(([, x]) => x.detach()))]),
  );
}

/**
 * Keeps a run in a folder of its own, as files that people and programs read: what it was set to, its
 * seed and its versions, the numbers of its epochs as JSON and CSV, those of steps for TensorBoard and as
 * JSON, and norms by layer. Nothing leaves the machine. Where the folder holds a run already, "-2",
 * "-3" … is added to the name; a run that is resumed goes on in its own folder.
 *
 * @example Two runs, compared
 * ```ts
 * import { data, losses, nn, ones, optim, train } from "@adjoint/ml";
 * import { diffRuns, listRuns, RunFolder } from "@adjoint/ml/runs";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * for (const lr of [0.1, 0.2]) {
 *   const model = new nn.Linear(2, 1);
 *   await train.fit({
 *     model,
 *     loss: losses.mse,
 *     optimizer: new optim.SGD(model.parameters(), { lr }),
 *     train: new data.DataLoader(new data.TensorDataset(ones([8, 2]), ones([8, 1]))),
 *     callbacks: [new RunFolder(`${folder}/line`, { settings: { lr } })],
 *     progress: false,
 *   });
 * }
 * const [first, second] = listRuns(folder);
 * assertEquals([first, second], [`${folder}/line`, `${folder}/line-2`]);
 * assertEquals(diffRuns(first!, second!).settings[0], { name: "settings.lr", a: 0.1, b: 0.2 });
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class RunFolder implements Callback {
  readonly #wanted: string;
  readonly #settings: Readonly<Record<string, Json>>;
  readonly #every: number;
  /** The folder of the run that is resumed. */
  #resumed: string | null = null;
  #path: string | null = null;
  #info: RunInfo | null = null;
  #loggers: readonly [CsvLogger, JsonlLogger, TensorBoardLogger] | null = null;
  /** Seconds that the run trained before it was resumed. */
  #before = 0;

  /**
   * Creates the callback.
   *
   * @param path The folder, which is made when training begins; it needs `--allow-read` and
   * `--allow-write` for the one around.
   * @throws {TypeError} If settings hold what cannot be written.
   */
  constructor(path: string, options?: RunFolderOptions) {
    const call = "make RunFolder";
    checkCount(call, arguments.length, 2);
    checkKind(call, "the path", path, PATH_TEXT);
    const { settings = {}, every = 50 } = readOptions(call, options);
    this.#wanted = path;
    this.#settings = jsonOf(call, "settings", settings) as Record<string, Json>;
    this.#every = every;
  }

  /** The folder of the run. @throws {TypeError} If none has begun. */
  get path(): string {
    if (this.#path !== null) return this.#path;
    throw new TypeError("Cannot read the path of a RunFolder: no run has begun");
  }

  /** Makes the folder, or finds the one to go on in. */
  onFitStart(run: Run): void {
    const path = this.#resumed ?? this.#claim();
    const old = this.#resumed === null ? null : infoIn("resume a run", path);
    this.#path = path;
    this.#resumed = null;
    this.#before = old?.seconds ?? 0;
    const now = new Date().toISOString();
    this.#info = {
      format: FORMAT,
      began: old?.began ?? now,
      resumed: old === null ? [] : [...old.resumed, now],
      ended: null,
      outcome: "running",
      stopped: null,
      seconds: this.#before,
      seed: String(defaultGenerator.state.seed),
      settings: this.#settings,
      training: trainingOf(run),
      environment: environmentOf(run.model.namedParameters()[0]?.[1].device ?? "cpu"),
    };
    this.#writeInfo({});
    if (old !== null) this.#cut(run.step);
    this.#loggers = [
      new CsvLogger(inside(path, FILES.table)),
      new JsonlLogger(inside(path, FILES.epochs)),
      new TensorBoardLogger(path, { every: this.#every }),
    ];
    this.#loggers[2].onFitStart();
  }

  /** Notes a step, if it is time. */
  onBatchEnd(run: Run, report: BatchReport): void {
    this.#loggers?.[2].onBatchEnd(run, report);
    const { loss, terms, lr, gradNorm, stepped } = report;
    if (!stepped || run.step % this.#every !== 0) return;
    const { epoch, step, seconds } = run;
    const more = gradNorm === null ? {} : { gradNorm };
    this.#append(FILES.steps, { epoch, step, seconds, lr, loss, ...terms, ...more });
  }

  /** Notes an epoch. */
  onEpochEnd(run: Run, record: EpochRecord): void {
    for (const logger of this.#loggers ?? []) logger.onEpochEnd(run, record);
    const params = run.model.namedParameters();
    this.#append(FILES.layers, {
      epoch: run.epoch,
      step: run.step,
      weights: byLayer(params),
      gradients: byLayer(params.map(([name, { grad }]) => [name, grad])),
    });
    this.#writeInfo({ seconds: this.#before + run.seconds });
  }

  /** Notes how the run ended. */
  onFitEnd(run: Run): void {
    // Nothing has begun where the folder could not be made.
    if (this.#loggers === null) return;
    this.#loggers[2].onFitEnd();
    const { stopped, records } = run.history;
    const done = records.at(-1)?.epoch === run.epochs;
    this.#writeInfo({
      ended: new Date().toISOString(),
      outcome: stopped !== null ? "stopped" : done ? "finished" : "failed",
      stopped,
      seconds: this.#before + run.seconds,
    });
    this.#loggers = null;
  }

  /**
   * Adds something to the run that was found out about it, such as the score on a test set, or what an
   * instrument of `study` gives. An older note of the name is replaced. `report` draws those that it knows.
   *
   * @param name What it is called.
   * @param value Texts, numbers, flags, nulls and tensors, and arrays and plain objects of them.
   * @throws {TypeError} If no run has begun, or the value cannot be written.
   */
  note(name: string, value: unknown): void {
    const call = "note something of a run";
    checkCount(call, arguments.length, 2);
    checkKind(call, "the name", name, TEXT);
    const { path } = this;
    const notes = objectIn(call, path, FILES.notes) ?? {};
    this.#write(FILES.notes, { ...notes, [name]: jsonOf(call, name, value) });
  }

  /** Where the run is kept, for one that goes on. */
  stateDict(): RunFolderState {
    return { path: this.#path };
  }

  /** Goes on there, unless it has been moved away. */
  loadStateDict(state: RunFolderState): void {
    const { path } = readState("load the state of RunFolder", state);
    this.#resumed = path !== null && infoIn("resume a run", path) !== null ? path : null;
  }

  /** Makes a folder that no other run has. */
  #claim(): string {
    for (let number = 1;; number++) {
      const path = number === 1 ? this.#wanted : `${this.#wanted.replace(/\/+$/, "")}-${number}`;
      let made = false;
      try {
        Deno.mkdirSync(path, { recursive: true });
        made = true;
        Deno.openSync(inside(path, FILES.info), { write: true, createNew: true }).close();
        return path;
      } catch (error) {
        // Another run is there; or else a file in the place of the folder.
        if (made && error instanceof Deno.errors.AlreadyExists) continue;
        const flags = `--allow-read=${path} --allow-write=${path}`;
        throw explained(`keep a run in ${path}`, flags, error);
      }
    }
  }

  /** Drops what was noted of steps after the one from which the run goes on. */
  #cut(step: number): void {
    for (const file of [FILES.steps, FILES.layers]) {
      const rows = linesIn<EpochRecord>("resume a run", this.path, file);
      this.#writeText(file, jsonLines(rows.filter((row) => (row.step ?? 0) <= step)));
    }
  }

  #writeInfo(changes: Partial<RunInfo>): void {
    if (this.#info === null) return;
    this.#info = { ...this.#info, ...changes };
    this.#write(FILES.info, this.#info);
  }

  #write(file: string, value: object): void {
    this.#writeText(file, `${JSON.stringify(value, null, 2)}\n`);
  }

  #writeText(file: string, text: string): void {
    writeText("RunFolder", inside(this.path, file), text);
  }

  #append(file: string, row: object): void {
    const path = inside(this.path, file);
    try {
      Deno.writeTextFileSync(path, jsonLines([row]), { append: true });
    } catch (error) {
      throw explained(`run RunFolder on ${path}`, `--allow-write=${this.path}`, error);
    }
  }
}
