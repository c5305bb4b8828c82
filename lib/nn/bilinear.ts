/** Layers that only change the shape, or are linear in each of two inputs. */

import { checkList } from "../core/arguments.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FLAG,
  INTEGER,
  optionReader,
  orNull,
  TENSOR,
} from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { unflatten } from "../ops/mod.ts";
import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloating } from "./checks.ts";
import { uniform_ } from "./init.ts";
import type { LinearOptions } from "./linear.ts";
import { LAYER_OPTIONS, Module, Parameter } from "./module.ts";
import { shownCall } from "./shown.ts";

/**
 * Returns its input. Follows `torch.nn.Identity`.
 *
 * @example A layer that is left out
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([1, 2]);
 * assertEquals(new nn.Identity().forward(x), x);
 * ```
 */
export class Identity extends Module {
  /** Creates the layer. */
  constructor() {
    super();
    checkCount("make Identity", arguments.length, 0);
  }

  /**
   * Returns the input.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    checkKind("compute Identity", "the input", x, TENSOR);
    return x;
  }
}

/**
 * Splits one dimension into several. Follows `torch.nn.Unflatten`.
 *
 * @example Rows of images
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new nn.Unflatten(1, [1, 28, 28]).forward(zeros([5, 784])).shape, [5, 1, 28, 28]);
 * ```
 */
export class Unflatten extends Module {
  /** Extents whose product is that of the dimension; one may be -1. */
  readonly unflattenedSize: readonly number[];

  /**
   * Creates the layer.
   *
   * @param dim The dimension.
   * @param unflattenedSize Extents whose product is that of the dimension; one may be -1.
   */
  constructor(readonly dim: number, unflattenedSize: readonly number[]) {
    super();
    checkCount("make Unflatten", arguments.length, 2);
    checkKind("make Unflatten", "dim", dim, INTEGER);
    checkList("Unflatten", "unflattenedSize", unflattenedSize);
    this.unflattenedSize = [...unflattenedSize];
  }

  /**
   * Computes the output.
   *
   * @param x Any shape with the dimension.
   */
  override forward(x: Tensor): Tensor {
    return unflatten(x, this.dim, this.unflattenedSize);
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    return shownCall([this.dim, this.unflattenedSize]);
  }
}

/** Options of `bilinear`. */
export interface BilinearFunctionOptions {
  /** Shape [out]; null or undefined for none. */
  bias?: Tensor | null;
}

const readFunction = optionReader<BilinearFunctionOptions>({ bias: orNull(TENSOR) });

/**
 * x₁ᵀ·A·x₂ + b for each of several matrices. Follows `torch.nn.functional.bilinear`.
 *
 * @param x1 Shape [..., in1].
 * @param x2 Shape [..., in2], with the same leading extents.
 * @param weight Shape [out, in1, in2].
 * @returns Shape [..., out].
 * @throws {ShapeError} If the shapes do not fit.
 *
 * @example One matrix
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.bilinear(tensor([1, 2]), tensor([3]), tensor([[[1], [10]]]));
 * assertEquals(y.toArray(), [63]);
 * ```
 */
export function bilinear(
  x1: Tensor,
  x2: Tensor,
  weight: Tensor,
  options?: BilinearFunctionOptions,
): Tensor {
  const call = "compute bilinear";
  checkCount(call, arguments.length, 4);
  const { bias = null } = readFunction(call, options);
  checkFloating(call, x1, "the first input");
  checkFloating(call, x2, "the second input");
  checkFloating(call, weight, "the weight");
  const [out = 0, in1 = 0, in2 = 0] = weight.shape;
  const front = x1.shape.slice(0, -1);
  const fits = weight.ndim === 3 && x1.shape.at(-1) === in1 &&
    sameShape(x2.shape, [...front, in2]);
  if (!fits) {
    const shapes = [x1, x2, weight].map(({ shape }) => shape);
    throw new ShapeError(
      `Cannot ${call}: shapes [..., in1], [..., in2] and [out, in1, in2] are needed, got ${
        shapes.map(showShape).join(", ")
      }`,
      shapes,
    );
  }
  if (bias !== null && !sameShape(bias.shape, [out])) {
    throw new ShapeError(
      `Cannot ${call}: the bias must have shape [${out}], got ${showShape(bias.shape)}`,
      [bias.shape],
    );
  }
  const rows = weight.transpose(1, 2).reshape([out * in2, in1]);
  const columns = x1.matmul(rows.mT).reshape([...front, out, in2]);
  const y = columns.matmul(x2.unsqueeze(-1)).squeeze(-1);
  return bias === null ? y : y.add(bias);
}

const readBilinear = optionReader<LinearOptions>({ ...LAYER_OPTIONS, bias: FLAG });

/**
 * x₁ᵀ·A·x₂ + b for each of several matrices, which start uniform in ±1/√in1. Follows
 * `torch.nn.Bilinear`.
 *
 * @example Shapes
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new nn.Bilinear(3, 4, 2);
 * assertEquals(layer.weight.shape, [2, 3, 4]);
 * assertEquals(layer.forward(zeros([5, 3]), zeros([5, 4])).shape, [5, 2]);
 * ```
 */
export class Bilinear extends Module<[x1: Tensor, x2: Tensor]> {
  /** Shape [out, in1, in2]. */
  readonly weight: Parameter;
  /** Shape [out]; null without bias. */
  readonly bias: Parameter | null;

  /**
   * Creates the layer.
   *
   * @param in1Features Extent of the first input's last dimension.
   * @param in2Features Extent of the second input's last dimension.
   * @param outFeatures Extent of the output's last dimension.
   */
  constructor(
    readonly in1Features: number,
    readonly in2Features: number,
    readonly outFeatures: number,
    options?: LinearOptions,
  ) {
    super();
    const call = "make Bilinear";
    checkCount(call, arguments.length, 4);
    checkKind(call, "in1Features", in1Features, COUNT);
    checkKind(call, "in2Features", in2Features, COUNT);
    checkKind(call, "outFeatures", outFeatures, COUNT);
    const { bias = true, dtype = "float32" } = readBilinear(call, options);
    const bound = 1 / Math.sqrt(in1Features);
    const make = (shape: number[]) =>
      uniform_(new Parameter(zeros(shape, { dtype })), -bound, bound);
    this.weight = make([outFeatures, in1Features, in2Features]);
    this.bias = bias ? make([outFeatures]) : null;
  }

  /**
   * Computes the output.
   *
   * @param x1 Shape [..., in1].
   * @param x2 Shape [..., in2], with the same leading extents.
   */
  override forward(x1: Tensor, x2: Tensor): Tensor {
    return bilinear(x1, x2, this.weight, { bias: this.bias });
  }

  /** The text in the parentheses after the name. */
  protected override describe(): string {
    const { in1Features, in2Features, outFeatures, bias } = this;
    return shownCall([in1Features, in2Features, outFeatures], { bias: bias !== null });
  }
}
