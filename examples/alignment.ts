/**
 * Does a squared error align the embeddings of three streams that show the same moments? It does,
 * but its minimum is where all embeddings are one point, so a term that keeps their variance is
 * needed. Synthetic data.
 *
 *   deno run --allow-ffi examples/alignment.ts --seed 11
 */
import { cat, cdist, data, eye, losses, nn, noGrad, optim } from "@adjoint/ml";
import { type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "Embeddings aligned by MSE collapse to a point, unless a term keeps their variance.",
);
const world = Number(run.seed);
const WIDTHS = { speech: 16, gaze: 8, touch: 12 } as const;
const NAMES = ["speech", "gaze", "touch"] as const;
const test = data.synthetic.moments(200, { world });

/** The mean squared distance between embeddings of the same moments. */
function apart([a, b, c]: Tensor[]): Tensor {
  return losses.mse(a!, b!).add(losses.mse(b!, c!)).add(losses.mse(c!, a!));
}

/** How far each dimension's deviation is below 1, and how correlated the dimensions are. */
function collapse(z: Tensor): Tensor {
  const centred = z.sub(z.mean(0));
  const covariance = centred.mT.matmul(centred).div(z.shape[0]! - 1);
  const missing = covariance.diagonal().add(1e-4).sqrt().neg().add(1).relu().mean();
  return missing.add(covariance.mul(eye(4).neg().add(1)).square().sum().div(4));
}

/** How often the nearest embedding of another stream shows the same moment, and the variance. */
function aligned(keepsVariance: boolean): { top1: number; variance: number; views: Tensor[] } {
  const encoders = NAMES.map((name) =>
    new nn.Sequential(new nn.Linear(WIDTHS[name], 32), new nn.ReLU(), new nn.Linear(32, 4))
  );
  const params = encoders.flatMap((encoder) => encoder.parameters());
  const optimizer = new optim.Adam(params, { lr: 3e-3 });
  const embedded = (moments: data.synthetic.Moments) =>
    encoders.map((encoder, i) => encoder.forward(moments[NAMES[i]!]));
  for (let step = 0; step < (run.quick ? 300 : 1500); step++) {
    const views = embedded(data.synthetic.moments(64, { world }));
    let loss = apart(views);
    if (keepsVariance) { for (const view of views) loss = loss.add(collapse(view)); }
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }
  const views = noGrad(() => embedded(test));
  const hits = [[0, 1], [1, 2], [2, 0]].map(([from, to]) => {
    const nearest = cdist(views[from!]!, views[to!]!).argmin(1).toArray() as number[];
    return nearest.filter((found, i) => found === i).length / nearest.length;
  });
  const variance = views.map((view) => view.var(0).mean().item());
  return {
    top1: hits.reduce((sum, share) => sum + share) / hits.length,
    variance: Math.min(...variance),
    views,
  };
}

const [kept, alone] = [aligned(!run.control), aligned(false)];
const chance = 1 / 200;
for (const [name, { top1, variance }] of Object.entries({ "with variance": kept, "MSE": alone })) {
  console.log(
    `${name.padEnd(14)} top-1 ${top1.toFixed(3)} (chance ${chance}), variance ` +
      variance.toPrecision(3),
  );
}
console.log("The article's criterion alone is smallest where all embeddings are the same.");
const moments = (title: string, { views }: typeof kept) => {
  const [x, y] = [0, 1].map((dim) => cat(views.map((view) => view.at(":", dim)), 0));
  const groups = NAMES.flatMap((name) => new Array<string>(200).fill(name));
  return plot.scatter(x!, y!, { title, groups, xRange: [-3, 3], yRange: [-3, 3] });
};
run.picture(
  "embeddings",
  plot.figure([moments("With variance", kept), moments("The squared error alone", alone)]),
);
run.figures("A-19", {
  top1: kept.top1,
  chance,
  variance: kept.variance,
  aloneVariance: alone.variance,
});
run.end();
