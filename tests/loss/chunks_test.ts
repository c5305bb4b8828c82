/** The cross-entropy of a layer of many classes is that of its logits, which are never all in memory. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { grad, losses, memoryStats, scope, type Tensor, tensor, vmap } from "../../mod.ts";
import { double, int32 } from "./plain.ts";

/** More logits than 2²², so that there are two chunks, the second one short. */
const [ROWS, CLASSES] = [1100, 4096];

const labels = (ignored = -1) =>
  int32(Array.from({ length: ROWS }, (_, i) => i % 7 === ignored ? -100 : 37 * i % CLASSES));
const inputs = (): [Tensor, Tensor] => [double("x", [ROWS, 2]), double("w", [CLASSES, 2])];

type Options = losses.LinearCrossEntropyOptions;

/** The loss by all logits at once. */
function plain(x: Tensor, w: Tensor, target: Tensor, { linearBias, ...options }: Options): Tensor {
  const logits = x.matmul(w.mT);
  return losses.crossEntropy(
    linearBias === undefined ? logits : logits.add(linearBias),
    target,
    options,
  );
}

const weight = () => double("weight", [CLASSES]).detach().square();

const CASES: Readonly<Record<string, readonly [target: Tensor, options: Options]>> = {
  "as it is": [labels(), {}],
  "with ignored labels and weights": [labels(2), { weight: weight() }],
  "smoothed, with a bias": [labels(), { labelSmoothing: 0.1, linearBias: double("b", [CLASSES]) }],
  "of each row": [labels(2), { reduction: "none" }],
  "of all together": [labels(3), { reduction: "sum", weight: weight(), labelSmoothing: 0.2 }],
  "of probabilities": [double("shares", [ROWS, CLASSES]).detach().softmax(1), {}],
};

// The first, while no memory waits that others have given back.
Deno.test("linearCrossEntropy() in chunks never has all logits in memory", () => {
  const [rows, classes] = [4096, 4096];
  const held = (loss: (x: Tensor, w: Tensor, target: Tensor) => Tensor) => {
    const [x, w] = [tensor(new Float32Array(2 * rows)), tensor(new Float32Array(2 * classes))]
      .map((x) => x.reshape([-1, 2]).requiresGrad_()) as [Tensor, Tensor];
    const target = int32(Array.from({ length: rows }, (_, i) => i));
    const before = memoryStats().freeBytes;
    scope(() => loss(x, w, target).backward());
    return memoryStats().freeBytes - before;
  };
  const all = 4 * rows * classes;
  const chunked = held(losses.linearCrossEntropy);
  assert(chunked > 0 && chunked < 0.6 * all, `${chunked} of ${all} bytes`);
  // The check would notice logits that are all there.
  assert(held((x, w, target) => plain(x, w, target, {})) > all);
});

for (const [title, [target, options]] of Object.entries(CASES)) {
  Deno.test(`linearCrossEntropy() in chunks is that of all logits, ${title}`, () => {
    const run = (loss: typeof plain) =>
      scope(() => {
        const [x, w] = inputs();
        const value = loss(x, w, target, options);
        const leaves = options.linearBias === undefined ? [x, w] : [x, w, options.linearBias];
        const slopes = grad(value.sum(), leaves, { createGraph: true });
        const norm = slopes.map((g) => g.square().sum()).reduce((sum, term) => sum.add(term));
        return [value, ...slopes, ...grad(norm, leaves)].map((y) => y.detach());
      });
    const [chunks, whole] = [run(losses.linearCrossEntropy), run(plain)];
    chunks.forEach((y, i) => assertClose(y, whole[i]!, { rtol: 1e-9, atol: 1e-13 }));
  });
}

Deno.test("linearCrossEntropy() in chunks names the wrong label, and knows where nothing counts", () => {
  const [x, w] = inputs();
  const wrong = Array.from({ length: ROWS }, (_, i) => i === 1099 ? CLASSES : 0);
  assertThrows(
    () => losses.linearCrossEntropy(x, w, int32(wrong)),
    RangeError,
    `label ${CLASSES} at index 1099 is out of range for ${CLASSES} classes`,
  );
  const nothing = losses.linearCrossEntropy(x, w, int32(wrong.map(() => -100)));
  const slopes = grad(nothing, [x, w]);
  assertEquals([nothing.item(), ...slopes.map((g) => g.abs().sum().item())], [NaN, 0, 0]);
});

Deno.test("linearCrossEntropy() in chunks works on the examples of a batch", () => {
  const [x, w] = inputs();
  const both = tensor([1, -0.5], { dtype: "float64" });
  const loss = (factor: Tensor) =>
    losses.linearCrossEntropy(x.detach().mul(factor), w.detach(), labels());
  const each = [0, 1].map((i) => loss(both.at(i)).item());
  assertClose(vmap(loss)(both), each, { rtol: 1e-12 });
});
