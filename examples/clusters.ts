/**
 * Groups can be found in a code that a net has learned, but not in two random directions. Article
 * 001 names clustering. An autoencoder compresses 20 numbers to 2. K-means then finds four
 * synthetic blobs among the codes almost without mistakes, whereas in two random directions the
 * blobs overlap.
 *
 *   deno run --allow-ffi examples/clusters.ts --seed 1
 *
 * The control uses codes of a net that was not trained.
 */

import { data, losses, metrics, nn, noGrad, optim, randn, train } from "@adjoint/ml";
import { KMeans } from "@adjoint/ml/classic";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("An autoencoder's code separates groups.");
const { x, y } = data.synthetic.blobs(400, {
  classes: 4,
  spread: 1.5,
  world: Number(run.seed % 1000n),
});
const encoder = new nn.Sequential(new nn.Linear(20, 32), new nn.ReLU(), new nn.Linear(32, 2));
const decoder = new nn.Sequential(new nn.Linear(2, 32), new nn.ReLU(), new nn.Linear(32, 20));
const net = new nn.Sequential(encoder, decoder);
const optimizer = new optim.Adam(net.parameters(), { lr: 5e-3 });
for (let step = 0; step < (run.control ? 0 : run.quick ? 300 : 800); step++) {
  optimizer.zeroGrad();
  losses.mse(net.forward(x), x).backward();
  optimizer.step();
}
const code = noGrad(() => encoder.forward(x));
const groups = new KMeans(4).fit(code);
const ari = metrics.adjustedRandIndex(groups.labels, y);
const projected = new KMeans(4).fit(x.matmul(randn([20, 2])));
const random = metrics.adjustedRandIndex(projected.labels, y);
run.figures("B-04", { ari, random });
run.picture(
  "codes",
  plot.scatter(code.at(":", 0), code.at(":", 1), {
    groups: groups.labels,
    title: "Codes of four synthetic blobs, in the groups found by k-means",
  }),
);
run.end();
