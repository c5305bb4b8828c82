/**
 * The table of losses, as the tests know them: nothing in it is written by hand. `deno task losses`
 * prints it, and the README has a shorter form.
 */

import { CHECKS, isAbout, type Subject } from "./checks.ts";
import { CLAIM_CHECKS, isClaimed } from "./claim_checks.ts";
import { CLAIMS } from "./claims.ts";
import { OTHERS } from "./others.ts";
import type { LossRow } from "./row.ts";
import { LOSSES, type LossName, MODULES } from "./table.ts";
import { losses } from "../../mod.ts";

/** A loss. */
export interface LossTableRow {
  /** Name of the function, or of the class where there is none. */
  readonly name: string;
  /** Name of the class; null where there is none. */
  readonly module: string | null;
  /** Who gave the values that it is compared with. */
  readonly reference: string;
  /** Highest order of gradient that is compared with differences. */
  readonly order: number;
  /** What is checked of it. */
  readonly checks: readonly string[];
  /** In how many lines it is read. */
  readonly lines: number;
}

const FOLDER = new URL("../../lib/loss/", import.meta.url);

/** The sources of all losses, those of the regularisers last, whose names are not theirs alone. */
const SOURCES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .sort((a, b) => Number(a.startsWith("regular")) - Number(b.startsWith("regular")))
  .map((name) => Deno.readTextFileSync(new URL(name, FOLDER))).join("\n");

/** In how many lines a function or class is read: what stands above it, without example, and itself. */
export function linesOf(name: string, sources = SOURCES): number {
  const own = name.split(".").at(-1)!;
  const source = own === name ? sources : sources.slice(sources.indexOf("/** Terms of"));
  const form = `/\\*\\*((?:(?!\\*/)[^])*)\\*/\\nexport (?:function|class) ${own}\\b[^]*?\\n}\\n`;
  const [whole = "", above = ""] = new RegExp(form).exec(source) ?? [];
  if (whole === "") throw new Error(`There is no loss ${name} with its documentation`);
  const example = above.slice(above.search(/@example|$/)).split("\n").length - 1;
  return whole.trimEnd().split("\n").length - example;
}

type Check = (subject: Subject) => void;

/** The checks that are about a loss, by what they say of it. */
export function checksOf(name: LossName): readonly [title: string, check: Check][] {
  const row = LOSSES[name] as unknown as LossRow<losses.LossOptions<string>>;
  const general = entriesOf(CHECKS).filter(([title]) => isAbout(title, row));
  const claimed = entriesOf(CLAIM_CHECKS).filter(([title]) => isClaimed(title, CLAIMS[name]));
  return [...general, ...claimed];
}

function entriesOf<Title extends string>(
  checks: Readonly<Record<Title, Check>>,
): [Title, Check][] {
  return Object.entries(checks) as [Title, Check][];
}

function orderOf(checks: readonly string[]): number {
  return checks.some((title) => title.includes("second order")) ? 2 : 1;
}

const functions = Object.entries(MODULES).map(([module, name]): LossTableRow => {
  const checks = checksOf(name).map(([title]) => title);
  const { reference } = CLAIMS[name];
  return { name, module, reference, order: orderOf(checks), checks, lines: linesOf(name) };
});

const others = Object.entries(OTHERS).map(([name, other]): LossTableRow => {
  const checks = Object.keys(other.checks);
  const own = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const module = [own, `${own}Loss`].find((one) => one in losses) ?? null;
  const { reference } = other;
  return { name, module, reference, order: orderOf(checks), checks, lines: linesOf(name) };
});

/** Every loss, by name. */
export const LOSS_TABLE: readonly LossTableRow[] = [...functions, ...others]
  .sort((a, b) => a.name < b.name ? -1 : 1);

/** The table in Markdown, with a row for all losses that are checked against the same values. */
export function markdownTable(rows: readonly LossTableRow[]): string {
  const groups = Map.groupBy(rows, ({ reference, order }) => `| ${reference} | ${order} |`);
  const lines = [...groups].map(([start, group]) =>
    `${start} ${group.map(({ name }) => `\`${name}\``).join(" ")} |`
  ).sort();
  return [
    "| values and gradients from | orders | losses |",
    "| --- | --- | --- |",
    ...lines,
  ].join("\n");
}

const BEGIN =
  "<!-- The table that `deno task losses --write` makes -->\n\n<!-- deno-fmt-ignore-start -->";
const END = "<!-- deno-fmt-ignore-end -->";

/** A text with the table of today in place of the one between its marks. */
export function withTable(text: string, rows: readonly LossTableRow[]): string {
  const start = text.indexOf(BEGIN);
  const end = text.indexOf(END, start);
  if (start === -1 || end === -1) {
    throw new Error(`The README has no place for the table of losses:\n${BEGIN}\n${END}`);
  }
  return `${text.slice(0, start)}${BEGIN}\n\n${markdownTable(rows)}\n\n${text.slice(end)}`;
}

/** Where the README is. */
export const README = new URL("../../README.md", import.meta.url);
