/** Squared errors of regions, with learned weights. */

import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, kind, optionReader } from "../core/options.ts";
import { sameShape, sizeOf } from "../core/shape.ts";
import { Buffer, LAYER_OPTIONS, type LayerOptions, Parameter } from "../nn/module.ts";
import { squaredError } from "../ops/loss/fused.ts";
import { ones, zeros } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { checkedLoss, checkPair, Loss } from "./loss.ts";

const readLayer = optionReader<LayerOptions>(LAYER_OPTIONS);

const LABELS = kind(
  "an int32 tensor",
  (value) => value instanceof Tensor && value.dtype === "int32",
);

/** How many regions there are; refuses anything but a region for each element. */
function countRegions(name: string, regions: Tensor): number {
  checkKind(`make ${name}`, "regions", regions, LABELS);
  const found = [...new Set(regions.contiguous().data)].sort((a, b) => a - b);
  if (found.length > 0 && found.every((label, i) => label === i)) return found.length;
  throw new RangeError(
    `Cannot make ${name}: regions must be counted from 0 without gaps, got ${
      found.length === 0 ? "none" : found.join(", ")
    }`,
  );
}

/** How many elements each of `count` regions has. */
function regionSizes(regions: Tensor, count: number): Tensor {
  const one = ones([1], { dtype: "int32" }).expand([regions.size]);
  return zeros([count], { dtype: "int32" }).scatterAdd(0, regions.reshape([regions.size]), one);
}

/** The mean squared error of each region, over the batch too. */
function regionErrors(
  op: string,
  regions: Tensor,
  sizes: Tensor,
  prediction: Tensor,
  target: Tensor,
): Tensor {
  checkPair(op, prediction, target);
  const batch = prediction.ndim - regions.ndim;
  if (batch < 0 || !sameShape(prediction.shape.slice(batch), regions.shape)) {
    throw new ShapeError(
      `Cannot compute ${op}: regions of shape ${showShape(regions.shape)} must be the last ` +
        `dimensions of the prediction, got ${showShape(prediction.shape)}`,
      [prediction.shape, regions.shape],
    );
  }
  const places = sizeOf(regions.shape);
  const errors = squaredError(prediction, target, "none");
  const { dtype, device } = errors;
  const labels = regions.reshape([places]).to({ device });
  const alone = prediction.size === places;
  const each = alone ? errors.reshape([places]) : errors.reshape([-1, places]).mean(0);
  const empty = zeros(sizes.shape, { dtype, device });
  return empty.scatterAdd(0, labels, each).div(sizes.to({ device }));
}

/**
 * Squared error of regions with different noise, Σᵣ e^(−sᵣ)·MSEᵣ + sᵣ/2 with a learned log-variance sᵣ for
 * each: noisy regions count for less. Kendall and Gal, "What uncertainties do we need in Bayesian
 * deep learning for computer vision?", 2017, with a variance for each region. Where a region is hard
 * rather than noisy, use `MinimaxMSE`.
 *
 * @example Two regions of two elements
 * ```ts
 * import { losses, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new losses.RegionWeightedMSE(tensor([0, 0, 1, 1], { dtype: "int32" }));
 * const value = loss.forward(tensor([[1, 1, 2, 2]]), tensor([[0, 0, 0, 0]]));
 * value.backward();
 * assertEquals([value.item(), loss.logVars.grad?.toArray()], [5, [-0.5, -3.5]]);
 * ```
 */
export class RegionWeightedMSE extends Loss {
  /** The region of each element, counted from 0, in the shape of the predictions' last dimensions. */
  readonly regions: Buffer;
  /** int32, how many elements each region has. */
  readonly sizes: Buffer;
  /** ln σ² of each region; 0 at first. */
  readonly logVars: Parameter;

  /**
   * Creates the loss.
   *
   * @param regions int32, the region of each element, in the shape of the predictions' last dimensions.
   */
  constructor(regions: Tensor, options?: LayerOptions) {
    super();
    const call = "make losses.RegionWeightedMSE";
    checkCount(call, arguments.length, 2);
    const count = countRegions("losses.RegionWeightedMSE", regions);
    const { dtype = "float32" } = readLayer(call, options);
    this.regions = new Buffer(regions);
    this.sizes = new Buffer(regionSizes(regions, count));
    this.logVars = new Parameter(zeros([count], { dtype }));
  }

  /** The loss, a tensor without dimensions. */
  override forward(prediction: Tensor, target: Tensor): Tensor {
    checkCount("compute losses.RegionWeightedMSE", arguments.length, 2);
    const { regions, sizes, logVars } = this;
    const op = "losses.RegionWeightedMSE";
    const errors = regionErrors(op, regions, sizes, prediction, target);
    const loss = logVars.neg().exp().mul(errors).add(logVars.mul(0.5)).sum();
    return checkedLoss(op, target, "mean", loss);
  }
}

/**
 * Squared error of regions with weights that seek the hard ones, Σᵣ softmax(z)ᵣ·MSEᵣ, where z is trained
 * by ascent: its gradient comes with the other sign, so that any optimizer that descends on the model
 * ascends on z. Descent would shrink the weights of exactly those regions that have errors. Mohri et al., "Agnostic
 * federated learning", 2019, with regions in place of clients.
 *
 * @example The harder region gains weight
 * ```ts
 * import { losses, optim, tensor } from "@adjoint/ml";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const loss = new losses.MinimaxMSE(tensor([0, 1], { dtype: "int32" }));
 * const value = loss.forward(tensor([1, 3]), tensor([0, 0]));
 * value.backward();
 * new optim.SGD(loss.parameters(), { lr: 1 }).step();
 * const [easy, hard] = loss.logits.softmax(0).toArray() as number[];
 * assertEquals(value.item(), 5);
 * assert(hard! > easy!);
 * ```
 */
export class MinimaxMSE extends Loss {
  /** The region of each element, counted from 0, in the shape of the predictions' last dimensions. */
  readonly regions: Buffer;
  /** int32, how many elements each region has. */
  readonly sizes: Buffer;
  /** Logits z of the weights; 0 at first. */
  readonly logits: Parameter;

  /**
   * Creates the loss.
   *
   * @param regions int32, the region of each element, in the shape of the predictions' last dimensions.
   */
  constructor(regions: Tensor, options?: LayerOptions) {
    super();
    const call = "make losses.MinimaxMSE";
    checkCount(call, arguments.length, 2);
    const count = countRegions("losses.MinimaxMSE", regions);
    const { dtype = "float32" } = readLayer(call, options);
    this.regions = new Buffer(regions);
    this.sizes = new Buffer(regionSizes(regions, count));
    this.logits = new Parameter(zeros([count], { dtype }));
  }

  /** The loss, a tensor without dimensions. */
  override forward(prediction: Tensor, target: Tensor): Tensor {
    checkCount("compute losses.MinimaxMSE", arguments.length, 2);
    const { regions, sizes, logits } = this;
    const op = "losses.MinimaxMSE";
    const errors = regionErrors(op, regions, sizes, prediction, target);
    // The same value, with derivative −1.
    const turned = logits.detach().mul(2).sub(logits);
    return checkedLoss(op, target, "mean", turned.softmax(0).mul(errors).sum());
  }
}
