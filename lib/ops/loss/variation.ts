/** Fused: the total variation of images; the kernels are in `variation.rs`. */

import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fused, type FusedOp } from "../define/fused.ts";

/** The composite form of `imageVariation`. */
export function imageVariationComposite(image: Tensor): Tensor {
  const along = (dim: number) => {
    const extent = extentAt(image.shape, dim);
    const [start, steps] = [Math.min(1, extent), Math.max(0, extent - 1)];
    return image.narrow(dim, start, steps).sub(image.narrow(dim, 0, steps)).abs().sum([-2, -1]);
  };
  return along(-2).add(along(-1));
}

const variationOp: FusedOp<null> = fused<null>("imageVariation", {
  composite: ([image]) => [imageVariationComposite(image!)],
  kernel: "total_variation",
  shapes: ([image]) => [image!.shape.slice(0, -2)],
  parameters: (_, [image]) => ({
    ints: [extentAt(image!.shape, -2), extentAt(image!.shape, -1)],
  }),
  batch: (_, __, { front }) => variationOp([front(0)], null),
  saves: "a",
  gradKernel: "total_variation_grad",
});

/** Σ |x[i + 1, j] − x[i, j]| + |x[i, j + 1] − x[i, j]| of each image, [..., H, W]. */
export function imageVariation(image: Tensor): Tensor {
  return variationOp([image], null)[0]!;
}
