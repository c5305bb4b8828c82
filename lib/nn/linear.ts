/** Layers that are affine maps, and reshaping between layers. */

import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  FLAG,
  INTEGER,
  optionReader,
  TENSOR,
  WHOLE,
} from "../core/options.ts";
import { type Activation, linear } from "../ops/linalg/linear.ts";
import { flatten } from "../ops/mod.ts";
import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { uniform_ } from "./init.ts";
import { LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "./module.ts";

/** Options of `Linear`. */
export interface LinearOptions<Bias extends boolean = boolean> extends LayerOptions {
  /** Whether a bias is added. Default: true. */
  bias?: Bias;
}

const readLinear = optionReader<LinearOptions>({ ...LAYER_OPTIONS, bias: FLAG });

/**
 * y = x·Wᵀ + b. Weights and bias start uniform in ±1/√in, as in PyTorch.
 * Follows `torch.nn.Linear`.
 *
 * @example Shapes
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Linear(3, 2);
 * assertEquals(layer.weight.shape, [2, 3]);
 * assertEquals(layer.forward(zeros([5, 3])).shape, [5, 2]);
 * ```
 */
export class Linear<Bias extends boolean = true> extends Module {
  /** Shape [out, in]. */
  readonly weight: Parameter;
  /** Shape [out]; null without bias. */
  readonly bias: Bias extends true ? Parameter : null;

  /**
   * Creates the layer.
   *
   * @param inFeatures Extent of the input's last dimension.
   * @param outFeatures Extent of the output's last dimension.
   */
  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options?: LinearOptions<Bias>,
  ) {
    super();
    checkCount("make Linear", arguments.length, 3);
    checkKind("make Linear", "inFeatures", inFeatures, WHOLE);
    checkKind("make Linear", "outFeatures", outFeatures, WHOLE);
    const { bias = true, dtype = "float32" } = readLinear("make Linear", options);
    const bound = inFeatures > 0 ? 1 / Math.sqrt(inFeatures) : 0;
    const make = (shape: number[]) =>
      uniform_(new Parameter(zeros(shape, { dtype })), -bound, bound);
    this.weight = make([outFeatures, inFeatures]);
    this.bias = (bias ? make([outFeatures]) : null) as typeof this.bias;
  }

  /**
   * Computes the output.
   *
   * @param x Shape [..., in].
   */
  override forward(x: Tensor): Tensor {
    return this.activated(x);
  }

  /**
   * The output after an activation, in one pass.
   *
   * @internal
   */
  activated(x: Tensor, activation?: Activation): Tensor {
    checkKind("compute Linear", "the input", x, TENSOR);
    if (x.shape[x.ndim - 1] !== this.inFeatures) {
      throw new ShapeError(
        `Cannot compute Linear: the last dimension must be ${this.inFeatures}, got shape ${
          showShape(x.shape)
        }`,
        [x.shape],
      );
    }
    return linear(x, this.weight, this.bias, activation);
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return `${this.inFeatures}, ${this.outFeatures}, { bias: ${this.bias !== null} }`;
  }
}

/** Merges dimensions into one. Follows `torch.nn.Flatten`. */
export class Flatten extends Module {
  /**
   * Creates the layer.
   *
   * @param startDim First dimension that is merged. Default: 1, which keeps the batch.
   * @param endDim Last dimension that is merged. Default: -1.
   */
  constructor(readonly startDim: number = 1, readonly endDim: number = -1) {
    super();
    checkCount("make Flatten", arguments.length, 2);
    checkKind("make Flatten", "startDim", startDim, INTEGER);
    checkKind("make Flatten", "endDim", endDim, INTEGER);
  }

  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return `${this.startDim}, ${this.endDim}`;
  }
}
