/**
 * Automatic differentiation, shaped like PyTorch, for people who design and study loss functions.
 *
 * ```ts
 * import { losses, nn, optim, tensor } from "@adjoint/ml";
 *
 * const x = tensor([[0], [1], [2], [3]]);
 * const y = x.mul(2).add(1);
 * const model = new nn.Linear(1, 1);
 * const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
 * for (let step = 0; step < 200; step++) {
 *   optimizer.zeroGrad();
 *   losses.mse(model.forward(x), y).backward();
 *   optimizer.step();
 * }
 * console.log(model.weight.item(), model.bias.item());
 * ```
 *
 * @module
 */

import { checkKernels } from "./lib/ffi/library.ts";

export { Tensor, type ToOptions } from "./lib/tensor.ts";
export * from "./lib/ops/mod.ts";
export * from "./lib/create.ts";
export * from "./lib/ranges.ts";
export * from "./lib/sample.ts";
export * from "./lib/errors.ts";
export { type Gpu, gpu, type GpuInfo } from "./lib/gpu.ts";
export * from "./lib/runtime.ts";
export { keep, scope } from "./lib/scope.ts";
export type { DType, TypedArray } from "./lib/dtype.ts";
export type { Device } from "./lib/backend/backend.ts";
export type { Shape } from "./lib/shape.ts";
export type { NestedArray } from "./lib/print.ts";
export { manualSeed, RandomGenerator, type RandomState } from "./lib/random.ts";
export { type BackwardOptions, grad, type GradOptions } from "./lib/autograd/backward.ts";
export { detectAnomaly } from "./lib/autograd/anomaly.ts";
export { checkpoint } from "./lib/autograd/checkpoint.ts";
export { customFunction, type CustomFunctionSpec, FunctionContext } from "./lib/autograd/custom.ts";
export type { GradHook, HookHandle } from "./lib/autograd/hooks.ts";
export { enableGrad, isGradEnabled, noGrad } from "./lib/autograd/tape.ts";
export {
  type GradientsFor,
  gradOf,
  type GradOfOptions,
  type Hessian,
  hessian,
  hvp,
  type Jacobian,
  jacobian,
  jvp,
  type Tensors,
  valueAndGrad,
  vjp,
} from "./lib/autograd/transforms.ts";
export type { Mirror, TensorTree } from "./lib/autograd/tree.ts";
export {
  type BatchDim,
  perSampleGrad,
  type PerSampleOptions,
  vmap,
  type VmapOptions,
} from "./lib/autograd/vmap.ts";
export { type CallableModule, functionalCall } from "./lib/autograd/functional_call.ts";
/** Linear algebra: factors of matrices, linear systems, determinants, norms. */
export * as linalg from "./lib/linalg.ts";
/** Layers, and the base class of everything with parameters. */
export * as nn from "./lib/nn/mod.ts";
/** Losses. */
export * as losses from "./lib/loss/mod.ts";
/** Optimizers. */
export * as optim from "./lib/optim/mod.ts";
/** Data sets and batches. */
export * as data from "./lib/data/mod.ts";
/** Checks of gradients and losses, for use under `deno test`. */
export * as testing from "./lib/testing/mod.ts";

checkKernels();
