/** Settings found by trying, and the worst examples. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { data, losses, nn, tensor, train, zeros } from "../../mod.ts";
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
