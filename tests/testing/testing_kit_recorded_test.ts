/** gradcheck compares recorded gradients with plain ones. */

import { customFunction, isGradEnabled, losses, type Tensor } from "@adjoint/ml";
import { CheckError, gradcheck, gradgradcheck } from "@adjoint/ml/testing";
import { assertThrows } from "@std/assert";
import { atSaved } from "../common/planted_functions.ts";

/** A square whose rule is right, but for passes that are recorded. */
const square = customFunction<[Tensor]>({
  name: "square",
  forward: (context, x) => {
    context.save(x);
    return x.square();
  },
  backward: ({ saved: [x] }, g) => g.mul(x!).mul(isGradEnabled() ? 2.1 : 2),
});

Deno.test("gradcheck() finds a gradient that is wrong in a recorded pass only", () => {
  const message = "Gradient of f is wrong in a recorded pass (createGraph) at input 0, index [0]: ";
  assertThrows(() => gradcheck(square, [[3]], { name: "f" }), CheckError, message);
  assertThrows(() => gradcheck(square, [[3000]], { name: "f" }), CheckError, message);
});

Deno.test("gradcheck() finds a rule that takes inputs that depend on each other for free ones", () => {
  gradcheck(atSaved, [[3], [3]]);
  const half = (x: Tensor) => atSaved(x, x.mul(0.5));
  assertThrows(() => gradcheck(half, [[3]]), CheckError, "in a recorded pass");
});

Deno.test("gradcheck() accepts fused losses of inputs that depend on each other", () => {
  for (const loss of [losses.mse, losses.huber]) {
    gradcheck((x) => loss(x, x.mul(0.5)), [[4]]);
    gradgradcheck((x) => loss(x, x.mul(0.5)), [[4]]);
    gradcheck((x) => loss(x.square(), x), [[4]]);
  }
});
