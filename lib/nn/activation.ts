/** Activations as modules. */

import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** max(x, 0). Follows `torch.nn.ReLU`. */
export class ReLU extends Module {
  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return x.relu();
  }
}

/** Hyperbolic tangent. Follows `torch.nn.Tanh`. */
export class Tanh extends Module {
  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** 1 / (1 + e⁻ˣ). Follows `torch.nn.Sigmoid`. */
export class Sigmoid extends Module {
  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

/** ln(1 + eˣ). Follows `torch.nn.Softplus` with its default options. */
export class Softplus extends Module {
  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  override forward(x: Tensor): Tensor {
    return x.softplus();
  }
}
