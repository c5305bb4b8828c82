// A test of that loss. Run with: deno test --allow-ffi examples/loss_test.ts
import { checkLoss, gradcheck, gradgradcheck } from "@adjoint/ml/testing";
import { softHuber } from "./robust.ts";

Deno.test("softHuber() has the gradients it claims", () => {
  gradcheck(softHuber, [[8, 3], [8, 3]]); // shapes: float64 samples are made, seeded
  gradgradcheck(softHuber, [[8, 3], [8, 3]]);
  checkLoss(softHuber, { zeroAtTarget: true, gradientBound: 1, finiteAt: [1e4, -1e4] });
});
