/** Environments: their equations by hand, their ends, their streams of numbers. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  manualSeed,
  ones,
  randint,
  randn,
  RandomGenerator,
  rl,
  scope,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";

const int32 = { dtype: "int32" } as const;
const seeded = (seed: number) => ({ generator: new RandomGenerator(seed) });

/** Each kind of environment, with actions at random. */
const KINDS: Readonly<
  Record<string, [(options: rl.EnvironmentOptions) => rl.Environment, (count: number) => Tensor]>
> = {
  CartPole: [(o) => new rl.CartPole(o), (n) => randint(0, 2, [n])],
  Chain: [(o) => new rl.Chain(o), (n) => randint(0, 2, [n])],
  Reacher: [(o) => new rl.Reacher(o), (n) => randn([n, 2])],
  BigramText: [(o) => new rl.BigramText(o), (n) => randint(0, 8, [n])],
  StrategyBandit: [(o) => new rl.StrategyBandit(o), (n) => randint(0, 4, [n])],
  "LaneKeeping, image": [(o) => new rl.LaneKeeping(o), (n) => randn([n, 1])],
  "LaneKeeping, state": [(o) => new rl.LaneKeeping({ ...o, view: "state" }), (n) => randn([n, 1])],
};

/** All numbers of some steps. */
function history(name: string, seed: number, count: number, steps = 12): number[] {
  const [make, act] = KINDS[name]!;
  manualSeed(1);
  const env = make({ ...seeded(seed), count });
  const numbers = [...env.reset().data, ...env instanceof rl.Chain ? env.key.data : []];
  for (let t = 0; t < steps; t++) {
    const step = env.step(act(count));
    numbers.push(...Object.values<Tensor>({ ...step }).flatMap((x) => [...x.data]));
  }
  return numbers;
}

for (const [name, [make, act]] of Object.entries(KINDS)) {
  Deno.test(`${name} gives what its shapes say, and the same from the same seed`, () => {
    for (const count of [1, 3]) {
      const env = make({ ...seeded(4), count });
      assertEquals(env.reset().shape, [count, ...env.observationShape]);
      const step = env.step(act(count));
      const { observation, reward, terminated, truncated, nextObservation } = step;
      assertEquals(observation.shape, [count, ...env.observationShape]);
      assertEquals([nextObservation.shape, nextObservation.dtype], [
        observation.shape,
        observation.dtype,
      ]);
      assertEquals([reward.shape, reward.dtype], [[count], "float32"]);
      assertEquals([terminated, truncated].map(({ dtype }) => dtype), ["bool", "bool"]);
      assertEquals(history(name, 5, count), history(name, 5, count));
      assert(String(history(name, 5, count)) !== String(history(name, 6, count)));
    }
  });

  Deno.test(`${name} says which actions it takes, and when it has not begun`, () => {
    const env = make({ ...seeded(1), count: 2 });
    assertThrows(() => env.step(act(2)), TypeError, "reset() must begin an episode first");
    env.reset();
    assertThrows(() => env.step(act(3)), ShapeError, "actions must have shape [2");
    const wrong = act(2).dtype === "int32" ? ones([2]) : ones([2, env.actionSize], int32);
    assertThrows(() => env.step(wrong), TypeError, "actions must be");
    const none = act(2).dtype === "int32"
      ? tensor([0, env.actionSize], int32)
      : act(2).mul(Infinity);
    assertThrows(() => env.step(none), RangeError, "actions must be");
  });
}

Deno.test("CartPole moves as Gymnasium's equations say", () => {
  const env = new rl.CartPole(seeded(3));
  const [x, v, angle, turn] = (env.reset().toArray() as number[][])[0]! as [
    number,
    number,
    number,
    number,
  ];
  assert([x, v, angle, turn].every((value) => Math.abs(value) <= 0.05 && value !== 0));
  const { nextObservation, reward, terminated } = env.step(tensor([1], int32));
  // Masses 1 and 0.1, half the pole 0.5, a push of 10 for 0.02 seconds.
  const push = (10 + 0.05 * turn ** 2 * Math.sin(angle)) / 1.1;
  const turning = (9.8 * Math.sin(angle) - Math.cos(angle) * push) /
    (0.5 * (4 / 3 - 0.1 * Math.cos(angle) ** 2 / 1.1));
  const moving = push - 0.05 * turning * Math.cos(angle) / 1.1;
  const expected = [x + 0.02 * v, v + 0.02 * moving, angle + 0.02 * turn, turn + 0.02 * turning];
  assertClose(nextObservation, tensor([expected]), { rtol: 1e-5, atol: 1e-7 });
  // With the new speeds in place of the old ones, as another scheme has it, it would be found.
  const other = [x + 0.02 * expected[1]!, ...expected.slice(1)];
  assertThrows(() => assertClose(nextObservation, tensor([other]), { rtol: 1e-5, atol: 1e-7 }));
  assertEquals([reward.item(), terminated.item()], [1, 0]);
  // From rest and upright: 10/1.1 / (0.5·(4/3 − 1/11)) of angular speed is lost in each second.
  const upright = -(10 / 1.1) / (0.5 * (4 / 3 - 0.1 / 1.1));
  assertAlmostEquals(turning, upright, 0.5);
});

Deno.test("CartPole ends where the pole falls, is cut off at its time, and begins anew by itself", () => {
  const env = new rl.CartPole({ ...seeded(2), count: 2, maxSteps: 12 });
  let seen = env.reset();
  const ends: [number, string][] = [];
  for (let t = 1; t <= 24; t++) {
    // The first is always pushed to the right, the second against its fall.
    const against = Number(seen.at(1, 2).item() > 0);
    const step = env.step(tensor([1, against], int32));
    const { terminated, truncated, nextObservation, observation } = step;
    [0, 1].forEach((i) => {
      const [over, cut] = [terminated.at(i).item() === 1, truncated.at(i).item() === 1];
      const angle = Math.abs(nextObservation.at(i, 2).item());
      assertEquals(over, angle > 12 * Math.PI / 180);
      assert(!(over && cut));
      if (over || cut) {
        ends.push([i, over ? "terminated" : "truncated"]);
        assert(observation.at(i).abs().max().item() <= 0.05);
      } else assertEquals(observation.at(i).toArray(), nextObservation.at(i).toArray());
    });
    seen = observation;
  }
  assertEquals(ends.filter(([i]) => i === 1), [[1, "truncated"], [1, "truncated"]]);
  assert(ends.some(([i, how]) => i === 0 && how === "terminated"));
  assertEquals(env.episodeReturns.length, ends.length);
  assertEquals(env.episodeReturns.filter((sum) => sum === 12).length, 2);
});

Deno.test("Chain gives 1 after the last decision if enough of them were right", () => {
  const env = new rl.Chain({ ...seeded(7), count: 11 });
  const key = env.key.toArray() as number[];
  env.reset();
  let step: rl.EnvironmentStep | undefined;
  for (let t = 0; t < 10; t++) {
    if (t > 0) {
      assertEquals(step!.reward.sum().item(), 0);
      assertEquals(step!.observation.argmax(1).toArray(), Array(11).fill(t));
    }
    // The i-th has the first i right.
    const decisions = Array.from({ length: 11 }, (_, i) => t < i ? key[t]! : 1 - key[t]!);
    step = env.step(tensor(decisions, int32));
  }
  assertEquals(step!.reward.toArray(), [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  assertEquals(step!.terminated.sum().item(), 11);
  assertEquals(step!.nextObservation.sum().item(), 0);
  assertEquals(step!.observation.argmax(1).sum().item(), 0);
});

Deno.test("Reacher turns its joints, and its reward is the distance", () => {
  const env = new rl.Reacher({ ...seeded(8), maxSteps: 2 });
  const before = (env.reset().toArray() as number[][])[0]!;
  const joints = [Math.atan2(before[0]!, before[1]!), Math.atan2(before[2]!, before[3]!)];
  const { reward, nextObservation, truncated } = env.step(tensor([[0.5, -7]]));
  const [shoulder, elbow] = [joints[0]! + 0.075, joints[1]! - 0.15];
  const tip = [
    Math.cos(shoulder) + Math.cos(shoulder + elbow),
    Math.sin(shoulder) + Math.sin(shoulder + elbow),
  ];
  const way = [before[4]! - tip[0]!, before[5]! - tip[1]!];
  assertAlmostEquals(reward.item(), -Math.hypot(...way), 1e-5);
  const seen = (nextObservation.toArray() as number[][])[0]!;
  assertClose(tensor(seen.slice(6)), tensor(way), { rtol: 1e-4, atol: 1e-5 });
  assertAlmostEquals(seen[0]!, Math.sin(shoulder), 1e-5);
  assertEquals(truncated.item(), 0);
  const last = env.step(zeros([1, 2]));
  assertEquals([last.truncated.item(), last.terminated.item()], [1, 0]);
  // Points lie within reach.
  const many = new rl.Reacher({ ...seeded(9), count: 500 }).reset();
  const far = many.at(":", [4, 6]).norm({ dim: 1 });
  assert(far.min().item() >= 0.3 && far.max().item() <= 1.9);
});

Deno.test("BigramText judges pairs by its rule, at the end or at once", () => {
  for (const dense of [false, true]) {
    const env = new rl.BigramText({ ...seeded(10), count: 50, dense });
    assertEquals(env.allowed.to("int32").sum(1).toArray(), Array(8).fill(2));
    const sentences = randint(0, 8, [50, 8], seeded(11));
    assertEquals(env.reset().toArray(), Array(50).fill(8));
    let sum = zeros([50]);
    for (let t = 0; t < 8; t++) {
      const step = env.step(sentences.at(":", t));
      sum = sum.add(step.reward);
      if (t < 7) {
        assertEquals(step.observation.toArray(), sentences.at(":", t).toArray());
        if (!dense) assertEquals(step.reward.sum().item(), 0);
      } else assertEquals(step.terminated.sum().item(), 50);
    }
    assertClose(sum, env.score(sentences));
    const pairs = env.allowed.to("float32").at(
      sentences.narrow(1, 0, 7).flatten(),
      sentences.narrow(1, 1, 7).flatten(),
    );
    assertClose(env.score(sentences), pairs.reshape([50, 7]).mean(1));
  }
  assertThrows(() => new rl.BigramText({ length: 1 }), RangeError, "at least 2, got 1");
  assertThrows(() => new rl.BigramText({ followers: 9 }), RangeError, "at most vocabulary, 8");
  const text = new rl.BigramText();
  assertThrows(() => text.score(tensor([[0, 8]], int32)), RangeError, "in 0 to 7, got 8");
  assertThrows(() => text.score(tensor([[0]], int32)), ShapeError, "at least 2, got [1, 1]");
});

Deno.test("StrategyBandit helps as often as its probabilities say", () => {
  const env = new rl.StrategyBandit({ ...seeded(12), count: 4000 });
  const learners = env.reset();
  const chances = env.success(learners);
  const strategy = chances.argmax(1);
  const { reward, terminated, observation } = env.step(strategy);
  const expected = chances.max(1).values.mean().item();
  assertAlmostEquals(reward.mean().item(), expected, 5 * 0.5 / Math.sqrt(4000));
  assert(expected > 0.7 && expected < 0.95, `${expected}`);
  assertEquals(terminated.to("int32").sum().item(), 4000);
  assert(observation.sub(learners).abs().max().item() > 1);
});

Deno.test("LaneKeeping drifts with the road, and its picture shows the offset", () => {
  const env = new rl.LaneKeeping({ ...seeded(13), view: "state", limit: 1 });
  const [offset] = (env.reset().toArray() as number[][])[0]!;
  const { nextObservation, reward } = env.step(tensor([[0.4]]));
  const next = offset! - 0.25 * 0.4;
  assertClose(nextObservation, tensor([[next, 0.4 * Math.sin(1 / 15)]]), { atol: 1e-6 });
  assertAlmostEquals(reward.item(), -Math.abs(next), 1e-6);
  assertEquals(env.step(tensor([[-8]])).terminated.item(), 1);
  const pictures = new rl.LaneKeeping(seeded(14)).render([-0.4, 0.4], [0, 0]);
  assertEquals(pictures.shape, [2, 1, 16, 32]);
  // The nearest row has its two lines ten columns for each unit of offset from the middle.
  const row = pictures.at(":", 0, 15);
  const bright = row.argmax(1).toArray() as number[];
  [12, 20].forEach((middle, i) => {
    assert(Math.abs(Math.abs(bright[i]! - middle) - 6) <= 1, `${bright}`);
  });
  assertThrows(() => env.render([1], [1, 2]), TypeError, "got 1 offsets and 2 curves");
});

Deno.test("Chain rewards exactly the share that is needed", () => {
  for (const [needed, length] of [[0.55, 100], [0.07, 100], [0.14, 50], [0.28, 25]] as const) {
    const right = Math.round(needed * length);
    for (const hits of [right - 1, right]) {
      const env = new rl.Chain({ ...seeded(15), needed, length });
      env.reset();
      const rewards = (env.key.toArray() as number[]).map((action, i) => {
        const taken = i < hits ? action : 1 - action;
        return env.step(tensor([taken], { dtype: "int32" })).reward.item();
      });
      assertEquals(rewards.at(-1), Number(hits === right), `${hits} of ${length}`);
    }
  }
});

Deno.test("StrategyBandit outlives the scope in which it was made", () => {
  let env: rl.StrategyBandit | undefined;
  scope(() => {
    env = new rl.StrategyBandit(seeded(16));
  });
  env!.reset();
  assertEquals(env!.step(tensor([0], { dtype: "int32" })).terminated.item(), 1);
});
