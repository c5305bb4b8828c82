/** Layer normalization, with a learned scale and shift. */

import { listOf, wrongKind } from "../core/arguments.ts";
import { checkCount, FLAG, optionReader } from "../core/options.ts";
import { checkShape } from "../core/shape.ts";
import { layerNorm } from "../ops/mod.ts";
import { ones, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { EPSILON } from "./checks.ts";
import { LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "./module.ts";

/** Options of `LayerNorm`. */
export interface LayerNormLayerOptions extends LayerOptions {
  /** What is added to the variance before its root is taken, at least 0. Default: 1e-5. */
  eps?: number;
  /** Whether a scale, and with it a shift, is learned. Default: true. */
  elementwiseAffine?: boolean;
  /** Whether there is a shift besides the scale. Default: true. */
  bias?: boolean;
}

const readLayerNorm = optionReader<LayerNormLayerOptions>({
  ...LAYER_OPTIONS,
  eps: EPSILON,
  elementwiseAffine: FLAG,
  bias: FLAG,
});

/** The extents over which a layer normalizes, from one or several. */
export function normalizedShapeOf(name: string, given: number | readonly number[]): number[] {
  const shape = listOf(name, "normalizedShape", given);
  if (shape.length === 0) {
    throw wrongKind(`make ${name}`, "normalizedShape", "an extent or several", given);
  }
  checkShape(name, shape);
  return [...shape];
}

/**
 * (x − mean) / √(variance + ε) over the last dimensions, times a weight plus a bias. The weight starts
 * at 1, the bias at 0. Ba, Kiros and Hinton, "Layer normalization", 2016; follows
 * `torch.nn.LayerNorm`.
 *
 * @example Rows of mean 0 and variance 1
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const layer = new nn.LayerNorm(2, { eps: 0 });
 * assertClose(layer.forward(tensor([[1, 3], [4, 0]])), [[-1, 1], [1, -1]]);
 * ```
 */
export class LayerNorm extends Module {
  /** Extents of the last dimensions, which are normalized over. */
  readonly normalizedShape: readonly number[];
  /** Scale, of the normalized shape; null without. */
  readonly weight: Parameter | null;
  /** Shift, of the normalized shape; null without. */
  readonly bias: Parameter | null;
  /** What is added to the variance. */
  readonly eps: number;

  /**
   * Creates the layer.
   *
   * @param normalizedShape Extents of the last dimensions, or the extent of the last one.
   * @param options What is learned, and how.
   */
  constructor(normalizedShape: number | readonly number[], options?: LayerNormLayerOptions) {
    super();
    checkCount("make LayerNorm", arguments.length, 2);
    const shape = normalizedShapeOf("LayerNorm", normalizedShape);
    const { eps = 1e-5, elementwiseAffine = true, bias = true, dtype = "float32" } = readLayerNorm(
      "make LayerNorm",
      options,
    );
    this.normalizedShape = shape;
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(ones(shape, { dtype })) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(zeros(shape, { dtype })) : null;
  }

  /**
   * Computes the output.
   *
   * @param x Any shape that ends in the normalized one.
   */
  override forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return layerNorm(x, this.normalizedShape, { weight, bias, eps });
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    const { eps, weight, bias } = this;
    return `[${this.normalizedShape.join(", ")}], { eps: ${eps}, elementwiseAffine: ${
      weight !== null
    }, bias: ${bias !== null} }`;
  }
}
