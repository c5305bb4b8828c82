/** The command that shows runs. */

import { inColumns } from "../core/columns.ts";
import { short } from "../train/history.ts";
import { type Difference, diffRuns, settingsOf } from "./diff.ts";
import { type Json, listRuns, readRun } from "./record.ts";

const USAGE = `Shows runs that are kept in folders.

  list [FOLDER]    all runs in a folder; without one, in "runs"
  show RUN         what a run was set to, and its epochs
  diff A B         what two runs were set to where that differs, and their last epochs
  report RUN       writes a page of a run, and says where; it needs --allow-write and --allow-ffi`;

/** A table of text, its first row a head. */
function table(rows: readonly (readonly string[])[]): string {
  return inColumns(rows, Infinity).join("\n");
}

function cell(value: Json | undefined): string {
  if (value === undefined) return "-";
  return typeof value === "number" ? short(value) : String(value);
}

/** A row of `list`; of a damaged run only that. */
function rowOf(path: string): string[] {
  try {
    const { info, history } = readRun(path);
    const { loss, valLoss } = history.records.at(-1) ?? {};
    return [
      path,
      info.began.slice(0, 16).replace("T", " "),
      info.outcome,
      String(history.records.length),
      cell(info.seconds),
      cell(loss),
      cell(valLoss),
    ];
  } catch (error) {
    if (!(error instanceof Deno.errors.InvalidData)) throw error;
    return [path, "-", "damaged", "-", "-", "-", "-"];
  }
}

function list(folder?: string): string {
  const rows = listRuns(folder).map(rowOf);
  if (rows.length === 0) return `There are no runs in ${folder ?? "runs"}`;
  return table([
    ["run", "began (UTC)", "outcome", "epochs", "seconds", "loss", "valLoss"],
    ...rows,
  ]);
}

function show(path: string): string {
  const run = readRun(path);
  const { began, ended, resumed, outcome, stopped, seconds } = run.info;
  const times = [
    ["began", began],
    ...resumed.map((time) => ["resumed", time]),
    ["ended", ended ?? "-"],
    ["outcome", stopped === null ? outcome : `${outcome}: ${stopped}`],
    ["seconds", short(seconds)],
  ];
  const settings = settingsOf(run).map(([name, value]) => [name, cell(value)]);
  const notes = Object.entries(run.notes).map(([name, value]) => {
    const text = JSON.stringify(value);
    return `note ${name}: ${text.length > 200 ? `${text.slice(0, 199)}…` : text}`;
  });
  return [table([...times, ...settings]), run.history.toString(), ...notes].join("\n\n");
}

function diff(a: string, b: string): string {
  const { settings, metrics } = diffRuns(a, b);
  const row = ({ name, a, b }: Difference<Json>) => [name, cell(a), cell(b)];
  const head = (what: string) => [what, a, b];
  return [
    settings.length === 0
      ? "Both were set to the same."
      : table([head("set to"), ...settings.map(row)]),
    table([head("last epoch"), ...metrics.map(row)]),
  ].join("\n\n");
}

/** Loads the pictures only here, as they bring npm packages and the native library. */
async function report(path: string): Promise<string> {
  const { report } = await import("../plot/report/mod.ts");
  return report(path);
}

/** The commands, with how many arguments each takes. */
const COMMANDS: Readonly<
  Record<string, { least: number; most: number; run(...args: string[]): string | Promise<string> }>
> = {
  list: { least: 0, most: 1, run: list },
  show: { least: 1, most: 1, run: show },
  diff: { least: 2, most: 2, run: diff },
  report: { least: 1, most: 1, run: report },
};

/** Runs a command. @returns What it prints, and the status of the process. */
export async function command(
  args: readonly string[],
): Promise<{ text: string; code: number }> {
  const [name = "", ...rest] = args;
  const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (found === undefined || rest.length < found.least || rest.length > found.most) {
    return { text: USAGE, code: args.length === 0 ? 0 : 1 };
  }
  try {
    return { text: await found.run(...rest), code: 0 };
  } catch (error) {
    return { text: (error as Error).message, code: 1 };
  }
}
