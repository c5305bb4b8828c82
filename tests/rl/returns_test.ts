/** Returns and advantages against their definitions, and rollouts that keep what they were given. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  cat,
  DTypeError,
  grad,
  manualSeed,
  noGrad,
  ones,
  rand,
  randn,
  RandomGenerator,
  rl,
  scope,
  ShapeError,
  type Tensor,
  tensor,
  where,
  zeros,
} from "../../mod.ts";

const { discountedReturns, gae, RolloutBuffer } = rl;
const float64 = { dtype: "float64" } as const;

/** Nine steps of four environments, with ends and cuts. */
function scene(seed = 1) {
  const generator = new RandomGenerator(seed);
  const draw = () => randn([9, 4], { ...float64, generator });
  const [rewards, values, elsewhere] = [draw(), draw(), draw()];
  const u = rand([9, 4], { generator });
  const [terminated, truncated] = [u.lt(0.15), u.gt(0.8)];
  // Within an episode the next state is the next one of the rollout.
  const later = cat([values.narrow(0, 1, 8), elsewhere.narrow(0, 8, 1)], 0);
  const nextValues = where(terminated.logicalOr(truncated), elsewhere, later);
  return { rewards, values, nextValues, terminated, truncated };
}

type Scene = ReturnType<typeof scene>;

/** The sum of later rewards, in plain words: one by one until the episode is over. */
function byHand({ rewards, nextValues, terminated, truncated }: Scene, gamma: number): Tensor {
  const at = (x: Tensor, t: number, i: number) => Number(x.at(t, i).item());
  const rows = Array.from({ length: 9 }, (_, from) =>
    Array.from({ length: 4 }, (_, i) => {
      let sum = 0;
      for (let t = from;; t++) {
        const weight = gamma ** (t - from);
        sum += weight * at(rewards, t, i);
        if (at(terminated, t, i) === 1) return sum;
        const over = at(truncated, t, i) === 1 || t === 8;
        if (over) return sum + weight * gamma * at(nextValues, t, i);
      }
    }));
  return tensor(rows, float64);
}

Deno.test("discountedReturns() sums until a termination, and beyond a cut what the critic expects", () => {
  const own = scene();
  assert([own.terminated, own.truncated].every((marks) => marks.sum().item() > 2));
  for (const gamma of [0, 0.9, 1]) {
    const { rewards, ...options } = own;
    assertClose(
      discountedReturns(rewards, { ...omit(options, "values"), gamma }),
      byHand(own, gamma),
    );
  }
  const blind = { ...own, nextValues: zeros([9, 4], float64) };
  const { rewards, terminated, truncated } = own;
  assertClose(discountedReturns(rewards, { terminated, truncated }), byHand(blind, 0.99));
});

function omit<T extends object, K extends keyof T>(object: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = object;
  return rest;
}

Deno.test("gae() with λ = 1 is the Monte-Carlo return less the value", () => {
  const own = scene(2);
  const { rewards, values, nextValues, terminated, truncated } = own;
  const { advantages, returns } = gae(rewards, values, nextValues, {
    terminated,
    truncated,
    gamma: 0.9,
    lambda: 1,
  });
  assertClose(advantages, byHand(own, 0.9).sub(values), { rtol: 1e-12, atol: 1e-12 });
  assertClose(returns, byHand(own, 0.9), { rtol: 1e-12, atol: 1e-12 });
});

Deno.test("gae() with λ = 0 is the critic's error in one step", () => {
  const { rewards, values, nextValues, terminated, truncated } = scene(3);
  const { advantages } = gae(rewards, values, nextValues, { terminated, truncated, lambda: 0 });
  const ahead = nextValues.mul(terminated.logicalNot()).mul(0.99);
  assertClose(advantages, rewards.add(ahead).sub(values), { rtol: 1e-12, atol: 1e-12 });
});

Deno.test("gae() between them weighs the errors of later steps by (γλ)ᵏ within the episode", () => {
  const { rewards, values, nextValues, terminated, truncated } = scene(4);
  const options = { terminated, truncated, gamma: 0.9, lambda: 0.7 };
  const { advantages } = gae(rewards, values, nextValues, options);
  const errors = gae(rewards, values, nextValues, { ...options, lambda: 0 }).advantages;
  const over = terminated.logicalOr(truncated);
  for (let i = 0; i < 4; i++) {
    for (let t = 0; t < 9; t++) {
      let sum = 0;
      for (let k = 0; t + k < 9; k++) {
        sum += 0.63 ** k * errors.at(t + k, i).item();
        if (over.at(t + k, i).item() === 1) break;
      }
      assertClose(advantages.at(t, i), tensor(sum, float64), { rtol: 1e-12, atol: 1e-12 });
    }
  }
});

Deno.test("a termination and a cut are told apart, and neither is passed over", () => {
  const [rewards, values, next] = [[1, 1, 1], [0, 0, 8], [0, 8, 8]].map((row) =>
    tensor(row).unsqueeze(1)
  ) as [Tensor, Tensor, Tensor];
  const mark = tensor([[false], [true], [false]]);
  const of = (options: rl.GaeOptions) =>
    gae(rewards, values, next, { ...options, gamma: 1, lambda: 1 }).advantages.flatten().toArray();
  assertEquals(of({ terminated: mark }), [2, 1, 1]);
  assertEquals(of({ truncated: mark }), [10, 9, 1]);
  assertEquals(of({}), [11, 10, 1]);
  // Of a state that was the last one it does not matter that the time was up too.
  assertEquals(of({ terminated: mark, truncated: mark }), [2, 1, 1]);
});

Deno.test("a cut that is taken for an end, or passed over, is found by the sums", () => {
  const own = scene(2);
  const { rewards, values, nextValues, terminated, truncated } = own;
  const wanted = byHand(own, 0.9).sub(values);
  const wrong: rl.GaeOptions[] = [
    { terminated: terminated.logicalOr(truncated) },
    { terminated },
    { truncated: terminated.logicalOr(truncated) },
    { terminated, truncated, lambda: 0.99 },
  ];
  for (const options of wrong) {
    const { advantages } = gae(rewards, values, nextValues, { gamma: 0.9, lambda: 1, ...options });
    assertThrows(() => assertClose(advantages, wanted, { rtol: 1e-3, atol: 1e-3 }));
  }
});

Deno.test("time may run along any dimension, of any layout and type", () => {
  const { rewards, values, nextValues, terminated, truncated } = scene(5);
  const whole = gae(rewards, values, nextValues, { terminated, truncated });
  for (const dim of [1, -1]) {
    const [r, v, n, over, cut] = [rewards, values, nextValues, terminated, truncated].map((x) =>
      x.transpose(0, 1)
    ) as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const turned = gae(r, v, n, { terminated: over, truncated: cut, dim });
    assertEquals(turned.advantages.transpose(0, 1).toArray(), whole.advantages.toArray());
  }
  const single = gae(rewards.to("float32"), values.to("float32"), nextValues.to("float32"), {
    terminated,
    truncated,
  });
  assertEquals(single.advantages.dtype, "float32");
  assertClose(single.returns, whole.returns.to("float32"), { rtol: 1e-5, atol: 1e-5 });
  assertEquals(discountedReturns(ones([3]), { gamma: 0.5 }).toArray(), [1.75, 1.5, 1]);
  assertEquals(discountedReturns(zeros([0, 2])).shape, [0, 2]);
  assertEquals(gae(zeros([2, 0]), zeros([2, 0]), zeros([2, 0])).returns.shape, [2, 0]);
});

Deno.test("advantages have no gradient, and change nothing that they are made of", () => {
  const [rewards, values] = [ones([3]), ones([3], { requiresGrad: true })];
  const { advantages, returns } = gae(rewards, values, values);
  assertEquals([advantages.requiresGrad, returns.requiresGrad], [false, false]);
  assertEquals([rewards.toArray(), values.toArray()], [[1, 1, 1], [1, 1, 1]]);
  // One tensor in all places, and results that outlive it.
  const same = gae(rewards, rewards, rewards);
  rewards.dispose();
  assertEquals(same.advantages.shape, [3]);
});

Deno.test("returns and advantages say what does not fit", () => {
  const x = ones([3, 2]);
  const refused: [() => unknown, new (...args: never[]) => Error, string][] = [
    [() => gae(x, ones([3]), x), ShapeError, "values must have the shape of the rewards, [3, 2]"],
    [() => gae(x, x, ones([2, 3])), ShapeError, "nextValues must have the shape"],
    [() => gae(x, x, x, { terminated: tensor([true]) }), ShapeError, "terminated must have"],
    [() => gae(x, x, x, { lambda: 1.1 }), TypeError, "lambda must be a number from 0 to 1"],
    [() => gae(x.to("int32"), x, x), DTypeError, "rewards must be float32 or float64, got int32"],
    [() => discountedReturns(x, { gamma: -1 }), TypeError, "gamma must be a number from 0 to 1"],
    [() => discountedReturns(x, { dim: 2 }), RangeError, "dim"],
    [() => discountedReturns(tensor(1)), RangeError, "dim"],
  ];
  for (const [call, Wrong, words] of refused) assertThrows(call, Wrong, words);
});

Deno.test("a rollout keeps copies without gradient", () => {
  const buffer = new RolloutBuffer<"logProb" | "action">();
  const logits = randn([2, 3]).requiresGrad_();
  const action = tensor([0, 2], { dtype: "int32" });
  const logProb = logits.logSoftmax(1).gather(1, action.unsqueeze(1)).squeeze(1);
  buffer.add({ logProb, action });
  const before = logProb.toArray();
  noGrad(() => logProb.fill_(0));
  scope(() => buffer.add({ logProb: logProb.mul(1), action: action.add(0) }));
  const all = buffer.stacked();
  assertEquals(all.logProb.requiresGrad, false);
  assertEquals(all.logProb.toArray(), [before, [0, 0]]);
  assertEquals([all.action.dtype, all.action.shape, buffer.length], ["int32", [2, 2], 2]);
  // So that the old log-probabilities count as constants even without a loss that detaches them.
  const [g] = grad(all.logProb.sub(logits.sum()).sum(), [logits]);
  assertEquals(g.at(0, 0).item(), -4);
  buffer.clear();
  assertEquals(buffer.length, 0);
  assertThrows(() => buffer.stacked(), RangeError, "there are no steps yet");
});

Deno.test("batches of a rollout have each step of each environment once, in an order of their own", () => {
  const buffer = new RolloutBuffer<"place">();
  for (let t = 0; t < 5; t++) buffer.add({ place: tensor([3 * t, 3 * t + 1, 3 * t + 2]) });
  const twice = buffer.stacked().place.mul(2);
  const order = (seed: number) =>
    [...buffer.batches(4, { more: { twice }, generator: new RandomGenerator(seed) })].map(
      (batch) => {
        assertEquals(batch.twice.toArray(), batch.place.mul(2).toArray());
        return batch.place.toArray() as number[];
      },
    );
  assertEquals(order(1).map(({ length }) => length), [4, 4, 4, 3]);
  assertEquals(order(1).flat().sort((a, b) => a - b), Array.from({ length: 15 }, (_, i) => i));
  assertEquals(order(1), order(1));
  assert(String(order(1)) !== String(order(2)));
  manualSeed(3);
  const [first] = buffer.batches(15);
  manualSeed(3);
  const [again] = buffer.batches(15);
  assertEquals(first!.place.toArray(), again!.place.toArray());
});

Deno.test("a rollout says what does not fit the steps before", () => {
  const buffer = new RolloutBuffer();
  buffer.add({ a: ones([2, 3]), b: ones([2]) });
  const refused: [() => unknown, new (...args: never[]) => Error, string][] = [
    [() => buffer.add({ a: ones([2, 3]) }), TypeError, "must have a, b as those before, got a"],
    [() => buffer.add({ a: ones([2, 3]), c: ones([2]) }), TypeError, "as those before, got a, c"],
    [
      () => buffer.add({ a: ones([2, 4]), b: ones([2]) }),
      ShapeError,
      "a must have the shape [2, 3]",
    ],
    [() => buffer.add({ a: ones([2, 3]), b: ones([3]) }), ShapeError, "b must have 2 environments"],
    [() => new RolloutBuffer().add({ a: tensor(1) }), ShapeError, "along the first dimension"],
    [() => buffer.batches(2, { more: { c: ones([2, 2]) } }), ShapeError, "begins with [1, 2]"],
    [() => buffer.batches(2, { more: { a: ones([1, 2]) } }), TypeError, "and steps have a"],
    [() => new RolloutBuffer().batches(2), RangeError, "there are no steps yet"],
  ];
  for (const [call, Wrong, words] of refused) assertThrows(call, Wrong, words);
  assertEquals(buffer.length, 1);
});

Deno.test("what comes later counts for nothing where its share is 0, whatever it is", () => {
  for (const far of [Infinity, -Infinity, NaN, 1e38]) {
    const rewards = tensor([1, far, 2]);
    const [first] = discountedReturns(rewards, { gamma: 0 }).toArray() as number[];
    assertEquals(first, 1, `gamma 0 before ${far}`);
    const zero = zeros([3]);
    for (const shares of [{ gamma: 0 }, { lambda: 0 }]) {
      const [advantage] = gae(rewards, zero, zero, shares).advantages.toArray() as number[];
      assertEquals(advantage, 1, `${JSON.stringify(shares)} before ${far}`);
    }
    assertEquals(gae(tensor([1]), zeros([1]), tensor([far]), { gamma: 0 }).advantages.item(), 1);
  }
});
