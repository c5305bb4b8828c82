/** Activations as modules. */

import { checkCount } from "../core/options.ts";
import { relu, sigmoid, softplus, tanh } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

/** The class of the layers that an op of one tensor is made into. */
export interface OpLayer {
  /** Creates the layer. */
  new (): Module;
  /** What all of its instances have. */
  readonly prototype: Module;
}

/**
 * Makes the class of an op as a layer.
 *
 * @param name What the class is called.
 */
export function opLayer(name: string, op: (x: Tensor) => Tensor): OpLayer {
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
export const ReLU: OpLayer = opLayer("ReLU", relu);
/** A {@linkcode ReLU} layer. */
export type ReLU = Module;

/** Hyperbolic tangent. Follows `torch.nn.Tanh`. */
export const Tanh: OpLayer = opLayer("Tanh", tanh);
/** A {@linkcode Tanh} layer. */
export type Tanh = Module;

/** 1 / (1 + e⁻ˣ). Follows `torch.nn.Sigmoid`. */
export const Sigmoid: OpLayer = opLayer("Sigmoid", sigmoid);
/** A {@linkcode Sigmoid} layer. */
export type Sigmoid = Module;

/** ln(1 + eˣ). Follows `torch.nn.Softplus` with its default options. */
export const Softplus: OpLayer = opLayer("Softplus", softplus);
/** A {@linkcode Softplus} layer. */
export type Softplus = Module;
