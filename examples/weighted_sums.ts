/**
 * What does α·L₁ + (1 − α)·L₂ trade? In denoised images, realism (judged by a discriminator)
 * against structure; in a recommender, accuracy against diversity. Synthetic images and ratings.
 *
 *   deno run --allow-ffi examples/weighted_sums.ts --seed 11
 */
import { data, losses, manualSeed, metrics, nn, noGrad, ones, optim } from "@adjoint/ml";
import { randint, randn, type Tensor, train, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Weighted sums: each weight is a different compromise.");
const images = data.synthetic.tissueImages(run.quick ? 32 : 256);
const clean = data.synthetic.tissueImages(run.quick ? 16 : 64);
const spoilt = (x: Tensor) => x.add(randn(x.shape).mul(0.15));
const noisy = spoilt(clean);
// Differences between neighbouring pixels: denoised images are smoother than real ones.
const texture = (x: Tensor) => x.narrow(3, 1, 31).sub(x.narrow(3, 0, 31)).abs().flatten();

/** SSIM and the texture's distance from real images, with a weight of realism. */
function restored(share: number): [structure: number, texture: number] {
  manualSeed(run.seed);
  const conv = (from: number, to: number, stride = 1) =>
    new nn.Conv2d(from, to, 3, { padding: 1, stride });
  const inner = new nn.Sequential(new nn.ReLU(), conv(16, 16), new nn.ReLU());
  const net = new nn.Sequential(conv(1, 16), inner, conv(16, 1));
  const restore = (x: Tensor) => x.add(net.forward(x)); // the net predicts the correction
  const judge = new nn.Sequential(
    conv(1, 8, 2),
    new nn.ReLU(),
    conv(8, 16, 2),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(16 * 64, 1),
  );
  const [netStep, judgeStep] = [net, judge].map((module) =>
    new optim.Adam(module.parameters(), { lr: 2e-3, betas: [0.5, 0.99] })
  ) as [optim.Adam, optim.Adam];
  const opinion = (x: Tensor, real: boolean) =>
    losses.bceWithLogits(judge.forward(x), (real ? ones : zeros)([x.shape[0]!, 1]));
  for (let step = 0; step < (run.quick ? 60 : 300); step++) {
    const batch = images.indexSelect(0, randint(0, images.shape[0]!, [16]));
    const made = restore(spoilt(batch));
    judgeStep.zeroGrad();
    opinion(batch, true).add(opinion(made.detach(), false)).backward();
    judgeStep.step();
    netStep.zeroGrad();
    const structure = losses.ssim(made, batch);
    opinion(made, true).mul(share).add(structure.mul(1 - share)).backward();
    netStep.step();
  }
  const found = noGrad(() => restore(noisy));
  const distance = losses.wasserstein1d(texture(found), texture(clean)).item();
  return [metrics.ssim(found, clean), distance];
}

const shares = run.quick ? [0, 0.5] : [0, 0.05, 0.1, 0.5];
const restorations = shares.map((share) => restored(run.control ? 0 : share));
shares.forEach((share, i) => {
  const [structure, away] = restorations[i]!;
  console.log(`realism ${share}: SSIM ${structure.toFixed(3)}, texture off by ${away.toFixed(4)}`);
});

const [USERS, ITEMS, SHOWN] = [100, 80, 5];
const all = data.synthetic.ratings(USERS * ITEMS, { world: Number(run.seed) });
const table = zeros([USERS * ITEMS]).scatter(0, all.users.mul(ITEMS).add(all.items), all.ratings);
const seen = { from: all.users.narrow(0, 0, 2000), to: all.items.narrow(0, 0, 2000) };
const ratings = all.ratings.narrow(0, 0, 2000);

/** The mean rating of the items shown to users, and the share of items shown to anyone. */
function recommended(share: number): [rating: number, shown: number] {
  manualSeed(run.seed);
  const [users, items, own] = [[USERS, 3], [ITEMS, 3], [ITEMS]].map((shape) =>
    randn(shape).mul(0.1).requiresGrad_()
  ) as [Tensor, Tensor, Tensor];
  const optimizer = new optim.AdamW([users, items, own], { lr: 2e-2, weightDecay: 0.1 });
  const scores = () => users.matmul(items.mT).add(own).add(3);
  for (let step = 0; step < (run.quick ? 150 : 600); step++) {
    const all = scores();
    const found = all.flatten().gather(0, seen.from.mul(ITEMS).add(seen.to));
    const shown = all.mul(3).softmax(1).mean(0);
    const diversity = shown.mul(shown.log()).sum();
    optimizer.zeroGrad();
    losses.mse(found, ratings).mul(1 - share).add(diversity.mul(share)).backward();
    optimizer.step();
  }
  const top = scores().topk(SHOWN, 1).indices;
  const rating = table.reshape([USERS, ITEMS]).gather(1, top).mean().item();
  return [rating, new Set(top.flatten().toArray() as number[]).size / ITEMS];
}

const weights = run.quick ? [0, 0.5] : [0, 0.1, 0.2, 0.5];
const lists = weights.map((share) => recommended(run.control ? 0 : share));
weights.forEach((share, i) => {
  const [rating, shown] = lists[i]!;
  console.log(
    `diversity ${share}: rating ${rating.toFixed(2)}, ${(100 * shown).toFixed(0)} % shown`,
  );
});
console.log("No weight is best: each is a compromise that has to be chosen.");
const dots = (title: string, points: [number, number][], xLabel: string, yLabel: string) =>
  plot.scatter(points.map(([, x]) => x), points.map(([y]) => y), { title, xLabel, yLabel });
run.picture(
  "trade_offs",
  plot.figure([
    dots("Images", restorations, "texture off by", "SSIM"),
    dots("Recommendations", lists, "share of items shown", "mean rating"),
  ]),
);
run.figures("C-10", {
  structure: restorations.map(([structure]) => structure),
  textureOff: restorations.map(([, away]) => away),
  rating: lists.map(([rating]) => rating),
  shown: lists.map(([, shown]) => shown),
});
run.end();
