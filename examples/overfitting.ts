/**
 * Dropout, weight decay and early stopping each keep a large net from fitting noise. The data is
 * thirty points of sin(3x) with a lot of noise, which a net of width 128 memorises without them.
 *
 *   deno run -A examples/overfitting.ts --seed 1
 *
 * The control turns all three off. Synthetic data.
 */

import {
  data,
  linspace,
  losses,
  manualSeed,
  nn,
  noGrad,
  optim,
  type Tensor,
  train,
} from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Dropout, decay and early stopping keep a net from fitting noise.");
const steps = run.quick ? 400 : 1500;
const known = data.synthetic.sine(30);
// As few validation points as training points could suggest the wrong time to stop.
const watched = data.synthetic.sine(100);
const at = linspace(-1, 1, 400).unsqueeze(1);
const truth = at.mul(3).sin();
const loaderOf = ({ x, y }: { x: Tensor; y: Tensor }) =>
  new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 30 });

interface Cure {
  readonly dropout?: number;
  readonly weightDecay?: number;
  readonly stop?: boolean;
}

/** Trains a net; returns its error on clean data. */
async function trained(given: Cure) {
  const { dropout = 0, weightDecay = 0, stop = false } = run.control ? {} : given;
  manualSeed(run.seed); // All nets start with the same weights.
  const model = new nn.Sequential(
    new nn.Linear(1, 128),
    new nn.ReLU(),
    new nn.Dropout(dropout),
    new nn.Linear(128, 128),
    new nn.ReLU(),
    new nn.Dropout(dropout),
    new nn.Linear(128, 1),
  );
  const stopping = new train.EarlyStopping({ patience: steps });
  const history = await train.fit({
    model,
    loss: losses.mse,
    optimizer: new optim.AdamW(model.parameters(), { lr: 5e-3, weightDecay }),
    train: loaderOf(known),
    validation: loaderOf(watched),
    epochs: steps,
    callbacks: stop ? [stopping] : [],
    progress: false,
  });
  model.eval();
  const curve = noGrad(() => model.forward(at).flatten());
  const error = losses.mse(curve, truth.flatten()).item();
  const now = noGrad(() => losses.mse(model.forward(watched.x), watched.y)).item();
  return { curve, error, now, history, stopping };
}

const none = await trained({});
const dropout = await trained({ dropout: 0.3 });
const decay = await trained({ weightDecay: 1 });
const early = await trained({ stop: true });
console.log("Error on clean synthetic data, after training on 30 noisy points:");
run.picture(
  "overfitting",
  plot.figure([[
    plot.scatter(known.x.flatten(), known.y.flatten(), { label: "synthetic points" }),
    plot.lines({
      none: none.curve,
      dropout: dropout.curve,
      decay: decay.curve,
      early: early.curve,
      truth: truth.flatten(),
    }, { x: at.flatten(), yRange: [-2, 2] }),
  ]]),
);
run.figures("B-40", { none: none.error, dropout: dropout.error, decay: decay.error });
const best = early.history.best("valLoss")!.valLoss!;
console.log(`Stopped early, the net has the weights of epoch ${early.stopping.bestEpoch}.`);
run.figures("B-41", {
  none: none.error,
  early: early.error,
  best,
  restored: early.now,
});
run.end();
