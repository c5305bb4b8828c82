/** Losses with parameters: values, gradients, state, and what training does with them. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  functionalCall,
  grad,
  losses,
  manualSeed,
  ones,
  optim,
  randn,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { casesOf } from "../fixtures/stored.ts";
import { double, int32, leaf } from "./plain.ts";
import { checkPair, checkSlopes, learned, minimax, OTHERS, term } from "./others.ts";

const float64 = { dtype: "float64" } as const;
const regions = int32([0, 0, 1, 1]);
const LEARNED = {
  RegionWeightedMSE: () => new losses.RegionWeightedMSE(regions, float64),
  MinimaxMSE: minimax,
};

for (const [name, { checks }] of Object.entries(OTHERS)) {
  for (const [title, check] of Object.entries(checks)) {
    Deno.test(`losses.${name} ${title}`, check);
  }
}

Deno.test("what is wrong with a loss that learns, or a term, is found", () => {
  class Forgetful extends losses.Loss {
    readonly #alpha = leaf(1);
    override forward(p: Tensor, t: Tensor): Tensor {
      return p.sub(t).square().mean().mul(this.#alpha);
    }
  }
  const steep = (x: Tensor) => x.square().add(x.sub(x.detach())).sum();
  const coarse = (x: Tensor) => x.add(1e6).sub(1e6).sum();
  const state = learned("", () => new Forgetful(), "alpha", () => {}).checks;
  const wide = term("", (x) => x.exp().sum(), leaf([1]), leaf([1])).checks;
  const faults: [check: (() => void) | undefined, says: string][] = [
    [state["has its parameters in its state, and takes them back"], "Values are not equal"],
    [Object.values(term("", steep, leaf([1]), leaf([0])).checks)[0], "Gradient of"],
    [wide["is 0 where it claims to be"], "Values are not equal"],
    [wide["is finite at ±1e4 in float32"], ""],
    [term("", coarse, leaf([0.123]), leaf([0])).checks["has them in float32 too"], "not close"],
  ];
  for (const [check, says] of faults) assertThrows(check!, Error, says);
});

Deno.test("MinimaxMSE has the gradient of its weights with the other sign, and says so to differences", () => {
  const loss = minimax();
  assertThrows(() => checkPair(loss), Error, "Gradient of");
  const [p, t] = [double("prediction", [3, 4]), double("target", [3, 4])];
  loss.logits.detach().setAt([0], 0.5);
  const value = loss.forward(p, t);
  const [g, up] = grad(value, [p, loss.logits]);
  const weights = loss.logits.detach().softmax(0);
  const errors = p.sub(t).square().mean(0).reshape([2, 2]).mean(1);
  assertClose(value, weights.mul(errors).sum());
  const spread = weights.unsqueeze(1).expand([2, 2]).reshape([4]);
  assertClose(g, p.sub(t).detach().mul(2 / 6).mul(spread));
  assertClose(up, weights.mul(errors.sub(value)).neg().detach());
});

Deno.test("MultiTaskLossWithUncertainty has the form of each kind, and clamps", () => {
  const tasks = () => [leaf(2), leaf([3])];
  const forms: [losses.TaskKind | losses.TaskKind[], number, number[]][] = [
    ["classification", 5, [-1.5, -2.5]],
    ["regression", 2.5, [-0.5, -1]],
    [["regression", "classification"], 4, [-0.5, -2.5]],
  ];
  for (const [kind, value, gradient] of forms) {
    const loss = new losses.MultiTaskLossWithUncertainty(2, { kind, ...float64 });
    const total = loss.forward(tasks());
    total.backward();
    assertEquals([total.item(), loss.logVars.grad?.toArray()], [value, gradient]);
    checkSlopes(loss, tasks(), (inputs, params) => functionalCall(loss, params, inputs));
  }
  const held = new losses.MultiTaskLossWithUncertainty(2, { clamp: [1, 2], ...float64 });
  const total = held.forward(tasks());
  total.backward();
  assertAlmostEquals(total.item(), 5 / Math.E + 1, 1e-12);
  assertEquals(held.logVars.grad?.toArray(), [0, 0]);
});

/** An integral of SciPy's. */
interface Partition {
  readonly alpha: number;
  readonly scale: number;
  readonly partition: number;
}

for (const { alpha, scale, partition } of casesOf<Partition>("losses/adaptiveRobust")) {
  Deno.test(`AdaptiveRobustLoss with α = ${alpha} is a likelihood, whose integral is SciPy's`, () => {
    for (const [dtype, rtol] of [["float64", 1e-9], ["float32", 1e-5]] as const) {
      const loss = new losses.AdaptiveRobustLoss({ alpha, scale, reduction: "none", dtype });
      assertAlmostEquals(loss.alpha.item(), alpha, 1e-6);
      assertAlmostEquals(loss.scale.item(), scale, 1e-6);
      const [p, t] = [tensor([0, 2, -50], { dtype }), zeros([3], { dtype })];
      const form = losses.generalRobust(p, t, { alpha, scale, reduction: "none" });
      const wanted = form.add(Math.log(scale * partition));
      assertClose(loss.forward(p, t), wanted, { rtol, atol: rtol });
    }
  });
}

/** Trains a loss and a constant prediction together. */
function train(loss: losses.Loss, prediction: Tensor, target: Tensor, steps: number, lr: number) {
  const optimizer = new optim.Adam([prediction, ...loss.parameters()], { lr });
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    loss.forward(prediction.expand(target.shape), target).backward();
    optimizer.step();
  }
}

Deno.test("AdaptiveRobustLoss finds a small shape for residuals with outliers, a large one without", () => {
  manualSeed(0);
  const noise = randn([200], float64).mul(0.1);
  const spoilt = noise.add(tensor(Float64Array.from({ length: 200 }, (_, i) => i % 10 ? 0 : 20)));
  const found = [noise, spoilt].map((target) => {
    const loss = new losses.AdaptiveRobustLoss(float64);
    const prediction = leaf([0.5]);
    train(loss, prediction, target, 400, 0.05);
    assert(Math.abs(prediction.item()) < 0.05, `${prediction}`);
    return loss.alpha.item();
  });
  assert(found[0]! > 1.5 && found[1]! < 0.8, `${found}`);
});

Deno.test("RegionWeightedMSE trusts the region of little noise, MinimaxMSE seeks the one of errors", () => {
  manualSeed(1);
  const spread = tensor([0.1, 0.1, 3, 3], float64);
  const target = randn([100, 4], float64).mul(spread).add(tensor([0, 0, 1, 1], float64));
  const trained = (["RegionWeightedMSE", "MinimaxMSE"] as const).map((name) => {
    const loss = LEARNED[name]();
    const prediction = leaf([0.5]);
    train(loss, prediction, target, 300, 0.05);
    return { prediction: prediction.item(), parameters: loss.parameters()[0]! };
  });
  const [weighted, minimax] = trained;
  assert(Math.abs(weighted!.prediction) < 0.05, `${weighted!.prediction}`);
  assert(weighted!.parameters.at(0).item() < -3);
  assert(Math.abs(minimax!.prediction - 1) < 0.4, `${minimax!.prediction}`);
  assert(minimax!.parameters.softmax(0).at(1).item() > 0.95);
});

Deno.test("losses with parameters refuse what does not fit", () => {
  const tasks = new losses.MultiTaskLossWithUncertainty(2);
  const region = new losses.RegionWeightedMSE(regions);
  const meta = new losses.MetaLossNetwork(4);
  const refused: [run: () => unknown, message: string][] = [
    [
      () => new losses.MultiTaskLossWithUncertainty(0),
      "numTasks must be an integer from 1 to 1048576, got 0",
    ],
    [
      () => new losses.MultiTaskLossWithUncertainty(2, { kind: ["regression"] }),
      "2 tasks need as many kinds, got 1",
    ],
    [
      () => new losses.MultiTaskLossWithUncertainty(2, { clamp: [1, -1] }),
      "clamp must be two increasing numbers",
    ],
    [() => tasks.forward([]), "it takes 2 losses, got 0"],
    [() => tasks.forward([ones([]), ones([2])]), "a loss must have one element, got shape [2]"],
    [() => new losses.MinimaxMSE(int32([0, 2])), "without gaps, got 0, 2"],
    [() => new losses.MinimaxMSE(int32([-1, 0])), "without gaps, got -1, 0"],
    [() => new losses.RegionWeightedMSE(int32([])), "without gaps, got none"],
    [() => new losses.RegionWeightedMSE(ones([2])), "regions must be an int32 tensor"],
    [() => region.forward(ones([2, 3]), ones([2, 3])), "must be the last dimensions of the pred"],
    [() => region.forward(ones([4]), ones([1])), "which would broadcast to [4]"],
    [
      () => new losses.AdaptiveRobustLoss({ alpha: 2 }),
      "alpha must be a number between 0.001 and 1.999",
    ],
    [() => new losses.AdaptiveRobustLoss({ scale: 0 }), "scale must be a positive number, got 0"],
    [
      () => meta.forward(ones([5, 2]), ones([5, 1]), ones([5, 1])),
      "predictions and targets must have shape [5], got [5, 1]",
    ],
    [
      () => meta.forward(ones([5]), ones([5]), ones([5])),
      "features must have shape [N, ...] with 2 numbers for each example, got [5]",
    ],
    [() => meta.forward(ones([5, 3]), ones([5]), ones([5])), "with 2 numbers for each example"],
  ];
  for (const [run, message] of refused) {
    const error = assertThrows(run, Error);
    assertEquals([error.message.includes(message), error.message], [true, error.message]);
    assert(/^Cannot (make|compute) losses\./.test(error.message), error.message);
  }
});
