/** Activations as modules. */

import { checkCount } from "../core/options.ts";
import { relu, sigmoid, softplus, tanh } from "../ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** Base of the activations that have no options. */
abstract class PlainActivation extends Module {
  constructor() {
    super();
    checkCount(`make ${new.target.name}`, arguments.length, 0);
  }
}

/** max(x, 0). Follows `torch.nn.ReLU`. */
export class ReLU extends PlainActivation {
  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** Hyperbolic tangent. Follows `torch.nn.Tanh`. */
export class Tanh extends PlainActivation {
  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** 1 / (1 + e⁻ˣ). Follows `torch.nn.Sigmoid`. */
export class Sigmoid extends PlainActivation {
  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** ln(1 + eˣ). Follows `torch.nn.Softplus` with its default options. */
export class Softplus extends PlainActivation {
  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return softplus(x);
  }
}
