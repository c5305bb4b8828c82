/** The loss of PPO: its golden values, its clip, its masks. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { full, grad, losses, ones, type Tensor, tensor, zeros } from "../../mod.ts";
import { double, leaf } from "./plain.ts";

const { PPOSequenceLoss } = losses;
const float64 = { dtype: "float64" } as const;

/** The case of the design. */
function golden() {
  const old = full([4], 0.2, float64).log();
  const now = tensor([0.3, 0.3, 0.1, 0.1], float64).log().requiresGrad_();
  const values = full([4], 0.5, float64).requiresGrad_();
  const [gains, goals] = [tensor([1, -1, 1, -1], float64), tensor([1, 0, 1, 0], float64)];
  return [now, old, gains, goals, values, ones([4], float64)] as const;
}

Deno.test("PPOSequenceLoss() has the golden values, and their gradients", () => {
  const inputs = golden();
  const { loss, policy, value, entropy } = new PPOSequenceLoss().forward(...inputs);
  const found = [loss, policy, value, entropy].map((x) => x.item());
  [0.265, 0.15, 0.25, -1].forEach((wanted, i) => assertAlmostEquals(found[i]!, wanted, 1e-12));
  const [g, v] = grad(loss, [inputs[0], inputs[4]]);
  assertClose(g, tensor([0, 0.375, -0.125, 0], float64), { atol: 1e-12 });
  assertClose(v, tensor([-0.125, 0.125, -0.125, 0.125], float64), { atol: 1e-12 });
});

Deno.test("PPOSequenceLoss() has the gradient of REINFORCE at the old policy, which is constant", () => {
  const [now, , gains, goals, values, entropy] = golden();
  const { loss } = new PPOSequenceLoss().forward(now, now, gains, goals, values, entropy);
  assertClose(grad(loss, [now])[0], gains.div(-4));
});

Deno.test("PPOSequenceLoss() leaves out what is masked, though it be NaN", () => {
  const inputs = golden();
  const mask = tensor([true, true, false, true, false, false]);
  const spoilt = inputs.map((x) => {
    const longer = full([6], NaN, float64);
    longer.setAt([[0, 2]], x.detach().narrow(0, 0, 2));
    longer.setAt([[3, 4]], x.detach().narrow(0, 2, 1));
    return longer.requiresGrad_();
  }) as unknown as ReturnType<typeof golden>;
  const short = inputs.map((x) => x.detach().narrow(0, 0, 3)) as unknown as typeof spoilt;
  for (const normalizeAdvantage of [false, true]) {
    const criterion = new PPOSequenceLoss({ normalizeAdvantage });
    const { loss } = criterion.forward(...spoilt, mask);
    assertAlmostEquals(loss.item(), criterion.forward(...short).loss.item(), 1e-12);
    for (const g of grad(loss, [spoilt[0], spoilt[4], spoilt[5]])) {
      assert(g.isfinite().all().item());
      assertEquals(g.at(2).item(), 0);
    }
  }
  const none = new PPOSequenceLoss().forward(...inputs, zeros([4], { dtype: "bool" })).loss;
  assert(Number.isNaN(none.item()));
  assertEquals(grad(none, [inputs[0]])[0].toArray(), [0, 0, 0, 0]);
});

Deno.test("PPOSequenceLoss() is finite for policies that are far apart, and scales its advantages", () => {
  const far = leaf([1e4, -1e4, 1e4, -1e4]);
  const [, old, gains, goals, values, entropy] = golden();
  const { policy } = new PPOSequenceLoss().forward(far, old, gains, goals, values, entropy);
  assert(Number.isFinite(policy.item()));
  assertEquals(grad(policy, [far])[0].toArray(), [0, 0, 0, 0]);
  const advantages = double("advantages", [4]).detach();
  const run = (gains: Tensor) =>
    new PPOSequenceLoss({ normalizeAdvantage: true, clipEpsilon: 10 })
      .forward(golden()[0], old, gains, goals, values, entropy).policy.item();
  assertAlmostEquals(run(advantages.mul(100).add(7)), run(advantages), 1e-4);
});

Deno.test("PPOSequenceLoss() refuses what does not fit", () => {
  const [now, old, gains, goals, values, entropy] = golden();
  const run = (...given: unknown[]) => () =>
    new PPOSequenceLoss().forward(...given as Parameters<losses.PPOSequenceLoss["forward"]>);
  const wrong: [run: () => unknown, says: string][] = [
    [
      run(now, old, gains, goals, values.unsqueeze(1), entropy),
      "values must have the shape of logpro",
    ],
    [run(now, old, gains, goals, values), "entropy must be a tensor, got undefined"],
    [
      run(now, old, gains.to({ dtype: "int32" }), goals, values, entropy),
      "advantages must be float32",
    ],
    [run(now, old, gains, goals, values, entropy, ones([4])), "mask must be a bool tensor"],
    [
      run(now, old, gains, goals, values, entropy, ones([2], { dtype: "bool" })),
      "mask must have the shape of logprobsNew, [4], got [2]",
    ],
    [() => new PPOSequenceLoss({ clipEpsilon: -1 }), "clipEpsilon must be finite and not negative"],
  ];
  for (const [run, says] of wrong) {
    const { message } = assertThrows(run, Error);
    assert(message.includes(says), message);
    assert(/^Cannot (make|compute) losses\.PPO/.test(message), message);
  }
});
