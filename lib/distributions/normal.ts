/** The normal distribution. */

import { checkCount, checkKind } from "../core/options.ts";
import { broadcastShapes, type Shape } from "../core/shape.ts";
import { tensor } from "../tensor/create.ts";
import { randn } from "../tensor/rand.ts";
import { everyElement } from "../tensor/examples.ts";
import { Tensor } from "../tensor/tensor.ts";
import {
  checkFloat,
  type Distribution,
  PARAMETER,
  readSample,
  readValue,
  type SampleOptions,
} from "./distribution.ts";

const HALF_LN_2PI = Math.log(2 * Math.PI) / 2;

/**
 * Normal distributions of given means and standard deviations, which broadcast. Follows
 * `torch.distributions.Normal`.
 *
 * @example The gradient of a draw, by the trick of reparametrization
 * ```ts
 * import { distributions, grad, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const mean = tensor([0, 10], { requiresGrad: true });
 * const normal = new distributions.Normal(mean, 2);
 * const x = normal.rsample([3]);
 * assertEquals(x.shape, [3, 2]);
 * const [g] = grad(x.sum(), [mean]);
 * assertEquals(g.toArray(), [3, 3]);
 * ```
 */
export class Normal implements Distribution {
  /** Means, as given. */
  readonly loc: Tensor;
  /** Standard deviations, as given. */
  readonly scale: Tensor;
  /** The shape to which both broadcast. */
  readonly batchShape: Shape;

  /**
   * Creates the distribution.
   *
   * @param loc Mean, a number or a floating tensor of any shape.
   * @param scale Standard deviation, positive, of a shape that broadcasts with it.
   * @throws {RangeError} If a standard deviation is not positive, or a mean is NaN.
   * @throws {ShapeError} If the shapes do not broadcast.
   */
  constructor(loc: Tensor | number, scale: Tensor | number) {
    const call = "make distributions.Normal";
    checkCount(call, arguments.length, 2);
    const like = [loc, scale].find((x) => x instanceof Tensor);
    const place = like === undefined ? {} : { dtype: like.dtype, device: like.device };
    const read = (name: string, x: Tensor | number) => {
      checkKind(call, name, x, PARAMETER);
      if (like instanceof Tensor) checkFloat(call, name, like);
      if (!(x instanceof Tensor)) return tensor(x, place);
      checkFloat(call, name, x);
      return x;
    };
    this.loc = read("loc", loc);
    this.scale = read("scale", scale);
    this.batchShape = broadcastShapes("distributions.Normal", this.loc.shape, this.scale.shape);
    for (const mean of everyElement(this.loc)) {
      if (Number.isNaN(mean)) throw new RangeError(`Cannot ${call}: loc must not be NaN`);
    }
    for (const width of everyElement(this.scale)) {
      if (width > 0) continue;
      throw new RangeError(`Cannot ${call}: scale must be positive, got ${width}`);
    }
  }

  /**
   * Values at random, without gradient.
   *
   * @param shape How many for each place of the batch. Default: [], one.
   * @returns A tensor of shape [...shape, ...batchShape].
   */
  sample(shape: readonly number[] = [], options?: SampleOptions): Tensor {
    return this.#drawn("Normal.sample", arguments, shape, options).detach();
  }

  /**
   * Values at random that carry their gradient to the parameters: loc + scale·z, with z standard
   * normal.
   *
   * @param shape How many for each place of the batch. Default: [], one.
   * @returns A tensor of shape [...shape, ...batchShape].
   */
  rsample(shape: readonly number[] = [], options?: SampleOptions): Tensor {
    return this.#drawn("Normal.rsample", arguments, shape, options);
  }

  #drawn(
    name: string,
    given: ArrayLike<unknown>,
    shape: readonly number[],
    options: SampleOptions | undefined,
  ): Tensor {
    const read = readSample(name, given, shape, options, this.batchShape);
    const { dtype, device } = this.loc;
    return randn(read.shape, { dtype, device, ...read.options }).mul(this.scale).add(this.loc);
  }

  /**
   * The logarithm of the density, −½·((x − loc)/scale)² − ln scale − ½·ln 2π.
   *
   * @param value Floating, of a shape that broadcasts with the batch.
   * @throws {ShapeError} If the shapes do not broadcast.
   */
  logProb(value: Tensor): Tensor {
    checkCount("compute Normal.logProb", arguments.length, 1);
    readValue("Normal.logProb", value, this.batchShape);
    checkFloat("compute Normal.logProb", "value", value);
    const z = value.sub(this.loc).div(this.scale);
    return z.square().mul(-0.5).sub(this.scale.log()).sub(HALF_LN_2PI);
  }

  /** The entropy, ½ + ½·ln 2π + ln scale, of the batch's shape. */
  entropy(): Tensor {
    checkCount("compute Normal.entropy", arguments.length, 0);
    return this.scale.log().add(0.5 + HALF_LN_2PI).expand(this.batchShape);
  }
}
