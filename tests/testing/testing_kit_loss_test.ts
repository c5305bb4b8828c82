// Each check of checkLoss() must be able to fail, and says why when it does.
import { losses, manualSeed, noGrad, rand, type Tensor, tensor, where, zeros } from "@adjoint/ml";
import { CheckError, checkLoss } from "@adjoint/ml/testing";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

/** Asserts the whole message of a failed check. */
function assertFails(check: () => void, message: string): void {
  assertEquals(assertThrows(check, CheckError).message, message);
}

/** Asserts a part of the message of a failed check. */
function assertFailsWith(check: () => void, part: string): void {
  assertStringIncludes(assertThrows(check, CheckError).message, part);
}

function softHuber(pred: Tensor, target: Tensor): Tensor {
  return pred.sub(target).square().add(1).sqrt().sub(1).mean();
}

function mse(pred: Tensor, target: Tensor): Tensor {
  return pred.sub(target).square().mean();
}

Deno.test("checkLoss() accepts good losses", () => {
  checkLoss(softHuber, { zeroAtTarget: true, gradientBound: 1, finiteAt: [1e4, -1e4] });
  checkLoss(mse, {
    zeroAtTarget: true,
    finiteAt: [1e4, -1e4],
    shape: [5],
    reductions: (reduction) => (pred, target) => {
      const each = pred.sub(target).square();
      return reduction === "none" ? each : each[reduction]();
    },
  });
  checkLoss((logits, labels) => logits.logSoftmax(1).gather(1, labels.unsqueeze(1)).mean().neg(), {
    target: ([rows = 0]) => tensor(Int32Array.from({ length: rows }, (_, i) => i % 3)),
    finiteAt: [1e4, -1e4],
  });
  checkLoss({ forward: mse }, { zeroAtTarget: true });
  checkLoss(losses.huber, { zeroAtTarget: true, gradientBound: 1 });
  const bce = (p: Tensor, t: Tensor) =>
    t.mul(p.log()).add(t.mul(-1).add(1).mul(p.mul(-1).add(1).log())).mean().neg();
  checkLoss(bce, {
    pred: (shape) => rand(shape).mul(0.8).add(0.1),
    target: (shape) => rand(shape).gt(0.5).to({ dtype: "float32" }),
  });
});

Deno.test("checkLoss() demands one finite element with a gradient", () => {
  assertFails(
    () => checkLoss((pred, target) => pred.sub(target), { name: "residual" }),
    "residual must give a tensor of one element, got shape [8, 3]",
  );
  assertFails(
    () => checkLoss((pred) => pred.shape.length as unknown as Tensor, { name: "rank" }),
    "rank must give a tensor, got 2",
  );
  assertFails(
    () => checkLoss((pred) => pred.log().mean(), { name: "log" }),
    "log is not finite at a random prediction: the value is NaN",
  );
  assertFails(
    () => checkLoss((pred) => pred.detach().mean(), { name: "cut" }),
    "cut has no gradient: its value is on no tape",
  );
  const w = tensor(1, { requiresGrad: true });
  assertFails(
    () => checkLoss((_, target) => target.mul(w).mean(), { name: "other" }),
    "other has no gradient: its value does not depend on the prediction",
  );
});

Deno.test("checkLoss() demands a gradient where the prediction is the target", () => {
  assertFails(
    () =>
      checkLoss(function rmse(pred, target) {
        return mse(pred, target).sqrt();
      }),
    "rmse has no finite gradient where the prediction is the target: it is NaN at index [0, 0] of " +
      "the prediction",
  );
});

Deno.test("checkLoss() demands zero at the target", () => {
  const charbonnier = (pred: Tensor, target: Tensor) =>
    pred.sub(target).square().add(0.25).sqrt().mean();
  checkLoss(charbonnier);
  assertFails(
    () => checkLoss(charbonnier, { zeroAtTarget: true }),
    "charbonnier is not zero where the prediction is the target: the value is 0.5, needed is 0 " +
      "within 1e-9",
  );
  assertThrows(
    () => checkLoss(mse, { zeroAtTarget: true, target: () => zeros([8, 1]) }),
    RangeError,
    "zeroAtTarget needs a floating target of shape [8, 3], got float64 of shape [8, 1]",
  );
});

Deno.test("checkLoss() demands finite values at extremes", () => {
  const poisson = (pred: Tensor, target: Tensor) => pred.exp().sub(target.mul(pred)).mean();
  checkLoss(poisson, { finiteAt: [-1e4, 10] });
  assertFails(
    () => checkLoss(poisson, { finiteAt: [-1e4, 1e4] }),
    "poisson is not finite where every prediction is 10000: the value is Infinity",
  );
  const entropy = (pred: Tensor) => pred.softmax(1).log().mean().neg();
  assertFails(
    () => checkLoss(entropy, { finiteAt: [1e4] }),
    "entropy is not finite where the predictions are 10000 and 0 in turn: the value is Infinity",
  );
  // The value is finite, the gradient 0 · ∞.
  const masked = (pred: Tensor) => where(pred.gt(50), 0, pred.exp()).mean();
  assertFails(
    () => checkLoss(masked, { finiteAt: [1e4] }),
    "masked has no finite gradient where every prediction is 10000: it is NaN at index [0, 0] of " +
      "the prediction",
  );
});

Deno.test("checkLoss() demands reductions that agree", () => {
  const reductions = (wrong: string) => (reduction: string) => (pred: Tensor, target: Tensor) => {
    const each = pred.sub(target).abs().mul(0).add(2);
    if (reduction === "none") return each;
    const value = reduction === "mean" ? each.mean() : each.sum();
    return reduction === wrong ? value.div(2) : value;
  };
  checkLoss(mse, { reductions: reductions("") });
  assertFails(
    () => checkLoss(mse, { reductions: reductions("mean") }),
    'mse has reductions that disagree: "mean" gives 1, the mean of "none" (shape [8, 3]) is 2',
  );
  assertFails(
    () => checkLoss(mse, { reductions: reductions("sum") }),
    'mse has reductions that disagree: "sum" gives 24, the sum of "none" (shape [8, 3]) is 48',
  );
});

Deno.test("checkLoss() demands that the order of the batch is of no matter", () => {
  const weights = tensor([1, 0, 0, 0]).unsqueeze(1);
  const first = (pred: Tensor) => pred.mul(weights).mean();
  const pred = () => tensor([[1], [2], [3], [4]]);
  assertFails(
    () => checkLoss(first, { shape: [4, 1], pred }),
    "first depends on the order of the batch: the value is 0.25, and 0.5 with the rows in the " +
      "order [1, 2, 3, 0]",
  );
  checkLoss(first, { shape: [4, 1], pred, permutationInvariant: false });
  assertThrows(
    () => checkLoss((p, t) => p.sub(t).square().mean(), { target: () => zeros([1]) }),
    RangeError,
    "prediction and target need the same number of rows to permute, got shapes [8, 3] and [1]",
  );
});

Deno.test("checkLoss() demands that float32 and float64 agree", () => {
  const cancelling = (pred: Tensor, target: Tensor) =>
    pred.sub(target).square().add(1e8).sub(1e8).mean();
  assertFailsWith(
    () => checkLoss(cancelling),
    "cancelling differs between types: the value is ",
  );
  // The values agree, as the large numbers only make the gradient.
  const inexact = (pred: Tensor) => {
    const slope = pred.detach().add(1e8).sub(1e8);
    return pred.sub(pred.detach()).mul(slope).mean();
  };
  assertFailsWith(
    () => checkLoss(inexact),
    "inexact differs between types: 24 elements times the gradient at index [0, 0] is ",
  );
});

Deno.test("checkLoss() demands a bounded gradient", () => {
  assertFails(
    () => checkLoss(mse, { gradientBound: 1 }),
    "mse exceeds its gradient bound of 1: 24 elements times the gradient is 20000 where every " +
      "residual is 10000, at index [0, 0] of the prediction",
  );
  checkLoss(mse, { gradientBound: 2e4 });
  checkLoss(softHuber, { gradientBound: 1 });
  assertFailsWith(
    () => checkLoss(softHuber, { gradientBound: 0.999 }),
    "softHuber exceeds its gradient bound of 0.999: 24 elements times the gradient is ",
  );
  // A loss whose steepest slope lies in between: 3√3/8 for r² / (1 + r²), at 1/√3.
  const geman = (pred: Tensor, target: Tensor) => {
    const square = pred.sub(target).square();
    return square.div(square.add(1)).mean();
  };
  checkLoss(geman, { gradientBound: 0.65 });
  assertFailsWith(() => checkLoss(geman, { gradientBound: 0.64 }), "exceeds its gradient bound");
  const odd = (pred: Tensor, target: Tensor) => {
    const r = pred.sub(target);
    return where(r.gt(5e3), NaN, r).mean();
  };
  assertFailsWith(
    () => checkLoss(odd, { gradientBound: 2 }),
    "odd is not finite where every residual is ",
  );
  assertThrows(
    () => checkLoss((pred) => pred.mean(), { gradientBound: 1, target: () => zeros([8, 1]) }),
    RangeError,
    "gradientBound needs a floating target",
  );
});

const classes = ([rows = 0]: readonly number[]) =>
  tensor(Int32Array.from({ length: rows }, (_, i) => i % 3));
const only = ([rows = 0]: readonly number[]) => zeros([rows], { dtype: "int32" });
const nobody = ([rows = 0]: readonly number[]) => only([rows]).add(-100).to({ dtype: "int32" });

Deno.test("checkLoss() accepts a loss of labels that keeps to all", () => {
  checkLoss(losses.crossEntropy, {
    target: classes,
    finiteAt: [1e4, -1e4],
    offsetInvariant: true,
    emptyBatch: true,
    ignored: nobody,
    missing: only,
    exact: [{
      pred: tensor([[0, 0]], { dtype: "float64" }),
      target: only([1]),
      value: Math.LN2,
    }],
  });
});

Deno.test("checkLoss() demands that a common offset changes nothing", () => {
  const plain = (x: Tensor, labels: Tensor) =>
    x.exp().sum(1).log().sub(x.gather(1, labels.unsqueeze(1)).squeeze(1)).mean();
  checkLoss(plain, { target: classes });
  assertFailsWith(
    () => checkLoss(plain, { target: classes, offsetInvariant: true }),
    "plain changes with a common offset: the value is Infinity with 10000 added to all predictions",
  );
  const leaning = (x: Tensor) => x.sub(x.detach()).mul(x.detach()).mean();
  assertFailsWith(
    () => checkLoss(leaning, { offsetInvariant: true }),
    "leaning changes with a common offset: 24 elements times the gradient at index [0, 0] is ",
  );
});

Deno.test("checkLoss() demands a gradient for a batch without rows", () => {
  const counting = (pred: Tensor, target: Tensor) =>
    pred.shape[0] === 0 ? zeros([]) : mse(pred, target);
  checkLoss(counting);
  assertFails(
    () => checkLoss(counting, { emptyBatch: true }),
    "counting has no gradient for a batch without rows",
  );
});

Deno.test("checkLoss() demands gradients of 0 where nothing counts", () => {
  const careless = (x: Tensor, labels: Tensor) =>
    losses.crossEntropy(x, labels).nanToNum().add(x.mean());
  checkLoss(careless, { target: classes });
  assertFailsWith(
    () => checkLoss(careless, { target: classes, ignored: nobody }),
    "careless has a gradient where the target is ignored: it is ",
  );
});

Deno.test("checkLoss() demands finite values where classes are missing", () => {
  const balanced = (x: Tensor, labels: Tensor) => {
    const [of1, all] = [labels.eq(1), x.logSoftmax(1).neg().at(":", 1)];
    return where(of1, all, 0).sum().div(of1.sum());
  };
  checkLoss(balanced, { target: classes });
  assertFailsWith(
    () => checkLoss(balanced, { target: classes, missing: only }),
    "balanced is not finite where classes are missing: the value is NaN",
  );
});

Deno.test("checkLoss() demands exact values and finite gradients at points", () => {
  const at = (value: number) => [{ pred: tensor([0]), target: tensor([1]), value }];
  checkLoss(mse, { exact: at(1) });
  assertFails(
    () => checkLoss(mse, { exact: at(1.1) }),
    "mse is not exact at point 0: the value is 1, needed is 1.1",
  );
  const root = (pred: Tensor) => pred.abs().sqrt().mean();
  assertFails(
    () => checkLoss(root, { exact: at(0) }),
    "root has no finite gradient at point 0: it is [NaN]",
  );
});

Deno.test("checkLoss() leaves no trace", () => {
  manualSeed(1);
  const next = rand([2]).toArray();
  manualSeed(1);
  noGrad(() => checkLoss(mse, { zeroAtTarget: true }));
  assertEquals(rand([2]).toArray(), next);
  const target = zeros([8, 3], { requiresGrad: true });
  checkLoss(mse, { target: () => target });
  assertEquals(target.grad, null);
});
