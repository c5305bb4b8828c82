/** The command line of the benchmark. */

import { parseArgs } from "node:util";
import type { Device } from "@adjoint/ml";
import type { Row } from "./row.ts";
import { gpuRows } from "./gpu_rows.ts";
import { BenchError } from "./program.ts";
import { cpuRows } from "./rows.ts";

/** The rows of a device. */
const rowsOf: Readonly<Record<Device, readonly Row[]>> = { cpu: cpuRows, gpu: gpuRows };

/** The options. */
export interface Options {
  /** The device on which both sides compute. */
  readonly device: Device;
  /** The rows to measure. */
  readonly selected: readonly Row[];
  /** Whether the last line is JSON. */
  readonly json: boolean;
  /** Whether to show the bytes per second as a share of the most that the GPU can move. */
  readonly proto: boolean;
  /** Whether to make a virtual environment with PyTorch. */
  readonly withTorch: boolean;
  /** Path of a Python that has PyTorch. */
  readonly python: string | undefined;
  /** Threads of each side. */
  readonly threads: number;
  /** How many rounds the sides alternate. */
  readonly rounds: number;
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new BenchError(`--${name} must be an integer of at least 1, got ${text}`);
  }
  return value;
}

function named({ name }: Row, text: string): boolean {
  return name.toLowerCase().includes(text.toLowerCase());
}

/** The rows with one of the texts in their name; all rows for no text. */
function select(rows: readonly Row[], filters: readonly string[]): readonly Row[] {
  const unknown = filters.find((text) => !rows.some((row) => named(row, text)));
  if (unknown !== undefined) {
    const names = rows.map(({ name }) => `  ${name}`).join("\n");
    throw new BenchError(`No row has "${unknown}" in its name; the rows are\n${names}`);
  }
  if (filters.length === 0) return rows;
  return rows.filter((row) => filters.some((text) => named(row, text)));
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        device: { type: "string", default: "cpu" },
        filter: { type: "string", multiple: true, default: [] },
        json: { type: "boolean", default: false },
        proto: { type: "boolean", default: false },
        "with-torch": { type: "boolean", default: false },
        python: { type: "string" },
        threads: { type: "string", default: "2" },
        rounds: { type: "string", default: "5" },
      },
    }).values;
  } catch (error) {
    throw new BenchError(error instanceof Error ? error.message : String(error));
  }
}

function deviceOf(text: string): Device {
  if (text === "cpu" || text === "gpu") return text;
  throw new BenchError(`--device must be cpu or gpu, got ${text}`);
}

/** Reads and checks the command line. */
export function parseOptions(args: string[]): Options {
  const values = parse(args);
  if (values["with-torch"] && values.python !== undefined) {
    throw new BenchError("--with-torch brings a Python of its own: leave out --python");
  }
  const device = deviceOf(values.device);
  if (values.proto && device !== "gpu") throw new BenchError("--proto needs --device gpu");
  return {
    device,
    selected: select(rowsOf[device], values.filter),
    json: values.json,
    proto: values.proto,
    withTorch: values["with-torch"],
    python: values.python,
    threads: whole("threads", values.threads),
    rounds: whole("rounds", values.rounds),
  };
}
