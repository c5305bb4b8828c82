/**
 * For a rare finding, accuracy shows nothing. Article 001 lists medical diagnosis. One in ten
 * synthetic pictures has a spot, so a net that never reports one has an accuracy of nine in ten.
 * Better measures are the area under the ROC curve, the sensitivity at a specificity of 95 %, and
 * the calibration of the predicted probabilities. Weighting the rare class multiplies its pulls:
 * that raises the probabilities, at the cost of calibration. Synthetic images; not a diagnostic.
 *
 *   deno run --allow-ffi examples/rare_findings.ts --seed 1
 *
 * The control trains on shuffled labels.
 */

import { data, losses, metrics, nn, noGrad, optim, randint, randperm } from "@adjoint/ml";
import { tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "A rare finding is judged by its ROC curve, and probabilities by calibration.",
);
const known = data.synthetic.lesions(run.quick ? 600 : 1500);
const unknown = data.synthetic.lesions(1000);
const labels = run.control ? known.y.indexSelect(0, randperm(known.y.size)) : known.y;

/** Trains with a weight of the rare class; returns the probabilities of new pictures. */
function chances(weight: number) {
  const model = new nn.Sequential(
    new nn.Conv2d(1, 8, 5, { stride: 2, padding: 2 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.Conv2d(8, 16, 3, { stride: 2, padding: 1 }),
    new nn.BatchNorm2d(16),
    new nn.ReLU(),
    new nn.AdaptiveMaxPool2d(1),
    new nn.Flatten(),
    new nn.Linear(16, 1),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 5e-3 });
  for (let step = 0; step < (run.quick ? 250 : 400); step++) {
    const batch = randint(0, labels.size, [64]);
    const output = model.forward(known.x.indexSelect(0, batch)).squeeze(1);
    const target = labels.indexSelect(0, batch).to("float32");
    optimizer.zeroGrad();
    losses.bceWithLogits(output, target, { posWeight: tensor([weight]) }).backward();
    optimizer.step();
  }
  return noGrad(() => model.eval().forward(unknown.x)).squeeze(1).sigmoid();
}

const ALARMS = Array.from({ length: 101 }, (_, i) => i / 100);
const found = [1, 9].map((weight) => {
  const p = chances(weight);
  const healthy = p.maskedSelect(unknown.y.eq(0)).sort().values;
  const ill = p.maskedSelect(unknown.y.eq(1));
  /** The sensitivity at a given specificity. */
  const sensitivity = (specificity: number) => {
    const limit = healthy.at(Math.max(Math.ceil(specificity * healthy.size) - 1, 0)).item();
    return ill.gt(limit).to("float32").mean().item();
  };
  const figures = {
    auc: metrics.rocAuc(p, unknown.y),
    sensitivity: sensitivity(0.95),
    calibration: metrics.expectedCalibrationError(p, unknown.y),
  };
  return {
    figures,
    chances: { healthy, ill },
    curve: ALARMS.map((share) => sensitivity(1 - share)),
  };
});
const nobody = unknown.y.eq(0).to("float32").mean().item();
console.log(
  `Synthetic images; not a diagnostic. Calling everybody healthy has an accuracy of ${nobody}.`,
);
const [plain, weighted] = found;
const xLabel = "predicted probability";
run.picture(
  "findings",
  plot.figure([
    plot.lines({ plain: plain!.curve, "weighted by 9": weighted!.curve }, {
      x: ALARMS,
      title: "Receiver operating characteristic",
      xLabel: "share of healthy ones reported",
      yLabel: "share of ill ones reported",
      references: [{ x: 0.05, label: "specificity of 95 %" }],
    }),
    plot.histogram(plain!.chances, { title: "Plain", bins: 20, xLabel }),
    plot.histogram(weighted!.chances, { title: "Weighted by 9", bins: 20, xLabel }),
  ]),
);
run.figures("B-32", {
  ...plain!.figures,
  weightedAuc: weighted!.figures.auc,
  weightedCalibration: weighted!.figures.calibration,
});
run.end();
