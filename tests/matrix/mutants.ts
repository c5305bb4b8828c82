/**
 * Makes rules wrong on purpose, one gradient at a time, to see that a check of the matrix fails.
 */

import { AssertionError } from "@std/assert";
import { isGradEnabled, type Rule, type Vjp, type VjpAll } from "../../lib/autograd/tape.ts";
import { type OpEntry, registeredOps } from "../../lib/ops/registry.ts";
import type { Tensor } from "../../mod.ts";
import { GRADIENT_CASES, type GradientCase } from "./gradient_cases.ts";
import { checkGradients, type GradientOptions, runGradients } from "../common/gradients.ts";
import { RULE_CASES } from "./rule_cases.ts";

/** The factor of a wrong gradient. */
const FACTOR = 1.01;

/** A case, and the check of it. */
export interface Check {
  readonly one: GradientCase;
  readonly options: GradientOptions;
}

/** A gradient that a rule gives. */
export interface Entry {
  /** The input that it belongs to. */
  readonly input: number;
  /** Whether it is that of a recorded pass; null for rules that compute both alike. */
  readonly recorded: boolean | null;
  /** The checks that use it. */
  readonly checks: readonly Check[];
}

/** The checks of the matrix: the first order in both kinds of pass, and the second order. */
const CHECKS: readonly GradientOptions[] = [
  { order: 1 },
  { order: 1, recorded: true },
  { order: 2 },
];

/** Passes every gradient of a rule through a function, until disposed. */
function intercept(rule: Rule, change: (g: Tensor, input: number) => Tensor): Disposable {
  const { vjpAll } = rule;
  const own = [...rule.vjp];
  const vjp = rule.vjp as Rule["vjp"][number][];
  own.forEach((one, input) => {
    if (typeof one === "string") return;
    vjp[input] = ((g, context) => change(one(g, context), input)) satisfies Vjp<unknown>;
  });
  const mutable = rule as { vjpAll?: VjpAll<unknown> };
  if (vjpAll !== undefined) {
    mutable.vjpAll = (gs, context, needs) =>
      vjpAll(gs, context, needs).map((g, input) => g === null ? g : change(g, input));
  }
  return {
    [Symbol.dispose]: () => {
      vjp.splice(0, vjp.length, ...own);
      if (vjpAll !== undefined) mutable.vjpAll = vjpAll;
    },
  };
}

/** Whether a fused op may compute the gradient of a recorded pass in another way. */
function passOf(kind: OpEntry["kind"]): boolean | null {
  return kind === "fused" ? isGradEnabled() : null;
}

const keyOf = (input: number, recorded: boolean | null) => `${input} ${recorded}`;

/** Which checks of the given cases use which gradients of which rules. */
function traced(cases: Iterable<GradientCase>): Map<Rule, Map<string, Set<Check>>> {
  const found = new Map<Rule, Map<string, Set<Check>>>();
  using watched = new DisposableStack();
  let check: Check;
  for (const { rule, kind } of registeredOps()) {
    if (rule === undefined) continue;
    const checks = new Map<string, Set<Check>>();
    found.set(rule, checks);
    watched.use(intercept(rule, (g, input) => {
      const key = keyOf(input, passOf(kind));
      checks.set(key, (checks.get(key) ?? new Set()).add(check));
      return g;
    }));
  }
  for (const one of cases) {
    for (const options of CHECKS) {
      check = { one, options };
      runGradients(one.name, one.fn, one.inputs(), { ...one.options, ...options });
    }
  }
  return found;
}

let all: ReturnType<typeof traced> | undefined;

/** The gradients of a registered rule, each with the checks that use it, smallest first. */
export function entriesOf({ rule, kind }: OpEntry): Entry[] {
  if (rule === undefined) return [];
  all ??= traced([...GRADIENT_CASES.values(), RULE_CASES].flat());
  const checks = all.get(rule) ?? new Map<string, Set<Check>>();
  const inputs = rule.vjpAll === undefined
    ? rule.vjp.flatMap((vjp, i) => typeof vjp === "string" ? [] : [i])
    // One function returns them all, and there is at least one.
    : [...new Set([0, ...[...checks.keys()].map((key) => Number.parseInt(key))])];
  const passes = kind === "fused" ? [false, true] : [null];
  const cost = ({ one, options }: Check) => 1000 * options.order! + one.size;
  return inputs.flatMap((input) =>
    passes.map((recorded) => ({
      input,
      recorded,
      checks: [...checks.get(keyOf(input, recorded)) ?? []].sort((a, b) => cost(a) - cost(b)),
    }))
  );
}

function passes({ one, options }: Check): boolean {
  try {
    checkGradients(one.name, one.fn, one.inputs(), { ...one.options, ...options });
    return true;
  } catch (error) {
    if (error instanceof AssertionError) return false;
    throw error;
  }
}

/** The first check that passes with the right gradient and fails with one that is 1 % too large. */
export function killerOf({ rule, kind }: OpEntry, entry: Entry): Check | undefined {
  const noticed = (check: Check) => {
    using _ = intercept(
      rule!,
      (g, input) => input === entry.input && passOf(kind) === entry.recorded ? g.mul(FACTOR) : g,
    );
    return !passes(check);
  };
  return entry.checks.find((check) => noticed(check) && passes(check));
}
