/** Scripts of no row of the articles, with `--quick`: what each shows, and its control does not. */

import { assert } from "@std/assert";
import { runScript } from "./script.ts";

type Numbers = Readonly<Record<string, number & readonly number[]>>;

/** What the figures of a script must be, by its name. */
const SHOWS: Readonly<Record<string, (figures: Numbers) => boolean>> = {
  // The noise leaves 2 % of the spread unexplained.
  regression: ({ r2 }) => r2! > 0.95,
  classification: ({ accuracy, f1, calibration }) =>
    accuracy! > 0.97 && f1! > 0.97 && calibration! < 0.15,
  // The loss is least at the quantile of 0.9, where it is 1.755.
  custom_loss: ({ enough, cost }) => Math.abs(enough! - 0.9) < 0.04 && cost! < 1.95,
  // Steps on a new wave help initial weights that were trained for it, and hardly those that were not.
  maml: ({ maml, none }) => maml![2]! < 0.8 * maml![0]! && none![2]! > 0.9 * none![0]!,
  // Without the penalty the slope is far above 1.
  wgan_gp: ({ slope }) => Math.abs(slope! - 1) < 0.3,
  pinn: ({ error, residual }) => error! < -0.5 && residual! < -1,
  // Each point of the ring is reached, and not its middle by all.
  sinkhorn: ({ before, after, radius, gap }) =>
    after! < 0.1 * before! && Math.abs(radius! - 1) < 0.1 && gap! < 0.15,
  // Preferences by chance teach nothing.
  dpo: ({ gain, kl }) => gain! > 1 && kl! > 0,
  // The gradient is that of differences, and lowers the loss.
  hypergradient: ({ before, after, exact }) => Boolean(exact) && after! < 0.9 * before!,
  influence: ({ error, found }) => error! < 0.4 && found! > 0.85,
  // Each clipped by itself, no sample does more than the noise; the whole clipped, one does.
  dp_sgd: ({ accuracy, influence, whole, drowned }) =>
    accuracy! > 0.7 && influence! < 1.01 && whole! > 5 && drowned! < 0.5,
  // What one is trained by, one is better at.
  ssim_denoise: ({ ssim, mseSsim, psnr, msePsnr }) => ssim! > mseSsim! + 0.02 && psnr! < msePsnr!,
};

for (const [name, shows] of Object.entries(SHOWS)) {
  Deno.test(`examples/${name}.ts shows what it says, and its control does not`, async () => {
    const [told, control] = await Promise.all([
      runScript(`${name}.ts`, "--quick", "--seed", "1"),
      runScript(`${name}.ts`, "--quick", "--seed", "1", "--control"),
    ]);
    const [found, spoilt] = [told, control].map(({ figures }) => figures[name]) as Numbers[];
    assert(shows(found!), JSON.stringify(found));
    assert(!shows(spoilt!), `control: ${JSON.stringify(spoilt)}`);
    const script = new URL(`../../examples/${name}.ts`, import.meta.url);
    const lines = Deno.readTextFileSync(script).trimEnd().split("\n").length;
    assert(lines <= 60, `${name} has ${lines} lines`);
  });
}
