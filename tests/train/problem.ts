/** A small problem to train on, the same each time. */

import { data, losses, manualSeed, nn, optim, randn, type Tensor, type train } from "../../mod.ts";

/** Points near a plane. */
export function points(count = 20): data.TensorDataset<[Tensor, Tensor]> {
  const x = randn([count, 3]);
  const y = x.sum(1, { keepdim: true }).add(randn([count, 1]).mul(0.1));
  return new data.TensorDataset(x, y);
}

/** A model, an optimizer and batches, made from a seed. */
export function problem(seed = 1, batchSize = 4) {
  manualSeed(seed);
  const set = points();
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const loader = new data.DataLoader(set, { batchSize, shuffle: true });
  return { model, optimizer, train: loader, loss: losses.mse, progress: false } as const;
}

/** The points of a problem. */
export function pointsOf({ train }: { train: data.DataLoader<[Tensor, Tensor]> }) {
  return train.dataset as data.TensorDataset<[Tensor, Tensor]>;
}

/** All parameters and buffers as arrays. */
export function weights(model: nn.AnyModule): Record<string, unknown> {
  const entries = Object.entries(model.stateDict()).map(([name, x]) => [name, x.toArray()]);
  return Object.fromEntries(entries);
}

/** A callback that notes its turns. */
export function noting(turns: string[]): train.Callback {
  return {
    onFitStart: () => void turns.push("fit start"),
    onEpochStart: ({ epoch }) => void turns.push(`epoch ${epoch}`),
    onBatchEnd: ({ batch, step }, { stepped }) =>
      void turns.push(`batch ${batch} ${stepped} ${step}`),
    onEpochEnd: (_, { epoch }) => void turns.push(`epoch end ${epoch}`),
    onFitEnd: () => void turns.push("fit end"),
  };
}
