/**
 * Kernels of rows take short rows of float32 by whole vectors, by their length; float64 has one loop for
 * all. Values and gradients of the two agree at every length.
 */

import { assertClose } from "../../lib/testing/mod.ts";
import { grad, losses, scope, type Tensor } from "../../mod.ts";
import { double, int32 } from "./plain.ts";

/** Not a multiple of what is processed together. */
const ROWS = 70;

/** Functions of logits and shares of the classes. */
const FUNCTIONS: Readonly<Record<string, (logits: Tensor, shares: Tensor) => Tensor>> = {
  softmax: (x) => x.softmax(1),
  logSoftmax: (x) => x.logSoftmax(1),
  logsumexp: (x) => x.logsumexp(1),
  "crossEntropy of labels": (x) => {
    const labels = int32(Array.from({ length: ROWS }, (_, i) => 31 * i % x.shape[1]!));
    return losses.crossEntropy(x, labels, { reduction: "none" });
  },
  "crossEntropy of probabilities": (x, t) => losses.crossEntropy(x, t, { reduction: "none" }),
  listwiseSoftmax: (x, t) => losses.listwiseSoftmax(x, t, { reduction: "none" }),
};

/** The value, and the gradients of its weighted sum. */
function outcome(f: typeof FUNCTIONS[string], x: Tensor, t: Tensor): Tensor[] {
  const y = f(x, t);
  const weights = double("weights", [ROWS, 40]).detach().flatten().narrow(0, 0, y.size);
  const sum = y.mul(weights.to(x.dtype).reshape(y.shape)).sum();
  return [y, ...grad(sum, [x, t], { allowUnused: true }).flatMap((g) => g ?? [])];
}

for (const [name, f] of Object.entries(FUNCTIONS)) {
  Deno.test(`${name} of rows of every length: float32 against float64`, () => {
    for (let length = 1; length <= 40; length++) {
      scope(() => {
        const x = double("x", [ROWS, length]).mul(4).detach();
        const t = double("t", [ROWS, length]).detach().square();
        const [exact, short] = (["float64", "float32"] as const).map((dtype) =>
          outcome(f, x.to(dtype).requiresGrad_(), t.to(dtype).requiresGrad_())
        ) as [Tensor[], Tensor[]];
        for (const [i, expected] of exact.entries()) {
          assertClose(short[i]!.to("float64"), expected, { rtol: 2e-5, atol: 2e-5 });
        }
      });
    }
  });
}
