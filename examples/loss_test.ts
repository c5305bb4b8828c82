// A test of the loss in robust.ts. Run with: deno test --allow-ffi examples/loss_test.ts
import { checkLoss, gradcheck, gradgradcheck } from "@adjoint/ml/testing";
import { softHuber } from "./robust.ts";

Deno.test("softHuber() has the gradients it claims", () => {
  gradcheck(softHuber, [[8, 3], [8, 3]]); // shapes: it draws seeded float64 samples
  gradgradcheck(softHuber, [[8, 3], [8, 3]]);
  checkLoss(softHuber, { zeroAtTarget: true, gradientBound: 1, finiteAt: [1e4, -1e4] });
});
