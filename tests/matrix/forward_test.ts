/**
 * Forward mode of every op against reverse mode, and batched backward passes against single ones.
 */

import { checkForward, checkRows } from "../common/mapped.ts";
import { GRADIENT_CASES } from "./gradient_cases.ts";
import { RULE_CASES } from "./rule_cases.ts";
import { refusalOf } from "./vmap_refusals.ts";

for (const [name, cases] of [...GRADIENT_CASES, ["fused", RULE_CASES] as const]) {
  Deno.test(`${name}() in forward mode is reverse mode, and so is its gradient`, () => {
    for (const one of cases) checkForward(one.name, one.fn, one.inputs());
  });

  Deno.test(`${name}() has the rows of its Jacobian at once`, () => {
    for (const one of cases) {
      refusalOf(name, one.name, () => checkRows(one.name, one.fn, one.inputs()));
    }
  });
}
