/** Fused: similarity of structure from local means; the kernels are in `similarity.rs`. */

import type { Tensor } from "../../tensor/tensor.ts";
import { fused } from "../define/fused.ts";
import { chunk } from "../shape/views.ts";

/** What steadies the ratios of means and of contrasts; whether that of the means counts. */
export interface SimilarityCall {
  readonly steadied: readonly [means: number, contrasts: number];
  readonly whole: boolean;
}

/** The composite form of `similarityMap`. */
export function similarityComposite(
  means: Tensor,
  { steadied: [c1, c2], whole }: SimilarityCall,
): Tensor {
  const [p, t, products, squares] = chunk(means, 4) as [Tensor, Tensor, Tensor, Tensor];
  const both = p.mul(t);
  const own = p.square().add(t.square());
  const contrast = products.sub(both).mul(2).add(c2).div(squares.sub(own).add(c2));
  return whole ? both.mul(2).add(c1).div(own.add(c1)).mul(contrast) : contrast;
}

const mapOp = fused<SimilarityCall>("similarityMap", {
  composite: ([means], call) => [similarityComposite(means!, call)],
  kernel: "similarity",
  shapes: ([means]) => [means!.shape.with(0, means!.shape[0]! / 4)],
  parameters: ({ steadied, whole }) => ({ ints: [Number(whole)], numbers: steadied }),
  saves: "a",
  gradKernel: "similarity_grad",
});

/**
 * (2·μₚμₜ + c₁)(2·σₚₜ + c₂)/((μₚ² + μₜ² + c₁)(σₚ² + σₜ² + c₂)), or its part without the means.
 *
 * @param means Local means of p, of t, of p·t and of p² + t², behind each other along the first dimension.
 */
export function similarityMap(means: Tensor, call: SimilarityCall): Tensor {
  return mapOp([means], call)[0]!;
}
