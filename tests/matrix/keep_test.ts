/** What ops record: nothing that the caller could change before the gradient is computed. */

import { assertEquals } from "@std/assert";
import { isFloat } from "../../lib/core/dtype.ts";
import { Tensor } from "../../mod.ts";
import { type Callee, faultsOfKeeping } from "../common/kept.ts";
import { OP_CALLS } from "./op_calls.ts";

/** The same tensor, as one whose ops are recorded. */
function tracked(value: unknown): unknown {
  const fresh = value instanceof Tensor && isFloat(value.dtype) && value.node === null;
  return fresh ? value.requiresGrad_() : value;
}

Deno.test("no op records a caller's list for its gradient", async () => {
  const callees = OP_CALLS.map(({ title, call, run }): Callee => ({
    title,
    call,
    run: (args) => run(...args.map(tracked)),
  }));
  assertEquals(await faultsOfKeeping(callees), []);
});
