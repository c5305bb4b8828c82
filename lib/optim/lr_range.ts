/** A test of learning rates. */

import { noGrad } from "../autograd/tape.ts";
import { largest } from "../core/lists.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FINITE,
  kind,
  oneOf,
  optionReader,
} from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRange, type Closure, lossOf, Optimizer } from "./optimizer.ts";

/** Options of `lrRangeTest`. */
export interface LRRangeTestOptions {
  /** The first rate. Default: 1e-7. */
  startLr?: number;
  /** The last rate. Default: 10. */
  endLr?: number;
  /** How many rates are tried. Default: 100. */
  numIter?: number;
  /** Whether rates grow exponentially or linearly. Default: "exp". */
  stepMode?: "exp" | "linear";
  /** Weight of the newest loss in the smoothed loss; 1 for no smoothing. Default: 0.05. */
  smoothing?: number;
  /**
   * The test ends when the loss exceeds this multiple of the best one; if the best one is negative,
   * when it exceeds it by the same margin. Default: 5.
   */
  divergence?: number;
}

/** The result of the test. */
export interface LRRange {
  /** The rates that were tried. */
  readonly lrs: number[];
  /** The smoothed loss before the step with each of them. */
  readonly losses: number[];
  /**
   * The rate whose step improved the smoothed loss most; null if none did. Over the default range
   * it was 0.2 to 2.3 times the best rate of a grid, for four nets with SGD, momentum and Adam;
   * over a narrower range, the smoothed loss lags less and the suggestion is lower.
   */
  readonly suggestion: number | null;
}

/** The part of an optimizer that the test uses. */
export interface RangedOptimizer {
  /** The groups whose rates are varied, and whose parameters are restored. */
  readonly paramGroups: readonly {
    lr: number;
    readonly params: readonly Tensor[];
    readonly maximize?: boolean;
  }[];
  /** Updates the parameters. */
  step(closure: Closure): unknown;
  /** The state to continue from. */
  stateDict(): unknown;
  /** Restores a state. */
  loadStateDict(state: never): void;
}

const OPTIMIZER = kind("an optimizer", (value) => value instanceof Optimizer);

const readOptions = optionReader<LRRangeTestOptions>({
  startLr: FINITE,
  endLr: FINITE,
  numIter: COUNT,
  stepMode: oneOf("exp", "linear"),
  smoothing: FINITE,
  divergence: FINITE,
});

/** −1 for an objective that is maximized, which is negated into a loss; 1 for a loss. */
function signOf(call: string, groups: RangedOptimizer["paramGroups"]): number {
  const ascents = groups.filter(({ maximize }) => maximize === true).length;
  if (ascents > 0 && ascents < groups.length) {
    throw new RangeError(
      `Cannot ${call}: all groups must maximize or none, as one loss tells whether a step was ` +
        `good, got ${ascents} of ${groups.length} that do`,
    );
  }
  return ascents > 0 ? -1 : 1;
}

/** The rate whose step was followed by the largest decrease of the loss. */
function steepest(lrs: readonly number[], losses: readonly number[]): number | null {
  const falls = losses.slice(1).map((loss, i) => (losses[i] ?? loss) - loss);
  // A step to NaN is no decrease, and must not hide one before it.
  const most = largest(falls.filter((fall) => fall > 0));
  return most > 0 ? lrs[falls.indexOf(most)] ?? null : null;
}

/**
 * Trains with a rate that increases from step to step, and records the loss: below the useful range
 * of rates it stagnates, above it diverges. Smith, "Cyclical learning rates for training neural
 * networks", 2017. Parameters, their gradients and the optimizer are restored afterwards, also after an
 * error; buffers of the model are not.
 *
 * @param optimizer The optimizer; during the test all its groups have the same rate.
 * @param closure Clears the gradients, computes the loss of the next batch, runs `backward`, and returns
 * the loss.
 * @throws {RangeError} If some groups maximize and others do not.
 *
 * @example The rates of a quadratic, which diverge from 1 on
 * ```ts
 * import { optim, tensor } from "@adjoint/ml";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const x = tensor([1], { requiresGrad: true });
 * const optimizer = new optim.SGD([x], { lr: 0.5 });
 * const { lrs } = optim.lrRangeTest(optimizer, () => {
 *   optimizer.zeroGrad();
 *   const loss = x.square().sum();
 *   loss.backward();
 *   return loss;
 * });
 * assert(lrs.at(-1)! > 1);
 * assertEquals([x.item(), optimizer.paramGroups[0]!.lr], [1, 0.5]);
 * ```
 */
export function lrRangeTest(
  optimizer: RangedOptimizer,
  closure: Closure,
  options?: LRRangeTestOptions,
): LRRange {
  const call = "run lrRangeTest";
  checkCount(call, arguments.length, 3);
  checkKind(call, "the optimizer", optimizer, OPTIMIZER);
  const { startLr = 1e-7, endLr = 10, numIter = 100, stepMode = "exp", ...rest } = readOptions(
    call,
    options,
  );
  const { smoothing = 0.05, divergence = 5 } = rest;
  checkRange("lrRangeTest", "startLr", startLr, "(0, ∞)");
  checkRange("lrRangeTest", "endLr", endLr, "(0, ∞)");
  if (endLr < startLr) {
    throw new RangeError(
      `Cannot ${call}: rates must increase, got startLr ${startLr} and endLr ${endLr}`,
    );
  }
  checkRange("lrRangeTest", "smoothing", smoothing, "(0, 1]");
  checkRange("lrRangeTest", "divergence", divergence, "(1, ∞)");
  const rateAt = (share: number) =>
    stepMode === "exp" ? startLr * (endLr / startLr) ** share : startLr + (endLr - startLr) * share;
  const before = optimizer.paramGroups.flatMap(({ params }) =>
    params.map((p) => [p, p.detach().clone(), p.collected?.detach().clone() ?? null] as const)
  );
  const state = optimizer.stateDict();
  const sign = signOf(call, optimizer.paramGroups);
  const [lrs, losses]: [number[], number[]] = [[], []];
  let best = Infinity;
  try {
    for (let i = 0; i < numIter; i++) {
      const lr = rateAt(i / Math.max(1, numIter - 1));
      for (const group of optimizer.paramGroups) group.lr = lr;
      const seen: number[] = [];
      optimizer.step(() => {
        const loss = lossOf("lrRangeTest", closure);
        seen.push(sign * (typeof loss === "number" ? loss : loss.item()));
        return loss;
      });
      const [value = NaN] = seen;
      const mean = losses.at(-1) ?? value;
      const last = mean + smoothing * (value - mean);
      lrs.push(lr);
      losses.push(last);
      best = Math.min(best, last);
      if (!(last <= best + (divergence - 1) * Math.abs(best))) break;
    }
  } finally {
    noGrad(() => {
      for (const [p, value, gradient] of before) {
        p.copy_(value);
        p.grad = gradient;
      }
    });
    optimizer.loadStateDict(state as never);
  }
  const suggestion = steepest(lrs, losses);
  return { lrs, losses: losses.map((loss) => sign * loss), suggestion };
}
