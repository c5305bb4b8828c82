/** What the good calls of all families of layers have in common. */

import { nn, ones, type Tensor } from "../../../mod.ts";
import { of } from "../../common/calls.ts";

/** An input. */
export const x = () => ones([2, 3]);

/** true or false. */
export const flag = of(() => true, "flag");

/** The type of a layer's parameters. */
export const dtype = of(() => "float64");

/** A module of somebody's own. */
export class Scale extends nn.Module {
  factor = new nn.Parameter(ones([1]));
  override forward(x: Tensor): Tensor {
    return x.mul(this.factor);
  }
}

/** The bases' constructors are called by those of other people's classes, with anything. */
export const anything = { args: [], rest: true } as const;

/** The row of a layer's `forward`, which takes what the op in it takes. */
export function forward(on: () => nn.Module, named: string, input = of(x, "tensor")) {
  return { forward: { on, args: [input], rest: true, named } } as const;
}
