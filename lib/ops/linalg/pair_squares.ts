/** Fused: squared distances of all pairs among some points, without their differences in memory. */

import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fused } from "../define/fused.ts";
import { indexSelect } from "../index/composites.ts";
import { positionsOn } from "../index/primitives.ts";

/** The first and the second of all pairs of so many: (0, 1), (0, 2), …, (1, 2), …. */
function pairsOf(n: number): readonly [Int32Array, Int32Array] {
  const [first, second] = [new Int32Array(n * (n - 1) / 2), new Int32Array(n * (n - 1) / 2)];
  for (let i = 0, at = 0; i < n; at += n - 1 - i, i++) {
    first.fill(i, at, at + n - 1 - i);
    for (let j = i + 1; j < n; j++) second[at + j - i - 1] = j;
  }
  return [first, second];
}

/** What belongs to the pairs of a matrix of all, in their order. */
export function ofPairs(matrix: Tensor): Tensor {
  const n = extentAt(matrix.shape, 0);
  const [first, second] = pairsOf(n);
  const at = positionsOn(matrix, first.length, (k) => first[k]! * n + second[k]!);
  return indexSelect(matrix.reshape([n * n]), 0, at);
}

/** The composite form of `pairSquares`. */
export function pairSquaresComposite(points: Tensor): Tensor {
  const [left, right] = pairsOf(extentAt(points.shape, 0)).map((list) =>
    indexSelect(points, 0, positionsOn(points, list.length, (k) => list[k]!))
  );
  return left!.sub(right!).square().sum(1);
}

const squares = fused<null>("pairSquares", {
  composite: ([points]) => [pairSquaresComposite(points!)],
  kernel: "pair_squares",
  shapes: ([points]) => {
    const n = extentAt(points!.shape, 0);
    return [[n * (n - 1) / 2]];
  },
  saves: "a",
  gradKernel: "pair_squares_grad",
});

/** Σ (xᵢ − xⱼ)² of the pairs (0, 1), (0, 2), …, (1, 2), … of points of shape [n, d]. */
export function pairSquares(points: Tensor): Tensor {
  return squares([points], null)[0]!;
}
