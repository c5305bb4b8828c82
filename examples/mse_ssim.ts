/**
 * What does structural similarity add to the squared error? A small net denoises images, trained by
 * MSE + λ·(1 − SSIM). Synthetic images that resemble tissue.
 *
 *   deno run --allow-ffi examples/mse_ssim.ts --seed 11
 */
import {
  data,
  losses,
  manualSeed,
  metrics,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  train,
} from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("MSE + SSIM: more structure, for a few decibels.");
const NOISE = 0.15;
const images = data.synthetic.tissueImages(run.quick ? 32 : 256);
const clean = data.synthetic.tissueImages(run.quick ? 8 : 64);
const noisy = clean.add(randn(clean.shape).mul(NOISE));
// The control sets λ to 0.
const lambda = run.control ? 0 : 0.1;

/** Similarity of denoised images to the clean ones; all nets start with the same weights. */
function restored(weight: number) {
  manualSeed(run.seed);
  const net = new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.Conv2d(16, 16, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.Conv2d(16, 1, 3, { padding: 1 }),
  );
  const loss = weight === 0
    ? new losses.MSELoss()
    : new losses.MSELoss().plus(new losses.SSIMLoss().times(weight));
  const optimizer = new optim.Adam(net.parameters(), { lr: 2e-3 });
  for (let step = 0; step < (run.quick ? 25 : 500); step++) {
    const batch = images.indexSelect(0, randint(0, images.shape[0]!, [16]));
    optimizer.zeroGrad();
    loss.forward(net.forward(batch.add(randn(batch.shape).mul(NOISE))), batch).backward();
    optimizer.step();
  }
  const found = noGrad(() => net.forward(noisy));
  return { ssim: metrics.ssim(found, clean), psnr: metrics.psnr(found, clean), found };
}

const [plain, mixed, strong] = [restored(0), restored(lambda), restored(1)];
const before = { ssim: metrics.ssim(noisy, clean), psnr: metrics.psnr(noisy, clean) };
const shown = { "noisy": before, "MSE": plain, [`λ = ${lambda}`]: mixed, "λ = 1": strong };
for (const [name, { ssim, psnr }] of Object.entries(shown)) {
  console.log(`${name.padEnd(8)} SSIM ${ssim.toFixed(3)}, PSNR ${psnr.toFixed(2)} dB`);
}
console.log(
  "A weight of 0.1 for SSIM costs almost nothing; more costs decibels and adds little structure.",
);
const shades = { clean, noisy, MSE: plain.found, mixed: mixed.found, "λ = 1": strong.found };
run.picture(
  "restored",
  plot.figure(
    Object.entries(shades).map(([title, x]) =>
      plot.heatmap(x.at(0, 0), { title, values: false, range: [0, 1], width: 300, height: 300 })
    ),
    { columns: 3 },
  ),
);
run.figures("A-14", {
  ssimGain: mixed.ssim - plain.ssim,
  psnrLoss: plain.psnr - mixed.psnr,
  strongSsimGain: strong.ssim - mixed.ssim,
  strongPsnrLoss: plain.psnr - strong.psnr,
});
run.end();
