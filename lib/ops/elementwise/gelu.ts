/** Fused: the Gaussian error linear unit. */

import { checkCount, oneOf, optionReader } from "../../core/options.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloat } from "../define/checks.ts";
import { fused, type FusedOp } from "../define/fused.ts";
import { clamp } from "./clamp.ts";

/** Options of `gelu`. */
export interface GeluOptions {
  /** "tanh" for the approximation that older networks were trained with. Default: "none". */
  approximate?: "none" | "tanh";
}

const readGelu = optionReader<GeluOptions>({ approximate: oneOf("none", "tanh") });

/** The composite form of `gelu`: x·Φ(x), with the distribution function of the normal distribution. */
export function geluComposite(x: Tensor): Tensor {
  return x.mul(x.mul(Math.SQRT1_2).erf().add(1)).mul(0.5);
}

/** The composite form of its approximation. */
export function geluTanhComposite(x: Tensor): Tensor {
  // Beyond, the tangent is ±1, whose slope of 0 would meet a cube that leaves the range.
  const near = clamp(x, -10, 10);
  const inner = x.add(near.square().mul(near).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(inner.tanh().add(1)).mul(0.5);
}

/** Either form, with the kernel of its name and that of its gradient. */
function geluOp(name: string, kernel: string, composite: (x: Tensor) => Tensor): FusedOp<null> {
  const op: FusedOp<null> = fused<null>(name, {
    composite: ([x]) => [composite(x!)],
    kernel,
    shapes: ([x]) => [x!.shape],
    batch: ([x]) => op([x!], null),
    saves: "a",
    gradKernel: `${kernel}_grad`,
  });
  return op;
}

const exact = geluOp("gelu", "gelu", geluComposite);
const approximate = geluOp("geluTanh", "gelu_tanh", geluTanhComposite);

/**
 * Gaussian error linear unit, x·Φ(x) = x/2 · (1 + erf(x/√2)), elementwise. Hendrycks and Gimpel, 2016.
 * Follows `torch.nn.functional.gelu`.
 *
 * @param options Whether Φ is approximated, as (1 + tanh(√(2/π)·(x + 0.044715·x³)))/2.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Both forms
 * ```ts
 * import { gelu, tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * assertClose(gelu(tensor([-1, 0, 1])), [-0.158655, 0, 0.841345], { atol: 1e-6 });
 * assertClose(tensor(1).gelu({ approximate: "tanh" }), 0.841192, { atol: 1e-6 });
 * ```
 */
export function gelu(x: Tensor, options?: GeluOptions): Tensor {
  checkCount("compute gelu", arguments.length, 2);
  checkFloat("gelu", x);
  const op = readGelu("compute gelu", options).approximate === "tanh" ? approximate : exact;
  return op([x], null)[0]!;
}
