/** Every batching rule and every forward mode, made 1 % too large in turn, fails a check. */

import { assert, assertEquals } from "@std/assert";
import { OpRule } from "../../lib/ops/define/record.ts";
import { registeredOps } from "../../lib/ops/registry.ts";
import type { Tensor } from "../../mod.ts";
import { checkForward, checkMapped, checkRows } from "../common/mapped.ts";
import { DTYPES, inputsOf } from "./cases.ts";
import { GRADIENT_CASES } from "./gradient_cases.ts";
import { OP_CASES } from "./op_cases.ts";
import { RULE_CASES } from "./rule_cases.ts";
import { refusalOf } from "./vmap_refusals.ts";

/** The parts of a rule for transforms. */
type Part = "batch" | "jvp";

/** Functions of one part, of any arguments. */
type Spoilable = Record<Part, (...given: never[]) => Tensor | readonly (Tensor | null)[]>;

type Change = (y: Tensor) => Tensor;

/** Passes the results of a part of a rule through a function, until disposed. */
function intercept(rule: Spoilable, part: Part, change: Change): Disposable {
  const own = rule[part];
  rule[part] = (...given) => {
    const found = own(...given);
    const each = (y: Tensor | null) => y && change(y);
    return Array.isArray(found) ? found.map(each) : change(found as Tensor);
  };
  return { [Symbol.dispose]: () => rule[part] = own };
}

/** The rules that have a given part. */
function rulesWith(part: Part): { name: string; rule: Spoilable }[] {
  return registeredOps().flatMap(({ name, rule }) => {
    const own = rule instanceof OpRule ? Reflect.get(rule, part) : undefined;
    return typeof own === "function" ? [{ name, rule: rule as unknown as Spoilable }] : [];
  });
}

const SMALL = [...GRADIENT_CASES.values(), RULE_CASES].flat();
const MAX_RANK = 8;

/** Checks of a part, one of which must notice an error. */
const CHECKS: Readonly<Record<Part, readonly (() => void)[]>> = {
  batch: [
    ...Object.entries(OP_CASES).flatMap(([name, cases]) =>
      cases.filter((one) => (one.dtypes ?? DTYPES).includes("float64")).map((one) => () =>
        refusalOf(
          name,
          one.name,
          () => checkMapped(one.name, one.call, inputsOf(one, "float64"), [0]),
        )
      )
    ),
    ...RULE_CASES.map((one) => () => checkMapped(one.name, one.fn, one.inputs(), [0])),
    ...SMALL.map((one) => () => checkRows(one.name, one.fn, one.inputs())),
  ],
  jvp: SMALL.map((one) => () => checkForward(one.name, one.fn, one.inputs())),
};

/** For each rule, the checks that use its part. */
function traced(part: Part): Map<Spoilable, Set<() => void>> {
  const found = new Map<Spoilable, Set<() => void>>();
  using watched = new DisposableStack();
  let check: () => void;
  for (const { rule } of rulesWith(part)) {
    const checks = new Set<() => void>();
    found.set(rule, checks);
    watched.use(intercept(rule, part, (y) => {
      checks.add(check);
      return y;
    }));
  }
  for (check of CHECKS[part]) {
    try {
      check();
    } catch (error) {
      // Cases that exceed the largest number of dimensions are skipped.
      if (!(error as Error).message.includes(`at most ${MAX_RANK} dimensions`)) throw error;
    }
  }
  return found;
}

/** Whether a check fails when a part of a rule is wrong. */
function notices(check: () => void, rule: Spoilable, part: Part): boolean {
  const spoil: Change = (y) =>
    y.dtype === "float64" ? y.mul(1.01) : y.dtype === "bool" ? y.eq(0) : y.add(1);
  using _ = intercept(rule, part, spoil);
  try {
    check();
    return false;
  } catch {
    return true;
  }
}

for (const part of ["batch", "jvp"] as const) {
  const found = { part: undefined as ReturnType<typeof traced> | undefined };
  for (const { name, rule } of rulesWith(part)) {
    const what = part === "batch" ? "batching rule" : "forward mode";
    Deno.test(`the ${what} of ${name} is caught when it is 1 % too large`, () => {
      found.part ??= traced(part);
      const before = rule[part];
      const checks = [...found.part.get(rule)!];
      assert(checks.length > 0, `no case reaches the ${what} of ${name}`);
      assert(
        checks.some((check) => notices(check, rule, part)),
        `nothing notices that it is wrong`,
      );
      assertEquals(rule[part], before);
    });
  }
}
