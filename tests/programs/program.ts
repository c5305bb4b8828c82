/** What a random program is: leaves and calls as data, so that it can be run again, cut and shown. */

import type { DType } from "../../mod.ts";
import { count, type Layout, type Plain, show } from "../common/samples.ts";

/** A value of a program: what an item gave, by the item's place. */
export class Ref {
  /** Place of the item among the items. */
  readonly item: number;
  /** Which of its results. */
  readonly port: number;

  constructor(item: number, port = 0) {
    this.item = item;
    this.port = port;
  }

  /** Its name in a listing. */
  toString(): string {
    return this.port === 0 ? `v${this.item}` : `v${this.item}_${this.port}`;
  }
}

/** An argument of a call; what is no tensor stands for itself. */
export type Arg =
  | Ref
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly Arg[]
  | { readonly [name: string]: Arg };

/** A tensor to start from. */
export interface Leaf {
  readonly kind: "leaf";
  /** The elements that are in memory. */
  readonly plain: Plain;
  /** The shape to which those are stretched. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** How the elements lie; the twin's always lie row by row. */
  readonly layout: Layout | "dense";
  readonly requiresGrad: boolean;
}

/** A call of an op. */
export interface Call {
  readonly kind: "call";
  readonly op: string;
  readonly args: readonly Arg[];
}

/** A backward pass from outputs to all leaves, the last item if there is one. */
export interface Backward {
  readonly kind: "backward";
  readonly outputs: readonly Ref[];
  /** Whether the first output itself is passed back from, in place of a weighted sum of them all. */
  readonly bare: boolean;
}

/** What a program consists of. */
export type Item = Leaf | Call | Backward;

/** Items in order; null where one was cut out. */
export type Program = readonly (Item | null)[];

/** The values that an argument names. */
export function refsIn(arg: Arg): Ref[] {
  if (arg instanceof Ref) return [arg];
  if (Array.isArray(arg)) return arg.flatMap(refsIn);
  return typeof arg === "object" && arg !== null ? Object.values(arg).flatMap(refsIn) : [];
}

/** The values that an item needs. */
export function needsOf(item: Item | null): readonly Ref[] {
  if (item === null || item.kind === "leaf") return [];
  return item.kind === "call" ? refsIn(item.args) : item.outputs;
}

/** A program without one item and all that needs it. */
export function without(program: Program, place: number): Program {
  const gone = new Set([place]);
  return program.map((item, i) => {
    if (item?.kind === "backward") {
      const outputs = item.outputs.filter((ref) => !gone.has(ref.item));
      return outputs.length === 0 ? null : { ...item, outputs };
    }
    if (needsOf(item).some((ref) => gone.has(ref.item))) gone.add(i);
    return gone.has(i) ? null : item;
  });
}

/** Ops that change their first argument. */
export const CHANGES: ReadonlySet<string> = new Set(["copy_", "fill_", "zero_", "setAt"]);

/** Whether an item changes a tensor in place. */
export function changes(item: Item | null): boolean {
  return item?.kind === "call" && CHANGES.has(item.op);
}

function written(arg: Arg): string {
  if (arg instanceof Ref || typeof arg === "number") return String(arg);
  if (Array.isArray(arg)) return `[${arg.map(written).join(", ")}]`;
  if (typeof arg !== "object" || arg === null) return JSON.stringify(arg) ?? "undefined";
  const entries = Object.entries(arg).map(([name, value]) => `${name}: ${written(value)}`);
  return `{ ${entries.join(", ")} }`;
}

/** Elements that a listing shows. */
const SHOWN = 32;

function leafText({ plain, shape, dtype, layout, requiresGrad }: Leaf): string {
  const stretched = count(plain.shape) === count(shape) ? "" : ` from ${show(plain.shape)}`;
  const data = plain.data.slice(0, SHOWN).join(", ") + (plain.data.length > SHOWN ? ", …" : "");
  const grad = requiresGrad ? ", requiresGrad" : "";
  return `${dtype} ${show(shape)}${stretched} ${layout}${grad}: ${data}`;
}

/** A listing of a program, a line for each item. */
export function listing(program: Program): string {
  return program.flatMap((item, i) => {
    if (item === null) return [];
    if (item.kind === "leaf") return [`v${i} = ${leafText(item)}`];
    if (item.kind === "call") return [`v${i} = ${item.op}(${item.args.map(written).join(", ")})`];
    const outputs = item.outputs.join(", ");
    return [`backward from ${item.bare ? outputs : `the weighted sum of ${outputs}`}`];
  }).join("\n");
}
