/**
 * The loss designs that the project began with, and their exact values. Each test that
 * says "shows" demonstrates a defect of the original.
 */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import {
  grad,
  linspace,
  losses,
  manualSeed,
  nn,
  optim,
  rand,
  randn,
  stack,
  type Tensor,
  tensor,
  where,
  zeros,
} from "../../mod.ts";

function double(data: Parameters<typeof tensor>[0]): Tensor {
  return tensor(data, { dtype: "float64" });
}

Deno.test("S1 AdaptiveMSE has its golden values", () => {
  const loss = new losses.AdaptiveMSE();
  const prediction = tensor([1, 2, 3], { requiresGrad: true });
  const value = loss.forward(prediction, tensor([0, 0, 5]));
  value.backward();
  assertEquals(value.item(), 3);
  assertClose(prediction.grad!, tensor([2 / 3, 4 / 3, -4 / 3]));
  assertEquals(loss.alpha.grad!.item(), 3);
});

Deno.test("S1 AdaptiveMSE shows that descent drives its factor below zero", () => {
  manualSeed(0);
  const x = randn([64, 4]);
  const y = x.matmul(randn([4, 1])).add(randn([64, 1]).mul(0.5));
  const model = new nn.Linear(4, 1);
  const loss = new losses.AdaptiveMSE();
  const optimizer = new optim.SGD([...model.parameters(), ...loss.parameters()], { lr: 1e-2 });
  let crossed = -1;
  for (let step = 1; step <= 200 && crossed < 0; step++) {
    optimizer.zeroGrad();
    loss.forward(model.forward(x), y).backward();
    optimizer.step();
    if (loss.alpha.item() < 0) crossed = step;
  }
  assert(crossed > 0, "the factor stayed positive for 200 steps");
});

/** S4: Huber's loss by hand. */
function huberByHand(prediction: Tensor, target: Tensor, delta = 1): Tensor {
  const r = prediction.sub(target).abs();
  return where(r.le(delta), r.square().mul(0.5), r.mul(delta).sub(0.5 * delta ** 2)).mean();
}

Deno.test("S4 Huber and MSE on 100 predictions with one outlier have their golden values", () => {
  const prediction = linspace(-5, 5, 100, { dtype: "float64", requiresGrad: true });
  const target = zeros([100], { dtype: "float64" });
  target.setAt([50], 20);
  const mse = prediction.sub(target).square().mul(0.5).mean();
  mse.backward();
  const gradMse = prediction.grad!.clone();
  prediction.grad = null;
  const huber = huberByHand(prediction, target, 2);
  huber.backward();
  const gradHuber = prediction.grad!;
  assertAlmostEquals(mse.item(), 6.240740, 1e-6);
  assertAlmostEquals(huber.item(), 3.693313, 1e-6);
  assertAlmostEquals(losses.huber(prediction, target, { delta: 2 }).item(), huber.item(), 1e-15);
  assertAlmostEquals(prediction.at(50).item(), 0.050505, 1e-6);
  assertAlmostEquals(gradMse.at(50).item(), -0.199495, 1e-6);
  assertAlmostEquals(gradHuber.at(50).item(), -0.02, 1e-15);
  const sizes = (g: Tensor) => Array.from(g.abs().data);
  const share = (g: Tensor) => g.at(50).abs().item() / g.abs().sum().item();
  assertAlmostEquals(Math.max(...sizes(gradMse).toSpliced(50, 1)), 0.05, 1e-15);
  assertAlmostEquals(Math.max(...sizes(gradHuber)), 0.02, 1e-15);
  assertEquals(prediction.sub(target).abs().ge(2).sum().item(), 61);
  assertAlmostEquals(share(gradMse), 0.0732, 5e-5);
  assertAlmostEquals(share(gradHuber), 0.0123, 5e-5);
});

Deno.test("S4 Huber's gradient is 0 at residual 0 and ±δ at the edges, and where() leaks no NaN", () => {
  const r = double([0, 2, -2]).requiresGrad_();
  huberByHand(r, double([0, 0, 0]), 2).mul(3).backward();
  assertEquals(r.grad!.toArray(), [0, 2, -2]);
  const [a, b] = [double([NaN, 4]).requiresGrad_(), double([5, Infinity]).requiresGrad_()];
  const chosen = where(tensor([false, true]), a.square(), b.mul(3)).sum();
  chosen.backward();
  assertEquals([chosen.item(), b.grad!.toArray()], [31, [3, 0]]);
  assertEquals(a.grad!.at(1).item(), 8);
  gradcheck((p, t) => huberByHand(p!, t!, 0.7), [[9], [9]]);
  gradgradcheck((p, t) => huberByHand(p!, t!, 0.7), [[9], [9]]);
});

Deno.test("S5 uncertainty weighting has its golden values", () => {
  const criterion = new losses.MultiTaskLossWithUncertainty(2, { dtype: "float64" });
  const total = criterion.forward([double(2), double(3)]);
  total.backward();
  assertEquals(total.item(), 5);
  assertEquals(criterion.logVars.grad!.toArray(), [-1.5, -2.5]);
});

Deno.test("S5 uncertainty weighting settles at ln(2L)", () => {
  const criterion = new losses.MultiTaskLossWithUncertainty(2, { dtype: "float64" });
  const optimizer = new optim.Adam(criterion.parameters(), { lr: 1e-2 });
  for (let step = 0; step < 2000; step++) {
    optimizer.zeroGrad();
    criterion.forward([double(0.04), double(9)]).backward();
    optimizer.step();
  }
  assertAlmostEquals(criterion.logVars.at(0).item(), -2.5257, 1e-2);
  assertAlmostEquals(criterion.logVars.at(1).item(), 2.8904, 1e-2);
});

/** S6: the clipped policy loss, value loss and entropy bonus. */
function ppoSequenceLoss(
  inputs: Record<"logpNew" | "logpOld" | "advantages" | "returns" | "values" | "entropy", Tensor>,
): [total: Tensor, policy: Tensor, value: Tensor, entropy: Tensor] {
  const ratio = inputs.logpNew.sub(inputs.logpOld).exp();
  const plain = ratio.mul(inputs.advantages);
  const clipped = ratio.clamp(0.8, 1.2).mul(inputs.advantages);
  const policy = plain.minimum(clipped).mean().neg();
  const value = losses.mse(inputs.values, inputs.returns);
  const entropy = inputs.entropy.mean().neg();
  return [policy.add(value.mul(0.5)).add(entropy.mul(0.01)), policy, value, entropy];
}

Deno.test("S6 the PPO sequence loss has its golden values", () => {
  const logpNew = double([0.3, 0.3, 0.1, 0.1]).log().requiresGrad_();
  const values = double([0.5, 0.5, 0.5, 0.5]).requiresGrad_();
  const parts = ppoSequenceLoss({
    logpNew,
    logpOld: double([0.2, 0.2, 0.2, 0.2]).log(),
    advantages: double([1, -1, 1, -1]),
    returns: double([1, 0, 1, 0]),
    values,
    entropy: double([1, 1, 1, 1]),
  });
  parts[0].backward();
  assertClose(stack(parts), double([0.265, 0.15, 0.25, -1]));
  assertClose(logpNew.grad!, double([0, 0.375, -0.125, 0]));
  assertClose(values.grad!, double([-0.125, 0.125, -0.125, 0.125]));
});

Deno.test("S6 at ratio 1 the policy gradient is −A/N, and 0 if the old log-probabilities are live", () => {
  const advantages = double([1, -2, 3]);
  const rest = { advantages, returns: advantages, values: advantages, entropy: advantages };
  const live = double([-1, -2, -0.5]).requiresGrad_();
  ppoSequenceLoss({ logpNew: live, logpOld: live.detach(), ...rest })[1].backward();
  assertClose(live.grad!, advantages.div(-3));
  live.grad = null;
  ppoSequenceLoss({ logpNew: live, logpOld: live, ...rest })[1].backward();
  assertEquals(live.grad!.toArray(), [0, 0, 0]);
});

/** The network, data and weights of the golden values. */
function metaSetting() {
  const network = new losses.MetaLossNetwork(4, { dtype: "float64" });
  let k = 0;
  const state = Object.fromEntries(
    Object.entries(network.stateDict()).map(([key, value]) => {
      const numbers = Float64Array.from(
        { length: value.size },
        () => 0.3 * Math.sin(1.3 * k++ + 0.5),
      );
      return [key, tensor(numbers).reshape(value.shape)];
    }),
  );
  network.loadStateDict(state);
  const x = tensor(Float64Array.from({ length: 10 }, (_, i) => Math.sin(0.7 * i))).reshape([5, 2]);
  const y = tensor(Float64Array.from({ length: 5 }, (_, i) => Math.cos(i)));
  const w = double([0.3, -0.2]).requiresGrad_();
  return { network, x, y, w, count: k };
}

Deno.test("S7 the meta-gradient through an inner step has its golden values", () => {
  const { network, x, y, w, count } = metaSetting();
  assertEquals(count, 2433);
  const inner = network.forward(x, x.matmul(w), y);
  const [g] = grad(inner, [w], { createGraph: true });
  const query = losses.mse(x.matmul(w.sub(g.mul(0.1))), y);
  query.backward();
  assertAlmostEquals(inner.item(), 0.601016671666, 1e-12);
  assertClose(g, double([-0.013122961448, -0.005083504792]), { rtol: 0, atol: 1e-12 });
  assertAlmostEquals(query.item(), 0.571035017116, 1e-12);
  const norms = network.parameters().map((p) => Math.sqrt(p.grad!.square().sum().item()));
  const golden = [2.517353e-3, 1.802398e-4, 8.505265e-3, 4.904046e-4, 1.20802e-2, 6.21202e-4];
  golden.forEach((norm, i) => assertAlmostEquals(norms[i]!, norm, norm * 1e-6));
  const meta = network.parameters()[2]!.grad!.at(3, 5).item();
  assertAlmostEquals(meta, -4.32227e-5, 1e-10);
});

Deno.test("S7 the meta-gradient equals a central difference", () => {
  const { network, x, y, w } = metaSetting();
  const weight = network.parameters()[2]!;
  const value = (shift: number) => {
    const before = weight.at(3, 5).item();
    weight.detach().setAt([3, 5], before + shift);
    const [g] = grad(network.forward(x, x.matmul(w), y), [w]);
    weight.detach().setAt([3, 5], before);
    return losses.mse(x.matmul(w.detach().sub(g.mul(0.1))), y).item();
  };
  assertAlmostEquals((value(1e-5) - value(-1e-5)) / 2e-5, -4.32227e-5, 1e-9);
});

Deno.test("S7 predictions of shape [B, 1] and features of one dimension are refused", () => {
  const { network, x, y } = metaSetting();
  const column = x.at(":", [0, 1]);
  const wide = () => network.forward(x, column, column);
  assertThrows(wide, RangeError, "must have shape [5]");
  assertThrows(() => network.forward(y, y, y), RangeError, "features must have shape [N, ...]");
});

Deno.test("G softplus does not overflow, and keeps what is small", () => {
  assertEquals(double(100).softplus().item(), 100);
  assertAlmostEquals(double(-100).softplus().item(), 3.72e-44, 1e-46);
});

Deno.test("G SSIM of two images has its golden values", () => {
  const image = (pixel: (i: number, j: number) => number) =>
    tensor(Float64Array.from({ length: 256 }, (_, k) => pixel(k >> 4, k & 15)))
      .reshape([1, 1, 16, 16]);
  const a = image((i, j) => (7 * i + 13 * j) % 32 / 31).requiresGrad_();
  const b = a.detach().mul(0.8).add(image((i, j) => 0.1 * ((5 * i + 3 * j) % 16) / 15));
  const loss = losses.ssim(a, b);
  loss.backward();
  assertAlmostEquals(1 - loss.item(), 0.965389319656, 1e-12);
  assertAlmostEquals(losses.ssim(b, b).item(), 0, 1e-12);
  assertAlmostEquals(a.grad!.at(0, 0, 8, 8).item(), -6.173408788e-3, 1e-12);
  assertAlmostEquals(a.grad!.norm().item(), 0.0966896354, 1e-10);
});

Deno.test("C-03 L1 oscillates at ±0.05, Huber decays as 0.95·0.9ⁿ", () => {
  const descend = (loss: (x: Tensor) => Tensor) => {
    const x = double(0.95).requiresGrad_();
    const optimizer = new optim.SGD([x], { lr: 0.1 });
    return Array.from({ length: 40 }, () => {
      optimizer.zeroGrad();
      loss(x).backward();
      optimizer.step();
      return x.item();
    });
  };
  const l1 = descend((x) => x.abs());
  l1.slice(10).forEach((x) => assertAlmostEquals(Math.abs(x), 0.05, 1e-12));
  const huber = descend((x) => huberByHand(x, zeros([], { dtype: "float64" })));
  huber.forEach((x, n) => assertAlmostEquals(x, 0.95 * 0.9 ** (n + 1), 1e-12));
});

Deno.test("C-30 the demo seed keeps all of its bits", () => {
  const first = (seed: number | bigint) => {
    manualSeed(seed);
    return rand([4]).toArray();
  };
  assertEquals(first(1766016000072), first(1766016000072n));
  assert(first(1766016000072n)!.toString() !== first(784441416)!.toString());
});
