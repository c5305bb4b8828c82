/** Modules made of modules. */

import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/**
 * Modules one after the other, each given the output of the one before.
 * Follows `torch.nn.Sequential`.
 *
 * @example A small network
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
 * assertEquals(net.forward(zeros([3, 4])).shape, [3, 2]);
 * assertEquals(Object.keys(net.stateDict())[0], "0.weight");
 * ```
 */
export class Sequential extends Module {
  /** The modules in order. */
  readonly layers: readonly Module[];

  /**
   * Creates the layer.
   *
   * @param layers The modules in order.
   */
  constructor(...layers: Module[]) {
    super();
    this.layers = layers;
  }

  /**
   * The modules by number.
   *
   * @internal
   */
  override members(): [string, unknown][] {
    return this.layers.map((layer, i) => [String(i), layer]);
  }

  /**
   * Computes the output.
   *
   * @param x What the first module takes.
   */
  override forward(x: Tensor): Tensor {
    return this.layers.reduce((value, layer) => layer.forward(value), x);
  }
}
