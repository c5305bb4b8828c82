/** A training step of what networks are made of stays on the GPU: nothing is read back or written. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  data,
  type Device,
  losses,
  manualSeed,
  memoryStats,
  nn,
  optim,
  rand,
  randint,
  scope,
  type Tensor,
  train,
} from "../../mod.ts";
import { gpuTest } from "../tools/gpu.ts";

const [BATCH, LENGTH, WORDS, WIDTH] = [6, 5, 20, 16];

/** Embedding, attention with dropout, layer norm, batch norm and dropout. */
class Reader extends nn.Module {
  readonly embedding = new nn.Embedding(WORDS, WIDTH);
  readonly attention = new nn.MultiheadAttention(WIDTH, 2, { dropout: 0.1, batchFirst: true });
  readonly norm = new nn.LayerNorm([WIDTH]);
  readonly inner = new nn.Linear(WIDTH, WIDTH);
  readonly batchNorm = new nn.BatchNorm1d(LENGTH);
  readonly dropout = new nn.Dropout(0.2);
  readonly out = new nn.Linear(WIDTH, WORDS);

  override forward(words: Tensor): Tensor {
    const x = this.embedding.forward(words);
    const { output } = this.attention.forward(x, x, x, { isCausal: true, needWeights: false });
    const y = this.norm.forward(x.add(this.dropout.forward(output)));
    const z = this.batchNorm.forward(this.inner.forward(y).gelu());
    return this.out.forward(this.dropout.forward(z));
  }
}

type Params = Iterable<nn.Parameter>;

const OPTIMIZERS = {
  Adam: (params: Params) => new optim.Adam(params, { lr: 0.01, weightDecay: 0.1 }),
  AdamW: (params: Params) => new optim.AdamW(params, { lr: 0.01, weightDecay: 0.1 }),
  "SGD with Nesterov's momentum": (params: Params) =>
    new optim.SGD(params, { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  RMSprop: (params: Params) => new optim.RMSprop(params, { lr: 0.001 }),
};

/** A word's loss with its label smoothed. */
const smoothed = (logits: Tensor, labels: Tensor) =>
  losses.crossEntropy(logits.transpose(1, 2), labels, { labelSmoothing: 0.1 });

/** Steps after which all constants are there. */
const WARM = 2;

/** Trains for some steps; gives the losses, and what went to and fro in the last three. */
function learn(
  device: Device,
  make: (params: Params) => { zeroGrad(): void; step(): unknown },
  extra: (model: Reader) => unknown = () => {},
): { history: number[]; reads: number; writes: number } {
  manualSeed(3);
  const model = new Reader().to({ device });
  const optimizer = make(model.parameters());
  const history: Tensor[] = [];
  let before = memoryStats();
  for (let i = 0; i < WARM + 3; i++) {
    if (i === WARM) before = memoryStats();
    history.push(scope(() => {
      optimizer.zeroGrad();
      const words = randint(WORDS, [BATCH, LENGTH], { device });
      const labels = randint(WORDS, [BATCH, LENGTH], { device });
      const loss = smoothed(model.forward(words), labels);
      loss.backward();
      nn.utils.clipGradNorm_(model.parameters(), 1);
      optimizer.step();
      extra(model);
      return loss.detach();
    }));
  }
  const after = memoryStats();
  return {
    history: history.map((loss) => loss.item()),
    reads: after.gpuReads - before.gpuReads,
    writes: after.gpuWrites - before.gpuWrites,
  };
}

for (const [name, make] of Object.entries(OPTIMIZERS)) {
  gpuTest(`a step with ${name} reads and writes nothing, and its dropout is the CPU's`, () => {
    const [ours, cpu] = [learn("gpu", make), learn("cpu", make)];
    assertEquals([ours.reads, ours.writes], [0, 0]);
    ours.history.forEach((loss, i) => {
      const wanted = cpu.history[i]!;
      assert(Math.abs(loss - wanted) <= 1e-4 * wanted, `loss ${i} is ${loss}, not ${wanted}`);
    });
  });
}

gpuTest("what a step reads or writes is counted", () => {
  const reading = learn("gpu", OPTIMIZERS.Adam, (model) => model.out.weight.sum().item());
  assertEquals([reading.reads, reading.writes], [3, 0]);
  const place = rand([2]);
  const writing = learn("gpu", OPTIMIZERS.Adam, () => place.to({ device: "gpu" }));
  assertEquals([writing.reads, writing.writes], [0, 3]);
});

gpuTest("fit() and evaluate() take their pairs to the model's device", async () => {
  const run = async (device: Device) => {
    manualSeed(5);
    const x = rand([40, 3]);
    const pairs = new data.TensorDataset(x, x.mul(2).add(1));
    const model = new nn.Sequential(new nn.Linear(3, 8), new nn.Dropout(0.1), new nn.Linear(8, 3));
    model.to({ device });
    const history = await train.fit({
      model,
      loss: losses.mse,
      optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }),
      train: new data.DataLoader(pairs, { batchSize: 16, shuffle: true }),
      validation: new data.DataLoader(pairs, { batchSize: 20 }),
      epochs: 3,
    });
    assertEquals(model.parameters().map((p) => p.device), new Array(4).fill(device));
    const { loss } = await train.evaluate({ model, loss: losses.mse, data: [[x, x]] });
    return [...history.records.map((record) => [record.loss, record.valLoss]), [loss]].flat();
  };
  const [ours, cpu] = [await run("gpu"), await run("cpu")];
  assert(cpu.length === 7 && cpu[4]! < cpu[0]!);
  ours.forEach((loss, i) => assertAlmostEquals(loss as number, cpu[i] as number, 1e-4));
});
