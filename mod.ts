/**
 * Automatic differentiation with PyTorch's API, for people who design and study loss functions.
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

import { surviveInterrupts } from "./lib/core/notebook.ts";
import { memoryStats } from "./lib/device/runtime.ts";
import { checkKernels } from "./lib/ffi/library.ts";

export { Tensor } from "./lib/tensor/tensor.ts";
export type { ToOptions } from "./lib/tensor/destination.ts";
// The classes from which tensors inherit their fields, and their methods by family.
export type { TensorCore } from "./lib/core/tensor.ts";
export type { CopyMethods } from "./lib/tensor/methods/copy.ts";
export type { ElementwiseMethods } from "./lib/tensor/methods/elementwise.ts";
export type { IndexMethods } from "./lib/tensor/methods/index.ts";
export type { LinalgMethods } from "./lib/tensor/methods/linalg.ts";
export type { NormalizeMethods } from "./lib/tensor/methods/normalize.ts";
export type { ReduceMethods } from "./lib/tensor/methods/reduce.ts";
export type { ScanMethods } from "./lib/tensor/methods/scan.ts";
export type { ShapeMethods } from "./lib/tensor/methods/shape.ts";
export * from "./lib/ops/mod.ts";
export * from "./lib/tensor/create.ts";
export * from "./lib/tensor/rand.ts";
export * from "./lib/tensor/ranges.ts";
export * from "./lib/tensor/random_tensors.ts";
export * from "./lib/core/errors.ts";
export { type Gpu, gpu, type GpuInfo } from "./lib/device/adapter.ts";
export * from "./lib/device/runtime.ts";
export { keep, scope } from "./lib/autograd/scope.ts";
export type { DType, TypedArray } from "./lib/core/dtype.ts";
export type { Device } from "./lib/device/backend.ts";
export type { Shape } from "./lib/core/shape.ts";
export type { NestedArray } from "./lib/tensor/print.ts";
export { manualSeed, RandomGenerator, type RandomState } from "./lib/core/random.ts";
export { type BackwardOptions, grad, type GradOptions } from "./lib/autograd/backward.ts";
export { detectAnomaly } from "./lib/autograd/anomaly.ts";
export { checkpoint } from "./lib/autograd/checkpoint.ts";
export {
  customFunction,
  type CustomFunctionSpec,
  FunctionContext,
  type VmapInfo,
} from "./lib/autograd/custom.ts";
export type { GradHook, HookHandle } from "./lib/autograd/hooks.ts";
export { enableGrad, isGradEnabled, noGrad } from "./lib/autograd/tape.ts";
export {
  type GradientsFor,
  gradOf,
  type GradOfOptions,
  hvp,
  valueAndGrad,
  vjp,
} from "./lib/transforms/transforms.ts";
export { jvp, linearize } from "./lib/transforms/forward.ts";
export {
  type Hessian,
  hessian,
  jacfwd,
  type Jacobian,
  jacobian,
  type JacobianOptions,
} from "./lib/transforms/jacobian.ts";
export type { ArgumentsOf } from "./lib/transforms/trace.ts";
export type { Mirror, TensorTree } from "./lib/core/tree.ts";
export {
  type BatchDim,
  perSampleGrad,
  type PerSampleOptions,
  vmap,
  type VmapOptions,
} from "./lib/transforms/vmap.ts";
export {
  type CallableModule,
  functionalCall,
  type StackableModule,
  stackModuleState,
} from "./lib/transforms/functional_call.ts";
/** Linear algebra: factors of matrices, linear systems, determinants, norms. */
export * as linalg from "./lib/ops/linalg/namespace.ts";
/** Layers, and the base class of everything with parameters. */
export * as nn from "./lib/nn/mod.ts";
/** Losses. */
export * as losses from "./lib/loss/mod.ts";
/** Optimizers. */
export * as optim from "./lib/optim/mod.ts";
/** Data sets and batches. */
export * as data from "./lib/data/mod.ts";
/** Metrics: how good predictions are, whole and batch by batch. */
export * as metrics from "./lib/metrics/mod.ts";
/** The training loop, what it notes, and what can be done at its turns. */
export * as train from "./lib/train/mod.ts";
/** Meta-learning: inner loops that are differentiated, and training through them. */
export * as meta from "./lib/meta/mod.ts";
/** Weights and arrays in files: safetensors, PyTorch's checkpoints, NumPy's arrays. */
export * as io from "./lib/io/mod.ts";
/** Distributions: draws, log-probabilities, entropies, divergences. */
export * as distributions from "./lib/distributions/mod.ts";
/** Learning from rewards: returns, advantages, rollouts, small environments. */
export * as rl from "./lib/rl/mod.ts";
/** Instruments that show what a loss does. */
export * as study from "./lib/study/mod.ts";
/** Checks of gradients and losses, for use under `deno test`. */
export * as testing from "./lib/testing/mod.ts";

checkKernels();
surviveInterrupts(() => memoryStats().storages);
