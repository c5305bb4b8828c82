/** A run with everything that could differ after it is resumed. */

import {
  data,
  losses,
  manualSeed,
  nn,
  optim,
  randn,
  type RandomGenerator,
  type Tensor,
  train,
} from "../../mod.ts";

/** Points that are noisier each time they are read. */
class Noisy implements data.Dataset<[Tensor, Tensor]> {
  readonly length = 24;
  readonly #x: Tensor = randn([24, 3]);
  get(index: number, generator?: RandomGenerator): [Tensor, Tensor] {
    const x = this.#x.at(index);
    return [x.add(randn([3], generator && { generator }).mul(0.1)), x.sum(0, { keepdim: true })];
  }
}

/** What a run ends with. */
export interface Ended {
  readonly model: nn.Module;
  readonly average: optim.ExponentialMovingAverage;
  readonly optimizer: optim.Adam;
  readonly history: train.History;
}

/** Batches normalised and dropped out, shuffled and changed; steps of two batches, along a cycle of rates. */
export async function trained(
  path: string,
  more: Partial<train.FitOptions<readonly Tensor[]>> = {},
): Promise<Ended> {
  manualSeed(11);
  const net = () =>
    new nn.Sequential(
      new nn.Linear(3, 8),
      new nn.BatchNorm1d(8),
      new nn.Tanh(),
      new nn.Dropout(0.3),
      new nn.Linear(8, 1),
    );
  const [model, averaged] = [net(), net()];
  const average = new optim.ExponentialMovingAverage(averaged, { decay: 0.9, useBuffers: true });
  const optimizer = new optim.Adam(model.parameters());
  const points = new Noisy();
  const loader = new data.DataLoader(points, { batchSize: 4, shuffle: true });
  const history = await train.fit({
    model,
    average,
    optimizer,
    loss: losses.mse,
    train: loader,
    validation: new data.DataLoader(points, { batchSize: 5 }),
    epochs: 4,
    accumulate: 2,
    scheduler: new optim.OneCycleLR(optimizer, { maxLr: 0.05, totalSteps: 12 }),
    progress: false,
    resume: path,
    callbacks: [
      new train.EarlyStopping({ patience: 3, restoreBest: false }),
      new train.Checkpoint(path, { everySteps: 1 }),
    ],
    ...more,
  });
  return { model, average, optimizer, history };
}

/** All that must be the same, as text. */
export function summary({ model, average, optimizer, history }: Ended): string {
  const records = history.records.map(({ seconds: _, ...record }) => record);
  const { stopped } = history;
  const states = [model.stateDict(), average.stateDict(), optimizer.stateDict()];
  return JSON.stringify({ states, records, stopped });
}
