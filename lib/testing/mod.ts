/**
 * Checks of losses and other functions of tensors, for `deno test`: gradients against finite differences,
 * properties that a loss should have, and values against those of PyTorch. This page shows how to develop
 * your own loss.
 *
 * ## A loss and its test
 *
 * A loss is a function of prediction and target that returns one element, or a module with such a
 * `forward`. Its test, `loss_test.ts`, states which properties it claims:
 *
 * ```ts
 * import type { Tensor } from "@adjoint/ml";
 * import { checkLoss, gradcheck, gradgradcheck } from "@adjoint/ml/testing";
 *
 * // In a project this is a separate file, which training imports too.
 * function softHuber(pred: Tensor, target: Tensor): Tensor {
 *   return pred.sub(target).square().add(1).sqrt().sub(1).mean();
 * }
 *
 * Deno.test("softHuber() has the gradients it claims", () => {
 *   gradcheck(softHuber, [[8, 3], [8, 3]]);
 *   gradgradcheck(softHuber, [[8, 3], [8, 3]]);
 *   checkLoss(softHuber, { zeroAtTarget: true, gradientBound: 1, finiteAt: [1e4, -1e4] });
 * });
 * ```
 *
 * ```sh
 * deno test --allow-ffi loss_test.ts
 * ```
 *
 * The inputs here are shapes: for each, a float64 sample is drawn, the same in every run, with no
 * element within 0.1 of zero. Tensors work too; those that require a gradient are checked, and others,
 * such as labels or weights, are passed on unchanged. {@linkcode gradcheck} compares each entry of the
 * gradient with a central difference, {@linkcode gradgradcheck} does so with the gradient of the
 * gradient, which second-order methods and learned losses need, and {@linkcode checkGradients} does
 * both.
 *
 * ## A gradient that is wrong
 *
 * A weight that is computed from the residual and held fixed, as in a reweighted fit, makes the
 * gradient of a loss wrong:
 *
 * ```ts
 * import type { Tensor } from "@adjoint/ml";
 * import { CheckError, gradcheck } from "@adjoint/ml/testing";
 * import { assertThrows } from "@std/assert";
 *
 * function reweighted(pred: Tensor, target: Tensor): Tensor {
 *   const r = pred.sub(target);
 *   const weight = r.square().add(1).rsqrt().detach();
 *   return r.square().mul(weight).mean();
 * }
 *
 * assertThrows(() => gradcheck(reweighted, [[2], [2]]), CheckError);
 * ```
 *
 * ```text
 * CheckError: Gradient of reweighted is wrong at input 1, index [1], for output 0, index []:
 * analytic -0.8333781, numeric -0.5439796 with step 0.000001, more than atol 0.00001 + rtol 0.001 ·
 * |numeric| apart; 4 of 4 entries are wrong
 * ```
 *
 * Input 1 is the target, and index [1] is the element where the two numbers differ most; a loss has one
 * output, whose index is empty. "Analytic" is the tape's gradient, "numeric" the central difference. A
 * factor of 2 between them, or the opposite sign, often reveals the mistake; if all entries are wrong,
 * it is not in a special case.
 *
 * A first gradient can be right while the second is lost, because the slope is held constant:
 *
 * ```ts
 * import type { Tensor } from "@adjoint/ml";
 * import { CheckError, gradcheck, gradgradcheck } from "@adjoint/ml/testing";
 * import { assertThrows } from "@std/assert";
 *
 * // ln cosh r, from the value and the slope tanh r at the point.
 * function logCosh(pred: Tensor, target: Tensor): Tensor {
 *   const r = pred.sub(target);
 *   const fixed = r.detach();
 *   return fixed.cosh().log().add(r.sub(fixed).mul(fixed.tanh())).mean();
 * }
 *
 * gradcheck(logCosh, [[4], [4]]);
 * assertThrows(() => gradgradcheck(logCosh, [[4], [4]]), CheckError);
 * ```
 *
 * ```text
 * CheckError: Second gradient of logCosh is wrong at input 0, index [0], for the first gradient of
 * input 0, index [0]: analytic 0, numeric 0.4822593 with step 0.000001, more than atol 0.00001 +
 * rtol 0.001 · |numeric| apart; 16 of 72 entries are wrong
 * ```
 *
 * ## A kink
 *
 * At a kink, a function has a slope on either side and no gradient. The library returns the same one as
 * PyTorch, but differences cannot tell whether it is right. So such a point is refused, even if the two
 * numbers agree:
 *
 * ```ts
 * import { type Tensor, tensor } from "@adjoint/ml";
 * import { CheckError, gradcheck } from "@adjoint/ml/testing";
 * import { assertThrows } from "@std/assert";
 *
 * const absolute = (pred: Tensor, target: Tensor) => pred.sub(target).abs().mean();
 * const pred = tensor([1, 0], { dtype: "float64", requiresGrad: true });
 * const target = tensor([0.5, 0], { dtype: "float64" });
 *
 * assertThrows(() => gradcheck(absolute, [pred, target]), CheckError);
 * ```
 *
 * ```text
 * CheckError: Gradient of absolute cannot be checked at input 0, index [1], for output 0, index []:
 * the point may lie at a kink: the one-sided slopes are -0.5 and 0.5 (analytic 0, numeric 0 with
 * step 0.000001); move the input away from it
 * ```
 *
 * Samples drawn for shapes keep a distance from zero. For a kink elsewhere, such as the delta of Huber's
 * loss, pass tensors on either side of it. If you get this error where you expect no kink, there is
 * one that you did not intend, such as a `clamp` within the range of the data.
 *
 * ## What else a loss should satisfy
 *
 * {@linkcode checkLoss} always requires one finite element, a finite gradient with respect to the
 * prediction (also where it equals the target), that float32 agrees with float64, and that the order of
 * the rows of a batch does not matter. Options require more, or set the samples:
 *
 * | option                 | what it requires or sets                                                |
 * | ---------------------- | ----------------------------------------------------------------------- |
 * | `zeroAtTarget`         | the value is 0 where the prediction equals the target                   |
 * | `gradientBound`        | no element has a larger gradient, for residuals from −10⁴ to 10⁴        |
 * | `finiteAt`             | value and gradient are finite in float32 at these predictions           |
 * | `reductions`           | "mean" and "sum" are those of "none"                                    |
 * | `permutationInvariant` | if `false`, the order of the rows may matter                            |
 * | `offsetInvariant`      | adding 10⁴ to all predictions changes nothing, as for a softmax         |
 * | `emptyBatch`           | an empty batch is accepted, and has an empty gradient                   |
 * | `ignored`              | makes a target that is ignored entirely; the gradient must be 0         |
 * | `missing`              | makes a target that lacks some classes; all must be finite              |
 * | `exact`                | exact values at boundary points, where gradients must be finite         |
 * | `shape`                | shape of the prediction, the batch first: `[8, 3]` by default           |
 * | `pred`, `target`       | make the samples from a shape, such as probabilities or labels          |
 * | `seed`, `name`         | the seed of the samples, and the name of the loss in messages           |
 *
 * Each error says what the check got and what it needs:
 *
 * ```ts
 * import { losses, type Tensor } from "@adjoint/ml";
 * import { checkLoss, CheckError } from "@adjoint/ml/testing";
 * import { assertThrows } from "@std/assert";
 *
 * const rmse = (pred: Tensor, target: Tensor) => pred.sub(target).square().mean().sqrt();
 * assertThrows(() => checkLoss(rmse), CheckError);
 *
 * const shifted = (pred: Tensor, target: Tensor) => pred.sub(target).square().add(0.1).mean();
 * assertThrows(() => checkLoss(shifted, { zeroAtTarget: true }), CheckError);
 *
 * const mse = (pred: Tensor, target: Tensor) => losses.mse(pred, target);
 * assertThrows(() => checkLoss(mse, { gradientBound: 1 }), CheckError);
 *
 * const poisson = (pred: Tensor, target: Tensor) => pred.exp().sub(target.mul(pred)).mean();
 * assertThrows(() => checkLoss(poisson, { finiteAt: [100] }), CheckError);
 *
 * const halved = (reduction: "mean" | "sum" | "none") => (pred: Tensor, target: Tensor) =>
 *   losses.mse(pred, target, { reduction }).mul(reduction === "sum" ? 0.5 : 1);
 * assertThrows(() => checkLoss(mse, { reductions: halved }), CheckError);
 *
 * const steps = (pred: Tensor) => pred.slice(0, 1).sub(pred.slice(0, 0, -1)).abs().mean();
 * assertThrows(() => checkLoss(steps), CheckError);
 *
 * const wide = (pred: Tensor, target: Tensor) =>
 *   pred.sub(target).div(1024).square().add(1).sqrt().sub(1).mul(2 ** 20).mean();
 * assertThrows(() => checkLoss(wide), CheckError);
 * ```
 *
 * ```text
 * CheckError: rmse has no finite gradient where the prediction is the target: it is NaN at index
 * [0, 0] of the prediction
 *
 * CheckError: shifted is not zero where the prediction is the target: the value is 0.1, needed is 0
 * within 1e-9
 *
 * CheckError: mse exceeds its gradient bound of 1: 24 elements times the gradient is 20000 where
 * every residual is 10000, at index [0, 0] of the prediction
 *
 * CheckError: poisson is not finite where every prediction is 100: the value is Infinity
 *
 * CheckError: mse has reductions that disagree: "sum" gives 39.78578, the sum of "none" (shape [8,
 * 3]) is 79.57156
 *
 * CheckError: steps depends on the order of the batch: the value is 1.51397, and 1.376984 with the
 * rows in the order [1, 2, 3, 4, 5, 6, 7, 0]
 *
 * CheckError: wide differs between types: the value is 1.630208 in float32 and 1.657738 in float64,
 * more than 0.0001 · (1 + |float64|) apart
 * ```
 *
 * ## Values from PyTorch
 *
 * If PyTorch has the loss too, its values can be kept in a file, so that the tests need no Python.
 * {@linkcode torchFixture} reads such a file, and documents the few lines of Python that write it.
 * {@linkcode assertClose} compares with PyTorch's tolerances for each type, and shows what differs:
 *
 * ```ts
 * import { grad, losses } from "@adjoint/ml";
 * import { assertClose, CheckError, torchFixture } from "@adjoint/ml/testing";
 * import { assertThrows } from "@std/assert";
 *
 * const file = new URL("../../tests/fixtures/huber.json", import.meta.url);
 * const { pred, target, loss, gradient } = torchFixture(file, [
 *   "pred",
 *   "target",
 *   "loss",
 *   "gradient",
 * ]);
 *
 * const ours = losses.huber(pred.requiresGrad_(), target);
 * assertClose(ours, loss);
 * assertClose(grad(ours, [pred])[0], gradient);
 *
 * const other = losses.huber(pred, target, { delta: 2 });
 * assertThrows(() => assertClose(grad(other, [pred])[0], gradient), CheckError);
 * ```
 *
 * ```text
 * CheckError: Values are not close: 3 of 6 elements differ by more than atol 1e-7 + rtol 1e-7 ·
 * |expected|
 * Greatest absolute difference: 0.1666667 at [0, 1]
 * Greatest relative difference: 1 at [0, 1]
 *    index               actual              expected
 *   [0, 1]  -0.3333333333333333  -0.16666666666666666
 *   [1, 0]   0.3333333333333333   0.16666666666666666
 *   [1, 2]  -0.3333333333333333  -0.16666666666666666
 * ```
 *
 * Reading the file needs `--allow-read`, so this test runs with
 * `deno test --allow-ffi --allow-read=tests/fixtures`.
 *
 * @module
 */

export { assertClose, type AssertCloseOptions, type Comparable } from "./assert_close.ts";
export { CheckError } from "./check_error.ts";
export { checkLoss } from "./check_loss.ts";
export {
  type CheckLossOptions,
  type LossFunction,
  type LossLike,
  type LossPoint,
} from "./loss_probe.ts";
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
export type { Reduction } from "../loss/loss.ts";
export { torchFixture } from "./torch_fixture.ts";
