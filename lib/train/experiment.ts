/** Scripts that demonstrate something, as commands with common options and output. */

import { jsonNumber } from "../core/json.ts";
import {
  checkCount,
  checkKind,
  isPlainObject,
  kind,
  nearest,
  optionReader,
  TEXT,
} from "../core/options.ts";
import { manualSeed } from "../core/random.ts";
import { writeText } from "../io/sink.ts";
import { explained } from "../io/source.ts";

/** The options of all scripts with their defaults. */
const COMMON = {
  seed: 1766016000072n,
  quick: false,
  control: false,
  json: false,
  pictures: "",
};

/** The type of a script's own option, which its default determines. */
export type ExperimentOption = number | string | boolean;

/** A finding of a script. */
export type Figure = number | boolean | string | readonly number[];

/** Options of {@linkcode experiment}. */
export interface ExperimentOptions<O extends Record<string, ExperimentOption>> {
  /**
   * Options of the script's own, with their defaults: `{ epochs: 5 }` is set by `--epochs 5`. Flags
   * are false until they are given.
   */
  readonly options?: O;
}

/** A default, widened to the type of its option: 5 becomes any number. */
export type Widened<T> = T extends number ? number : T extends boolean ? boolean : string;

const OPTION = kind(
  "numbers, strings or false by name",
  (value) =>
    isPlainObject(value) &&
    Object.entries(value).every(([name, option]) =>
      ![...Object.keys(COMMON), "help"].includes(name) &&
      (["number", "string"].includes(typeof option) || option === false)
    ),
);
const readOptions = optionReader<ExperimentOptions<Record<string, ExperimentOption>>>({
  options: OPTION,
});

const FIGURES = kind(
  "numbers, arrays of numbers, strings, true or false by name",
  (value) =>
    isPlainObject(value) &&
    Object.values(value).every((figure) =>
      ["number", "boolean", "string"].includes(typeof figure) ||
      (Array.isArray(figure) && figure.every((item) => typeof item === "number"))
    ),
);
const PICTURE = kind(
  "something with an svg string",
  (value) => typeof (value as { svg?: unknown } | null | undefined)?.svg === "string",
);
const NAME = kind(
  "a name of letters, digits, - and _",
  (value) => typeof value === "string" && /^[\w-]+$/.test(value),
);

/** Ends the script with one sentence and no stack trace, since the mistake is its user's. */
function refuse(sentence: string): never {
  console.error(sentence);
  Deno.exit(2);
}

/** The value of an option on the command line. */
function valueOf(
  name: string,
  standard: ExperimentOption | bigint,
  text: string | undefined,
): ExperimentOption | bigint {
  if (text === undefined || text.startsWith("--")) {
    refuse(`Cannot run the script: --${name} needs a value, as in --${name} ${standard}`);
  }
  if (typeof standard === "string") return text;
  const whole = typeof standard === "bigint";
  const fits = whole
    ? /^\d{1,20}$/.test(text) && BigInt(text) < 1n << 64n
    : text.trim() !== "" && Number.isFinite(Number(text));
  if (!fits) {
    const needed = whole ? "an integer from 0 to 2^64 - 1" : "a finite number";
    refuse(`Cannot run the script: --${name} must be ${needed}, got ${text}`);
  }
  return whole ? BigInt(text) : Number(text);
}

/** Reads the command line; `known` holds all options with their defaults. */
function parse<K extends Record<string, ExperimentOption | bigint>>(shows: string, known: K): K {
  const read = { ...known } as Record<string, ExperimentOption | bigint>;
  const names = Object.keys(known);
  const words = Deno.args.values();
  for (const word of words) {
    const [, name = word, attached] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === "help") {
      const usage = names.map((name) =>
        known[name] === false ? `[--${name}]` : `[--${name} ${known[name] || "…"}]`
      );
      console.log(`${shows}\n\nOptions: ${usage.join(" ")}`);
      Deno.exit(0);
    }
    const standard = Object.hasOwn(known, name) ? known[name] : undefined;
    if (standard === undefined || !word.startsWith("--")) {
      const meant = nearest(name, names);
      const hint = meant === undefined ? "" : `; did you mean --${meant}`;
      const list = names.map((name) => `--${name}`).join(" ");
      refuse(`Cannot run the script: there is no option ${word} among ${list}${hint}`);
    }
    if (typeof standard === "boolean") {
      if (attached !== undefined) refuse(`Cannot run the script: --${name} takes no value`);
      read[name] = true;
    } else read[name] = valueOf(name, standard, attached ?? words.next().value);
  }
  return read as K;
}

/** A figure for JSON. */
function jsonFigure(figure: Figure): unknown {
  if (Array.isArray(figure)) return figure.map(jsonNumber);
  return typeof figure === "number" ? jsonNumber(figure) : figure;
}

/** Figures for JSON. */
function jsonFigures(figures: Readonly<Record<string, Figure>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => [name, jsonFigure(figure)]),
  );
}

/** A figure on a printed line. */
function shownFigure(figure: Figure): string {
  if (typeof figure === "number") return String(Number(figure.toPrecision(4)));
  return Array.isArray(figure) ? figure.map(shownFigure).join(" ") : String(figure);
}

/**
 * Makes the folder of pictures at the start, so that a script that cannot write to it fails early.
 */
function makeFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (error) {
    const flags = `--allow-read=${folder} --allow-write=${folder}`;
    refuse((explained(`keep pictures in ${folder}`, flags, error) as Error).message);
  }
}

/** A running script; made by {@linkcode experiment}. */
export class Experiment<O extends Record<string, ExperimentOption>> {
  /** The seed of the library's random stream. */
  readonly seed: bigint;
  /** Whether to do only the least that shows something. */
  readonly quick: boolean;
  /** Whether to replace what the script recommends by its negative control. */
  readonly control: boolean;
  /** The script's own options. */
  readonly options: { readonly [K in keyof O]: Widened<O[K]> };
  readonly #json: boolean;
  readonly #folder: string;
  readonly #began: number = performance.now();
  readonly #figures = new Map<string, Record<string, unknown>>();
  readonly #pictures: string[] = [];

  /**
   * Creates the run from the command line.
   *
   * @param shows What the script shows, in one sentence.
   * @param own Options of its own with their defaults.
   */
  constructor(shows: string, own: O) {
    const { seed, quick, control, json, pictures, ...options } = parse(shows, {
      ...COMMON,
      ...own,
    });
    this.seed = seed;
    this.quick = quick;
    this.control = control;
    this.options = options as never;
    this.#json = json;
    this.#folder = pictures;
    if (this.#folder !== "") makeFolder(this.#folder);
    manualSeed(this.seed);
  }

  /**
   * Records the findings about one claim, and prints them.
   *
   * @param row The name of the claim, such as "C-09".
   * @param figures Numbers, arrays of numbers, strings, true or false by name.
   */
  figures(row: string, figures: Readonly<Record<string, Figure>>): void {
    checkCount("note figures", arguments.length, 2);
    checkKind("note figures", "the row", row, TEXT);
    checkKind("note figures", "what was found", figures, FIGURES);
    if (this.#figures.has(row)) {
      throw new TypeError(`Cannot note figures: those of ${row} have been noted`);
    }
    this.#figures.set(row, jsonFigures(figures));
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${shownFigure(value)}`);
    console.log(`${row}: ${shown.join(", ")}`);
  }

  /**
   * Saves a picture in the folder of `--pictures`, if one was given.
   *
   * @param name The file's name without its extension.
   * @param picture An object with an `svg` string, such as the pictures of `./plot`.
   */
  picture(name: string, picture: { readonly svg: string }): void {
    checkCount("keep a picture", arguments.length, 2);
    checkKind("keep a picture", "its name", name, NAME);
    checkKind("keep a picture", "the picture", picture, PICTURE);
    if (this.#folder === "") return;
    const path = `${this.#folder}/${name}.svg`;
    try {
      writeText("picture", path, picture.svg);
    } catch (error) {
      refuse((error as Error).message);
    }
    this.#pictures.push(path);
  }

  /**
   * Ends the script immediately with one sentence and status 2, for a problem that its user can fix, such
   * as a missing file.
   *
   * @param sentence What is needed, and what was found instead.
   */
  refuse(sentence: string): never {
    checkCount("refuse to run", arguments.length, 1);
    checkKind("refuse to run", "the sentence", sentence, TEXT);
    refuse(sentence);
  }

  /** Ends the script: with `--json`, prints all options and findings as the last line. */
  end(): void {
    checkCount("end the script", arguments.length, 0);
    if (!this.#json) return;
    console.log(JSON.stringify({
      seed: String(this.seed),
      quick: this.quick,
      control: this.control,
      options: jsonFigures(this.options as Readonly<Record<string, Figure>>),
      seconds: (performance.now() - this.#began) / 1000,
      figures: Object.fromEntries(this.#figures),
      pictures: this.#pictures,
    }));
  }
}

/**
 * Turns a script that demonstrates something into a command: reads `--seed N`, `--quick`, `--control`,
 * `--json`, `--pictures DIR`, `--help` and the script's own options, and seeds the library's random
 * numbers. An unknown option ends the script with one sentence and status 2.
 *
 * @param shows What the script shows, in one sentence.
 * @param options `options`: the script's own options, with their defaults.
 * @returns The options, and methods that record figures and pictures.
 * @throws {TypeError} If an option has the name of a common one, or is not a number, a string or
 * false.
 *
 * @example
 * ```ts
 * import { losses, randn, train } from "@adjoint/ml";
 *
 * const run = train.experiment("The mean absolute error feels an outlier less.");
 * const errors = randn([100]);
 * const loss = run.control ? losses.mse : losses.l1;
 * run.figures("outlier", { error: loss(errors, errors.add(1)).item() });
 * run.end();
 * ```
 */
export function experiment<O extends Record<string, ExperimentOption> = Record<never, never>>(
  shows: string,
  options?: ExperimentOptions<O>,
): Experiment<O> {
  checkCount("start the experiment", arguments.length, 2);
  checkKind("start the experiment", "what it shows", shows, TEXT);
  const { options: own } = readOptions("start the experiment", options);
  return new Experiment(shows, (own ?? {}) as O);
}
