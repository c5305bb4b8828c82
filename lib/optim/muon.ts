/** Muon: steps along orthogonalised gradients. */

import { ShapeError, showShape } from "../core/errors.ts";
import { shown } from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRange } from "./optimizer.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { minus, type Scalars, times, valueOf } from "./scalars.ts";

/** Options of `Muon`. */
export interface MuonOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: number;
  /** Weight decay, which shrinks the parameter directly. Default: 0.1. */
  weightDecay?: number;
  /** Decay rate of the running mean of the gradient. Default: 0.95. */
  momentum?: number;
  /** Whether to use Nesterov's momentum. Default: true. */
  nesterov?: boolean;
  /** Coefficients of the Newton-Schulz iteration. Default: [3.4445, -4.775, 2.0315]. */
  nsCoefficients?: readonly [number, number, number];
  /** The smallest norm that the gradient is divided by. Default: 1e-7. */
  eps?: number;
  /** Number of iterations, from 0 to 99. Default: 5. */
  nsSteps?: number;
  /** How the rate is adjusted to the shape; null is "original". Default: null. */
  adjustLrFn?: "original" | "match_rms_adamw" | "spectral_unclamped" | null;
}

/** Options of a group of parameters. */
export type MuonGroup = Required<MuonOptions>;

/** The factor of the rate for a matrix of this shape. */
const ADJUSTMENTS: Readonly<
  Record<NonNullable<MuonGroup["adjustLrFn"]>, (rows: number, columns: number) => number>
> = {
  original: (rows, columns) => Math.sqrt(Math.max(1, rows / columns)),
  match_rms_adamw: (rows, columns) => 0.2 * Math.sqrt(Math.max(rows, columns)),
  spectral_unclamped: (rows, columns) => Math.sqrt(rows / columns),
};

/** Refuses options out of range. */
function checkMuon(op: string, options: MuonGroup): void {
  const { lr, weightDecay, momentum, nsCoefficients, eps, nsSteps, adjustLrFn } = options;
  checkRange(op, "lr", lr, "[0, ∞)");
  checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
  checkRange(op, "momentum", momentum, "[0, ∞)");
  checkRange(op, "eps", eps, "[0, ∞)");
  if (!nsCoefficients.every(Number.isFinite)) {
    throw new RangeError(
      `Cannot run ${op}: nsCoefficients must be finite, got ${nsCoefficients.join(", ")}`,
    );
  }
  if (!Number.isInteger(nsSteps) || nsSteps < 0 || nsSteps >= 100) {
    throw new RangeError(
      `Cannot run ${op}: nsSteps must be an integer in [0, 100), got ${nsSteps}`,
    );
  }
  const names = Object.keys(ADJUSTMENTS);
  if (adjustLrFn !== null && !names.includes(adjustLrFn)) {
    throw new TypeError(
      `Cannot run ${op}: adjustLrFn must be ${names.join(", ")} or null, got ${shown(adjustLrFn)}`,
    );
  }
}

/** The nearest matrix whose singular values are all about 1. */
function orthogonal(
  g: Tensor,
  { nsCoefficients: [a, b, c], nsSteps, eps }: Scalars<MuonGroup>,
): Tensor {
  const [rows = 0, columns = 0] = g.shape;
  const wide = rows > columns ? g.mT : g;
  // The largest singular value is at most the norm.
  let x = wide.div(wide.norm().clamp(valueOf("optim.functional.muon", eps), null));
  for (let step = 0; step < valueOf("optim.functional.muon", nsSteps); step++) {
    const gram = x.matmul(x.mT);
    x = x.mul(a).add(gram.mul(b).add(gram.matmul(gram).mul(c)).matmul(x));
  }
  return rows > columns ? x.mT : x;
}

/** The rule of Muon. */
export const MUON_RULE: OptimizerRule<MuonGroup, "momentumBuffer"> = {
  defaults: {
    lr: 1e-3,
    weightDecay: 0.1,
    momentum: 0.95,
    nesterov: true,
    nsCoefficients: [3.4445, -4.775, 2.0315],
    eps: 1e-7,
    nsSteps: 5,
    adjustLrFn: null,
  },
  check: checkMuon,
  checkShape: (call, shape) => {
    if (shape.length === 2) return;
    const needed = "Muon takes only matrices; give other parameters to another optimizer";
    throw new ShapeError(`Cannot ${call}: ${needed}, got shape ${showShape(shape)}`, [shape]);
  },
  keeps: { momentumBuffer: true },
  mixes: true,
  step: (p, g, { momentumBuffer: before }, options) => {
    const { lr, weightDecay, momentum, nesterov, adjustLrFn } = options;
    const part = g.mul(minus(1, momentum));
    const momentumBuffer = before?.mul(momentum).add(part) ?? part;
    const mean = nesterov ? part.add(momentumBuffer.mul(momentum)) : momentumBuffer;
    const [rows = 1, columns = 1] = p.shape;
    const rate = times(lr, ADJUSTMENTS[adjustLrFn ?? "original"](rows, columns));
    const shrunk = p.mul(minus(1, times(lr, weightDecay)));
    return [shrunk.sub(orthogonal(mean, options).mul(rate)), { momentumBuffer }];
  },
};

/**
 * Muon: steps along the running mean of the gradient, with all its singular values made about 1,
 * for the matrices of hidden layers. Jordan et al., "Muon: an optimizer for hidden layers in neural
 * networks", 2024. Follows `torch.optim.Muon`, in the parameter's own type.
 *
 * @example One step of a matrix
 * ```ts
 * import { nn, ones, optim } from "@adjoint/ml";
 *
 * const layer = new nn.Linear(4, 3);
 * const optimizer = new optim.Muon([layer.weight], { lr: 0.02 });
 * layer.forward(ones([2, 4])).square().sum().backward();
 * optimizer.step();
 * ```
 */
export const Muon: OptimizerClass<MuonGroup, RuleState> = optimizerClass("Muon", MUON_RULE);
/** A {@linkcode Muon} optimizer. */
export type Muon = RuleOptimizer<MuonGroup, RuleState>;
