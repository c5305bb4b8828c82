/**
 * Tools to study a loss: how its gradient is distributed among samples, terms and layers, its
 * landscape around a point, and its curvature. They take any function of tensors or of a module,
 * and change no parameters, gradients, modes or random streams.
 *
 * ```ts
 * import { losses, nn, randn } from "@adjoint/ml";
 * import { hessianTrace } from "@adjoint/ml/study";
 *
 * const model = new nn.Linear(4, 1);
 * const [x, y] = [randn([16, 4]), randn([16, 1])];
 * console.log(hessianTrace((model) => losses.mse(model.forward(x), y), model).trace);
 * ```
 *
 * @module
 */

export type { ArgumentsAt, Beside, Point } from "./subject.ts";
export {
  type ConflictMatrix,
  conflictMatrix,
  type GradientNorms,
  gradientNorms,
  type GradientProfile,
  gradientProfile,
  gradientSignalToNoise,
  type PairLoss,
  type SignalToNoise,
} from "./gradients.ts";
export {
  compareLosses,
  type CompareLossesOptions,
  type Comparison,
  type Curve,
  type LossLandscape,
  lossLandscape,
  type LossLandscapeOptions,
  type Scale,
} from "./landscape.ts";
export {
  type HessianSpectrum,
  hessianSpectrum,
  type HessianSpectrumOptions,
  type HessianTrace,
  hessianTrace,
  type HessianTraceOptions,
  type TopEigenvectors,
  topEigenvectors,
  type TopEigenvectorsOptions,
} from "./hessian.ts";
