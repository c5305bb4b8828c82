/** Boxes in images: how much they overlap, and which of many to keep. */

import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, SHARE, TENSOR } from "../core/options.ts";
import { maximum, minimum } from "../ops/mod.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { elements } from "./inputs.ts";

/** Refuses anything but boxes. */
export function checkBoxes(call: string, role: string, boxes: Tensor): void {
  checkKind(call, role, boxes, TENSOR);
  if (boxes.dtype === "bool") {
    throw new DTypeError(`Cannot ${call}: ${role} must be numbers, got bool; cast them first`);
  }
  if (boxes.ndim === 2 && boxes.shape[1] === 4) return;
  throw new ShapeError(
    `Cannot ${call}: ${role} must have shape [N, 4], got ${showShape(boxes.shape)}`,
    [boxes.shape],
  );
}

type Numbers = ArrayLike<number>;

/** What two boxes that begin at these places have in common along one side, which begins there. */
function sideOf(a: Numbers, i: number, b: Numbers, j: number): number {
  const end = Math.min(a[i + 2] ?? NaN, b[j + 2] ?? NaN);
  return Math.max(0, end - Math.max(a[i] ?? NaN, b[j] ?? NaN));
}

function areaOf(a: Numbers, i: number): number {
  return ((a[i + 2] ?? NaN) - (a[i] ?? NaN)) * ((a[i + 3] ?? NaN) - (a[i + 1] ?? NaN));
}

/** Intersection over union of two boxes in a list, from their numbers. */
export function overlapOf(a: Numbers, i: number, b: Numbers, j: number): number {
  const both = sideOf(a, 4 * i, b, 4 * j) * sideOf(a, 4 * i + 1, b, 4 * j + 1);
  const either = areaOf(a, 4 * i) + areaOf(b, 4 * j) - both;
  return either === 0 ? 0 : both / either;
}

/**
 * Intersection over union of each box of one list with each of another. Follows
 * `torchvision.ops.box_iou`; two boxes without area have 0. It consists of ops, so it has gradients.
 *
 * @param a Shape [N, 4]: left, top, right, bottom.
 * @param b Shape [M, 4].
 * @returns Shape [N, M].
 * @throws {ShapeError} If the shapes are different.
 *
 * @example A quarter of each
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const value = metrics.boxIou(tensor([[0, 0, 2, 2]]), tensor([[1, 1, 3, 3]]));
 * assertAlmostEquals(value.item(), 1 / 7, 1e-6);
 * ```
 */
export function boxIou(a: Tensor, b: Tensor): Tensor {
  const call = "compute metrics.boxIou";
  checkCount(call, arguments.length, 2);
  checkBoxes(call, "a", a);
  checkBoxes(call, "b", b);
  const area = (x: Tensor) => {
    const sides = x.narrow(1, 2, 2).sub(x.narrow(1, 0, 2));
    return sides.narrow(1, 0, 1).mul(sides.narrow(1, 1, 1)).squeeze(1);
  };
  const [first, second] = [a.unsqueeze(1), b.unsqueeze(0)];
  const low = maximum(first.narrow(2, 0, 2), second.narrow(2, 0, 2));
  const high = minimum(first.narrow(2, 2, 2), second.narrow(2, 2, 2));
  const sides = high.sub(low).relu();
  const both = sides.narrow(2, 0, 1).mul(sides.narrow(2, 1, 1)).squeeze(2);
  const either = area(a).unsqueeze(1).add(area(b).unsqueeze(0)).sub(both);
  return both.div(either.maskedFill(either.eq(0), 1));
}

/**
 * Non-maximum suppression: the boxes that remain when each removes those of lower score that overlap it
 * by more than a threshold. Follows `torchvision.ops.nms`.
 *
 * @param boxes Shape [N, 4]: left, top, right, bottom.
 * @param scores Shape [N].
 * @param iouThreshold From 0 to 1.
 * @returns The indices of the boxes, int32, by decreasing score; equal scores keep their order.
 * @throws {ShapeError} If the shapes are different.
 *
 * @example The better one of two
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const boxes = tensor([[0, 0, 4, 4], [0, 0, 4, 5], [6, 6, 8, 8]]);
 * assertEquals(metrics.nms(boxes, tensor([0.5, 0.9, 0.7]), 0.5).toArray(), [1, 2]);
 * ```
 */
export function nms(boxes: Tensor, scores: Tensor, iouThreshold: number): Tensor {
  const call = "compute metrics.nms";
  checkCount(call, arguments.length, 3);
  checkBoxes(call, "boxes", boxes);
  checkKind(call, "scores", scores, TENSOR);
  checkKind(call, "iouThreshold", iouThreshold, SHARE);
  if (scores.ndim !== 1 || scores.shape[0] !== boxes.shape[0]) {
    throw new ShapeError(
      `Cannot ${call}: scores must have shape [${boxes.shape[0]}], got ${showShape(scores.shape)}`,
      [boxes.shape, scores.shape],
    );
  }
  const [corners, rates] = [elements(call, boxes), elements(call, scores)];
  const order = [...rates.keys()].sort((a, b) => (rates[b] ?? 0) - (rates[a] ?? 0));
  const kept: number[] = [];
  for (const own of order) {
    if (kept.every((other) => !(overlapOf(corners, own, corners, other) > iouThreshold))) {
      kept.push(own);
    }
  }
  return fromTypedArray(Int32Array.from(kept), [kept.length]);
}
