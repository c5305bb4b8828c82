/**
 * Elementwise functions have finite slopes far from 0, where an infinite factor must not be
 * multiplied by 0: wherever the value is finite, no derivative is NaN.
 */

import { assert, AssertionError, assertThrows } from "@std/assert";
import * as adjoint from "../../mod.ts";
import { gelu, grad, nn, type Tensor, tensor } from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";

type Float = "float32" | "float64";

const EXPONENTS: Readonly<Record<Float, readonly number[]>> = {
  float32: [-44, -38, -30, -10, 0, 1, 2, 5, 10, 20, 30, 37],
  float64: [-320, -300, -100, -10, 0, 1, 2, 5, 20, 100, 154, 155, 200, 307],
};

function points(type: Float): number[] {
  const positive = EXPONENTS[type].map((exponent) => 10 ** exponent);
  return [...positive, 0, -0, ...positive.map((x) => -x)];
}

/** Whether a function gives the same for each number as for that number alone. */
function isElementwise(fn: (x: Tensor) => unknown): fn is (x: Tensor) => Tensor {
  try {
    const [both, one] = [fn(tensor([0.5, 3000])), fn(tensor([0.5]))] as [Tensor, Tensor];
    return both.requiresGrad === false && both.shape.join() === "2" && one.shape.join() === "1" &&
      Math.abs(both.at(0).item() - one.item()) < 1e-6;
  } catch {
    return false;
  }
}

/** All elementwise functions of one tensor, and their forms with options. */
const FUNCTIONS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  ...Object.fromEntries(
    [...Object.entries(adjoint), ...Object.entries(nn.functional)].filter(
      (entry): entry is [string, (x: Tensor) => Tensor] =>
        typeof entry[1] === "function" && /^[a-z]/.test(entry[0]) &&
        isElementwise(entry[1] as (x: Tensor) => unknown),
    ),
  ),
  "gelu by its approximation": (x) => gelu(x, { approximate: "tanh" }),
  "softplus, sharp": (x) => nn.functional.softplus(x, { beta: 5 }),
  "pow 1.5": (x) => x.pow(1.5),
  "pow -2": (x) => x.pow(-2),
  "pow 3": (x) => x.pow(3),
};

function check(name: string, fn: (x: Tensor) => Tensor): void {
  for (const type of ["float32", "float64"] as const) {
    const at = points(type);
    const x = tensor(at, { dtype: type, requiresGrad: true });
    const y = fn(x);
    if (!y.requiresGrad) return;
    const [plain] = grad(y.sum(), [x], { retainGraph: true });
    const [first] = grad(y.sum(), [x], { createGraph: true });
    const [second] = first.requiresGrad ? grad(first.sum(), [x], { allowUnused: true }) : [null];
    const derivatives = { "the slope": plain, "the recorded slope": first, "the bend": second };
    const [values, slopes] = [valuesOf(y), valuesOf(first)];
    for (const [what, derivative] of Object.entries(derivatives)) {
      if (derivative === null) continue;
      valuesOf(derivative).forEach((value, i) => {
        const known = Number.isFinite(values[i]) &&
          (derivative !== second || Number.isFinite(slopes[i]));
        if (!known || !Number.isNaN(value)) return;
        throw new AssertionError(`${name} of ${type}: ${what} at ${at[i]} is NaN`);
      });
    }
  }
}

for (const [name, fn] of Object.entries(FUNCTIONS)) {
  Deno.test(`slopes far from 0 and near it: ${name}`, () => check(name, fn));
}

Deno.test("a slope that is NaN where the function is not is noticed, and there are functions", () => {
  assert(Object.keys(FUNCTIONS).length > 60, Object.keys(FUNCTIONS).join());
  const naive = (x: Tensor) => x.mul(x.square().mul(x).tanh().add(1));
  assertThrows(() => check("naive", naive), AssertionError, "naive of float32: the slope at");
  const bent = (x: Tensor) => x.abs().add(1).sqrt().square();
  check("bent", bent);
});
