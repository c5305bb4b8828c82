/**
 * Times of this library beside PyTorch's on the CPU, taken in turns in one run.
 *
 *   deno task bench                     our column, and PyTorch's if bench/.venv is there
 *   deno task bench --with-torch        makes bench/.venv first: about 5 GB from PyPI
 *   deno task bench --python PATH       PyTorch of another Python
 *   deno task bench --device gpu        the same on the GPU, beside PyTorch with CUDA; "GPU µs" is how long
 *                                       it was busy, by its own clock
 *   deno task bench --filter matmul     the rows with the text in their name; several filters add up
 *
 * Further options: --threads N for either side (default 2), --rounds N (default 5), --proto (on the GPU:
 * the bytes that are moved in a second, and their share of those of a large copy), --json (a last
 * line `{"rows": [{ name, ours_us, torch_us, ratio, target }]}`, null where there is none; on the GPU
 * also `gpu_us` and `bytes_per_s`).
 *
 * Each row first compares what the two sides compute. Then the sides take turns, and the medians
 * over the rounds count. Large rows run inside `scope`; "plain" is their time without it.
 */

import { scope, setThreads } from "@adjoint/ml";
import meta from "../deno.json" with { type: "json" };
import { copyRate, type GpuFigures, gpuFigures, isSoftware } from "./gpu_figures.ts";
import { makeInputsOn, wave } from "./inputs.ts";
import { type Options, parseOptions } from "./options.ts";
import { BenchError, median, runMain } from "./program.ts";
import type { Instance, Row, Within } from "./row.ts";
import { findPython, makeEnvironment, TorchSide } from "./torch_side.ts";

/** How long a measurement is to take; it may take half of it. */
const MEASUREMENT_US = 200_000;

/** The threads of a side spin for a while after its last work; the other one waits for that. */
const PAUSE_MS = 10;

/** How long a card is kept busy before the first row. */
const WARM_UP_MS = 2000;

/** The figures of a row; on the GPU also its own. */
export interface RowFigures extends Partial<GpuFigures> {
  readonly name: string;
  /** Microseconds of a run. */
  readonly ours_us: number;
  /** PyTorch's microseconds; null without it. */
  readonly torch_us: number | null;
  /** Ours by PyTorch's. */
  readonly ratio: number | null;
  /** What the ratio may be; null if nothing is asked of it. */
  readonly target: number | null;
}

/** Gives the microseconds of an iteration. */
type Measure = (iterations: number) => number | Promise<number>;

/** Our times of an instance inside `scope` or nothing, until the device has done it. */
function ourSide(instance: Instance, within: Within, finish: () => void): Measure {
  return (iterations) => {
    const start = performance.now();
    for (let i = 0; i < iterations; i++) instance.run(within);
    finish();
    return (performance.now() - start) * 1000 / iterations;
  };
}

const plainly: Within = (work) => work();

/** Runs until a measurement is long enough, which warms up as well; gives its iterations. */
async function calibrate(measure: Measure): Promise<number> {
  for (let iterations = 1;;) {
    const total = iterations * await measure(iterations);
    if (total >= MEASUREMENT_US / 2) return iterations;
    // The first runs are slow, so the step is bounded.
    iterations = Math.ceil(iterations * Math.min(8, MEASUREMENT_US / total));
  }
}

/** Takes turns; gives the median of each. */
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

/** A row's figures, and the microseconds without `scope` for a large one. */
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

/** Three digits, or all before the point. */
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

/** What stands at the end of a line of the GPU: its time, and with `--proto` what it moved. */
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

/** A card that has idled runs slowly for a while; a device in software does not. */
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
