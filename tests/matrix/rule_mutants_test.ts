/** Every gradient of every rule, made 1 % too large in turn, fails a check of the op matrix. */

import { assert, assertEquals } from "@std/assert";
import { OpRule } from "../../lib/ops/define/record.ts";
import { registeredOps } from "../../lib/ops/registry.ts";
import { fromTypedArray } from "../../mod.ts";
import { entriesOf, killerOf } from "./mutants.ts";

for (const op of registeredOps()) {
  const { rule } = op;
  if (rule === undefined) continue;
  if (rule.vjpAll === undefined && !rule.vjp.some((vjp) => typeof vjp === "function")) continue;
  Deno.test(`the rule of ${op.name} is caught with any gradient 1 % too large`, () => {
    const before = [...rule.vjp, rule.vjpAll];
    for (const entry of entriesOf(op)) {
      const { input, recorded, checks } = entry;
      const pass = recorded === null ? "" : `, ${recorded ? "recorded" : "not recorded"}`;
      const what = `the gradient of ${op.name} by input ${input}${pass}`;
      assert(checks.length > 0, `no case reaches ${what}: add one to matrix/rule_cases.ts`);
      assert(killerOf(op, entry) !== undefined, `nothing notices that ${what} is wrong`);
    }
    assertEquals([...rule.vjp, rule.vjpAll], before);
  });
}

Deno.test("a rule that no case reaches is noticed, and a case that cannot tell", () => {
  const exp = registeredOps().find(({ name }) => name === "exp")!;
  const unknown = { ...exp, rule: new OpRule("unknown", { vjp: [(g) => g, (g) => g] }) as OpRule };
  assertEquals(entriesOf(unknown).map(({ input, checks }) => [input, checks.length]), [[0, 0], [
    1,
    0,
  ]]);
  const several = {
    ...exp,
    rule: new OpRule("several", { vjp: [], vjpAll: (gs) => gs }) as OpRule,
  };
  assertEquals(entriesOf(several).map(({ checks }) => checks.length), [0]);

  const [entry] = entriesOf(exp);
  const blind = {
    ...entry!.checks[0]!.one,
    inputs: () => [fromTypedArray(new Float64Array(0), [0])],
  };
  const checks = [{ one: blind, options: { order: 1 } as const }];
  assertEquals(killerOf(exp, { ...entry!, checks }), undefined);
  assert(killerOf(exp, entry!) !== undefined);
});
