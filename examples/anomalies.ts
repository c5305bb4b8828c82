/**
 * An autoencoder that was trained on normal data reconstructs faults badly. Article 001 lists smart
 * manufacturing. Synthetic sensor windows have three cycles; faulty ones also carry a weak tone of
 * nine cycles. An autoencoder that saw only normal windows detects faults by its reconstruction
 * error, but so do three principal components at every amplitude: this task needs no net.
 *
 *   deno run --allow-ffi examples/anomalies.ts --seed 1
 *
 * The control uses a net that was not trained.
 */

import { data, losses, metrics, nn, noGrad, optim, randint, type Tensor, train } from "@adjoint/ml";
import { PCA } from "@adjoint/ml/classic";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A net reconstructs badly what differs from its training data.");
const AMPLITUDES = [0.1, 0.15, 0.2, 0.3, 0.5];
const { x: normal } = data.synthetic.sensors(600);
const model = new nn.Sequential(
  new nn.Linear(32, 16),
  new nn.Tanh(),
  new nn.Linear(16, 3),
  new nn.Linear(3, 16),
  new nn.Tanh(),
  new nn.Linear(16, 32),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 3e-3 });
for (let step = 0; step < (run.control ? 0 : run.quick ? 500 : 1200); step++) {
  const batch = normal.indexSelect(0, randint(0, 600, [64]));
  optimizer.zeroGrad();
  losses.mse(model.forward(batch), batch).backward();
  optimizer.step();
}
const pca = new PCA(3).fit(normal);
const copies = {
  autoencoder: (x: Tensor) => model.forward(x),
  components: (x: Tensor) => pca.inverseTransform(pca.transform(x)),
  // Without a model: the magnitude of the window.
  energy: (x: Tensor) => x.mul(0),
};

/** The ROC AUC of each reconstruction, at each amplitude of the fault. */
const found = Object.fromEntries(
  Object.entries(copies).map(([name, copy]) => [
    name,
    AMPLITUDES.map((amplitude) => {
      const { x, y } = data.synthetic.sensors(600, { faults: 0.5, amplitude });
      const error = noGrad(() => copy(x).sub(x).square().mean(1));
      return metrics.rocAuc(error, y);
    }),
  ]),
);
console.log("Synthetic sensors. ROC AUC by amplitude of the fault's tone:");
console.log(`  ${"".padEnd(12)}${AMPLITUDES.map((a) => String(a).padEnd(7)).join("")}`);
for (const [name, values] of Object.entries(found)) {
  console.log(`  ${name.padEnd(12)}${values.map((v) => v.toFixed(3).padEnd(7)).join("")}`);
}
console.log("Three principal components detect faults as well: this task needs no net.");
const strongest = AMPLITUDES.length - 1;
run.figures("B-33", {
  auc: found.autoencoder![strongest]!,
  components: found.components![strongest]!,
  energy: found.energy![strongest]!,
});
run.picture(
  "anomalies",
  plot.lines(
    Object.fromEntries(Object.entries(found)),
    { x: AMPLITUDES, title: "ROC AUC by amplitude", xLabel: "amplitude", yLabel: "AUC" },
  ),
);
run.end();
