/** Settings found by trying, and the worst examples. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  data,
  losses,
  nn,
  ones,
  optim,
  randn,
  type Tensor,
  tensor,
  train,
  zeros,
} from "../../mod.ts";
import { pointsOf, problem, weights } from "./problem.ts";

Deno.test("lrFind() suggests a rate and leaves model and optimizer as they were", async () => {
  const { progress: _, ...settings } = problem();
  await train.fit({ ...settings, progress: false });
  const before = JSON.stringify([weights(settings.model), settings.optimizer.stateDict()]);
  const { lrs, suggestion } = await train.lrFind(settings, {
    startLr: 1e-4,
    endLr: 1,
    numIter: 20,
  });
  assert(lrs.length > 5 && suggestion !== null && suggestion > 1e-4);
  assertEquals(JSON.stringify([weights(settings.model), settings.optimizer.stateDict()]), before);
});

Deno.test("findBatchSize() tries sizes until there is no room", async () => {
  const { model, optimizer, loss, train: loader } = problem();
  const before = JSON.stringify([weights(model), optimizer.stateDict()]);
  const settings = { model, loss, optimizer };
  const all = await train.findBatchSize(settings, pointsOf({ train: loader }), { start: 2 });
  assertEquals(all.rates.map(({ batchSize }) => batchSize), [2, 4, 8, 16]);
  assert(all.rates.some(({ batchSize }) => batchSize === all.suggestion));
  // A loss that asks for more than there is from 8 examples on.
  const large: train.Criterion = (p, t) => {
    if ((p.shape[0] ?? 0) < 8) return losses.mse(p, t);
    throw new RangeError("Cannot make a tensor: there is no memory for 8 elements of float32");
  };
  const some = await train.findBatchSize({ ...settings, loss: large }, pointsOf({ train: loader }));
  assertEquals(some.rates.map(({ batchSize }) => batchSize), [1, 2, 4]);
  const wrong: train.Criterion = (p) => losses.mse(p, zeros([3]));
  await assertRejects(
    () => train.findBatchSize({ ...settings, loss: wrong }, pointsOf({ train: loader })),
    RangeError,
    "prediction has shape [1, 1] but target has shape [3]",
  );
  assertEquals(JSON.stringify([weights(model), optimizer.stateDict()]), before);
});

/** Carries the mean of its outputs to the next batch. */
class Carrying extends nn.Module<[Tensor], Tensor> {
  readonly line = new nn.Linear(3, 1);
  carried: Tensor | null = null;
  override forward(x: Tensor): Tensor {
    const y = this.line.forward(x);
    this.carried = (this.carried === null ? y : this.carried.add(y)).mean().detach();
    return y.add(this.carried);
  }
}

function carried(model: Carrying) {
  return { model, loss: losses.mse, optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }) };
}

/** What runs a model over batches. */
const RUNS: Record<string, (model: Carrying) => Promise<unknown> | unknown> = {
  lrFind: (model) => train.lrFind({ ...carried(model), train: problem().train }, { numIter: 3 }),
  findBatchSize: (model) => train.findBatchSize(carried(model), pointsOf(problem())),
  topLosses: (model) => train.topLosses(model, losses.mse, pointsOf(problem())),
  latency: (model) => train.latency(model, ones([2, 3]), { runs: 3 }),
  fit: (model) => train.fit({ ...problem(), ...carried(model) }),
  evaluate: (model) => train.evaluate({ model, loss: losses.mse, data: problem().train }),
};

for (const [name, run] of Object.entries(RUNS)) {
  Deno.test(`${name}() lets what a model carries live from batch to batch`, async () => {
    const model = new Carrying();
    await run(model);
    assert(Number.isFinite(model.carried!.item()));
  });
}

Deno.test("lrFind() and findBatchSize() refuse what leaves nothing to try", async () => {
  const { model, optimizer, loss, train: loader } = problem();
  const settings = { model, loss, optimizer };
  const points = pointsOf({ train: loader });
  for (const options of [{ start: 21 }, { start: 8, max: 4 }, { max: 21 }]) {
    const message = "start must be at most max, and max at most the 20 examples, got";
    await assertRejects(() => train.findBatchSize(settings, points, options), RangeError, message);
  }
  const none = train.lrFind({ ...settings, train: [] });
  await assertRejects(() => none, RangeError, "Cannot run lrFind: train gave no batches");
});

/** A loss with a parameter and a buffer. */
class Scaled extends nn.Module<[Tensor, Tensor], Tensor> {
  factor = new nn.Parameter(ones([1]));
  readonly norm = new nn.BatchNorm1d(1);
  override forward(output: Tensor, target: Tensor): Tensor {
    return losses.mse(this.norm.forward(output).mul(this.factor), target);
  }
}

type Beside = [
  tensors: () => readonly Tensor[],
  objective: object,
  modules: { training: boolean }[],
];
/** What is trained beside the model: the loss, or a tensor of a function. */
const BESIDE: Record<string, (model: nn.Module<[Tensor], Tensor>) => Beside> = {
  "a loss with parameters": () => {
    const loss = new Scaled();
    return [() => Object.values(loss.stateDict()), { loss }, [...loss.modules()]];
  },
  "a tensor of a step": (model) => {
    const scale = ones([1], { requiresGrad: true });
    const step = ([x, y]: [Tensor, Tensor]) => losses.mse(model.forward(x).mul(scale), y);
    return [() => [scale], { step }, []];
  },
};

Deno.test("lrFind() and findBatchSize() restore what else is trained, and the mode of each module", async () => {
  const points = new data.TensorDataset(randn([8, 1]), randn([8, 1]));
  for (const [name, make] of Object.entries(BESIDE)) {
    const dropout = new nn.Dropout();
    const model = new nn.Sequential(new nn.Linear(1, 1), dropout);
    const [beside, objective, modules] = make(model);
    const params = [...model.parameters(), ...beside().filter((x) => x.requiresGrad)];
    const settings = { model, optimizer: new optim.SGD(params), ...objective } as never;
    model.eval();
    for (const module of modules) module.training = false;
    dropout.train();
    const state = () => [
      ...[...beside(), ...params].map((x) => x.toArray()),
      ...[...model.modules(), ...modules].map(({ training }) => training),
    ];
    const before = state();
    await train.findBatchSize(settings, points, { start: 4 });
    assertEquals(state(), before, name);
    const batches = [[randn([8, 1]), randn([8, 1])]];
    await train.lrFind(Object.assign({ train: batches }, settings), { numIter: 3 });
    assertEquals(state(), before, name);
  }
});

Deno.test("topLosses() gives the worst examples first, NaN before all", async () => {
  const inputs = tensor([[1], [1], [NaN], [1], [1]]);
  const set = new data.TensorDataset(inputs, tensor([[1], [5], [1], [1.5], [5]]));
  const model = new nn.Sequential(new nn.Dropout());
  const found = await train.topLosses(model, losses.mse, set, { k: 4 });
  assertEquals(found, [
    { index: 2, loss: NaN },
    { index: 1, loss: 16 },
    { index: 4, loss: 16 },
    { index: 3, loss: 0.25 },
  ]);
  assertEquals(model.modules().map(({ training }) => training), [true, true]);
  await assertRejects(
    () => train.topLosses(model, losses.mse, set, { k: 0 }),
    TypeError,
    "k must be",
  );
});
