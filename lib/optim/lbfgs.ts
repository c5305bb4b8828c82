/** L-BFGS: steps by curvature that is estimated from gradients. */

import { keep } from "../autograd/scope.ts";
import { noGrad } from "../autograd/tape.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, shown } from "../core/options.ts";
import { cat } from "../ops/mod.ts";
import { checkStep } from "../ops/optim/steps.ts";
import { zeros } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { filledReader, type ParamGroup, type ParamsOrGroups } from "./groups.ts";
import { checkRange, type Closure, lossOf, Optimizer, type ParamState } from "./optimizer.ts";
import { fittedState } from "./param_state.ts";
import { type LinePoint, strongWolfe } from "./strong_wolfe.ts";

/** Options of `LBFGS`. */
export interface LBFGSOptions {
  /** Learning rate; with a line search, the first step length to try. Default: 1. */
  lr?: number;
  /** The largest number of iterations in a step. Default: 20. */
  maxIter?: number;
  /** The largest number of evaluations in a step; null for 5/4 of the iterations. Default: null. */
  maxEval?: number | null;
  /** A step ends if no element of the gradient is larger in magnitude. Default: 1e-7. */
  toleranceGrad?: number;
  /** A step ends if no parameter, or else the loss, changes by more. Default: 1e-9. */
  toleranceChange?: number;
  /** How many changes are kept. Default: 100. */
  historySize?: number;
  /** Whether there is a line search. Default: null. */
  lineSearchFn?: "strong_wolfe" | null;
  /** Whether to maximize the objective. Default: false. */
  maximize?: boolean;
}

/** Options of the group of parameters. */
export type LBFGSGroup = Required<LBFGSOptions>;

/** The default options. */
export const LBFGS_DEFAULTS: LBFGSGroup = {
  lr: 1,
  maxIter: 20,
  maxEval: null,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  historySize: 100,
  lineSearchFn: null,
  maximize: false,
};

/** Refuses options out of range. */
function checkLBFGS(op: string, options: LBFGSGroup): void {
  const { lr, maxIter, maxEval, historySize, lineSearchFn } = options;
  checkRange(op, "lr", lr, "[0, ∞)");
  checkRange(op, "toleranceGrad", options.toleranceGrad, "[0, ∞)");
  checkRange(op, "toleranceChange", options.toleranceChange, "[0, ∞)");
  for (const [name, value] of Object.entries({ maxIter, maxEval: maxEval ?? 1, historySize })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new RangeError(
      `Cannot run ${op}: ${name} must be a positive integer, got ${shown(value)}`,
    );
  }
  if (lineSearchFn === null || lineSearchFn === "strong_wolfe") return;
  throw new TypeError(
    `Cannot run ${op}: lineSearchFn must be "strong_wolfe" or null, got ${shown(lineSearchFn)}`,
  );
}

/** The state of LBFGS, stored with the first parameter. Its tensors concatenate all parameters. */
export interface LBFGSState extends ParamState {
  /** Evaluations so far. */
  funcEvals: number;
  /** Iterations so far. */
  nIter: number;
  /** The length of the last iteration along its direction. */
  t: number;
  /** The scale of the initial inverse Hessian. */
  hDiag: number;
  /** The loss at the last iteration. */
  prevLoss: number;
  /** The direction of the last iteration. */
  d: Tensor;
  /** The gradient before it. */
  prevFlatGrad: Tensor;
  /** The changes of the gradient, one per row. */
  oldDirs: Tensor;
  /** The changes of the parameters. */
  oldStps: Tensor;
}

const HISTORY = ["oldDirs", "oldStps"];

/** The last rows, with one added. */
function remembered(rows: Tensor, row: Tensor, most: number): Tensor {
  const all = cat([rows, row.unsqueeze(0)], 0);
  const [count = 0] = all.shape;
  return all.narrow(0, Math.max(0, count - most), Math.min(count, most));
}

/** The direction of descent: minus the gradient, times the estimated inverse Hessian. */
function directionOf(g: Tensor, { oldDirs, oldStps, hDiag }: LBFGSState): Tensor {
  const changes = oldDirs.unbind(0).map((y, i) => {
    const s = oldStps.at(i);
    return { y, s, ro: 1 / y.dot(s).item() };
  });
  let q = g.neg();
  const shares = changes.toReversed().map(({ y, s, ro }) => {
    const share = s.dot(q).item() * ro;
    q = q.sub(y.mul(share));
    return share;
  }).reverse();
  return changes.reduce(
    (r, { y, s, ro }, i) => r.add(s.mul((shares[i] ?? 0) - y.dot(r).item() * ro)),
    q.mul(hDiag),
  );
}

/** The largest absolute element. */
function largest(x: Tensor): number {
  return x.abs().max().item();
}

const readOptions = filledReader(LBFGS_DEFAULTS);

/**
 * L-BFGS: Newton steps with a Hessian that is estimated from the last gradients. Nocedal, "Updating
 * quasi-Newton matrices with limited storage", 1980. Each `step` evaluates the closure several
 * times; it clears the gradients, computes the loss, and runs `backward`. Follows
 * `torch.optim.LBFGS`.
 *
 * @example The minimum of a quadratic
 * ```ts
 * import { optim, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = tensor([3, -2], { requiresGrad: true });
 * const optimizer = new optim.LBFGS([x], { lineSearchFn: "strong_wolfe" });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const loss = x.sub(tensor([1, 2])).square().mul(tensor([1, 50])).sum();
 *   loss.backward();
 *   return loss;
 * });
 * assertAlmostEquals(x.at(1).item(), 2, 1e-4);
 * ```
 */
export class LBFGS extends Optimizer<LBFGSGroup, LBFGSState> {
  /**
   * Creates the optimizer.
   *
   * @param params Parameters, or one group of them.
   */
  constructor(params: ParamsOrGroups<LBFGSGroup>, options?: LBFGSOptions) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 2);
    super(params, readOptions(call, options), { check: checkLBFGS, form: LBFGS_DEFAULTS });
  }

  /** Adds the single group of parameters. */
  override addParamGroup(group: ParamGroup<Partial<LBFGSGroup>>): void {
    super.addParamGroup(group);
    if (this.paramGroups.length === 1) return;
    this.paramGroups.pop();
    throw new RangeError(
      `Cannot add to ${this.constructor.name}: it steps all parameters together, in one group`,
    );
  }

  /** The state before the first step. */
  #initial(like: Tensor): LBFGSState {
    const blank = zeros(like.shape, { dtype: like.dtype, device: like.device });
    const none = blank.unsqueeze(0).narrow(0, 0, 0);
    const counts = { funcEvals: 0, nIter: 0, t: 0, hDiag: 1, prevLoss: 0 };
    return { ...counts, d: blank, prevFlatGrad: blank, oldDirs: none, oldStps: none };
  }

  /** A copy of a loaded state. */
  protected override fitted(name: string, given: ParamState, p: Tensor): LBFGSState {
    const op = this.constructor.name;
    const call = `load the state of ${op}`;
    const params = this.paramGroups.flatMap((group) => group.params);
    if (p !== params[0]) {
      throw new RangeError(`Cannot ${call}: the state belongs to parameter 0, got one for ${name}`);
    }
    const blank = this.#initial(cat(params.map((x) => x.detach().flatten()), 0));
    const histories = HISTORY.map((key) => given[key]);
    const rows = histories.find((history) => history instanceof Tensor)?.shape[0] ?? 0;
    const shape = [rows, blank.d.size];
    for (const key of HISTORY) {
      const history = given[key];
      if (!(history instanceof Tensor) || history.shape.join() === shape.join()) continue;
      throw new ShapeError(
        `Cannot ${call}: ${key} of ${name} needs shape ${showShape(shape)}, got ${
          showShape(history.shape)
        }`,
        [shape, history.shape],
      );
    }
    const like = zeros(shape, { dtype: blank.d.dtype, device: blank.d.device });
    const needed = { ...blank, oldDirs: like, oldStps: like };
    return keep(fittedState(op, name, given, needed, [], p) as LBFGSState);
  }

  /** The state, in the current type and on the current device of the parameters. */
  #stateFor(first: Tensor, g: Tensor): LBFGSState {
    const state = this.stateOf(first);
    if (state === undefined) return this.#initial(g);
    const { d } = state;
    if (d.size !== g.size) {
      throw new ShapeError(
        `Cannot run ${this.constructor.name}.step: its state is for parameters of ${d.size} elements ` +
          `together, which now have ${g.size}`,
        [d.shape, g.shape],
      );
    }
    return d.dtype === g.dtype && d.device === g.device
      ? state
      : this.fitted("parameter 0", state, first);
  }

  /** The gradients of all parameters, concatenated and, with `maximize`, negated. */
  #gradient(params: readonly Tensor[], maximize: boolean): Tensor {
    const parts = params.map((p) => {
      const g = p.collected;
      if (g === null) return zeros([p.size], { dtype: p.dtype, device: p.device });
      checkStep(this.constructor.name, p, g);
      return g.detach().to({ dtype: p.dtype }).flatten();
    });
    const flat = cat(parts, 0);
    return maximize ? flat.neg() : flat.clone();
  }

  /**
   * Runs several iterations.
   *
   * @param closure Clears the gradients, computes the loss, runs `backward`, and returns the loss.
   * @returns The loss before the step.
   */
  override step(closure?: Closure): Tensor | number {
    const op = `${this.constructor.name}.step`;
    checkCount(`run ${op}`, arguments.length, 1);
    if (closure === undefined) {
      throw new TypeError(
        `Cannot run ${op}: it needs a closure that computes the loss, as in step(fn)`,
      );
    }
    const [group] = this.paramGroups;
    if (group === undefined) return lossOf(op, closure);
    const params = this.checkedParams(group);
    const [first] = params;
    return noGrad(() => {
      const loss = lossOf(op, closure);
      if (first !== undefined) this.#iterate(first, params, group, closure, loss);
      return loss;
    });
  }

  #iterate(
    first: Tensor,
    params: readonly Tensor[],
    group: LBFGSGroup,
    closure: Closure,
    given: Tensor | number,
  ): void {
    const { lr, maxIter, toleranceGrad, toleranceChange, historySize, maximize } = group;
    const op = `${this.constructor.name}.step`;
    const maxEval = group.maxEval ?? Math.floor(maxIter * 5 / 4);
    const lossIn = (value: Tensor | number) => {
      const loss = value instanceof Tensor ? value.item() : value;
      return maximize ? -loss : loss;
    };
    const sizes = params.map(({ size }) => size);
    const start = () => params.map((p) => p.detach().clone());
    const move = (from: readonly Tensor[], t: number, d: Tensor) => {
      const parts = d.mul(t).split(sizes, 0);
      params.forEach((p, i) => p.copy_((from[i] ?? p).add(parts[i]?.reshape(p.shape) ?? 0)));
    };
    let loss = lossIn(given);
    let g = this.#gradient(params, maximize);
    const state = { ...this.#stateFor(first, g) };
    let evaluations = 1;
    state.funcEvals++;
    if (largest(g) <= toleranceGrad) {
      this.keepState(first, keep(state));
      return;
    }
    for (let i = 1; i <= maxIter; i++) {
      if (++state.nIter > 1) {
        const y = g.sub(state.prevFlatGrad);
        const s = state.d.mul(state.t);
        const ys = y.dot(s).item();
        if (ys > 1e-10) {
          state.oldDirs = remembered(state.oldDirs, y, historySize);
          state.oldStps = remembered(state.oldStps, s, historySize);
          state.hDiag = ys / y.dot(y).item();
        }
      }
      state.d = directionOf(g, state);
      state.prevFlatGrad = g;
      state.prevLoss = loss;
      // A sum that is NaN leaves 1: elements whose own gradient is a number go on.
      const sum = state.nIter === 1 ? g.abs().sum().item() : 1;
      state.t = sum > 1 ? lr / sum : lr;
      const slope = g.dot(state.d).item();
      if (slope > -toleranceChange) break;
      const from = start();
      const { d } = state;
      let fresh = 0;
      if (group.lineSearchFn !== null) {
        const at = (t: number): LinePoint => {
          move(from, t, d);
          try {
            const there = lossIn(lossOf(op, closure));
            const gradient = this.#gradient(params, maximize);
            return { t, loss: there, g: gradient, slope: gradient.dot(d).item() };
          } finally {
            move(from, 0, d);
          }
        };
        const bounds = { size: largest(d), maxEvaluations: maxEval - evaluations };
        const [found, looked] = strongWolfe({ t: 0, loss, g, slope }, state.t, at, bounds);
        ({ t: state.t, loss, g } = found);
        fresh = looked;
        move(from, state.t, d);
      } else {
        move(from, state.t, d);
        if (i < maxIter) {
          loss = lossIn(lossOf(op, closure));
          g = this.#gradient(params, maximize);
          fresh = 1;
        }
      }
      evaluations += fresh;
      state.funcEvals += fresh;
      if (evaluations >= maxEval || largest(g) <= toleranceGrad) break;
      if (largest(d.mul(state.t)) <= toleranceChange) break;
      if (Math.abs(loss - state.prevLoss) < toleranceChange) break;
    }
    this.keepState(first, keep(state));
  }
}
