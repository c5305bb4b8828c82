/**
 * The table of public ops, derived from the tests: nothing in it is written by hand. `deno task
 * ops` prints it, and the README has a shorter form.
 */

import { type Kind, registeredOps } from "../../lib/ops/registry.ts";
import type { DType } from "../../mod.ts";
import { DTYPES, isDifferentiable, type OpCase } from "./cases.ts";
import { IN_PLACE_CASES } from "./copy/inplace_cases.ts";
import { ELEMENTWISE, type Elementwise, resultType } from "../common/elementwise.ts";
import { ABSENT } from "./gpu_absent.ts";
import { OP_CASES } from "./op_cases.ts";
import { DATA_DEPENDENT } from "./vmap_refusals.ts";

/** A public op. */
export interface OpRow {
  /** Name of the function, or of the method that writes in place. */
  readonly name: string;
  readonly kind: Kind;
  /** The types that it takes. */
  readonly dtypes: readonly DType[];
  /** Whether all of it runs on the GPU, or why not. */
  readonly gpu: true | `on the CPU alone: ${string}`;
  /** The highest order of gradient that exists and is verified; 0 for none. */
  readonly order: 0 | 1 | 3;
  /** Whether it runs under `vmap`, or why not. */
  readonly vmap: true | "refused: the shape of the result depends on data";
  /** Whether it supports forward mode, or why not. */
  readonly jvp: true | "refused: in place";
  /** Whether it is a step function: its gradient is zeros, or its results are integers. */
  readonly flat: boolean;
}

const kinds = new Map(registeredOps().map(({ name, kind }) => [name, kind]));

function kindOf(name: string): Kind {
  const kind = kinds.get(name);
  if (kind !== undefined) return kind;
  throw new Error(
    `The op ${name} is not in the registry: enter it with \`composites({ ${name} })\``,
  );
}

function elementwiseRow(op: Elementwise): OpRow {
  return {
    name: op.name,
    kind: kindOf(op.name),
    dtypes: DTYPES.filter((dtype) => resultType(op, dtype) !== null),
    gpu: op.program || "on the CPU alone: it has no program yet",
    order: op.compares ? 0 : op.flat ? 1 : 3,
    vmap: true,
    jvp: true,
    flat: op.compares || op.flat,
  };
}

function structuralRow([name, cases]: [string, readonly OpCase[]]): OpRow {
  const kind = kindOf(name);
  const tried = cases.flatMap((one) => one.dtypes ?? DTYPES);
  const order = cases.some(isDifferentiable) ? 3 : 0;
  const reason = (ABSENT as Readonly<Record<string, string>>)[name];
  return {
    name,
    kind,
    dtypes: DTYPES.filter((dtype) => tried.includes(dtype)),
    gpu: reason === undefined ? true : `on the CPU alone: ${reason}`,
    order,
    vmap: DATA_DEPENDENT.has(name) ? "refused: the shape of the result depends on data" : true,
    jvp: kind === "in place" ? "refused: in place" : true,
    flat: order === 0 && kind !== "in place",
  };
}

/** Every public op, by name. */
export const OP_TABLE: readonly OpRow[] = [
  ...ELEMENTWISE.map(elementwiseRow),
  ...Object.entries({ ...OP_CASES, ...IN_PLACE_CASES }).map(structuralRow),
].sort((a, b) => a.name < b.name ? -1 : 1);

const KINDS: readonly Kind[] = ["primitive", "fused", "composite", "in place"];
const GRADIENTS = { 0: "none", 1: "zeros", 3: "to the 3rd order" };

/** The gradients of an op, in words. */
export function gradientsOf({ order }: OpRow): string {
  return GRADIENTS[order];
}

/** Its support of `vmap` and forward mode, in words. */
export function transformsOf({ vmap, jvp }: OpRow): string {
  return vmap !== true ? "jvp" : jvp !== true ? "vmap" : "vmap, jvp";
}

/** The devices that it runs on. */
function devicesOf({ gpu }: OpRow): string {
  return gpu === true ? "CPU, GPU" : "CPU";
}

/** The table in Markdown, with a row for all ops that are alike. */
export function markdownTable(rows: readonly OpRow[]): string {
  const order = (row: OpRow) =>
    [KINDS.indexOf(row.kind), 3 - row.order, Number(row.gpu !== true), transformsOf(row)].join("");
  const groups = Map.groupBy(rows, order);
  const lines = [...groups.keys()].sort().map((key) => {
    const group = groups.get(key)!;
    const names = group.map(({ name }) => `\`${name}\``).join(" ");
    const [first] = group;
    const cells = [
      first!.kind,
      gradientsOf(first!),
      transformsOf(first!),
      devicesOf(first!),
      names,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const head = [
    "| kind | gradients | transforms | runs on | ops |",
    "| --- | --- | --- | --- | --- |",
  ];
  return [...head, ...lines].join("\n");
}

const BEGIN =
  "<!-- The table that `deno task ops --write` makes -->\n\n<!-- deno-fmt-ignore-start -->";
const END = "<!-- deno-fmt-ignore-end -->";

/** A text with the current table between its marks. */
export function withTable(text: string, rows: readonly OpRow[]): string {
  const [start, end] = [text.indexOf(BEGIN), text.indexOf(END, text.indexOf(BEGIN))];
  if (start === -1 || end < start) {
    throw new Error(`The README has no place for the table of ops:\n${BEGIN}\n${END}`);
  }
  return `${text.slice(0, start)}${BEGIN}\n\n${markdownTable(rows)}\n\n${text.slice(end)}`;
}

/** Where the README is. */
export const README = new URL("../../README.md", import.meta.url);
