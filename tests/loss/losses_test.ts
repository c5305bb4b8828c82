import { assertEquals, assertThrows } from "@std/assert";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import {
  DTypeError,
  grad,
  losses,
  type NestedArray,
  ShapeError,
  type Tensor,
  tensor,
} from "../../mod.ts";
import fixtures from "../fixtures/training.json" with { type: "json" };

type Options = Record<string, unknown>;

function double(data: NestedArray): Tensor {
  return tensor(data, { dtype: "float64" });
}

/** Compares a loss and its gradients with those of PyTorch. */
function compare(
  loss: (...inputs: Tensor[]) => Tensor,
  inputs: NestedArray[],
  expected: { value: NestedArray; grads: NestedArray[] },
): void {
  const leaves = inputs.map((data) => double(data).requiresGrad_());
  const value = loss(...leaves);
  assertClose(value, double(expected.value), { rtol: 1e-12, atol: 1e-12 });
  const grads = grad(value.sum(), leaves);
  grads.forEach((g, i) => assertClose(g, double(expected.grads[i]!), { rtol: 1e-10, atol: 1e-12 }));
}

const { prediction, target, cases } = fixtures.elementLosses;
for (const { loss, options, ...expected } of cases) {
  Deno.test(`losses.${loss}() agrees with PyTorch for ${JSON.stringify(options)}`, () => {
    const fn = loss === "mse" ? losses.mse : losses.huber;
    compare((p, t) => fn(p!, t!, options as Options), [prediction, target], expected);
  });
}

const entropy = fixtures.crossEntropy;
for (const { input, weighted, options, probabilities, ...expected } of entropy.cases) {
  const kind = probabilities ? "probabilities" : "labels";
  const weights = weighted ? ", weighted" : "";
  const name = `${input} with ${kind}${weights} for ${JSON.stringify(options)}`;
  Deno.test(`losses.crossEntropy() agrees with PyTorch on ${name}`, () => {
    const key = input as keyof typeof entropy.logits;
    const all: Options = {
      ...options,
      ...(weighted && { weight: double(entropy.weight) }),
    };
    const labels = tensor(entropy.labels[key], { dtype: "int32" });
    const inputs: NestedArray[] = [entropy.logits[key]];
    if (probabilities) inputs.push(probabilities);
    compare((x, p) => losses.crossEntropy(x!, p ?? labels, all), inputs, expected);
  });
}

Deno.test("losses.mse() and losses.huber() have first and second gradients", () => {
  for (const loss of [losses.mse, losses.huber]) {
    gradcheck(loss, [[4, 3], [4, 3]]);
    gradgradcheck(loss, [[4, 3], [4, 3]]);
  }
});

Deno.test("losses.crossEntropy() has first and second gradients", () => {
  const labels = tensor([2, 0, 1], { dtype: "int32" });
  const loss = (x: Tensor) => losses.crossEntropy(x, labels, { labelSmoothing: 0.1 });
  gradcheck(loss, [[3, 4]]);
  gradgradcheck(loss, [[3, 4]]);
});

Deno.test("losses.crossEntropy() is finite for logits of ±1e4, with gradient (softmax − onehot)/N", () => {
  const logits = tensor([[1e4, -1e4, 0], [0, 1e4, 1e4]], { requiresGrad: true });
  const loss = losses.crossEntropy(logits, tensor([1, 2], { dtype: "int32" }));
  loss.backward();
  assertClose(loss, tensor((2e4 + Math.log(2)) / 2));
  assertClose(logits.grad!, tensor([[0.5, -0.5, 0], [0, 0.25, -0.25]]));
});

Deno.test("losses.crossEntropy() names the label and the index out of range", () => {
  const error = assertThrows(
    () =>
      losses.crossEntropy(tensor([[0, 0], [0, 0], [0, 0]]), tensor([0, 1, 7], { dtype: "int32" })),
    RangeError,
  );
  assertEquals(
    error.message,
    "Cannot compute losses.crossEntropy: label 7 at index 2 is out of range for 2 classes",
  );
});

Deno.test("losses.crossEntropy() refuses what does not fit", () => {
  const logits = tensor([[0, 0], [0, 0]]);
  const labels = tensor([0, 1], { dtype: "int32" });
  assertThrows(() => losses.crossEntropy(logits, labels.reshape([1, 2])), ShapeError, "[2]");
  assertThrows(() => losses.crossEntropy(labels, labels), DTypeError, "logits must be float32");
  assertThrows(() => losses.crossEntropy(logits, tensor([true, false])), DTypeError, "bool");
  assertThrows(() => losses.crossEntropy(tensor(0), tensor(0, { dtype: "int32" })), ShapeError);
  assertThrows(() => losses.crossEntropy(logits, tensor([[0, 1]])), ShapeError, "probabilities");
  assertThrows(
    () => losses.crossEntropy(logits, labels, { labelSmoothing: 2 }),
    RangeError,
    "labelSmoothing",
  );
  assertThrows(
    () => losses.crossEntropy(logits, labels, { weight: tensor([1, 2, 3]) }),
    ShapeError,
    "[2]",
  );
});

Deno.test("losses.huber() refuses shapes that would broadcast, and names the outcome", () => {
  const error = assertThrows(
    () => losses.huber(tensor(new Float32Array(32)).reshape([32, 1]), tensor(new Float32Array(32))),
    ShapeError,
  );
  assertEquals(
    error.message,
    "Cannot compute losses.huber: prediction has shape [32, 1] but target has shape [32], " +
      "which would broadcast to [32, 32]",
  );
  assertThrows(() => losses.huber(tensor([1]), tensor([1]), { delta: 0 }), RangeError, "positive");
});

Deno.test("losses.mse() weighs and masks; what is masked may be NaN", () => {
  const p = tensor([1, 2, NaN], { requiresGrad: true });
  const mask = tensor([true, true, false]);
  const loss = losses.mse(p, tensor([0, 0, 0]), { mask, weight: tensor([1, 3, 1]) });
  loss.backward();
  assertEquals(loss.item(), 6.5);
  assertEquals(p.grad!.toArray(), [1, 6, 0]);
  assertThrows(
    () => losses.mse(p, tensor([0, 0, 0]), { reduction: "average" as "mean" }),
    TypeError,
    '"mean", "sum" or "none"',
  );
});

Deno.test("Loss composes with plus and times, and keeps the parameters of its parts", () => {
  const loss = new losses.MSELoss().plus(new losses.HuberLoss({ delta: 2 })).times(0.5);
  const [p, t] = [tensor([3, 0]), tensor([0, 0])];
  const expected = losses.mse(p, t).add(losses.huber(p, t, { delta: 2 })).mul(0.5);
  assertEquals(loss.forward(p, t).item(), expected.item());
  assertEquals(loss.modules().length, 4);
  const labels = tensor([1], { dtype: "int32" });
  const entropyLoss = new losses.CrossEntropyLoss({ labelSmoothing: 0.2 });
  const logits = tensor([[1, 2]]);
  assertEquals(
    entropyLoss.forward(logits, labels).item(),
    losses.crossEntropy(logits, labels, { labelSmoothing: 0.2 }).item(),
  );
});
