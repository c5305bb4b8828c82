/** Ways to combine gradients: what they give, that it is the best, and that it has gradients itself. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import {
  grad,
  jacobian,
  losses,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  RandomGenerator,
  stack,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "../../mod.ts";
import { casesOf, type Stored, unstored } from "../fixtures/stored.ts";
import { type Aggregator, type AggregatorName, AGGREGATORS, type Plain } from "./aggregators.ts";
import { leaf } from "./plain.ts";

const float64 = { dtype: "float64" } as const;

/** A combination of TorchJD's. */
interface Combination {
  readonly name: AggregatorName;
  readonly options: losses.CAGradOptions & losses.PCGradOptions;
  readonly gradients: Stored;
  readonly direction: Stored;
}

const COMBINATIONS = casesOf<Combination>("objectives");
const MATRICES = [...new Set(COMBINATIONS.map(({ gradients }) => JSON.stringify(gradients)))]
  .map((text) => unstored(JSON.parse(text)));

/** How far a result is from the best. */
function residualOf({ run, residual }: Aggregator, gradients: Tensor): number {
  const { gradient, weights } = run(gradients);
  return residual({
    gradients: gradients.toArray() as unknown as Plain,
    weights: weights.toArray() as number[],
    direction: gradient.toArray() as number[],
  });
}

/** What is wrong with gradients through an aggregator; null if nothing is. */
function checkThrough({ run }: Aggregator, matrix: Tensor): void {
  const x = matrix.clone().requiresGrad_();
  gradcheck((x) => run(x).gradient, [x]);
  gradcheck((x) => run(x).weights, [x]);
  gradgradcheck((x) => run(x).gradient, [x]);
}

/** The loss after a step that was made of combined gradients, by where the tasks pull to. */
function afterStep({ run }: Aggregator, pulls: Tensor, rate: Tensor): Tensor {
  const start = tensor([0.3, -0.2, 0.5], { ...float64, requiresGrad: true });
  const tasks = pulls.unbind(0).map((pull, i) =>
    start.sub(pull).square().mul(i + 1).sum().add(1).log()
  );
  const gradients = losses.taskGradients(tasks, start, { createGraph: true });
  return start.sub(run(gradients).gradient.mul(rate)).pow(4).sum();
}

const DEGENERATE: Readonly<Record<string, number[][]>> = {
  identical: [[1, 2], [1, 2]],
  "nearly identical": [[1, 2], [1, 2 + 1e-9]],
  opposing: [[1, 2], [-2, -4]],
  "0 and another": [[0, 0], [1, 2]],
  "0 and two that conflict": [[0, 0], [3, 1], [-1, 0]],
  "all 0": [[0, 0], [0, 0]],
  dependent: [[1, 0], [0, 1], [1, 1]],
  "dependent and opposing": [[1, 0], [0, 1], [-1, -1]],
  "more than there are dimensions": [[1], [2], [3], [-0.5]],
  "one task": [[3, 4]],
  "of very different lengths": [[1e6, 0], [-1e-3, 1e-3]],
  "of no elements": [[], []],
};

/** Gradients of which some are opposite, more than there are dimensions, parallel, or of all lengths. */
const HARD = [
  [[0, 1, 0], [-1, 1, 1], [0, -1, 0]],
  [[0, -1], [0, -1], [-1, 1], [0, 1]],
  [[3, 1], [1, 2], [2, 3], [-1, 2]],
  [[1, 2, 0], [2, 4, 0], [-1, 0, 3]],
  [[1e4, 2e3, 0], [-1e-3, 1e-3, 2e-3], [0, -2, 3]],
];

for (const [name, aggregator] of Object.entries(AGGREGATORS)) {
  const { run, near } = aggregator;
  const title = `losses.${name}()`;

  Deno.test(`${title} gives what it claims to, to all digits`, () => {
    for (const matrix of MATRICES) {
      const wrong = residualOf(aggregator, matrix);
      assert(wrong < 1e-12, `${wrong} in ${matrix}`);
    }
  });

  Deno.test(`${title} is near to TorchJD`, () => {
    const cases = COMBINATIONS.filter((one) => one.name === name);
    assertEquals(cases.length > 0, near !== null);
    for (const { options, gradients, direction } of cases) {
      const x = unstored(gradients);
      const found = name === "caGrad" ? losses.caGrad(x, options) : run(x);
      assertClose(found.gradient, unstored(direction), { rtol: near!, atol: near! });
    }
  });

  Deno.test(`${title} has gradients of first and second order`, () => {
    for (const matrix of MATRICES) checkThrough(aggregator, matrix);
  });

  Deno.test(`${title} passes a meta-gradient through a step`, () => {
    const pulls = tensor([[1, 0.5, 0], [-1, 0.2, 0.4]], { ...float64, requiresGrad: true });
    const rate = tensor(0.3, { ...float64, requiresGrad: true });
    gradcheck((pulls, rate) => afterStep(aggregator, pulls!, rate!), [pulls, rate]);
    const [g] = grad(afterStep(aggregator, pulls, rate), [pulls]);
    assert(g.abs().max().item() > 1e-3);
  });

  Deno.test(`${title} is sound for gradients that are special`, () => {
    for (const [what, rows] of Object.entries(DEGENERATE)) {
      for (const dtype of ["float64", "float32"] as const) {
        const x = rows[0]!.length === 0
          ? zeros([2, 0], { dtype, requiresGrad: true })
          : tensor(rows, { dtype, requiresGrad: true });
        const { gradient, weights } = run(x);
        assertEquals([gradient.shape, weights.shape], [[rows[0]!.length], [rows.length]], what);
        assertEquals([gradient.dtype, weights.dtype === dtype || name === "gradNorm"], [
          dtype,
          true,
        ]);
        const [g] = grad(gradient.square().sum().add(weights.sum().mul(gradient.sum())), [x]);
        for (const found of [gradient, weights, g]) {
          assert(found.isfinite().all().item(), `${what}, ${dtype}: ${found}`);
        }
      }
    }
  });

  Deno.test(`${title} gives it for gradients that depend on each other, or differ in scale`, () => {
    // Where no direction is good for all, there is no bargain.
    const rows = name === "nashMtl" ? HARD.slice(2) : HARD;
    for (const hard of rows) {
      const scale = Math.max(...hard.map((g) => Math.hypot(...g))) ** 2;
      const wrong = residualOf(aggregator, tensor(hard, float64));
      assert(wrong < 1e-12 * scale, `${wrong} in ${hard}`);
    }
  });

  Deno.test(`${title} gives in float32 what it gives in float64, at all scales`, () => {
    const rows = MATRICES.find(({ shape }) => shape[0] === 3 && shape[1] === 7)!;
    for (const scales of [[1e-25, 1e-25, 1e-25], [1e25, 1e25, 1e25], [1e-18, 1, 1e18]]) {
      const single = rows.mul(tensor(scales, float64).unsqueeze(1)).to({ dtype: "float32" });
      const [own, other] = [single, single.to(float64)].map((x) => run(x).gradient.to(float64));
      const size = other!.norm();
      assertClose(own!.div(size), other!.div(size), { rtol: 1e-4, atol: 1e-4 });
    }
  });

  Deno.test(`${title} takes gradients in any form, and combines all of it by the same weights`, () => {
    const x = MATRICES.find(({ shape }) => shape[0] === 3 && shape[1] === 7)!;
    const { gradient, weights } = run(x);
    const tree = { w: x.narrow(1, 0, 6).reshape([3, 2, 3]), b: [x.transpose(0, 1).at(6)] };
    const other = run(tree as unknown as Tensor) as unknown as losses.Aggregate<typeof tree>;
    assertClose(other.weights, weights, { rtol: 1e-12, atol: 1e-13 });
    assertEquals([other.gradient.w.shape, other.gradient.b[0]!.shape], [[2, 3], []]);
    assertClose(other.gradient.w.flatten(), gradient.narrow(0, 0, 6), { rtol: 1e-12, atol: 1e-12 });
    assertClose(other.gradient.b[0]!, gradient.at(6), { rtol: 1e-12, atol: 1e-12 });
    assertClose(weights.matmul(x), gradient, { rtol: 1e-12, atol: 1e-12 });
    const single = run(x.to({ dtype: "float32" }));
    assertClose(single.gradient.to(float64), gradient, { rtol: 1e-4, atol: 1e-4 });
  });

  Deno.test(`${title} treats tasks alike, in whatever order they come`, () => {
    // Surgery comes in the order of the tasks, unless it is shuffled, and given weights are in theirs.
    if (name === "pcgrad" || name === "gradNorm") return;
    for (const x of MATRICES) {
      const turned = run(x.flip(0));
      assertClose(turned.gradient, run(x).gradient, { rtol: 1e-10, atol: 1e-10 });
      assertClose(turned.weights.flip(0), run(x).weights, { rtol: 1e-10, atol: 1e-10 });
    }
  });

  Deno.test(`${title} refuses what are no gradients of tasks`, () => {
    const wrong: [given: unknown, says: string][] = [
      [tensor(1), "must have shape [T, ...] with one number T of tasks, got []"],
      [zeros([0, 3]), "must have shape [T, ...]"],
      [[ones([2, 3]), ones([3, 3])], "got [2, 3], [3, 3]"],
      [ones([2, 3], { dtype: "int32" }), "must be float32 or float64, got int32"],
      [[], "must be a tensor, or an array or record of tensors"],
    ];
    for (const [given, says] of wrong) {
      const { message } = assertThrows(() => run(given as Tensor), Error);
      assert(message.startsWith(`Cannot compute ${title.slice(0, -2)}: `), message);
      assert(message.includes(says), message);
    }
    if (name === "gradNorm") return;
    const mapped = vmap((x: Tensor) => run(x).weights);
    const says = `Cannot run ${title.slice(0, -2)} under vmap: it depends on the elements`;
    for (const scale of [1, 1e-25]) {
      assertThrows(() => mapped(randn([2, 3, 4]).mul(scale)), TypeError, says);
    }
    for (const value of [NaN, Infinity]) {
      const says = "the gradient of task 1 is not finite";
      assertThrows(() => run(tensor([[1, 2], [1, value]])), RangeError, says);
    }
  });
}

Deno.test("what is wrong with an aggregator is found", () => {
  const { mgda, upGrad } = AGGREGATORS;
  const change = (run: Aggregator["run"]): Aggregator => ({ ...mgda, run });
  const longer = change((x) => {
    const { gradient, weights } = mgda.run(x);
    return { gradient: gradient.mul(1.001), weights: weights.mul(1.001) };
  });
  assert(residualOf(longer, MATRICES[0]!) > 1e-6);
  // Another way to do it has another residual.
  const names = Object.keys(AGGREGATORS) as AggregatorName[];
  for (const name of names) {
    for (const other of names.filter((one) => one !== name)) {
      const mixed = { ...AGGREGATORS[name], run: AGGREGATORS[other].run };
      assert(
        MATRICES.some((x) => residualOf(mixed, x) > 1e-3) || name === "upGrad",
        `${name}, ${other}`,
      );
    }
  }
  const cut = change((x) => {
    const { weights } = upGrad.run(x);
    return { gradient: weights.detach().matmul(x), weights };
  });
  assertThrows(() => checkThrough(cut, MATRICES[0]!), Error, "Gradient of");
});

Deno.test("upGrad projects each gradient to the nearest direction along which no loss rises", () => {
  for (const x of MATRICES) {
    const own = x.toArray() as unknown as Plain;
    // By Dykstra's alternating projections onto the half-spaces.
    const nearest = own.map((start) => {
      let d = [...start];
      const kept = own.map(() => start.map(() => 0));
      for (let round = 0; round < 20_000; round++) {
        own.forEach((g, j) => {
          const from = d.map((value, k) => value + kept[j]![k]!);
          const slope = g.reduce((sum, value, k) => sum + value * from[k]!, 0);
          const square = g.reduce((sum, value) => sum + value * value, 0);
          d = from.map((value, k) => value - Math.min(slope, 0) / square * g[k]!);
          kept[j] = from.map((value, k) => value - d[k]!);
        });
      }
      return d;
    });
    const mean = tensor(nearest, float64).mean(0);
    assertClose(losses.upGrad(x).gradient, mean, { rtol: 1e-7, atol: 1e-7 });
  }
});

Deno.test("caGrad gains most where the least is gained, and is the mean for c = 0", () => {
  manualSeed(3);
  for (const x of MATRICES) {
    const mean = x.mean(0);
    assertClose(losses.caGrad(x, { c: 0 }).gradient, mean);
    const { gradient } = losses.caGrad(x, { c: 0.6 });
    const least = x.matmul(gradient).min().item();
    for (let i = 0; i < 50; i++) {
      const away = randn(mean.shape, float64);
      const other = mean.add(away.mul(mean.norm()).mul(0.6).div(away.norm()));
      assert(x.matmul(other).min().item() <= least + 1e-12);
    }
  }
  assertThrows(
    () => losses.caGrad(MATRICES[0]!, { c: 1 }),
    RangeError,
    "c must lie in 0 to less than 1",
  );
});

Deno.test("nashMtl does not depend on the scales of the losses", () => {
  for (const x of MATRICES) {
    const scales = tensor(Float64Array.from({ length: x.shape[0]! }, (_, i) => 10 ** (3 * i - 4)));
    const scaled = losses.nashMtl(x.mul(scales.unsqueeze(1))).gradient;
    assertClose(scaled, losses.nashMtl(x).gradient, { rtol: 1e-9, atol: 1e-9 });
  }
});

Deno.test("weights that leave the range of their type are refused", () => {
  const apart = tensor([[1e-30, 0], [-1e15, 1e15]]);
  for (const run of [losses.pcgrad, losses.upGrad]) {
    const says =
      "lengths of gradients must differ less, as the weight of task 0 leaves the range of float32";
    assertThrows(() => run(apart), RangeError, says);
    assert(run(apart.to(float64)).weights.isfinite().all().item());
  }
});

Deno.test("pcgrad shuffles by a stream of random numbers, and only if it is to", () => {
  const x = MATRICES.find(({ shape }) => shape[0] === 5)!;
  const draw = (seed: number) =>
    losses.pcgrad(x, { generator: new RandomGenerator(seed) }).gradient.toArray();
  assertEquals(draw(1), draw(1));
  assert([2, 3, 4].some((seed) => `${draw(seed)}` !== `${draw(1)}`));
  const before = manualSeed(7).state;
  losses.pcgrad(x, { shuffle: false });
  losses.pcgrad(x, { generator: new RandomGenerator(1) });
  const generator = manualSeed(7);
  assertEquals(generator.state, before);
  losses.pcgrad(x);
  assert(generator.state.offset !== before.offset);
});

/** A call of GradNorm by its formula in PyTorch. */
interface Weighing {
  readonly gradients: Stored;
  readonly weights: Stored;
  readonly ratios: Stored;
  readonly alpha: number;
  readonly loss: Stored;
  readonly gradient: Stored;
}

Deno.test("gradNorm() has the loss of the paper, and the gradient of its weights", () => {
  for (const { alpha, ...stored } of casesOf<Weighing>("gradNorm")) {
    const weights = unstored(stored.weights).requiresGrad_();
    const ratios = unstored(stored.ratios);
    const { loss } = losses.gradNorm(unstored(stored.gradients), weights, { ratios, alpha });
    assertClose(loss, unstored(stored.loss), { rtol: 1e-12, atol: 1e-12 });
    assertClose(grad(loss, [weights])[0], unstored(stored.gradient), { rtol: 1e-12, atol: 1e-12 });
  }
  for (const given of [ones([3]), ones([2, 1])]) {
    const says = "weights must have shape [2], got";
    assertThrows(() => losses.gradNorm(MATRICES[0]!, given), Error, says);
    const ratios = { ratios: given };
    assertThrows(() => losses.gradNorm(MATRICES[0]!, ones([2]), ratios), Error, "ratios must have");
  }
});

Deno.test("taskGradients() gives the Jacobian, adds nothing up and leaves no gradient", () => {
  const [a, b, unused] = [leaf([1, 2]), leaf([[3], [4]]), leaf([5])];
  const tasks = (a: Tensor, b: Tensor) => [a.square().sum(), a.matmul(b).sum(), b.pow(3).sum()];
  const list = tasks(a, b);
  const found = losses.taskGradients(list, { a, deep: [b, unused] });
  const wanted = jacobian((a, b) => stack(tasks(a, b)), [a, b]);
  assertEquals(found.a.toArray(), wanted[0].toArray());
  assertEquals(found.deep[0].toArray(), wanted[1].toArray());
  assertEquals(found.deep[1].toArray(), [[0], [0], [0]]);
  assertEquals([a.grad, b.grad, found.a.requiresGrad], [null, null, false]);
  // The tape is there once more; one loss may stand twice.
  const twice = losses.taskGradients([list[0]!, list[0]!, list[1]!, list[2]!], a);
  assertEquals(twice.toArray(), [[2, 4], [2, 4], [3, 4], [0, 0]]);
  const recorded = losses.taskGradients(tasks(a, b), [a, b], { createGraph: true });
  assertEquals(grad(recorded[0].at(0).sum(), [a])[0].toArray(), [2, 2]);
});

Deno.test("taskGradients() refuses what are no losses of parameters", () => {
  const x = leaf([1, 2]);
  const wrong: [run: () => unknown, says: string][] = [
    [() => losses.taskGradients([], x), "losses must be an array of tensors, not empty"],
    [() => losses.taskGradients([x.mul(2)], x), "a loss must have one element, got shape [2]"],
    [() => losses.taskGradients([x.sum(), ones([])], x), "loss 1 depends on nothing"],
    [() => losses.taskGradients([noGrad(() => x.sum())], x), "loss 0 depends on nothing"],
    [() => losses.taskGradients([x.sum()], ones([2])), "requires no gradient"],
    [() => losses.taskGradients([x.sum()], {}), "params must be a tensor, or an array or record"],
  ];
  for (const [run, says] of wrong) assertThrows(run, Error, says);
});

/** Two losses of Fonseca and Fleming, whose front bends inwards. */
const fonseca = (x: Tensor): Tensor[] =>
  [-1, 1].map((sign) => x.add(sign / Math.sqrt(2)).square().sum().neg().exp().neg().add(1));

/** The losses that a way to combine them ends at, from several starts. */
function ends(step: (tasks: Tensor[], x: nn.Parameter) => void): number[][] {
  return [-0.6, -0.35, -0.1, 0.1, 0.35, 0.6].map((start) => {
    const x = new nn.Parameter(tensor([start, start * 0.8], float64));
    const optimizer = new optim.SGD([x], { lr: 0.05 });
    for (let i = 0; i < 400; i++) {
      optimizer.zeroGrad();
      step(fonseca(x), x);
      optimizer.step();
    }
    return fonseca(x).map((loss) => loss.item());
  });
}

const inner = ([a, b]: number[]) => a! > 0.1 && b! > 0.1;

Deno.test("mgda and Tchebycheff end inside of a front that bends inwards, weighted sums at its ends", () => {
  const sums = ends((tasks) => new losses.WeightedSum([0.5, 0.5]).forward(tasks).backward());
  assertEquals(sums.filter(inner), []);
  const stationary = ends((tasks, x) => {
    x.grad = losses.mgda(losses.taskGradients(tasks, x)).gradient;
  });
  assert(stationary.filter(inner).length >= 4, `${stationary}`);
  // From the point between both the front is met where both losses are 1 − 1/e.
  const middle = new nn.Parameter(tensor([0.3, -0.3], float64));
  for (let i = 0; i < 200; i++) {
    const { gradient } = losses.mgda(losses.taskGradients(fonseca(middle), middle));
    noGrad(() => middle.copy_(middle.sub(gradient.mul(0.3))));
  }
  fonseca(middle).forEach((loss) => assertClose(loss.item(), 1 - 1 / Math.E, { rtol: 1e-4 }));
  const still = losses.mgda(losses.taskGradients(fonseca(middle), middle)).gradient;
  assert(still.norm().item() < 1e-3, `${still}`);
  const weights = [0.3, 0.4, 0.5, 0.6, 0.7];
  for (const smooth of [null, 0.01]) {
    const points = weights.map((w) => {
      const criterion = new losses.Tchebycheff([w, 1 - w], { smooth });
      return ends((tasks) => criterion.forward(tasks).backward())[2]!;
    });
    assertEquals(points.filter(inner).length, 5, `${points}`);
    const found = losses.paretoFilter(tensor(points, float64)).sum().item();
    assert(found >= 4, `${points}`);
  }
});
