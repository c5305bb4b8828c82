/** The table of ops, filled as they are defined; the generated tests and `deno task ops` read it. */

import type { Rule } from "../autograd/tape.ts";

/** What tells the generated tests how to try an elementwise op. */
export interface Sampling {
  /** The function of numbers that the op computes, in float64: the reference. */
  readonly ref: (...inputs: number[]) => number;
  /** Range of the samples for each input; one range serves all. Default: -3 to 3. */
  readonly domain?: readonly [number, number];
  /** Points where the derivative jumps; samples keep away from them. */
  readonly kinks?: readonly number[];
  /** Inputs whose values are checked exactly against the reference. */
  readonly special?: readonly number[];
}

/** The kinds of op; the file of an op shows its kind too. */
export type Kind = "primitive" | "composite" | "fused" | "in place";

/** An op as the tests see it. */
export interface OpEntry {
  /** Name, as in the API. */
  readonly name: string;
  /** What it is made of. */
  readonly kind: Kind;
  /** Number of inputs for elementwise ops; undefined for others. */
  readonly arity?: number;
  /** Whether the output is bool. */
  readonly compares?: boolean;
  /** Whether int32 gives int32. */
  readonly integers: boolean;
  /** Its differentiation rule. */
  readonly rule: Rule | undefined;
  /** How to sample it, for elementwise ops. */
  readonly sampling: Sampling | undefined;
  /** The function. */
  readonly run: unknown;
}

const entries = new Map<string, OpEntry>();

/** Adds an op. */
export function register(entry: OpEntry): void {
  if (entries.has(entry.name)) throw new Error(`Cannot define op ${entry.name} twice`);
  entries.set(entry.name, entry);
}

/** Adds composites: the functions, by their names. They need no more. */
export function composites(functions: Readonly<Record<string, unknown>>): void {
  for (const [name, run] of Object.entries(functions)) {
    register({
      name,
      kind: "composite",
      integers: true,
      rule: undefined,
      sampling: undefined,
      run,
    });
  }
}

/** All ops, in order of definition. */
export function registeredOps(): readonly OpEntry[] {
  return [...entries.values()];
}
