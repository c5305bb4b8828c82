/**
 * A testing kit for functions of tensors, above all for losses: gradients against differences, values
 * against each other, and what a loss should keep to.
 *
 * ```ts
 * import type { Tensor } from "@adjoint/ml";
 * import { checkLoss, gradcheck, gradgradcheck } from "@adjoint/ml/testing";
 *
 * function softHuber(pred: Tensor, target: Tensor): Tensor {
 *   return pred.sub(target).square().add(1).sqrt().sub(1).mean();
 * }
 *
 * gradcheck(softHuber, [[8, 3], [8, 3]]);
 * gradgradcheck(softHuber, [[8, 3], [8, 3]]);
 * checkLoss(softHuber, { zeroAtTarget: true, gradientBound: 1, finiteAt: [1e4, -1e4] });
 * ```
 *
 * @module
 */

export { assertClose, type AssertCloseOptions, type Comparable } from "./assert_close.ts";
export { CheckError } from "./check_error.ts";
export {
  checkLoss,
  type CheckLossOptions,
  type LossFunction,
  type LossLike,
  type Reduction,
} from "./check_loss.ts";
export {
  checkGradients,
  type CheckGradientsOptions,
  gradcheck,
  type GradcheckArguments,
  type GradcheckFunction,
  type GradcheckInput,
  type GradcheckOptions,
  gradgradcheck,
} from "./gradcheck.ts";
export { torchFixture } from "./torch_fixture.ts";
