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
