/** Gradient descent. */

import { sgdStep_ } from "../ops/optim/steps.ts";
import { descent } from "./averages.ts";
import { checkRange } from "./optimizer.ts";
import {
  type OptimizerClass,
  optimizerClass,
  type OptimizerRule,
  type RuleOptimizer,
  type RuleState,
} from "./rule.ts";
import { minus } from "./scalars.ts";

/** Options of `SGD`. */
export interface SGDOptions {
  /** Learning rate. Default: 1e-3. */
  lr?: number;
  /** Momentum: the factor of the velocity. Default: 0. */
  momentum?: number;
  /** Share of the gradient that does not enter the velocity. Default: 0. */
  dampening?: number;
  /** Weight decay: this multiple of the parameter is added to the gradient. Default: 0. */
  weightDecay?: number;
  /** Whether to use Nesterov's momentum. Default: false. */
  nesterov?: boolean;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of a group of parameters. */
export type SGDGroup = Required<SGDOptions>;

/** The default options. */
const SGD_DEFAULTS: SGDGroup = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
};

/** Refuses options out of range. */
function checkSgd(op: string, options: SGDGroup): void {
  const { lr, momentum, dampening, weightDecay, nesterov } = options;
  checkRange(op, "lr", lr, "[0, ∞)");
  checkRange(op, "momentum", momentum, "[0, ∞)");
  checkRange(op, "weightDecay", weightDecay, "[0, ∞)");
  if (!Number.isFinite(dampening)) {
    throw new RangeError(`Cannot run ${op}: dampening must be finite, got ${dampening}`);
  }
  if (nesterov && (momentum <= 0 || dampening !== 0)) {
    throw new RangeError(`Cannot run ${op}: nesterov needs a momentum and no dampening`);
  }
}

/** The rule of SGD. */
export const SGD_RULE: OptimizerRule<SGDGroup, "momentumBuffer"> = {
  defaults: SGD_DEFAULTS,
  check: checkSgd,
  keeps: { momentumBuffer: ({ momentum }) => momentum !== 0 },
  step: (p, given, { momentumBuffer: before }, options) => {
    const { lr, momentum, dampening, nesterov } = options;
    const g = descent(p, given, options);
    if (momentum === 0) return [p.sub(g.mul(lr)), {}];
    const momentumBuffer = before?.mul(momentum).add(g.mul(minus(1, dampening))) ?? g;
    const change = nesterov ? g.add(momentumBuffer.mul(momentum)) : momentumBuffer;
    return [p.sub(change.mul(lr)), { momentumBuffer }];
  },
  kernel: (p, g, { momentumBuffer }, options, _count, fresh) => {
    sgdStep_(p, g, options.momentum === 0 ? null : momentumBuffer, fresh, options);
  },
};

/** The state of SGD for a parameter. */
export interface SGDParamState extends RuleState {
  /** Steps so far. */
  step: number;
}

/**
 * Stochastic gradient descent, optionally with momentum and weight decay. Follows
 * `torch.optim.SGD`.
 *
 * @example One step
 * ```ts
 * import { optim, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.SGD([x], { lr: 0.25 });
 * x.square().sum().backward();
 * optimizer.step();
 * assertEquals(x.toArray(), [0.5]);
 * ```
 */
export const SGD: OptimizerClass<SGDGroup, SGDParamState> = optimizerClass("SGD", SGD_RULE);
/** An {@linkcode SGD} optimizer. */
export type SGD = RuleOptimizer<SGDGroup, SGDParamState>;
