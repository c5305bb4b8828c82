/**
 * A net that learns too little needs more capacity, not more regularisation. On sin(3x), a net of
 * width 1 fits badly, and one with two layers of width 128 fits. Article 001 recommends
 * augmentation, regularisation and dropout against underfitting, but dropout and decay increase the
 * narrow net's error on its own data. Noise on the inputs helps if it revives a dead unit, but is
 * no cure either.
 *
 *   deno run --allow-ffi examples/underfitting.ts --seed 1
 *
 * The control makes the wide net narrow, and turns the regularisers off. Synthetic data.
 */

import { data, linspace, losses, manualSeed, nn, noGrad, optim, randn, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A net that learns too little needs capacity, not regularisation.");
const { x, y } = data.synthetic.sine(30);
const [NARROW, WIDE] = [[1], run.control ? [1] : [128, 128]];

interface Noise {
  readonly dropout?: number;
  readonly weightDecay?: number;
  /** The deviation of the noise that augmentation adds to the inputs. */
  readonly augment?: number;
}

/** A net with hidden layers of the given widths, and its error on the training data. */
function trained(widths: readonly number[], given: Noise = {}) {
  const { dropout = 0, weightDecay = 0, augment = 0 } = run.control ? {} : given;
  const model = new nn.Sequential(
    ...widths.flatMap((width, i) => [
      new nn.Linear(widths[i - 1] ?? 1, width),
      new nn.ReLU(),
      new nn.Dropout(dropout),
    ]),
    new nn.Linear(widths.at(-1)!, 1),
  );
  const optimizer = new optim.AdamW(model.parameters(), { lr: 5e-3, weightDecay });
  for (let step = 0; step < (run.quick ? 600 : 1500); step++) {
    optimizer.zeroGrad();
    losses.mse(model.forward(x.add(randn(x.shape).mul(augment))), y).backward();
    optimizer.step();
  }
  model.eval();
  return { model, error: noGrad(() => losses.mse(model.forward(x), y)).item() };
}

/** The mean over several nets, since one of width 1 may start badly; all cases share the seeds. */
function mean(given: Noise): number {
  const starts = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n];
  const errors = starts.map((start) => {
    manualSeed(run.seed * 100n + start);
    return trained(NARROW, given).error;
  });
  return errors.reduce((a, b) => a + b) / errors.length;
}

console.log("Error on 30 synthetic noisy points of sin(3x):");
const [narrow, wide] = [trained(NARROW), trained(WIDE)];
const at = linspace(x.min().item(), x.max().item(), 200);
const curve = ({ model }: typeof narrow) => noGrad(() => model.forward(at.unsqueeze(1)));
run.picture(
  "fits",
  plot.figure([[
    plot.scatter(x, y, { label: "points", xLabel: "x", yLabel: "y" }),
    plot.lines({ "width 1": curve(narrow), "width 128": curve(wide) }, { x: at }),
  ]]),
);
run.figures("B-44", { narrow: narrow.error, wide: wide.error });
run.figures("B-47", {
  narrow: mean({}),
  dropout: mean({ dropout: 0.3 }),
  decay: mean({ weightDecay: 1 }),
  augmentation: mean({ augment: 0.3 }),
});
run.end();
