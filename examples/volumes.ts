/**
 * Is a small 3-D convolutional net fast and accurate enough for a simulator? It learns how blocks
 * of tissue move under a force from a numerical solver, and is timed one block at a time. Simulated
 * tissue on a grid of 12 × 12 × 12.
 *
 *   deno run --allow-ffi examples/volumes.ts --seed 11
 */
import { data, losses, nn, noGrad, optim, randint, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "Displacement of a block of tissue by 3-D convolutions, within a frame of 60 Hz.",
);
const [KNOWN, TEST] = run.quick ? [16, 4] : [200, 60];
const { x, y } = data.synthetic.tissueVolumes(KNOWN + TEST);
const [seen, wanted] = [x.narrow(0, KNOWN, TEST), y.narrow(0, KNOWN, TEST)];

const conv = (from: number, to: number) => new nn.Conv3d(from, to, 5, { padding: 2 });
const net = new nn.Sequential(conv(3, 12), new nn.Tanh(), conv(12, 12), new nn.Tanh(), conv(12, 3));
const steps = run.quick ? 20 : 500;
const optimizer = new optim.Adam(net.parameters(), { lr: 3e-3 });
const scheduler = new optim.OneCycleLR(optimizer, { maxLr: 1e-2, totalSteps: steps });
// In the control the net is not trained.
for (let step = 0; step < (run.control ? 0 : steps); step++) {
  const picked = randint(0, KNOWN, [run.quick ? 4 : 8]);
  optimizer.zeroGrad();
  losses.mse(net.forward(x.indexSelect(0, picked)), y.indexSelect(0, picked)).backward();
  nn.utils.clipGradNorm_(net.parameters(), 0.5);
  optimizer.step();
  scheduler.step();
}

const lengths = (u: Tensor) => u.square().sum(1).sqrt().flatten(1);
const found = noGrad(() => net.forward(seen));
const peaks = lengths(wanted).max(1);
const away = lengths(found.sub(wanted));
const peakError = away.gather(1, peaks.indices.unsqueeze(1)).mean().item();
const nmse = losses.mse(found, wanted).div(wanted.square().mean()).item();

const maps = { solver: wanted, net: found, error: found.sub(wanted) };
const slices = Object.entries(maps).map(([title, u]) =>
  plot.heatmap(lengths(u).at(0).reshape([12, 12, 12]).at(6), {
    title: `${title}, mm`,
    values: false,
    width: 340,
  })
);
run.picture("slice", plot.figure(slices, { title: "Displacement in a slice through the middle" }));

const one = seen.narrow(0, 0, 1);
const times = noGrad(() =>
  Array.from({ length: run.quick ? 20 : 300 }, () => {
    const start = performance.now();
    net.forward(one).sum().item();
    return performance.now() - start;
  }).slice(10)
).sort((a, b) => a - b);
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!;
const zero = lengths(wanted).mean().item();
console.log(
  `error: mean ${away.mean().item().toFixed(3)} mm (predicting 0: ${zero.toFixed(3)} mm),`,
);
console.log(
  `  where most moves: ${peakError.toFixed(2)} mm of ${peaks.values.mean().item().toFixed(2)} mm`,
);
console.log(
  `one block: median ${at(0.5).toFixed(2)} ms, 99th percentile ${at(0.99).toFixed(2)} ms`,
);
run.figures("A-05", { nmse, peakError, p50: at(0.5), p99: at(0.99) });
run.end();
