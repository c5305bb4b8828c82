/** Modules that contain modules. */

import { checkKind } from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ReLU, Sigmoid, Tanh } from "./activation.ts";
import { MODULE } from "./checks.ts";
import type { Activation } from "./functional.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { inPart } from "./part.ts";

/** The activation of a layer, if a linear layer before it can compute it. */
function activationOf(layer: Module | undefined): Activation | undefined {
  switch (layer?.forward) {
    case ReLU.prototype.forward:
      return "relu";
    case Tanh.prototype.forward:
      return "tanh";
    case Sigmoid.prototype.forward:
      return "sigmoid";
    default:
      return undefined;
  }
}

/**
 * Modules one after the other, each given the output of the one before.
 * A linear layer and the activation after it are computed in one pass. Follows `torch.nn.Sequential`.
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
    if (Array.isArray(layers[0])) {
      throw new TypeError(
        "Cannot make Sequential: it takes layers, got an array; spread it, as in " +
          "new Sequential(...layers)",
      );
    }
    layers.forEach((layer, i) => checkKind("make Sequential", `layer ${i}`, layer, MODULE));
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
   * @param x The input of the first module.
   */
  override forward(x: Tensor): Tensor {
    const { layers } = this;
    for (let i = 0; i < layers.length; i++) {
      const [layer, given] = [layers[i], x];
      if (layer === undefined) continue;
      const activation = activationOf(layers[i + 1]);
      // A layer whose forward has been replaced, by a hook or a subclass, is left as it is.
      const { forward } = Linear.prototype;
      if (activation !== undefined && layer instanceof Linear && layer.forward === forward) {
        x = inPart(layer, () => layer.activated(given, activation));
        i++;
      } else {
        x = layer.forward(given);
      }
    }
    return x;
  }
}
