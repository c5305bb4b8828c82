/**
 * Structural similarity as a loss (Wang et al., "Image quality assessment", 2004): a small network
 * denoises images of blobs, trained by 1 − SSIM, and for comparison by the mean squared error. Each
 * is better at the measure that trained it. Synthetic images.
 */

import { linspace, losses, manualSeed, nn, noGrad, optim, rand, randn } from "@adjoint/ml";
import { scope, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A network trained by structural similarity keeps more structure.");
const [SIDE, BATCH, STEPS, NOISE] = [32, 8, run.quick ? 120 : 200, 0.2];

/** Images of four blobs each, of different widths and positions. */
function blobs(count: number): Tensor {
  const at = linspace(0, 1, SIDE);
  const [x, y, width] = [rand([count, 4, 1, 1]), rand([count, 4, 1, 1]), rand([count, 4, 1, 1])];
  const away = at.sub(x).square().add(at.unsqueeze(1).sub(y).square());
  return away.div(width.mul(0.02).add(0.005)).neg().exp().max(1, { keepdim: true }).values;
}

/** Trains by a loss; returns SSIM and signal-to-noise ratio on new images, and one of the images. */
function trained(loss: (prediction: Tensor, target: Tensor) => Tensor) {
  // The same images and initial weights for both losses.
  manualSeed(run.seed);
  const conv = (from: number, to: number) => new nn.Conv2d(from, to, 3, { padding: 1 });
  const layers = [conv(1, 16), new nn.ReLU(), conv(16, 16), new nn.ReLU(), conv(16, 1)];
  const model = new nn.Sequential(...layers);
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const clean = (image: Tensor) => image.add(model.forward(image));
  for (let step = 0; step < STEPS; step++) {
    scope(() => {
      const target = blobs(BATCH);
      optimizer.zeroGrad();
      loss(clean(target.add(randn(target.shape).mul(NOISE))), target).backward();
      optimizer.step();
    });
  }
  return noGrad(() => {
    const target = blobs(64);
    const noisy = target.add(randn(target.shape).mul(NOISE));
    const found = clean(noisy);
    const psnr = -10 * Math.log10(losses.mse(found, target).item());
    return { ssim: 1 - losses.ssim(found, target).item(), psnr, target, noisy, found };
  });
}

const [own, mse] = [trained(run.control ? losses.mse : losses.ssim), trained(losses.mse)];
const shades = { clean: own.target, noisy: own.noisy, "1 − SSIM": own.found, MSE: mse.found };
const panels = Object.entries(shades).map(([title, x]) =>
  plot.heatmap(x.at(0, 0), { title, values: false, range: [0, 1], width: 280, height: 280 })
);
run.picture("denoised", plot.figure(panels));
const { ssim, psnr } = own;
run.figures("ssim_denoise", { ssim, psnr, mseSsim: mse.ssim, msePsnr: mse.psnr });
run.end();
