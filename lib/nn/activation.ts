/** Activations as modules. */

import { checkCount } from "../core/options.ts";
import { relu, sigmoid, softplus, tanh } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** max(x, 0). Follows `torch.nn.ReLU`. */
export class ReLU extends Module {
  /** Creates the layer. */
  constructor() {
    super();
    checkCount("make ReLU", arguments.length, 0);
  }

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
export class Tanh extends Module {
  /** Creates the layer. */
  constructor() {
    super();
    checkCount("make Tanh", arguments.length, 0);
  }

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
export class Sigmoid extends Module {
  /** Creates the layer. */
  constructor() {
    super();
    checkCount("make Sigmoid", arguments.length, 0);
  }

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
export class Softplus extends Module {
  /** Creates the layer. */
  constructor() {
    super();
    checkCount("make Softplus", arguments.length, 0);
  }

  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return softplus(x);
  }
}
