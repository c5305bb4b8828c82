/** What losses of labels share: where the classes lie, and which labels are valid. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkKind, TENSOR } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { where } from "../ops/mod.ts";
import { everyElement } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { areKnownBelow } from "../ops/index/primitives.ts";
import { checkNotNegative, meanOver } from "./loss.ts";
import { reduced, type Reduction } from "../ops/loss/fused.ts";

/** The label of what is ignored, unless another is given. */
export const IGNORED = -100;

/** The dimension of the classes. */
export function classDim(op: string, role: string, x: Tensor): number {
  if (!isFloat(x.dtype)) {
    throw new DTypeError(
      `Cannot compute ${op}: ${role} must be float32 or float64, got ${x.dtype}`,
    );
  }
  if (x.ndim === 0) {
    throw new ShapeError(
      `Cannot compute ${op}: ${role} must have shape [C] or [N, C, ...], got []`,
    );
  }
  return x.ndim === 1 ? 0 : 1;
}

/** Refuses scores of no classes, among which there is none to compare with. */
export function checkClasses(op: string, role: string, { shape }: Tensor, dim: number): void {
  if (shape[dim] !== 0) return;
  throw new ShapeError(
    `Cannot compute ${op}: ${role} must have at least one class, got shape ${showShape(shape)}`,
    [shape],
  );
}

/** Refuses weights other than one for each class, and those that are negative or not finite. */
export function checkWeight(op: string, weight: Tensor | undefined, classes: number): void {
  if (weight === undefined) return;
  if (sameShape(weight.shape, [classes])) return checkNotNegative(op, "weight", weight);
  throw new ShapeError(
    `Cannot compute ${op}: weight must have shape [${classes}], got ${showShape(weight.shape)}`,
    [weight.shape],
  );
}

/** The error of labels of another type. */
export function notLabels(op: string, { dtype }: Tensor): DTypeError {
  return new DTypeError(
    `Cannot compute ${op}: labels must be int32, got ${dtype}; use to({ dtype: "int32" })`,
  );
}

/** Refuses anything but one label for each place of x. */
export function checkLabels(
  op: string,
  role: string,
  x: Tensor,
  labels: Tensor,
  dim: number,
): void {
  checkKind(`compute ${op}`, "target", labels, TENSOR);
  if (labels.dtype !== "int32") throw notLabels(op, labels);
  const expected = x.shape.toSpliced(dim, 1);
  if (sameShape(labels.shape, expected)) return;
  throw new ShapeError(
    `Cannot compute ${op}: ${role} of shape ${showShape(x.shape)} need labels of shape ` +
      `${showShape(expected)}, got ${showShape(labels.shape)}`,
    [x.shape, labels.shape],
  );
}

/** Refuses labels that name no class; tells whether some are to be ignored. */
export function hasIgnored(
  op: string,
  labels: Tensor,
  classes: number,
  ignoreIndex: number | null = IGNORED,
): boolean {
  // A label that is ignored is then none of the classes.
  const names = ignoreIndex !== null && ignoreIndex >= 0 && ignoreIndex < classes;
  if (!names && areKnownBelow(labels, classes)) return false;
  let ignored = false;
  let i = -1;
  for (const label of everyElement(labels)) {
    i++;
    if (label === ignoreIndex) ignored = true;
    else if (label < 0 || label >= classes) {
      throw new RangeError(
        `Cannot compute ${op}: label ${label} at index ${i} is out of range for ${classes} classes`,
      );
    }
  }
  return ignored;
}

/** Which places of labels count; the others have label 0. */
export interface Places {
  readonly labels: Tensor;
  /** The places that count; null if all do. */
  readonly counts: Tensor | null;
  /** The weight of each place's class; null if all weigh the same. */
  readonly factor: Tensor | null;
}

/** The same with values, which are 0 where a place does not count. */
export interface Considered extends Places {
  readonly x: Tensor;
}

/** The options of a loss about labels. */
interface LabelOptions {
  readonly weight?: Tensor;
  readonly ignoreIndex?: number;
}

/** The places of labels, some of which may have to be ignored. */
export function placesOf(
  labels: Tensor,
  ignored: boolean,
  { weight, ignoreIndex = IGNORED }: LabelOptions,
): Places {
  const counts = ignored ? labels.ne(ignoreIndex) : null;
  const safe = counts === null ? labels : where(counts, labels, 0);
  const factor = weight?.indexSelect(0, safe.reshape([-1])).reshape(safe.shape) ?? null;
  return { labels: safe, counts, factor };
}

/** What is ignored does not reach the formula, so it may be NaN without harm, to the gradient too. */
export function considered(
  x: Tensor,
  labels: Tensor,
  dim: number,
  ignored: boolean,
  options: LabelOptions,
): Considered {
  const places = placesOf(labels, ignored, options);
  const { counts } = places;
  return { ...places, x: counts === null ? x : where(counts.unsqueeze(dim), x, 0) };
}

/** The entry of each place's class. */
export function ofClass(x: Tensor, labels: Tensor, dim: number): Tensor {
  return x.gather(dim, labels.unsqueeze(dim)).squeeze(dim);
}

/** Reduces the losses of the places; a mean is divided by the weights of those that count. */
export function reducedPlaces(
  each: Tensor,
  { counts, factor }: Places,
  reduction: Reduction,
): Tensor {
  const counted = counts === null ? each : where(counts, each, 0);
  const shares = factor === null || counts === null ? factor ?? counts : where(counts, factor, 0);
  if (reduction !== "mean" || shares === null) return reduced(counted, reduction);
  return meanOver(counted.sum(), shares.sum());
}
