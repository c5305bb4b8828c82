/** The log-likelihood of many classes, beside PyTorch's. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import { grad, losses, ones, type Tensor, tensor } from "../../mod.ts";
import { casesOf, optionsOf, type Stored, unstored } from "../fixtures/stored.ts";
import { double, int32 } from "./plain.ts";

const { AdaptiveLogSoftmaxWithLoss } = losses;

/** A module of PyTorch and what it gives. */
interface AdaptiveCase {
  readonly cutoffs: readonly number[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Record<string, Stored>>;
  readonly gradients: readonly Stored[];
  readonly input: Stored;
  readonly target: Stored;
  readonly output: Stored;
  readonly loss: Stored;
  readonly logProb: Stored;
  readonly predict: Stored;
}

const near = { rtol: 1e-10, atol: 1e-12 };

for (const one of casesOf<AdaptiveCase>("losses/adaptiveLogSoftmaxWithLoss")) {
  const made = () => {
    const options = optionsOf<losses.AdaptiveLogSoftmaxOptions>(one.options);
    const module = new AdaptiveLogSoftmaxWithLoss(6, 9, one.cutoffs, {
      ...options,
      dtype: "float64",
    });
    const state = Object.entries(one.state).map(([key, value]) => [key, unstored(value)]);
    module.loadStateDict(Object.fromEntries(state));
    return module;
  };

  Deno.test(`AdaptiveLogSoftmaxWithLoss with cutoffs ${one.cutoffs} is PyTorch's`, () => {
    const module = made();
    const x = unstored(one.input).requiresGrad_();
    const { output, loss } = module.forward(x, unstored(one.target));
    assertClose(output, unstored(one.output), near);
    assertClose(loss, unstored(one.loss), near);
    const leaves = [x, ...module.parameters()];
    grad(loss, leaves, { allowUnused: true }).forEach((g, i) =>
      assertClose(g ?? leaves[i]!.mul(0), unstored(one.gradients[i]!), near)
    );
    assertClose(module.logProb(x), unstored(one.logProb), near);
    assertEquals(module.predict(x).toArray(), unstored(one.predict).toArray());
    assertClose(module.logProb(x).exp().sum(1), ones([5], { dtype: "float64" }));
  });

  Deno.test(`AdaptiveLogSoftmaxWithLoss with cutoffs ${one.cutoffs} has its gradients`, () => {
    const module = made();
    const run = (x: Tensor) => module.forward(x, unstored(one.target)).output;
    gradcheck(run, [double("input", [5, 6])]);
    gradgradcheck(run, [double("input", [5, 6])]);
  });
}

Deno.test("AdaptiveLogSoftmaxWithLoss takes an example without a batch", () => {
  const module = new AdaptiveLogSoftmaxWithLoss(3, 4, [2], { dtype: "float64" });
  const rows = double("input", [2, 3]);
  for (const label of [0, 3]) {
    const labels = int32([label, label]);
    const wanted = module.forward(rows, labels).output;
    const { output, loss } = module.forward(rows.at(1), labels.at(1));
    assertEquals([output.shape, loss.shape], [[], []]);
    assertClose(output, wanted.at(1));
    assertClose(loss, wanted.at(1).neg());
  }
});

Deno.test("AdaptiveLogSoftmaxWithLoss refuses what does not fit", () => {
  const module = new AdaptiveLogSoftmaxWithLoss(3, 4, [2]);
  const refused: [run: () => unknown, message: string][] = [
    [
      () => new AdaptiveLogSoftmaxWithLoss(3, 4, []),
      "cutoffs must increase and lie in 1 to 3, got []",
    ],
    [() => new AdaptiveLogSoftmaxWithLoss(3, 4, [2, 2]), "cutoffs must increase"],
    [() => new AdaptiveLogSoftmaxWithLoss(3, 4, [4]), "cutoffs must increase"],
    [() => new AdaptiveLogSoftmaxWithLoss(3, 4, [0]), "cutoffs must increase"],
    [
      () => new AdaptiveLogSoftmaxWithLoss(3, 4, [1], { divValue: 0 }),
      "divValue must be positive and finite, got 0",
    ],
    [() => module.forward(ones([2, 4]), int32([0, 1])), "input must have shape [N, 3], got [2, 4]"],
    [() => module.forward(ones([2, 3]), int32([0])), "need labels of shape [2], got [1]"],
    [() => module.forward(ones([2, 3]), int32([0, 4])), "label 4 at index 1 is out of range"],
    [() => module.forward(ones([2, 3]), tensor([0, 1])), "labels must be int32, got float32"],
  ];
  for (const [run, message] of refused) {
    const error = assertThrows(run, Error);
    assertEquals([error.message.includes(message), error.message], [true, error.message]);
    assertEquals(/^Cannot (make|compute) losses\./.test(error.message), true);
  }
});

Deno.test("AdaptiveLogSoftmaxWithLoss takes a batch without examples", () => {
  const module = new AdaptiveLogSoftmaxWithLoss(3, 4, [2]);
  const { output, loss } = module.forward(ones([0, 3]), int32([]));
  assertEquals([output.shape, loss.item()], [[0], NaN]);
});
