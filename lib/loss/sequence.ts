/** Losses of sequences with unknown alignment. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, FLAG, INTEGER, TENSOR } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { alignmentLoss } from "../ops/loss/ctc.ts";
import { reduced } from "../ops/loss/fused.ts";
import { cat, where } from "../ops/mod.ts";
import { elementsOf, everyElement } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  type FunctionLoss,
  LOSS_OPTIONS,
  type LossModule,
  lossModule,
  type LossOptions,
  lossOptions,
} from "./loss.ts";

/** Options of `ctc`. */
export interface CTCOptions extends LossOptions {
  /** The class that stands for no label. Default: 0. */
  blank?: number;
  /** Whether a target that cannot be aligned costs 0 rather than Infinity. Default: false. */
  zeroInfinity?: boolean;
}

const ctcOptions = lossOptions<CTCOptions>({
  ...LOSS_OPTIONS,
  blank: INTEGER,
  zeroInfinity: FLAG,
});

const OP = "losses.ctc";

/** The loss that stands for a target that does not fit, and a bound that only it exceeds. */
const [IMPOSSIBLE, BEYOND] = [1e38, 1e30];

/** The numbers of an int32 tensor of the given shape, each from `least` to `most`. */
function wholeNumbers(
  role: string,
  x: Tensor,
  shape: readonly number[],
  [least, most]: readonly [number, number],
): ArrayLike<number> {
  checkKind(`compute ${OP}`, role, x, TENSOR);
  if (x.dtype !== "int32") {
    throw new DTypeError(`Cannot compute ${OP}: ${role} must be int32, got ${x.dtype}`);
  }
  if (!sameShape(x.shape, shape)) {
    throw new ShapeError(
      `Cannot compute ${OP}: ${role} must have shape ${showShape(shape)}, got ${
        showShape(x.shape)
      }`,
      [x.shape],
    );
  }
  const data = elementsOf(x, OP);
  const wrong = data.findIndex((value) => value < least || value > most);
  if (wrong === -1) return data;
  throw new RangeError(
    `Cannot compute ${OP}: ${role} must lie in ${least} to ${most}, got ${data[wrong]} at index ` +
      wrong,
  );
}

/** Refuses labels, within the lengths, that are the blank or name no class. */
function checkLabels(
  labels: ArrayLike<number>,
  lengths: ArrayLike<number>,
  classes: number,
  blank: number,
): void {
  const longest = labels.length / lengths.length;
  for (let i = 0; i < lengths.length; i++) {
    for (let s = 0; s < (lengths[i] ?? 0); s++) {
      const label = labels[i * longest + s] ?? blank;
      if (label >= 0 && label < classes && label !== blank) continue;
      throw new RangeError(
        `Cannot compute ${OP}: labels must not be the blank ${blank} and lie in 0 to ` +
          `${classes - 1}, got ${label} at index [${i}, ${s}]`,
      );
    }
  }
}

/**
 * Negative log-likelihood of label sequences over all their alignments, −ln Σ Πₜ p(cₜ), where repeats and
 * blanks of an alignment c collapse to the target. Graves et al., "Connectionist temporal
 * classification", 2006; `torch.nn.functional.ctc_loss`. A mean first divides by the targets' lengths.
 * The gradient is with respect to the log-probabilities as given, −(share of the alignments).
 *
 * @param logProbabilities Shape [T, N, C], as `logSoftmax(2)` gives them.
 * @param targets int32 labels of shape [N, S]; what lies beyond a length is ignored.
 * @param inputLengths int32 of shape [N], from 1 to T.
 * @param targetLengths int32 of shape [N], from 0 to S.
 * @returns A tensor without dimensions, or of shape [N] for reduction "none". Infinity, with gradient
 * 0, where the input is too short for the target.
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {DTypeError} If labels or lengths are not int32.
 * @throws {RangeError} If a length, a label or the blank is out of range.
 *
 * @example Two steps, one label: of four alignments, three collapse to it
 * ```ts
 * import { full, losses, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const int32 = { dtype: "int32" } as const;
 * const [steps, length] = [tensor([2], int32), tensor([1], int32)];
 * const logProbabilities = full([2, 1, 2], Math.log(0.5));
 * const loss = losses.ctc(logProbabilities, tensor([[1]], int32), steps, length);
 * assertAlmostEquals(loss.item(), -Math.log(3 / 4), 1e-6);
 * ```
 */
export function ctc(
  logProbabilities: Tensor,
  targets: Tensor,
  inputLengths: Tensor,
  targetLengths: Tensor,
  options?: CTCOptions,
): Tensor {
  checkCount(`compute ${OP}`, arguments.length, 5);
  const { blank = 0, zeroInfinity = false, reduction = "mean" } = ctcOptions(
    `compute ${OP}`,
    options,
  );
  checkKind(`compute ${OP}`, "logProbabilities", logProbabilities, TENSOR);
  checkKind(`compute ${OP}`, "targets", targets, TENSOR);
  if (!isFloat(logProbabilities.dtype)) {
    throw new DTypeError(
      `Cannot compute ${OP}: log-probabilities must be float32 or float64, got ` +
        logProbabilities.dtype,
    );
  }
  const [times = 0, n = 0, classes = 0] = logProbabilities.shape;
  const [, longest = 0] = targets.shape;
  if (logProbabilities.ndim !== 3 || targets.ndim !== 2 || times === 0) {
    throw new ShapeError(
      `Cannot compute ${OP}: log-probabilities must have shape [T, N, C] and targets [N, S], T from 1, got ` +
        `${showShape(logProbabilities.shape)} and ${showShape(targets.shape)}`,
      [logProbabilities.shape, targets.shape],
    );
  }
  if (blank < 0 || blank >= classes) {
    throw new RangeError(
      `Cannot compute ${OP}: blank must lie in 0 to ${classes - 1}, got ${blank}`,
    );
  }
  const most = 2 ** 31 - 1;
  const labels = wholeNumbers("targets", targets, [n, longest], [-most, most]);
  wholeNumbers("inputLengths", inputLengths, [n], [1, times]);
  const lengths = wholeNumbers("targetLengths", targetLengths, [n], [0, longest]);
  checkLabels(labels, lengths, classes, blank);
  const both = cat([inputLengths, targetLengths], 0);
  const each = alignmentLoss(logProbabilities, targets, both, {
    blank,
    impossible: zeroInfinity ? 0 : IMPOSSIBLE,
    perLabel: reduction === "mean",
  });
  // Usually all targets fit, and there is nothing to replace.
  const fit = zeroInfinity || everyElement(each).every((loss) => !(loss > BEYOND));
  return reduced(fit ? each : where(each.gt(BEYOND), Infinity, each), reduction);
}

/** {@linkcode ctc} as a module. */
export const CTCLoss: LossModule<CTCOptions, [Tensor, Tensor, Tensor, Tensor]> = lossModule(
  "CTCLoss",
  ctc,
  ctcOptions,
);
/** A module of {@linkcode ctc}. */
export type CTCLoss = FunctionLoss<CTCOptions, [Tensor, Tensor, Tensor, Tensor]>;
