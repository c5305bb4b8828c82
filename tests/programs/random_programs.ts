/**
 * Random programs: made, run, judged and counted. Each is of one op, around which it calls others of a
 * list that does not grow. All that it draws follows from its name, which is a seed, the op and a number,
 * so that a new op has programs of its own and changes none of the others.
 */

import { Draw } from "./draw.ts";
import {
  type Call,
  type Leaf,
  listing,
  needsOf,
  type Program,
  type Ref,
  without,
} from "./program.ts";
import { drawArguments, TABLE } from "./table.ts";
import { judge, type Verdict } from "./verdict.ts";
import { elementsOf, OPS, type Ops, World } from "./world.ts";

/** How likely a call is drawn with mistakes. */
const MISTAKES = 0.035;

/** How likely a step after the first calls the op of the program again. */
const AGAIN = 0.15;

/** A value that results may be passed back from: on the tape, and made by a call. */
function outputsOf(d: Draw): Ref[] {
  const used = new Set(d.items.flatMap((item) => needsOf(item)).map(String));
  return d.refs().filter((ref) => {
    const x = d.look(ref);
    return x.requiresGrad && d.items[ref.item]!.kind === "call" &&
      (!used.has(String(ref)) || d.chance(0.5));
  });
}

/** The name of a program: what it is drawn from. */
export interface Name {
  readonly seed: string;
  readonly op: string;
  readonly number: number;
}

/** The names of some programs of each op. */
export function namesOf(each: number, seed: string, { rows } = TABLE): Name[] {
  return [...rows.keys()].flatMap((op) =>
    Array.from({ length: each }, (_, number): Name => ({ seed, op, number }))
  );
}

/** A name as messages have it. */
export function nameText({ seed, op, number }: Name): string {
  return `${seed} ${op} ${number}`;
}

/** The program of a name. */
export function randomProgram(name: Name, { rows, companions } = TABLE): Program {
  const d = new Draw(nameText(name));
  for (let i = d.between(1, 3); i > 0; i--) d.leaf();
  const steps = d.between(3, 15);
  const own = d.between(0, steps - 1);
  let going = true;
  for (let step = 0; going && step < steps; step++) {
    const op = step === own || d.chance(AGAIN) ? name.op : d.pick(companions);
    d.careless = d.chance(MISTAKES);
    const args = drawArguments(d, rows.get(op)!);
    d.careless = false;
    going = d.take({ kind: "call", op, args });
  }
  const outputs = going ? outputsOf(d) : [];
  if (outputs.length > 0) d.take({ kind: "backward", outputs, bare: d.chance(0.03) });
  return d.items;
}

/** What a call gave, as a leaf in its place; null where that is not one tensor. */
function asLeaf(program: Program, item: number, ops: Ops): Leaf | null {
  const world = new World(ops);
  for (let i = 0; i <= item; i++) if (!world.take(program[i]!)) return null;
  const [x, ...others] = world.values[item]!;
  if (!x || others.length > 0) return null;
  const { shape, dtype, requiresGrad } = x;
  const plain = { shape, data: [...elementsOf(x)] };
  return { kind: "leaf", plain, shape, dtype, layout: "dense", requiresGrad };
}

/** A program that is found wrong, cut down to what the fault needs. */
export function smallest(
  program: Program,
  ops: Ops = OPS,
  isWrong = (smaller: Program) => judge(smaller, ops).problem !== null,
): Program {
  let best = program;
  const attempt = (smaller: Program) => {
    if (isWrong(smaller)) best = smaller;
  };
  const cut = () => {
    for (let i = program.length - 1; i >= 0; i--) if (best[i] !== null) attempt(without(best, i));
  };
  cut();
  for (let i = program.length - 1; i >= 0; i--) {
    const leaf = best[i]?.kind === "call" ? asLeaf(best, i, ops) : null;
    if (leaf !== null) attempt(best.with(i, leaf));
  }
  cut();
  return best;
}

/** What came of many programs. */
export class Statistics {
  programs = 0;
  completed = 0;
  failed = 0;
  undecided = 0;
  /** Elements compared, and those compared loosely; programs that have such. */
  elements = 0;
  loose = 0;
  withLoose = 0;
  /** Programs with a backward pass that completed. */
  gradients = 0;
  /** The program that took longest, in milliseconds. */
  slowest = 0;
  /** Failures by class and op. */
  readonly errors = new Map<string, number>();
  /** Calls that worked, by op. */
  readonly calls = new Map<string, number>([...TABLE.rows.keys()].map((name) => [name, 0]));
  /** What is wrong: names and listings of programs. */
  readonly problems: string[] = [];

  /** Counts a program. */
  add(program: Program, verdict: Verdict, milliseconds: number): void {
    this.programs++;
    this[verdict.outcome]++;
    this.elements += verdict.elements;
    this.loose += verdict.loose;
    if (verdict.loose > 0) this.withLoose++;
    this.slowest = Math.max(this.slowest, milliseconds);
    const { error } = verdict;
    if (error !== undefined) {
      const key = `${error.name} ${error.op}`;
      this.errors.set(key, (this.errors.get(key) ?? 0) + 1);
    }
    const calls = program.filter((item): item is Call => item?.kind === "call");
    for (const { op } of error === undefined ? calls : calls.slice(0, -1)) {
      this.calls.set(op, (this.calls.get(op) ?? 0) + 1);
    }
    if (verdict.outcome === "completed" && program.at(-1)?.kind === "backward") this.gradients++;
  }

  /** A summary for people. */
  toString(): string {
    const share = (n: number, of: number) => `${(100 * n / Math.max(1, of)).toFixed(2)} %`;
    const classes = new Map<string, number>();
    for (const [key, n] of this.errors) {
      const [name] = key.split(" ");
      classes.set(name!, (classes.get(name!) ?? 0) + n);
    }
    const sorted = (map: ReadonlyMap<string, number>) =>
      [...map].sort(([, a], [, b]) => b - a).map(([key, n]) => `${key} ${n}`).join(", ");
    const fewest = [...this.calls].sort(([, a], [, b]) => a - b).slice(0, 8);
    return [
      `${this.programs} programs: ${this.completed} completed (${
        share(this.completed, this.programs)
      }), ${this.failed} failed, ${this.undecided} undecided, ${this.problems.length} wrong`,
      `with gradients: ${this.gradients}; calls: ${
        [...this.calls.values()].reduce((a, b) => a + b, 0)
      }, fewest of ${fewest.map(([op, n]) => `${op} ${n}`).join(", ")}`,
      `elements: ${this.elements}, ${share(this.loose, this.elements)} compared loosely, in ${
        share(this.withLoose, this.programs)
      } of the programs`,
      `slowest: ${this.slowest.toFixed(0)} ms`,
      `errors: ${sorted(classes)}`,
      `by op: ${sorted(this.errors)}`,
    ].join("\n");
  }
}

/** The first of some programs that is wrong where some ops are changed, cut down; null for none. */
export function firstProblem(each: number, seed: string, changed: Ops): Program | null {
  const ops = { ...OPS, ...changed };
  for (const name of namesOf(each, seed)) {
    const program = randomProgram(name);
    const calls = program.some((item) => item?.kind === "call" && item.op in changed);
    if (calls && judge(program, ops).problem !== null) return smallest(program, ops);
  }
  return null;
}

/** Makes, runs and judges some programs of each op; those that are wrong are cut down. */
export function runPrograms(each: number, seed: string): Statistics {
  const statistics = new Statistics();
  for (const name of namesOf(each, seed)) {
    const start = performance.now();
    const program = randomProgram(name);
    const verdict = judge(program);
    statistics.add(program, verdict, performance.now() - start);
    if (verdict.problem === null) continue;
    const cut = smallest(program);
    statistics.problems.push(`program "${nameText(name)}": ${judge(cut).problem}\n${listing(cut)}`);
  }
  return statistics;
}
