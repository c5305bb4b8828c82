/**
 * Runs experiments beside the same ones in PyTorch: each script of `examples/` with a twin of the
 * same name in `bench/torch/twins/` is run with the same seeds and options on both sides, in
 * alternation.
 *
 *   deno task twins                     all of them, PyTorch from bench/.venv (deno task bench --with-torch)
 *   deno task twins --python PATH       PyTorch of another Python
 *   deno task twins --filter sinkhorn   those with the text in their name; several filters add up
 *
 * Further options: --seeds N (default 5: seeds 1 to 5), --threads N (default 1), --quick, and
 * --json (a last line `{"twins": [{ name, figures, ours_s, torch_s, ratio }], geometric_mean }`).
 *
 * The random numbers of the two sides differ, so means over the seeds are compared: if they differ
 * by more than two standard errors, the exit status is 1. Seconds are medians over the seeds, as
 * measured by the scripts themselves, without the start of the process.
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BenchError, median, runMain } from "./program.ts";
import { findPython, runProgram } from "./torch_side.ts";

const EXAMPLES = new URL("../examples/", import.meta.url);
const TWINS = new URL("torch/twins/", import.meta.url);
const THREADS = fileURLToPath(new URL("threads.ts", import.meta.url));

/** How many standard errors the means may differ by. */
const APART = 2;

/** The last line that a side prints. */
export interface Report {
  /** The seconds of the experiment. */
  readonly seconds: number;
  /** The figures of each of its rows, by name. */
  readonly figures: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A mean over seeds. */
export interface Mean {
  /** The mean. */
  readonly mean: number;
  /** Its standard error. */
  readonly error: number;
}

/** A figure on both sides. */
export interface FigurePair {
  /** The row and the name of the figure. */
  readonly name: string;
  readonly ours: Mean;
  readonly torch: Mean;
  /** The difference of the means, in its standard errors. */
  readonly apart: number;
}

/** The result of an experiment. */
export interface TwinFigures {
  /** The name of the scripts. */
  readonly name: string;
  readonly figures: readonly FigurePair[];
  /** Median seconds of this library. */
  readonly ours_s: number;
  /** Median seconds of PyTorch. */
  readonly torch_s: number;
  /** Our time divided by PyTorch's. */
  readonly ratio: number;
}

function meanOf(values: readonly number[]): Mean {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** The numbers in reports, by row and name; an array gives several. */
function numbersOf({ figures }: Report): Map<string, number> {
  const found = Object.entries(figures).flatMap(([row, named]) =>
    Object.entries(named).flatMap(([name, value]) =>
      [value].flat().map((item, i): [string, number] => [
        `${row} ${name}${Array.isArray(value) ? `[${i}]` : ""}`,
        Number(item),
      ])
    )
  );
  return new Map(found);
}

/** Compares the reports of both sides, seed by seed; ours must have all figures of PyTorch's. */
export function compareTwins(
  name: string,
  ours: readonly Report[],
  torch: readonly Report[],
): TwinFigures {
  const [own, other] = [ours.map(numbersOf), torch.map(numbersOf)];
  const names = [...other[0]?.keys() ?? []];
  if (names.length === 0) throw new BenchError(`The twin ${name} reports no figures`);
  const figures = names.map((figure): FigurePair => {
    const [a, b] = [own, other].map((reports, side) =>
      meanOf(reports.map((numbers) => {
        const value = numbers.get(figure);
        if (value !== undefined && Number.isFinite(value)) return value;
        throw new BenchError(
          `The figure "${figure}" of ${name} must be a finite number on either side, got ${value} ` +
            `from ${side === 0 ? "examples" : "PyTorch"}`,
        );
      }))
    ) as [Mean, Mean];
    const difference = Math.abs(a.mean - b.mean);
    return {
      name: figure,
      ours: a,
      torch: b,
      apart: difference === 0 ? 0 : difference / Math.hypot(a.error, b.error),
    };
  });
  const [ours_s, torch_s] = [ours, torch].map((reports) =>
    median(reports.map(({ seconds }) => seconds))
  ) as [number, number];
  return { name, figures, ours_s, torch_s, ratio: ours_s / torch_s };
}

/** Whether all figures may have the same means. */
export function agree({ figures }: TwinFigures): boolean {
  return figures.every(({ apart }) => apart < APART);
}

/** Runs a script; returns its last line. */
async function report(command: string, args: string[], env: Record<string, string>) {
  const lines = (await runProgram(command, args, env)).trimEnd().split("\n");
  return JSON.parse(lines.at(-1) ?? "") as Report;
}

/** The names of the experiments that have a twin. */
export function twinNames(): string[] {
  return [...Deno.readDirSync(TWINS)].map(({ name }) => name)
    .filter((name) => name.endsWith(".py") && name !== "experiment.py")
    .map((name) => name.slice(0, -".py".length)).sort();
}

/** Runs an experiment on both sides, alternating for each seed. */
async function runTwin(name: string, python: string, options: Options): Promise<TwinFigures> {
  const [ours, torch]: [Report[], Report[]] = [[], []];
  const threads = String(options.threads);
  for (let seed = 1; seed <= options.seeds; seed++) {
    const args = ["--json", "--seed", String(seed), ...options.quick ? ["--quick"] : []];
    const script = fileURLToPath(new URL(`${name}.ts`, EXAMPLES));
    const twin = fileURLToPath(new URL(`${name}.py`, TWINS));
    ours.push(
      await report(
        Deno.execPath(),
        ["run", "--no-check", "--allow-ffi", "--allow-env", "--preload", THREADS, script, ...args],
        { ADJOINT_BENCH_THREADS: threads },
      ),
    );
    // -B: no compiled files among the sources.
    torch.push(await report(python, ["-B", twin, ...args], { OMP_NUM_THREADS: threads }));
  }
  return compareTwins(name, ours, torch);
}

function digits(value: number): string {
  return Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5
    ? value.toExponential(3)
    : value.toPrecision(4);
}

function shown({ mean, error }: Mean): string {
  return `${digits(mean)} ± ${digits(error)}`;
}

function describe(twin: TwinFigures): string {
  const { name, ours_s, torch_s, ratio } = twin;
  const times = `${ours_s.toFixed(2)} s, PyTorch ${torch_s.toFixed(2)} s, ratio ${
    ratio.toFixed(2)
  }`;
  const rows = twin.figures.map(({ name, ours, torch, apart }) =>
    `  ${name.padEnd(40)} ${shown(ours).padEnd(24)} ${shown(torch).padEnd(24)} ` +
    `${apart.toFixed(2)} ${apart < APART ? "" : "differs"}`.trimEnd()
  );
  return [`${name}: ${times}`, ...rows].join("\n");
}

/** The options. */
interface Options {
  readonly names: readonly string[];
  readonly seeds: number;
  readonly threads: number;
  readonly quick: boolean;
  readonly json: boolean;
  readonly python: string | undefined;
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new BenchError(`--${name} must be an integer of at least ${least}, got ${text}`);
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        filter: { type: "string", multiple: true, default: [] },
        seeds: { type: "string", default: "5" },
        threads: { type: "string", default: "1" },
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        python: { type: "string" },
      },
    }).values;
  } catch (error) {
    throw new BenchError(error instanceof Error ? error.message : String(error));
  }
}

/** Reads and checks the command line. */
export function parseTwinOptions(args: string[]): Options {
  const { filter, seeds, threads, python, ...flags } = parse(args);
  const all = twinNames();
  const unknown = filter.find((text) => !all.some((name) => name.includes(text)));
  if (unknown !== undefined) {
    throw new BenchError(`No twin has "${unknown}" in its name; there are ${all.join(", ")}`);
  }
  return {
    names: filter.length === 0
      ? all
      : all.filter((name) => filter.some((text) => name.includes(text))),
    // A standard error needs two.
    seeds: whole("seeds", seeds, 2),
    threads: whole("threads", threads, 1),
    python,
    ...flags,
  };
}

async function main(args: string[]): Promise<void> {
  const options = parseTwinOptions(args);
  const python = await findPython(options.python);
  if (python === null) {
    throw new BenchError("PyTorch is needed: --python PATH, or deno task bench --with-torch once");
  }
  console.log(
    `${options.threads} threads, means over seeds 1 to ${options.seeds}: ours, PyTorch's`,
  );
  const twins: TwinFigures[] = [];
  for (const name of options.names) {
    const twin = await runTwin(name, python, options);
    twins.push(twin);
    console.log(describe(twin));
  }
  const logs = twins.map(({ ratio }) => Math.log(ratio));
  const geometric_mean = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
  console.log(`geometric mean of the ratios: ${geometric_mean.toFixed(3)}`);
  if (options.json) console.log(JSON.stringify({ twins, geometric_mean }));
  if (!twins.every(agree)) Deno.exitCode = 1;
}

if (import.meta.main) await runMain(main);
