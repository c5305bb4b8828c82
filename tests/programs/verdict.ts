/**
 * What a run of a program is worth. The program runs as it is, and its twin on contiguous float64
 * copies; further twins run with simulated roundings (`rounding.ts`). What those make of a value bounds
 * what rounding may: a float may be off by some times their spread and a few units in the last place,
 * so that an exact value must be exact and only what rounding blows up is judged loosely. An int32 or a
 * bool must be equal unless it differs among the twins, as then a rounding has decided it. Where it
 * decides a shape or an error, the program is judged up to there only, and counts as undecided. The
 * twin cannot tell float32 from float64: how those meet is tried by the tests of promotion.
 */

import {
  DeviceError,
  type DType,
  DTypeError,
  GradError,
  ShapeError,
  type Tensor,
} from "../../mod.ts";
import { show } from "../common/samples.ts";
import { changes, type Item, needsOf, type Program } from "./program.ts";
import { Rounding } from "./rounding.ts";
import { elementsOf, OPS, type Ops, Twin, wide, World } from "./world.ts";

/** What came of a program. */
export interface Verdict {
  /** Whether it ran to its end, stopped with an error of ours, or hung on a rounding. */
  readonly outcome: "completed" | "failed" | "undecided";
  /** What must not be; null if all is well. */
  readonly problem: string | null;
  /** Class of the error that stopped it, and the op. */
  readonly error?: { readonly name: string; readonly op: string };
  /** Elements that were compared, and how many of them loosely. */
  readonly elements: number;
  readonly loose: number;
}

/** How many simulations a program gets, and one that seems to be wrong. */
export const FEW = 2;
export const MANY = 32;

/** What a value may be off beside the spread of the simulations, in its own size. */
const UNITS = { single: 2 ** -20, double: 2 ** -48 };
/** How often the spread. */
const SPREADS = 4;
/** A tolerance beyond this share of the value, or of 1, is loose. */
const LOOSE = 1e-3;

/** Our classes; each message names the op before a colon, which those of V8 do not. */
const CLASSES: readonly unknown[] = [
  ShapeError,
  DTypeError,
  DeviceError,
  GradError,
  RangeError,
  TypeError,
];

/** Whether an error is one that a user may get. */
export function isOurs(error: unknown): error is Error {
  return error instanceof Error && CLASSES.includes(error.constructor) &&
    /^Cannot [^:]+: /.test(error.message);
}

/** The class of an error, by name. */
export function classOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error;
}

/** What refuses a tensor for how it lies in memory. */
const MINDS_LAYOUT = /only by a copy; use reshape|share one place in memory/;

/** Runs a program until it fails. */
export function run(program: Program, world: World): World {
  for (const item of program) if (!world.take(item)) break;
  return world;
}

/** The runs of a program. */
export interface Runs {
  readonly actual: World;
  readonly twin: World;
  readonly simulations: readonly World[];
  /** Whether float32 occurs. */
  readonly single: boolean;
}

function runs(program: Program, ops: Ops, count: number): Runs {
  const actual = run(program, new World(ops));
  const twin = run(program, new Twin());
  const single = actual.values.flat().some((x) => x?.dtype === "float32");
  const simulations = Array.from(
    { length: count },
    (_, salt) => run(program, new Twin(new Rounding(salt, single))),
  );
  return { actual, twin, simulations, single };
}

function shapeText(x: Tensor | null | undefined): string {
  return x ? show(x.shape) : "nothing";
}

/** The first item that does not give the same shapes, or errors, in two runs of twins. */
export function parting(a: World, b: World): number {
  const text = (world: World, i: number) =>
    world.failure?.item === i
      ? classOf(world.failure.error)
      : world.values[i]?.map(shapeText).join();
  for (let i = 0; i <= Math.max(a.values.length, b.values.length); i++) {
    if (text(a, i) !== text(b, i)) return i;
  }
  return Infinity;
}

/** Whether only the actual run fails, as it may: for a layout, or a mixture of float types. */
function failsAlone(program: Program, { actual, twin }: Runs): boolean {
  const [failure, other] = [actual.failure, twin.failure];
  if (failure === null || !isOurs(failure.error)) return false;
  if (other !== null && other.item < failure.item) return false;
  const failed = program[failure.item]!;
  if (failed.kind !== "call") return false;
  const types = new Set<DType>(needsOf(failed).map((ref) => actual.at(ref).dtype));
  return (failure.error instanceof ShapeError && MINDS_LAYOUT.test(failure.error.message)) ||
    (failure.error instanceof DTypeError && types.has("float32") && types.has("float64"));
}

/** Whether a backward pass failed on one side as an op inside it has viewed there, and copied here. */
function metChange(program: Program, { actual, twin }: Runs): boolean {
  const failures = [actual.failure, twin.failure].filter((failure) => failure !== null);
  return program.some(changes) && failures.length === 1 &&
    failures.every(({ item, error }) =>
      program[item]!.kind === "backward" && error instanceof GradError &&
      error.message.includes("changed in place since")
    );
}

/** What is wrong with how a program ended; null if nothing. */
function endProblem({ actual: { failure: a }, twin: { failure: t } }: Runs): string | null {
  if (a !== null && !isOurs(a.error)) {
    return `an error that is none of ours: ${(a.error as Error).stack ?? a.error}`;
  }
  const text = (failure: typeof a) =>
    failure === null
      ? "no error"
      : `${classOf(failure.error)} at v${failure.item} (${(failure.error as Error).message})`;
  const alike = a?.item === t?.item && (a === null || classOf(a.error) === classOf(t?.error));
  return alike ? null : `${text(a)}, but in the twin ${text(t)}`;
}

/** Compares values; counts those whose tolerance is loose. */
export class Comparison {
  elements = 0;
  loose = 0;
  readonly #runs: Runs;

  constructor(all: Runs) {
    this.#runs = all;
  }

  /** What is wrong with the values of an item; null if nothing. */
  item(i: number): string | null {
    const { actual, twin, simulations } = this.#runs;
    const [values, wanted] = [actual.values[i], twin.values[i]];
    if (values === undefined || wanted === undefined) return null;
    if (values.length !== wanted.length) {
      return `v${i} gave ${values.length} tensors, the twin ${wanted.length}`;
    }
    for (let port = 0; port < values.length; port++) {
      const name = port === 0 ? `v${i}` : `v${i}_${port}`;
      const problem = this.#tensors(
        values[port]!,
        wanted[port]!,
        simulations.map((world) => world.values[i]![port]!),
      );
      if (problem !== null) return `${name}: ${problem}`;
    }
    return null;
  }

  #tensors(x: Tensor | null, twin: Tensor | null, others: readonly (Tensor | null)[]) {
    if (x === null || twin === null) {
      return x === twin ? null : `gradient of shape ${shapeText(x)}, the twin's ${shapeText(twin)}`;
    }
    const [ours, theirs] = [x, twin].map(({ shape, dtype, requiresGrad }) =>
      `${wide(dtype)} ${show(shape)}${requiresGrad ? ", requiresGrad" : ""}`
    );
    if (ours !== theirs) return `${ours}, the twin has ${theirs}`;
    const exact = x.dtype === "int32" || x.dtype === "bool";
    const unit = exact ? 0 : this.#runs.single ? UNITS.single : UNITS.double;
    const [values, wanted] = [elementsOf(x), elementsOf(twin)];
    const simulated = others.map((other) => elementsOf(other!));
    this.elements += values.length;
    for (let i = 0; i < values.length; i++) {
      const [value, want] = [values[i]!, wanted[i]!];
      let spread = 0;
      for (const list of simulated) spread = Math.max(spread, distance(list[i]!, want));
      const rounding = Number.isFinite(want) ? unit * Math.abs(want) : 0;
      const tolerance = exact && spread > 0 ? Infinity : SPREADS * spread + rounding;
      if (tolerance > LOOSE * Math.max(1, Math.abs(want))) this.loose++;
      if (distance(value, want) <= tolerance) continue;
      return `element ${i} of ${show(x.shape)} is ${value}, the twin's ${want} with tolerance ` +
        tolerance;
    }
    return null;
  }
}

/** Distance of two numbers; infinite where only one is finite, or a number. */
function distance(a: number, b: number): number {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  const apart = Math.abs(a - b);
  return Number.isNaN(apart) ? Infinity : apart;
}

function judged(program: Program, ops: Ops, count: number): Verdict {
  const all = runs(program, ops, count);
  const { actual, twin, simulations } = all;
  const parted = Math.min(...simulations.map((world) => parting(twin, world)));
  if (parted < program.length) {
    const { problem, elements, loose } = judged(program.slice(0, parted), ops, count);
    return { outcome: "undecided", problem, elements, loose };
  }
  const { failure } = actual;
  const error = failure === null
    ? {}
    : { error: { name: classOf(failure.error), op: nameOf(program[failure.item]!) } };
  if (metChange(program, all)) {
    return { ...judged(program.slice(0, -1), ops, count), outcome: "undecided" };
  }
  if (failsAlone(program, all)) {
    const { problem, elements, loose } = judged(program.slice(0, failure!.item), ops, count);
    return { outcome: "failed", problem, ...error, elements, loose };
  }
  const comparison = new Comparison(all);
  let problem = endProblem(all);
  for (let i = 0; i < actual.values.length; i++) problem ??= comparison.item(i);
  const { elements, loose } = comparison;
  return { outcome: failure === null ? "completed" : "failed", problem, ...error, elements, loose };
}

function nameOf(item: Item): string {
  return item.kind === "call" ? item.op : item.kind;
}

/** Judges a program; one that seems to be wrong again with more simulations. */
export function judge(program: Program, ops: Ops = OPS): Verdict {
  const verdict = judged(program, ops, FEW);
  return verdict.problem === null ? verdict : judged(program, ops, MANY);
}
