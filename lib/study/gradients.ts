/** Gradients of losses by sample, term and layer. */

import { grad } from "../autograd/backward.ts";
import { enableGrad, noGrad } from "../autograd/tape.ts";
import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, isFunction, kind, shown, TENSOR } from "../core/options.ts";
import { sizeOf } from "../core/shape.ts";
import { cat, stack, where } from "../ops/mod.ts";
import { Tensor } from "../tensor/tensor.ts";
import { zerosLike } from "../tensor/create.ts";
import { AnyModule } from "../nn/module.ts";
import { functionalCall } from "../transforms/functional_call.ts";
import { jacobian } from "../transforms/jacobian.ts";
import { layersOf, lengthOf } from "./layers.ts";
import {
  type ArgumentsAt,
  leavesAt,
  numberFrom,
  type Point,
  repeatable,
  slopes,
  subjectOf,
  termsFrom,
  untouched,
} from "./subject.ts";

/** A loss of prediction and target: a function or a module. */
export type PairLoss =
  | ((prediction: Tensor, target: Tensor) => Tensor)
  | { forward(prediction: Tensor, target: Tensor): Tensor };

const LOSS = kind(
  "a function of prediction and target, or a loss module",
  (value) =>
    isFunction(value) ||
    (typeof value === "object" && value !== null &&
      typeof Reflect.get(value, "forward") === "function"),
);

/** A loss as a function; refuses anything else. */
export function pairLoss(
  call: string,
  name: string,
  loss: PairLoss,
): (prediction: Tensor, target: Tensor) => Tensor {
  checkKind(call, name, loss, LOSS);
  if (typeof loss === "function") return loss;
  return loss instanceof AnyModule
    ? (p, t) => untouched(loss, (buffers) => functionalCall(loss, buffers, p, t))
    : (p, t) => loss.forward(p, t);
}

/** A tensor as a matrix with a row for each sample. */
function rowsOf(x: Tensor): Tensor {
  const [count = 1, ...rest] = x.shape;
  return x.reshape([count, sizeOf(rest)]);
}

/** The result of `gradientProfile`. */
export interface GradientProfile {
  /** The loss. */
  readonly value: number;
  /** Its gradient with respect to the prediction, of its shape. */
  readonly gradient: Tensor;
  /** The norm of each sample's gradient, [N]. */
  readonly norms: Tensor;
  /** The share of each sample in the sum of the norms, [N]. */
  readonly shares: Tensor;
}

/**
 * How the gradient of a loss is distributed among the samples of a batch: the gradient with respect
 * to the prediction, its norm for each sample, and the share of each in the sum of the norms. A
 * share far above 1/N marks an outlier that dominates the step. If all gradients are 0, so are the
 * shares.
 *
 * @param loss A function of prediction and target that returns one number, or a loss module.
 * @param pred The prediction, [N, ...] with the samples along the first dimension.
 * @param target Whatever the loss takes as target.
 * @throws {ShapeError} If the prediction has no dimensions.
 *
 * @example An outlier with two losses
 * ```ts
 * import { losses, study, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [pred, target] = [tensor([1, 1, 8]), tensor([0, 0, 0])];
 * const { mse, l1 } = losses;
 * assertEquals(study.gradientProfile(mse, pred, target).shares.at(2).item(), Math.fround(0.8));
 * assertEquals(study.gradientProfile(l1, pred, target).shares.at(2).item(), Math.fround(1 / 3));
 * ```
 */
export function gradientProfile(loss: PairLoss, pred: Tensor, target: Tensor): GradientProfile {
  const call = "compute study.gradientProfile";
  checkCount(call, arguments.length, 3);
  const run = pairLoss(call, "loss", loss);
  checkKind(call, "pred", pred, TENSOR);
  checkKind(call, "target", target, TENSOR);
  if (!isFloat(pred.dtype)) {
    throw new DTypeError(`Cannot ${call}: pred must be float32 or float64, got ${pred.dtype}`);
  }
  if (pred.ndim === 0) {
    throw new ShapeError(`Cannot ${call}: pred must have shape [N, ...], got []`, [pred.shape]);
  }
  return noGrad(() => {
    const [own] = leavesAt([pred]) as [Tensor];
    const y = repeatable(() => enableGrad(() => numberFrom(call, run(own, target.detach()))));
    const [found] = y.requiresGrad ? grad(y, [own], { allowUnused: true }) : [null];
    const gradient = found ?? zerosLike(own);
    const norms = rowsOf(gradient).norm({ dim: 1 });
    const total = norms.sum();
    const shares = where(total.eq(0), 0, norms.div(where(total.eq(0), 1, total)));
    return { value: y.item(), gradient: gradient.detach(), norms, shares };
  });
}

/** The gradients of all terms of a function at a point: [term][place]. */
function termGradients<At extends Point>(
  call: string,
  fn: (...inputs: ArgumentsAt<At>) => Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>,
  at: At,
): { terms: string[]; names: readonly string[]; gradients: Tensor[][] } {
  const { places, names, run } = subjectOf(call, fn, at);
  const own = leavesAt(places);
  const terms = enableGrad(() => termsFrom(call, run(own)));
  return {
    terms: terms.map(([name]) => name),
    names,
    gradients: terms.map(([, term]) => slopes(call, term, own, false)),
  };
}

/** The result of `conflictMatrix`. */
export interface ConflictMatrix {
  /** The names of the terms, in the order of the rows. */
  readonly terms: readonly string[];
  /** The cosine between the gradients of each pair of terms, [T, T]; 0 if one of them is 0. */
  readonly cosines: Tensor;
  /** The norm of each term's gradient. */
  readonly norms: readonly number[];
}

/**
 * Whether the terms of a loss agree: the cosines between their gradients. A cosine near −1 means
 * that two terms work against each other; the one with the larger gradient then decides.
 *
 * @param fn A function of the point that returns the terms: a record or an array of tensors with
 * one element.
 * @param at A module, whose parameters are varied, or tensors as for `hessian`.
 * @throws {GradError} If a term does not depend on the function's argument.
 *
 * @example Two terms that conflict
 * ```ts
 * import { study, type Tensor, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const terms = (x: Tensor) => ({ fit: x.sub(3).square().sum(), small: x.square().sum() });
 * const { cosines } = study.conflictMatrix(terms, tensor([1, 1]));
 * assertEquals(cosines.round().toArray(), [[1, -1], [-1, 1]]);
 * ```
 */
export function conflictMatrix<const At extends Point>(
  fn: (...inputs: ArgumentsAt<At>) => readonly Tensor[] | Readonly<Record<string, Tensor>>,
  at: At,
): ConflictMatrix {
  const call = "compute study.conflictMatrix";
  checkCount(call, arguments.length, 2);
  return noGrad(() => {
    const { terms, gradients } = termGradients(call, fn, at);
    const rows = stack(
      gradients.map((parts) =>
        cat(parts.map((g) => g.flatten().to({ dtype: "float64", device: "cpu" })))
      ),
    );
    const norms = rows.norm({ dim: 1, keepdim: true });
    const units = rows.div(where(norms.eq(0), 1, norms));
    return { terms, cosines: units.matmul(units.mT), norms: norms.flatten().toArray() as number[] };
  });
}

/** Gradient norms by layer and by term: `{ fc1: { mse: 1.5 } }`. */
export interface GradientNorms {
  /** The norm of each term's gradient in each layer. */
  readonly layers: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The norm of each term's whole gradient. */
  readonly total: Readonly<Record<string, number>>;
}

/**
 * The gradient norm of each term of a loss in each layer: which layers learn, and from which term.
 * A layer is a parameter's name without its last part; `console.table(layers)` shows a row for
 * each.
 *
 * @param fn A function of the point that returns one or more terms: a tensor with one element, or
 * an array or record of them.
 * @param at A module, whose parameters are varied, or tensors as for `hessian`.
 * @throws {GradError} If a term does not depend on the function's argument.
 *
 * @example A network with two layers
 * ```ts
 * import { losses, nn, ones, study } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh(), new nn.Linear(3, 1));
 * const { layers } = study.gradientNorms(
 *   (model) => ({ mse: losses.mse(model.forward(ones([4, 2])), ones([4, 1])) }),
 *   model,
 * );
 * assertEquals(Object.keys(layers), ["0", "2"]);
 * ```
 */
export function gradientNorms<const At extends Point>(
  fn: (...inputs: ArgumentsAt<At>) => Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>,
  at: At,
): GradientNorms {
  const call = "compute study.gradientNorms";
  checkCount(call, arguments.length, 2);
  return noGrad(() => {
    const { terms, names, gradients } = termGradients(call, fn, at);
    const byTerm = (part: (parts: readonly Tensor[]) => readonly Tensor[]) =>
      Object.fromEntries(gradients.map((parts, t) => [terms[t] ?? "", lengthOf(part(parts))]));
    const layers = Array.from(layersOf(names), ([layer, own]) => [
      layer,
      byTerm((parts) => own.flatMap((i) => parts[i] ?? [])),
    ]);
    return { layers: Object.fromEntries(layers), total: byTerm((parts) => parts) };
  });
}

/** The result of `gradientSignalToNoise`. */
export interface SignalToNoise {
  /**
   * ‖ḡ‖ / √(tr Σ): the norm of the mean gradient, divided by the spread of single samples'
   * gradients.
   */
  readonly ratio: number;
  /** tr Σ / ‖ḡ‖²: the batch size at which noise and signal are equal. */
  readonly noiseScale: number;
  /** ‖ḡ‖. */
  readonly signal: number;
  /** √(tr Σ). */
  readonly noise: number;
  /** The ratio in each layer; NaN if all gradients are 0. */
  readonly layers: Readonly<Record<string, number>>;
}

/**
 * How much of a sample's gradient is common to all samples: the norm of the mean gradient ḡ of a
 * batch, divided by the standard deviation of single samples' gradients, whose covariance is Σ.
 * McCandlish et al., "An empirical model of large-batch training", 2018, call the inverse square
 * the simple noise scale. For N samples, ‖ḡ‖² contains noise of about tr Σ / N, so a batch far
 * below the noise scale underestimates the scale.
 *
 * @param fn A function of the point that returns the loss of each sample, [N] with N at least 2, as
 * with reduction "none".
 * @param at A module, whose parameters are varied, or tensors as for `hessian`.
 * @throws {ShapeError} If the function returns anything else.
 * @throws {GradError} If the losses do not depend on the function's argument.
 *
 * @example Two samples
 * ```ts
 * import { study, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { signal, noise } = study.gradientSignalToNoise((w) => w.mul(tensor([1, 3])), tensor(1));
 * assertEquals([signal, noise], [2, Math.sqrt(2)]);
 * ```
 */
export function gradientSignalToNoise<const At extends Point>(
  fn: (...inputs: ArgumentsAt<At>) => Tensor,
  at: At,
): SignalToNoise {
  const call = "compute study.gradientSignalToNoise";
  checkCount(call, arguments.length, 2);
  return noGrad(() => {
    const { places, names, run } = subjectOf(call, fn, at);
    const each = (...own: Tensor[]) => {
      const losses: unknown = run(own);
      if (!(losses instanceof Tensor) || losses.ndim !== 1 || losses.size < 2) {
        const got = losses instanceof Tensor ? showShape(losses.shape) : shown(losses);
        throw new ShapeError(
          `Cannot ${call}: the function must return the losses of samples, [N] with N at least 2, got ${got}`,
        );
      }
      slopes(call, losses.sum(), own, false);
      return losses;
    };
    const parts = jacobian(each, places).map((rows) => {
      // In float64 the squares neither vanish nor leave the range.
      const g = rowsOf(rows).to({ device: "cpu" }).to({ dtype: "float64" });
      const mean = g.mean(0);
      const count = Math.max((rows.shape[0] ?? 0) - 1, 1);
      const square = g.sub(mean).square().sum().div(count);
      return { signal: mean.square().sum().item(), noise: square.item() };
    });
    const sums = (chosen: readonly { signal: number; noise: number }[]) =>
      chosen.reduce(
        (sum, part) => ({ signal: sum.signal + part.signal, noise: sum.noise + part.noise }),
        { signal: 0, noise: 0 },
      );
    const all = sums(parts);
    const layers = Array.from(layersOf(names), ([layer, own]) => {
      const { signal, noise } = sums(own.flatMap((i) => parts[i] ?? []));
      return [layer, Math.sqrt(signal / noise)];
    });
    return {
      ratio: Math.sqrt(all.signal / all.noise),
      noiseScale: all.noise / all.signal,
      signal: Math.sqrt(all.signal),
      noise: Math.sqrt(all.noise),
      layers: Object.fromEntries(layers),
    };
  });
}
