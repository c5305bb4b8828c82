/** Boxes: torchvision's values, gradients, and what has no area. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertClose, CheckError, gradcheck } from "../../lib/testing/mod.ts";
import { metrics, ShapeError, type Tensor, tensor, zeros } from "../../mod.ts";
import { casesOf, type Stored, unstored } from "../fixtures/stored.ts";

interface Boxes {
  readonly a: Stored;
  readonly b: Stored;
  readonly scores: Stored;
  readonly iou: Stored;
  readonly kept: Readonly<Record<string, readonly number[]>>;
}

const [own] = casesOf<Boxes>("metrics/boxes");
const [a, b, scores] = [own!.a, own!.b, own!.scores].map(unstored) as [Tensor, Tensor, Tensor];

function compare(boxIou: typeof metrics.boxIou): void {
  assertClose(boxIou(a, b), unstored(own!.iou), { rtol: 1e-12, atol: 0 });
}

Deno.test("metrics.boxIou() follows torchvision, and has the gradients that it claims", () => {
  compare(metrics.boxIou);
  assertThrows(() => compare((x, y) => metrics.boxIou(x.mul(1.0001), y)), CheckError);
  // Corners are no pixels: a pixel more at each side is found.
  assertThrows(() => compare((x, y) => metrics.boxIou(x, y.add(tensor([0, 0, 1, 1])))), CheckError);
  gradcheck(metrics.boxIou, [a.add(0.37).requiresGrad_(), b.clone().requiresGrad_()]);
});

Deno.test("metrics.boxIou() of boxes without area is 0, and of no boxes empty", () => {
  const point = tensor([[1, 1, 1, 1]]);
  assertEquals(metrics.boxIou(point, point).toArray(), [[0]]);
  assertEquals(metrics.boxIou(zeros([0, 4]), point).shape, [0, 1]);
  assertEquals(metrics.boxIou(point, tensor([[2, 2, 3, 3]])).toArray(), [[0]]);
});

Deno.test("metrics.nms() follows torchvision at every threshold", () => {
  const kept = Object.entries(own!.kept);
  assertEquals(new Set(kept.map(([, list]) => list.length)).size > 2, true);
  for (const [threshold, list] of kept) {
    assertEquals(metrics.nms(b, scores, Number(threshold)).toArray(), [...list], threshold);
  }
  assertEquals(metrics.nms(zeros([0, 4]), zeros([0]), 0.5).shape, [0]);
  const same = tensor([[0, 0, 1, 1], [0, 0, 1, 1]]);
  assertEquals(metrics.nms(same, tensor([0.5, 0.5]), 0.5).toArray(), [0]);
});

Deno.test("boxes of other shapes, and scores of other lengths, are refused", () => {
  assertThrows(
    () => metrics.boxIou(zeros([4]), b),
    ShapeError,
    "a must have shape [N, 4], got [4]",
  );
  assertThrows(() => metrics.boxIou(a, zeros([2, 5])), ShapeError, "b must have shape [N, 4]");
  assertThrows(() => metrics.nms(b, zeros([3]), 0.5), ShapeError, "scores must have shape [7]");
});
