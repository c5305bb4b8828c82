/**
 * The orders of gradient that the table of ops claims: the third is checked here (the first and
 * second in the op matrix), and an op that lacks an order says so.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { isFloat } from "../../lib/core/dtype.ts";
import { grad, GradError, Tensor } from "../../mod.ts";
import { DTYPES, inputsOf } from "./cases.ts";
import { ELEMENTWISE } from "../common/elementwise.ts";
import { samplesFor } from "./elementwise/points.ts";
import { GRADIENT_CASES } from "./gradient_cases.ts";
import { checkGradients } from "../common/gradients.ts";
import { OP_CASES } from "./op_cases.ts";
import { OP_TABLE } from "./op_table.ts";
import { RULE_CASES } from "./rule_cases.ts";
import { tensorOf, valuesOf } from "../common/samples.ts";

/** Calls of an op without gradients of some order: inputs, as leaves if possible, and results. */
function calls(name: string): { inputs: Tensor[]; results: readonly Tensor[] }[] {
  const asLeaves = (inputs: Tensor[]) => {
    for (const x of inputs) if (isFloat(x.dtype)) x.requiresGrad_();
    return inputs;
  };
  const op = ELEMENTWISE.find((op) => op.name === name);
  if (op !== undefined) {
    const plain = samplesFor(op, [2, 3], "float64");
    const inputs = asLeaves(plain.map((input) => tensorOf(input, "float64")));
    return [{ inputs, results: [op.call(...inputs)] }];
  }
  return OP_CASES[name as keyof typeof OP_CASES].map((one) => {
    const dtypes = one.dtypes ?? DTYPES;
    const inputs = asLeaves(inputsOf(one, dtypes.find(isFloat) ?? dtypes[0]!));
    const y = one.call(...inputs);
    return { inputs, results: y instanceof Tensor ? [y] : y };
  });
}

for (const { name, order, kind } of OP_TABLE) {
  if (order === 3) {
    Deno.test(`${name}() float64 has right gradients of the third order, and when recorded`, () => {
      const cases = GRADIENT_CASES.get(name) ?? [];
      assert(cases.some(({ size }) => size > 0), `${name}() has no small case`);
      for (const one of cases) {
        checkGradients(one.name, one.fn, one.inputs(), { order: 3, projected: true });
        checkGradients(one.name, one.fn, one.inputs(), { recorded: true, projected: true });
      }
    });
  } else if (order === 1) {
    Deno.test(`${name}() has a gradient of zeros, and says that it has no second one`, () => {
      for (const { inputs, results } of calls(name)) {
        for (const y of results) {
          const gradients = grad(y.sum(), inputs, { createGraph: true });
          for (const g of gradients) {
            assertEquals(valuesOf(g), new Array(g.size).fill(0));
            assertThrows(() => grad(g.sum(), inputs), GradError, "is on no tape");
          }
        }
      }
    });
  } else if (kind !== "in place") {
    Deno.test(`${name}() says that it has no gradient`, () => {
      for (const { inputs, results } of calls(name)) {
        for (const y of results) {
          assertThrows(() => grad(y, inputs), GradError, "Cannot run grad");
          assertThrows(() => y.backward(), GradError, `it is ${y.dtype}, and only float32`);
        }
      }
    });
  }
}

for (const { name, fn, inputs, options } of RULE_CASES) {
  Deno.test(`${name} has right gradients of three orders, recorded or not`, () => {
    for (const recorded of [false, true]) {
      for (const order of [1, 2, 3] as const) {
        checkGradients(name, fn, inputs(), { ...options, order, recorded });
      }
    }
  });
}
