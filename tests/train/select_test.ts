/** The model that suits: budgets change the choice, and never let an infeasible one through. */

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { latency, selectModel } from "../../lib/train/mod.ts";
import { data, losses, metrics, nn, ones, type Tensor, tensor } from "../../mod.ts";

/** Runs a test with a clock that only models move on, so that it depends on no machine. */
async function withClock(fn: () => void | Promise<void>): Promise<void> {
  const { now } = performance;
  performance.now = () => clock;
  try {
    await fn();
  } finally {
    performance.now = now;
  }
}
let clock = 0;

/** Gives a number of its own in every place, takes some milliseconds, and notes how it was run. */
class Constant extends nn.Module<[Tensor], Tensor> {
  readonly #value: number;
  readonly #ms: number;
  readonly weights: nn.Parameter;
  modes = new Set<boolean>();
  recorded = false;
  runs = 0;

  constructor(value: number, { ms = 0, parameters = 1 } = {}) {
    super();
    this.#value = value;
    this.#ms = ms;
    this.weights = new nn.Parameter(ones([parameters]));
  }

  override forward(x: Tensor): Tensor {
    clock += this.#ms;
    this.modes.add(this.training);
    this.runs++;
    const y = x.mul(0).add(this.#value).add(this.weights.sum().mul(0));
    this.recorded ||= y.requiresGrad;
    return y;
  }
}

/** Batches of targets. */
function targets(...values: number[]): [Tensor, Tensor][] {
  return values.map((value) => [ones([2, 1]), ones([2, 1]).mul(value)]);
}

const given = { metric: metrics.mae, validation: targets(0, 0), test: targets(10, 20) };

Deno.test("selectModel() ranks by the validation, and its score is the test's", async () => {
  const models = { far: new Constant(3), near: new Constant(1), middle: new Constant(2) };
  const { best, testScore, rows } = await selectModel(models, given);
  assertEquals(best, "near");
  assertEquals(rows.map(({ name, score }) => [name, score]), [["near", 1], ["middle", 2], [
    "far",
    3,
  ]]);
  // Its outputs are 1, and the targets of the test 10 and 20.
  assertAlmostEquals(testScore, 14, 1e-5);
  const most = await selectModel(models, { ...given, mode: "max", metric: losses.l1 });
  assertEquals([most.best, most.rows[2]?.name], ["far", "near"]);
});

Deno.test("budgets of time and size change the choice, and what exceeds them comes last", () =>
  withClock(async () => {
    const models = {
      slow: new Constant(0, { ms: 4 }),
      large: new Constant(0.5, { parameters: 100 }),
      modest: new Constant(1),
    };
    const choice = async (budgets: object) => {
      const { best, rows } = await selectModel(models, { ...given, ...budgets });
      return [best, ...rows.filter(({ feasible }) => !feasible).map(({ name }) => name)];
    };
    assertEquals(await choice({}), ["slow"]);
    assertEquals(await choice({ latencyBudgetMs: 3.9 }), ["large", "slow"]);
    assertEquals(await choice({ paramBudget: 99 }), ["slow", "large"]);
    assertEquals(await choice({ paramBudget: 100 }), ["slow"]);
    assertEquals(await choice({ latencyBudgetMs: 3.9, paramBudget: 1 }), [
      "modest",
      "slow",
      "large",
    ]);
    const none = await selectModel(models, { ...given, paramBudget: 0.5 });
    assertEquals([none.best, none.testScore], [null, NaN]);
  }));

Deno.test("selectModel() never gives a model whose score is no number", async () => {
  const models = { broken: new Constant(NaN), far: new Constant(9) };
  const { best, rows } = await selectModel(models, { ...given, metric: losses.l1 });
  assertEquals([best, rows[1]?.name], ["far", "broken"]);
  const alone = await selectModel({ broken: models.broken }, { ...given, metric: losses.l1 });
  assertEquals(alone.best, null);
});

Deno.test("selectModel() times one example, or what it is given", async () => {
  const shapes = new Set<string>();
  class Noting extends Constant {
    override forward(x: Tensor): Tensor {
      shapes.add(x.shape.join());
      return super.forward(x);
    }
  }
  const loader = new data.DataLoader(new data.TensorDataset(ones([6, 3]), ones([6, 3])), {
    batchSize: 4,
  });
  const own = { metric: losses.l1, validation: loader, test: [[ones([5, 3]), ones([5, 3])]] };
  await selectModel({ a: new Noting(1) }, own);
  assertEquals([...shapes], ["4,3", "2,3", "1,3", "5,3"]);
  shapes.clear();
  await selectModel({ a: new Noting(1) }, { ...own, input: ones([7, 3]) });
  assert(shapes.has("7,3") && !shapes.has("1,3"));
  await assertRejects(
    () => selectModel({ a: new Noting(1) }, { ...own, validation: [] }),
    TypeError,
    "Cannot run selectModel: validation has no first example; pass { input }",
  );
});

Deno.test("latency() is that of runs in evaluation mode, and leaves the model as it was", () =>
  withClock(() => {
    const model = new Constant(0, { ms: 2 });
    model.train();
    const { p50, p99, mean, runs } = latency(model, ones([1, 1]), { runs: 7, warmup: 2 });
    assertEquals([runs, model.runs, model.training], [7, 9, true]);
    assertEquals([[...model.modes], model.recorded], [[false], false]);
    assertEquals([p50, p99, mean], [2, 2, 2]);
    // Half of two runs is one; 99 of 100 of them is both.
    const steps = [0, 30];
    class Uneven extends Constant {
      override forward(x: Tensor): Tensor {
        clock += steps[this.runs % 2]!;
        return super.forward(x);
      }
    }
    const uneven = latency(new Uneven(0), ones([1]), { runs: 2, warmup: 0 });
    assertEquals([uneven.p50, uneven.p99, uneven.mean], [0, 30, 15]);
  }));

Deno.test("latency() takes several arguments in an array, and states", () => {
  const cell = new nn.LSTM(2, 3);
  const state = { h: tensor([[0, 0, 0]]), c: tensor([[0, 0, 0]]) };
  assertEquals(latency(cell, [ones([4, 2]), state], { runs: 1 }).runs, 1);
});
