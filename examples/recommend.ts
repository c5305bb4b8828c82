/**
 * Tastes can be inferred from ratings, and new items are known by their features. Article 001 lists
 * personalised recommendation, collaborative filtering and content filtering. Here, 100 users rate
 * 80 items according to three hidden tastes (synthetic data), and a quarter of the ratings is
 * known. Factors of users and items predict the others, and rank them better than popularity does.
 * Items without ratings need the users' tastes for features; factors give only the mean.
 *
 *   deno run --allow-ffi examples/recommend.ts --seed 1
 *
 * The control learns no factors, and no taste for features.
 */

import { arange, losses, metrics, nn, noGrad, optim, rand, randn, train } from "@adjoint/ml";
import { type Tensor, where } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Ratings reveal tastes; new items are known by their features.");
const [USERS, ITEMS, OLD] = [100, 80, 60];
const features = randn([ITEMS, 6]);
const tastes = randn([USERS, 3]);
const items = features.matmul(randn([6, 3])).div(Math.sqrt(6));
// How much all users like or dislike an item.
const liked = features.matmul(randn([6])).div(Math.sqrt(6)).mul(0.5);
const ratings = tastes.matmul(items.mT).div(Math.sqrt(3))
  .add(liked).add(randn([USERS, ITEMS]).mul(0.3)).add(3);
const known = rand([USERS, ITEMS]).lt(0.25);
const steps = run.quick ? 250 : 800;

/** The mean of the known ratings, by item or overall; items without ratings get the overall mean. */
function meanOf(seen: Tensor): Tensor {
  const all = ratings.mul(seen).sum().div(seen.sum());
  const counts = seen.sum(0);
  return where(counts.gt(0), ratings.mul(seen).sum(0).div(counts.clamp(1, null)), all);
}

/** Fits predictions of all pairs to the known ratings, and returns them. */
function fitted(
  seen: Tensor,
  params: Tensor[],
  predict: () => Tensor,
  penalty: () => Tensor,
): Tensor {
  const optimizer = new optim.AdamW(params, { lr: 2e-2, weightDecay: 0.1 });
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    losses.mse(predict(), ratings, { mask: seen }).add(penalty()).backward();
    optimizer.step();
  }
  return noGrad(predict);
}

const rmse = (pred: Tensor, where: Tensor) =>
  losses.mse(pred, ratings, { mask: where }).sqrt().item();
const parameter = (...shape: number[]) => new nn.Parameter(randn(shape).mul(0.1));

/** Collaborative filtering: a few factors and a bias for each user and each item. */
function collaborative(seen: Tensor): Tensor {
  const [p, q] = [parameter(USERS, 3), parameter(ITEMS, 3)];
  const [ofUser, ofItem] = [parameter(USERS, 1), parameter(ITEMS)];
  const mean = ratings.mul(seen).sum().div(seen.sum());
  const factors = () => run.control ? p.mul(0).matmul(q.mT) : p.matmul(q.mT);
  return fitted(
    seen,
    [p, q, ofUser, ofItem],
    () => factors().add(ofUser).add(ofItem).add(mean),
    () => p.square().sum(1).mean().add(q.square().sum(1).mean()).mul(0.03),
  );
}

/** Content filtering: each user's rating is a function of the item's features. */
function content(seen: Tensor): Tensor {
  const [common, own] = [parameter(1, 6), parameter(USERS, 6)];
  const ofUser = parameter(USERS, 1);
  const mean = ratings.mul(seen).sum().div(seen.sum());
  const shown = run.control ? features.mul(0) : features;
  return fitted(
    seen,
    [common, own, ofUser],
    () => common.add(own).matmul(shown.mT).add(ofUser).add(mean),
    () => own.square().sum(1).mean().mul(0.03),
  );
}

const hidden = known.logicalNot();
const predicted = collaborative(known);
const popular = meanOf(known).expand([USERS, ITEMS]);
run.figures("B-23", { factors: rmse(predicted, hidden), itemMean: rmse(popular, hidden) });

const corner = (title: string, all: Tensor) =>
  plot.heatmap(all.at([0, 30], [0, 30]), { title, values: false, range: [0, 6], width: 340 });
const panels = [
  corner("True ratings, a user per row", ratings),
  corner("Known ratings, else 3", where(known, ratings, 3)),
  corner("Predicted ratings", predicted),
];
run.picture("ratings", plot.figure(panels));

// The hidden items that a user would rate 4 or more, and their ranks in the list.
const relevant = ratings.ge(4).logicalAnd(hidden).to("float32");
const ranked = (scores: Tensor) => scores.maskedFill(known, -1e9);
const ndcg = (scores: Tensor) => metrics.ndcg(ranked(scores), relevant, { topK: 10 });
const recall = (scores: Tensor) => metrics.recallAtK(ranked(scores), relevant, { topK: 10 });
run.figures("B-22", {
  ndcg: ndcg(predicted),
  recall: recall(predicted),
  popularNdcg: ndcg(popular),
  popularRecall: recall(popular),
});

// The last items are new, so they have no ratings.
const old = arange(ITEMS).lt(OLD);
const seen = known.logicalAnd(old);
const fresh = old.logicalNot().expand([USERS, ITEMS]);
run.figures("B-24", {
  content: rmse(content(seen), fresh),
  factors: rmse(collaborative(seen), fresh),
  mean: rmse(ratings.mul(seen).sum().div(seen.sum()).expand([USERS, ITEMS]), fresh),
});
run.end();
