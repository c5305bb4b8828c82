/** Functions that are wrong on purpose, for the checks that must notice it. */

import { customFunction, grad, isGradEnabled, type Tensor } from "../../mod.ts";

/**
 * A squared difference whose rule, in a recorded pass, differentiates the saved tensors themselves: it
 * is right only where they do not depend on each other.
 */
export const atSaved: (a: Tensor, b: Tensor) => Tensor = customFunction<[Tensor, Tensor]>({
  name: "atSaved",
  forward: (context, a, b) => {
    context.save(a, b);
    return a.sub(b).square();
  },
  backward: ({ saved }, g) => {
    const [a, b] = saved as [Tensor, Tensor];
    if (!isGradEnabled()) return [g.mul(a.sub(b)).mul(2), g.mul(a.sub(b)).mul(-2)];
    return grad(a.sub(b).square(), [a, b], { gradOutputs: g, createGraph: true });
  },
});
