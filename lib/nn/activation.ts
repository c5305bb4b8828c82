/** Activations as modules. */

import { checkCount } from "../core/options.ts";
import { relu, sigmoid, softplus, tanh } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** A layer that is an op of one tensor. */
export interface OpLayer extends Module {
  /**
   * Computes the output.
   *
   * @param x Any shape.
   */
  forward(x: Tensor): Tensor;
}

/** The class of the layers that an op is made into. */
export interface OpLayerClass {
  /** Creates the layer. */
  new (): OpLayer;
  /** What all of its instances have. */
  readonly prototype: OpLayer;
}

/**
 * Makes the class of an op as a layer.
 *
 * @param name What the class is called.
 */
export function opLayer(name: string, op: (x: Tensor) => Tensor): OpLayerClass {
  return class extends Module {
    static override readonly name: string = name;
    constructor() {
      super();
      checkCount(`make ${name}`, arguments.length, 0);
    }
    override forward(x: Tensor): Tensor {
      return op(x);
    }
  };
}

/** max(x, 0). Follows `torch.nn.ReLU`. */
export const ReLU: OpLayerClass = opLayer("ReLU", relu);
/** A {@linkcode ReLU} layer. */
export type ReLU = OpLayer;

/** Hyperbolic tangent. Follows `torch.nn.Tanh`. */
export const Tanh: OpLayerClass = opLayer("Tanh", tanh);
/** A {@linkcode Tanh} layer. */
export type Tanh = OpLayer;

/** 1 / (1 + e⁻ˣ). Follows `torch.nn.Sigmoid`. */
export const Sigmoid: OpLayerClass = opLayer("Sigmoid", sigmoid);
/** A {@linkcode Sigmoid} layer. */
export type Sigmoid = OpLayer;

/** ln(1 + eˣ). Follows `torch.nn.Softplus` with its default options. */
export const Softplus: OpLayerClass = opLayer("Softplus", softplus);
/** A {@linkcode Softplus} layer. */
export type Softplus = OpLayer;
