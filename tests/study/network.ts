/** A small network whose Hessian is small enough to be looked at. */

import {
  cat,
  functionalCall,
  hessian,
  losses,
  manualSeed,
  nn,
  randn,
  type Tensor,
} from "../../mod.ts";

const float64 = { dtype: "float64" } as const;

/** The network in float64, with inputs and targets. */
export function network(): { model: nn.Sequential; x: Tensor; y: Tensor } {
  manualSeed(4);
  const model = new nn.Sequential(
    new nn.Linear(3, 4, float64),
    new nn.Tanh(),
    new nn.Linear(4, 2, float64),
  );
  return { model, x: randn([6, 3], float64), y: randn([6, 2], float64) };
}

/** Its loss. */
export function lossOf(model: nn.Module, x: Tensor, y: Tensor): Tensor {
  return losses.mse(model.forward(x), y);
}

/** All second derivatives of its loss with respect to the parameters one after the other. */
export function flatHessian(model: nn.Sequential, x: Tensor, y: Tensor): Tensor {
  const named = model.namedParameters();
  const start = cat(named.map(([, p]) => p.detach().flatten()));
  return hessian((all) => {
    const parts = all.split(named.map(([, { size }]) => size));
    const params = named.map(([name, { shape }], i) => [name, parts[i]!.reshape(shape)] as const);
    return losses.mse(functionalCall(model, Object.fromEntries(params), x), y);
  }, start);
}
