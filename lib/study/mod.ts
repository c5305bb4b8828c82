/**
 * Instruments that show what a loss does: how it divides its pull among samples, terms and layers, what
 * it looks like around a point, and how it bends. They take any function, at tensors or at a module, and
 * change nothing of it: no parameter, no gradient, no mode, no stream of random numbers.
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
