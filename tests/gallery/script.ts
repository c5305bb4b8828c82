/** Runs a script of `examples/` and reads what it told. */

import { type Figures, figuresOf } from "./row.ts";

const ROOT = new URL("../../", import.meta.url);

/** What a script told. */
export interface Told {
  readonly seconds: number;
  /** By row. */
  readonly figures: Readonly<Record<string, Figures>>;
  /** Paths of its pictures. */
  readonly pictures: readonly string[];
  /** All that it printed before the last line. */
  readonly text: string;
}

/** Runs a script with `--json` and other options. */
export async function runScript(script: string, ...options: string[]): Promise<Told> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // Reading is for data and for pictures, which are written beside their final place.
    args: ["run", "--no-check", "-A", `examples/${script}`, "--json", ...options],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${script} ${options.join(" ")} failed:\n${errors}`);
  const lines = text!.trimEnd().split("\n");
  const told = JSON.parse(lines.pop()!);
  const rows = Object.entries(told.figures as Record<string, Record<string, unknown>>);
  return {
    seconds: told.seconds,
    figures: Object.fromEntries(rows.map(([row, figures]) => [row, figuresOf(figures)])),
    pictures: told.pictures,
    text: lines.join("\n"),
  };
}
