/** Several objectives as one, weights of tasks, and the front: values, and what they refuse. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  grad,
  losses,
  manualSeed,
  ones,
  optim,
  randn,
  stack,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "../../mod.ts";
import { int32, leaf } from "./plain.ts";

Deno.test("Tchebycheff() has the slope of the largest distance, and shares it where several are", () => {
  const tasks = [leaf(2), leaf(3), leaf(3)];
  const slopes = (criterion: losses.Tchebycheff) =>
    grad(criterion.forward(tasks), tasks).map((g) => g.item());
  assertEquals(slopes(new losses.Tchebycheff([2, 1, 1])), [2, 0, 0]);
  assertEquals(slopes(new losses.Tchebycheff([1, 1, 1])), [0, 0.5, 0.5]);
  const near = slopes(new losses.Tchebycheff([1, 1, 1], { smooth: 1e-3 }));
  assertClose(tensor(near), tensor([0, 0.5, 0.5]), { atol: 1e-6 });
  // Above the maximum, by at most μ·ln T, and without an overflow.
  for (const far of [2e4, 1e308, Infinity]) {
    const tasks = [leaf(far), leaf(far), leaf(-1e4)];
    const value = new losses.Tchebycheff([1, 1, 1], { smooth: 0.1 }).forward(tasks);
    assertClose(value.item(), far + 0.1 * Math.log(2), { rtol: 1e-14 });
    if (far < Infinity) assertClose(stack(grad(value, tasks)), [0.5, 0.5, 0], { rtol: 1e-14 });
  }
});

Deno.test("dwa() has the weights of its formula, which sum to the number of tasks", () => {
  const [last, before] = [leaf([1, 2, 6]), leaf([2, 2, 3])];
  const powers = [0.25, 0.5, 1].map(Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  const wanted = tensor(powers.map((x) => 3 * x / sum), { dtype: "float64" });
  assertClose(losses.dwa(last, before), wanted, { rtol: 1e-14 });
  assertClose(losses.dwa(last, before, { temperature: 1e9 }), ones([3], { dtype: "float64" }), {
    rtol: 1e-8,
  });
  assertEquals(losses.dwa(leaf([5]), leaf([7])).toArray(), [1]);
});

/** Losses of two epochs, a temperature, and the weights; the square of `far` leaves its range. */
const farRates = (far: number): [number[], number[], number, number[]][] => [
  [[1, 3], [2, 3], 1e-30, [0, 2]],
  [[1, 3], [2, 3], 1e-40, [0, 2]],
  [[1, 3], [2, 3], 5e-324, [0, 2]],
  [[1, 3], [2, 3], 1e300, [1, 1]],
  [[0, 0], [2, 3], 5e-324, [1, 1]],
  [[far, 3], [1 / far, 3], 2, [2, 0]],
  [[-far, 3], [1 / far, 3], 2, [0, 2]],
  [[-far, -far], [1 / far, 1 / far], 2, [1, 1]],
  [[far, -far], [1 / far, 1 / far], 2, [2, 0]],
];

Deno.test("dwa() has weights and slopes of rates and temperatures however far apart", () => {
  for (const [dtype, far] of [["float32", 1e30], ["float64", 1e200]] as const) {
    for (const [last, before, temperature, weights] of farRates(far)) {
      const x = tensor(last, { dtype, requiresGrad: true });
      const y = losses.dwa(x, tensor(before, { dtype }), { temperature });
      assertEquals(y.toArray(), weights);
      const slopes = grad(y.at(0), [x])[0].toArray() as number[];
      assert(slopes.every(Number.isFinite), `${last}, ${before}, ${temperature}: ${slopes}`);
    }
  }
});

Deno.test("paretoFilter() keeps what no other point beats, by looking at each pair", () => {
  manualSeed(2);
  for (const [n, m] of [[1, 1], [1, 3], [20, 1], [30, 2], [40, 3]] as const) {
    const points = randn([n, m]).mul(2).round();
    const rows = points.toArray() as number[][];
    const wanted = rows.map((p) =>
      !rows.some((q) => q.every((x, k) => x <= p[k]!) && q.some((x, k) => x < p[k]!))
    );
    assertEquals(losses.paretoFilter(points).toArray(), wanted);
  }
  assertEquals(losses.paretoFilter(tensor([[1, 1], [1, 1], [NaN, 0]])).toArray(), [
    true,
    true,
    false,
  ]);
  assertEquals(losses.paretoFilter(zeros([0, 2])).toArray(), []);
});

Deno.test("groupGapPenalty() is the mean square of the differences between groups", () => {
  const each = leaf([1, 3, 5, 10]);
  const value = (groups: number[]) => losses.groupGapPenalty(each, int32(groups)).item();
  assertEquals(value([0, 0, 1, 1]), 30.25);
  assertEquals(value([7, 7, 0, 0]), 30.25);
  assertClose(value([2 ** 31 - 1, 2 ** 31 - 1, 3, 0]), 98 / 3, { rtol: 1e-14 });
  for (const groups of [int32([0, 0, 1, 1]), int32([9, 9, 4, 4])]) {
    const penalty = (own: Tensor) => losses.groupGapPenalty(own, groups);
    assertEquals(vmap(penalty)(stack([each, each.mul(2)])).toArray(), [30.25, 121]);
  }
  const many = Int32Array.from({ length: 3000 }, (_, i) => i * 7 % 3000);
  const x = leaf([...many]);
  const penalty = losses.groupGapPenalty(x, int32([...many]));
  assertClose(penalty, x.var().mul(2), { rtol: 1e-13 });
  assertClose(grad(penalty, [x])[0], grad(x.var().mul(2), [x])[0], {
    rtol: 1e-12,
    atol: 1e-12,
  });
  // The means are 2, 5 and 10: (9 + 64 + 25) / 3.
  assertClose(value([0, 0, 1, 2]), 98 / 3, { rtol: 1e-14 });
  assertEquals(value([4, 4, 4, 4]), 0);
  const [g] = grad(losses.groupGapPenalty(each, int32([1, 1, 1, 1])), [each]);
  assertEquals(g.toArray(), [0, 0, 0, 0]);
  assertEquals(losses.groupGapPenalty(zeros([0]), int32([])).item(), 0);
});

Deno.test("groupGapPenalty() narrows the gap between groups, at the price of a larger loss", () => {
  for (const seed of [1, 2, 3]) {
    manualSeed(seed);
    // One in ten follows another rule.
    const x = randn([200, 2]);
    const groups = int32(Array.from({ length: 200 }, (_, i) => Number(i % 10 === 0)));
    const rule = tensor([[1, -1], [0.2, 1.5]]).indexSelect(0, groups);
    const y = x.mul(rule).sum(1).add(randn([200]).mul(0.1));
    const [plain, fair] = [0, 1].map((factor) => {
      const weight = zeros([2], { requiresGrad: true });
      const optimizer = new optim.Adam([weight], { lr: 0.05 });
      const each = () => losses.mse(x.matmul(weight), y, { reduction: "none" });
      for (let step = 0; step < 200; step++) {
        optimizer.zeroGrad();
        const all = each();
        all.mean().add(losses.groupGapPenalty(all, groups).mul(factor)).backward();
        optimizer.step();
      }
      return {
        gap: losses.groupGapPenalty(each(), groups).sqrt().item(),
        loss: each().mean().item(),
      };
    });
    assert(fair!.gap < 0.7 * plain!.gap, `${fair!.gap} ${plain!.gap}`);
    assert(fair!.loss > plain!.loss, `${fair!.loss} ${plain!.loss}`);
  }
});

Deno.test("what makes several objectives one refuses what does not fit", () => {
  const { WeightedSum, Tchebycheff, dwa, gradNorm, groupGapPenalty, paretoFilter } = losses;
  const two = ones([2]);
  const wrong: [run: () => unknown, says: string][] = [
    [() => new WeightedSum([]), "weights must be an array of numbers, at least 0 and not all 0"],
    [() => new WeightedSum([0, 0]), "not all 0"],
    [() => new WeightedSum([1, -1]), "numbers, at least 0"],
    [() => new Tchebycheff([1, NaN]), "make losses.Tchebycheff: weights must be"],
    [() => new Tchebycheff([1, 2], { ideal: [0] }), "2 tasks need as many ideals, got 1"],
    [() => new Tchebycheff([1, 2], { ideal: [0, Infinity] }), "ideal must be an array of numbers"],
    [() => new Tchebycheff([1, 2], { smooth: 0 }), "smooth must be a positive number or null"],
    [() => new WeightedSum([1, 2]).forward([ones([])]), "it takes 2 losses, got 1"],
    [() => new WeightedSum([1]).forward([two]), "a loss must have one element, got shape [2]"],
    [
      () => new WeightedSum([1]).forward([int32([1])]),
      "a loss must be float32 or float64, got int32",
    ],
    [() => dwa(two, ones([3])), "before must have shape [2], got [3]"],
    [() => dwa(ones([]), ones([])), "last must have shape [T], got []"],
    [() => dwa(two, zeros([2])), "losses before must be positive and finite, got 0"],
    [() => dwa(two, two.mul(Infinity)), "losses before must be positive and finite, got Infinity"],
    [() => dwa(two.mul(NaN), two), "losses last must be finite, got NaN"],
    [
      () => gradNorm(two, two, { ratios: two.neg() }),
      "ratios must be finite and not negative, got -1",
    ],
    [() => gradNorm(two, two, { ratios: two.mul(NaN) }), "not negative, got NaN"],
    [() => gradNorm(two, two, { ratios: zeros([2]) }), "ratios must not all be 0"],
    [() => gradNorm(two, two, { alpha: -1 }), "alpha must be finite and not negative, got -1"],
    [() => dwa(two, two, { temperature: 0 }), "temperature must be positive and finite, got 0"],
    [() => paretoFilter(two), "points must have shape [N, M], got [2]"],
    [() => groupGapPenalty(two, int32([0])), "must both have shape [N], got [2] and [1]"],
    [() => groupGapPenalty(ones([]), tensor(0, { dtype: "int32" })), "must both have shape [N]"],
    [() => groupGapPenalty(two, two), "groups int32, got float32 and float32"],
    [() => groupGapPenalty(two, int32([0, -1])), "groups are counted from 0, got -1"],
  ];
  for (const [run, says] of wrong) {
    const { message } = assertThrows(run, Error);
    assert(message.includes(says), message);
    assert(/^Cannot (make|compute) losses\./.test(message), message);
  }
});

Deno.test("one tensor may be the loss of several tasks", () => {
  const shared: Tensor = leaf(3);
  assertEquals(new losses.WeightedSum([1, 2]).forward([shared, shared]).item(), 9);
  assertEquals(new losses.Tchebycheff([1, 2]).forward([shared, shared]).item(), 6);
  const { gradient, weights } = losses.mgda(losses.taskGradients([shared, shared.mul(2)], shared));
  assertEquals([gradient.item(), weights.toArray()], [1, [1, 0]]);
});
