/** Every op under `vmap` against the loop over examples, in values and derivatives of two orders. */

import { assertEquals, assertThrows } from "@std/assert";
import { fromTypedArray, type Tensor, vmap } from "../../mod.ts";
import { checkMapped } from "../common/mapped.ts";
import { DTYPES, inputsOf } from "./cases.ts";
import { ELEMENTWISE, resultType } from "../common/elementwise.ts";
import { samplesFor } from "./elementwise/points.ts";
import { GRADIENT_CASES } from "./gradient_cases.ts";
import { OP_CASES } from "./op_cases.ts";
import { RULE_CASES } from "./rule_cases.ts";
import { tensorOf } from "../common/samples.ts";
import { refusalOf, REFUSED } from "./vmap_refusals.ts";

for (const [name, cases] of [...GRADIENT_CASES, ["fused", RULE_CASES] as const]) {
  Deno.test(`${name}() under vmap is the loop, with its gradients of two orders`, () => {
    for (const one of cases) {
      refusalOf(name, one.name, () => checkMapped(one.name, one.fn, one.inputs()));
    }
  });
}

for (const [name, cases] of Object.entries(OP_CASES)) {
  Deno.test(`${name}() under vmap is the loop, for all cases and types`, () => {
    for (const one of cases) {
      for (const dtype of one.dtypes ?? DTYPES) {
        const inputs = inputsOf(one, dtype);
        const what = `${name}() ${one.name} ${dtype}`;
        refusalOf(name, what, () => checkMapped(what, one.call, inputs, [0]));
      }
    }
  });
}

for (const op of ELEMENTWISE) {
  Deno.test(`${op.name}() under vmap is the loop, for all types`, () => {
    for (const dtype of DTYPES) {
      if (resultType(op, dtype) === null) continue;
      const inputs = samplesFor(op, [2, 3], dtype).map((plain) => tensorOf(plain, dtype));
      checkMapped(`${op.name}() ${dtype}`, op.call, inputs, [0]);
    }
  });
}

Deno.test("what depends on the elements of an example is refused, by op and line", () => {
  const x = fromTypedArray(new Float64Array([1, 2, 3, 4]), [2, 2]);
  for (const [name, run] of Object.entries(REFUSED)) {
    const error = assertThrows(() => vmap((row: Tensor) => run(row))(x), TypeError);
    assertEquals(error.message.includes(`${name} under vmap`), true, error.message);
    assertEquals(/called at .*vmap_refusals\.ts:\d+/.test(error.message), true, error.message);
    // The state of the engine is restored.
    assertEquals(vmap((row: Tensor) => row.sum())(x).toArray(), [3, 7]);
  }
});
