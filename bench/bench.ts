/**
 * Times this library beside PyTorch on the CPU, alternating in one run.
 *
 *   deno task bench                     our column, and PyTorch's if bench/.venv is there
 *   deno task bench --with-torch        makes bench/.venv first: about 5 GB from PyPI
 *   deno task bench --python PATH       PyTorch of another Python
 *   deno task bench --device gpu        the same on the GPU, beside PyTorch with CUDA; "GPU µs" is how long
 *                                       it was busy, by its own clock
 *   deno task bench --filter matmul     the rows with the text in their name; several filters add up
 *
 * Further options: --threads N for each side (default 2), --rounds N (default 5), --proto (on the
 * GPU: the bytes moved per second, and their share of a large copy's), --json (a last line
 * `{"rows": [{ name, ours_us, torch_us, ratio, target }]}`, with null where there is no value; on
 * the GPU also `gpu_us` and `bytes_per_s`).
 *
 * Each row first compares the results of the two sides. Then the sides alternate, and the medians
 * over the rounds are reported. Large rows run inside `scope`; "plain" is their time without it.
 */

import { scope, setThreads } from "@adjoint/ml";
import meta from "../deno.json" with { type: "json" };
import { copyRate, type GpuFigures, gpuFigures, isSoftware } from "./gpu_figures.ts";
import { makeInputsOn, wave } from "./inputs.ts";
import { type Options, parseOptions } from "./options.ts";
import { BenchError, median, runMain } from "./program.ts";
import type { Instance, Row, Within } from "./row.ts";
import { findPython, makeEnvironment, TorchSide } from "./torch_side.ts";

/** The target duration of a measurement, which may be half as long. */
const MEASUREMENT_US = 200_000;

/**
 * The threads of a side keep spinning for a while after its work; the other side waits for that.
 */
const PAUSE_MS = 10;

/** How long a card is kept busy before the first row. */
const WARM_UP_MS = 2000;

/** The figures of a row; on the GPU also those of its own clock. */
export interface RowFigures extends Partial<GpuFigures> {
  readonly name: string;
  /** Microseconds of a run. */
  readonly ours_us: number;
  /** PyTorch's microseconds; null without PyTorch. */
  readonly torch_us: number | null;
  /** Our time divided by PyTorch's. */
  readonly ratio: number | null;
  /** The largest acceptable ratio; null if none is required. */
  readonly target: number | null;
}

/** Returns the microseconds of an iteration. */
type Measure = (iterations: number) => number | Promise<number>;

/** Times our instance, inside `scope` or not, until the device has finished. */
function ourSide(instance: Instance, within: Within, finish: () => void): Measure {
  return (iterations) => {
    const start = performance.now();
    for (let i = 0; i < iterations; i++) instance.run(within);
    finish();
    return (performance.now() - start) * 1000 / iterations;
  };
}

const plainly: Within = (work) => work();

/** Finds how many iterations take long enough to measure, which also warms up. */
async function calibrate(measure: Measure): Promise<number> {
  for (let iterations = 1;;) {
    const total = iterations * await measure(iterations);
    if (total >= MEASUREMENT_US / 2) return iterations;
    // The first runs are slow, so the increase is limited.
    iterations = Math.ceil(iterations * Math.min(8, MEASUREMENT_US / total));
  }
}

/** Alternates between the sides; returns the median of each. */
async function alternate(sides: readonly Measure[], rounds: number): Promise<number[]> {
  const turns: { measure: Measure; iterations: number; times: number[] }[] = [];
  for (const measure of sides) {
    turns.push({ measure, iterations: await calibrate(measure), times: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { measure, iterations, times } of turns) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      times.push(await measure(iterations));
    }
  }
  return turns.map(({ times }) => median(times));
}

/** Refuses results that differ by more than the row's tolerance. */
export function compare(
  { name, tolerance = 1e-5 }: Row,
  ours: readonly number[][],
  theirs: readonly number[][],
): void {
  const sizes = [ours, theirs].map((result) => result.map((tensor) => tensor.length).join(", "));
  if (sizes[0] !== sizes[1]) {
    throw new BenchError(`Row "${name}": ours has [${sizes[0]}] numbers, PyTorch's [${sizes[1]}]`);
  }
  ours.forEach((tensor, k) => {
    const reference = theirs[k] ?? [];
    const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    tensor.forEach((value, i) => {
      const other = reference[i] ?? NaN;
      if (Math.abs(value - other) <= tolerance * largest) return;
      throw new BenchError(
        `Row "${name}": number ${i} of tensor ${k} is ${value} here and ${other} in PyTorch, and ` +
          `they may differ by ${tolerance} of the largest, ${largest}`,
      );
    });
  });
}

/** The figures of a row, and for a large one the microseconds without `scope`. */
interface Measured {
  readonly figures: RowFigures;
  readonly plain_us: number | undefined;
}

async function measureRow(
  row: Row,
  torch: TorchSide | null,
  { rounds, device }: Pick<Options, "rounds" | "device">,
): Promise<Measured> {
  const { name, target = null, large = false } = row;
  const instance = row.make();
  const ways = device === "gpu" ? [scope] : large ? [scope, plainly] : [plainly];
  const probe = device === "gpu" ? wave([1]) : null;
  const sides = ways.map((within) => ourSide(instance, within, () => probe?.item()));
  if (torch !== null) {
    const reference = await torch.result(name);
    for (const within of ways) compare(row, instance.result(within), reference);
    sides.unshift((iterations) => torch.measure(name, iterations));
  }
  const times = await alternate(sides, rounds);
  const torch_us = torch === null ? null : times.shift() ?? null;
  const [ours_us = NaN, plain_us] = times;
  const ratio = torch_us === null ? null : ours_us / torch_us;
  const figures = { name, ours_us, torch_us, ratio, target };
  if (device === "cpu") return { figures, plain_us };
  const own = gpuFigures(() => instance.run(scope), Math.ceil(MEASUREMENT_US / 2 / ours_us));
  return { figures: { ...figures, ...own }, plain_us };
}

/** Three digits, or all digits before the point. */
function digits(us: number | null | undefined): string {
  return us?.toFixed(us < 10 ? 2 : us < 100 ? 1 : 0) ?? "";
}

function line(name: string, ours: string, torch: string, ratio: string, rest: string[]): string {
  const [target = "", mark = "", ...more] = rest;
  return [
    name.padEnd(50),
    ours.padStart(10),
    torch.padStart(12),
    ratio.padStart(8),
    `  ${target.padEnd(8)}`,
    mark.padEnd(6),
    ...more.map((cell) => cell.padStart(10)),
  ].join("").trimEnd();
}

/** The end of a line for the GPU: its time and, with `--proto`, the bytes per second. */
function ofGpu({ gpu_us, bytes_per_s: rate = null }: RowFigures, copied: number | null): string[] {
  if (copied === null || rate === null) return [digits(gpu_us)];
  return [digits(gpu_us), digits(rate / 1e9), `${(100 * rate / copied).toFixed(0)} %`];
}

function describe(figures: RowFigures, own: readonly string[]): string {
  const { name, ours_us, torch_us, ratio, target } = figures;
  const mark = ratio === null || target === null ? "" : ratio <= target ? "ok" : "over";
  const rest = [target === null ? "" : `≤ ${target}`, mark, ...own];
  return line(name, digits(ours_us), digits(torch_us), ratio?.toFixed(2) ?? "", rest);
}

/** Warms up a card, which is slow after idling; a software device is not. */
async function warmUp(torch: TorchSide | null): Promise<void> {
  if (isSoftware()) return;
  const x = wave([2048, 2048]);
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) scope(() => x.matmul(x).sum().item());
  await torch?.measure("matmul 4096", 100);
}

/** Measures rows, printing each as soon as it is known. */
export async function bench(
  options: Pick<Options, "device" | "selected" | "rounds" | "json" | "proto">,
  torch: TorchSide | null,
  print: (line: string) => void,
): Promise<void> {
  const { device, selected, json, proto } = options;
  makeInputsOn(device);
  if (device === "gpu") await warmUp(torch);
  const copied = proto ? copyRate() : null;
  const head = device === "cpu" ? ["plain µs"] : ["GPU µs", ...proto ? ["GB/s", "of copy"] : []];
  print(line("", "ours µs", "PyTorch µs", "ratio", ["target", "", ...head]));
  const figures: RowFigures[] = [];
  for (const row of selected) {
    const { figures: own, plain_us } = await measureRow(row, torch, options);
    figures.push(own);
    print(describe(own, device === "gpu" ? ofGpu(own, copied) : [digits(plain_us)]));
  }
  if (json) print(JSON.stringify({ rows: figures }));
}

async function main(args: string[]): Promise<void> {
  const options = parseOptions(args);
  const { threads, rounds, device } = options;
  setThreads(threads);
  if (options.withTorch) await makeEnvironment();
  const python = await findPython(options.python);
  await using torch = python === null ? null : await TorchSide.start(python, threads, device);
  console.log(
    `Adjoint ${meta.version}${torch === null ? "" : ` and PyTorch ${torch.version}`}, ${threads} ` +
      `threads, medians of ${rounds} rounds`,
  );
  if (torch === null) {
    console.log("PyTorch's column needs --with-torch (makes bench/.venv, 5 GB) or --python PATH");
  }
  await bench(options, torch, console.log);
}

if (import.meta.main) await runMain(main);
