/** Dropout as a module. */

import { checkCount } from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { dropout } from "./functional.ts";
import { Module } from "./module.ts";
import { checkProbability } from "./probability.ts";

/**
 * Elements set to 0 at random in training, the others scaled by 1 / (1 − p); nothing in evaluation.
 * Follows `torch.nn.Dropout`.
 */
export class Dropout extends Module {
  /**
   * Creates the layer.
   *
   * @param p Probability that an element is dropped. Default: 0.5.
   */
  constructor(readonly p = 0.5) {
    super();
    checkCount("make Dropout", arguments.length, 1);
    checkProbability("make Dropout", p);
  }

  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return dropout(x, { p: this.p, training: this.training });
  }

  /** What stands in the brackets after the name. */
  protected override describe(): string {
    return `${this.p}`;
  }
}
