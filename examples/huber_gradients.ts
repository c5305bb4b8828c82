/**
 * A loss allocates gradients. Training sees a loss only through its gradient at each prediction,
 * the pull of that example. An outlier has 7.3 % of the total pull of the squared error, and 1.2 %
 * of that of Huber's loss, which caps it at δ. Sample S4 of article 002: predictions from −5 to 5
 * for 100 targets of 0, except one of 20. The printed picture shows guides at ±2 beside gradients
 * of a mean, which are a hundredth of those of single examples, so the cap cannot be seen; here it
 * can.
 *
 *   deno run -A examples/huber_gradients.ts --pictures .
 *
 * With δ = 2, most capped points are ordinary ones, since predictions are up to 5 away. The control
 * has the squared error in place of Huber's loss. Synthetic numbers.
 */

import { grad, linspace, losses, noGrad, study, type Tensor, tensor } from "@adjoint/ml";
import { train, where, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A loss allocates gradients: how strongly each example pulls.");
const DELTA = 2;

/** Half the squared error, as in the sample: `losses.mse` has twice its gradient. */
const half = (p: Tensor, t: Tensor) => losses.mse(p, t).mul(0.5);
const huber = run.control ? half : (p: Tensor, t: Tensor) => losses.huber(p, t, { delta: DELTA });

/** The sample's own Huber loss, step by step. */
function literal(p: Tensor, t: Tensor, delta: number): Tensor {
  const r = p.sub(t).abs();
  return where(r.le(delta), r.square().mul(0.5), r.mul(delta).sub(0.5 * delta ** 2)).mean();
}

const pred = linspace(-5, 5, 100);
const target = zeros([100]);
noGrad(() => target.setAt([50], 20));

const profiles = {
  mse: study.gradientProfile(half, pred, target),
  huber: study.gradientProfile(huber, pred, target),
};
const own = study.gradientProfile((p, t) => literal(p, t, DELTA), pred, target);
const apart = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();
run.figures("S4", {
  huber: profiles.huber.value,
  literal: own.value,
  apart: apart(profiles.huber.gradient, own.gradient),
});

// Residuals of 0, ±δ and ±∞: no NaN of the branch that was not chosen may reach the gradient.
const edges = tensor([-Infinity, -3, -2, -1, 0, 1, 2, 3, Infinity], { requiresGrad: true });
const values = run.control ? edges.square().mul(0.5) : losses.huber(edges, zeros([9]), {
  delta: DELTA,
  reduction: "none",
});
run.figures("C-06", {
  values: values.toArray() as number[],
  slopes: grad(values.sum(), [edges])[0].toArray() as number[],
});

const inliers = target.eq(0);
const outlier = (x: Tensor) => x.at(50).item();
run.figures("C-07", {
  mse: profiles.mse.value,
  huber: profiles.huber.value,
  prediction: outlier(pred),
  mseOutlier: outlier(profiles.mse.gradient),
  huberOutlier: outlier(profiles.huber.gradient),
  mseInliers: profiles.mse.norms.maskedSelect(inliers).max().item(),
  huberMost: profiles.huber.norms.max().item(),
  capped: pred.sub(target).abs().ge(DELTA).sum().item(),
});
run.figures("C-28", {
  mse: outlier(profiles.mse.shares),
  huber: outlier(profiles.huber.shares),
});

/** The sample's two panels, with gradients multiplied by a scale. */
function drawn(scale: number): plot.Picture {
  const axes = { xLabel: "Prediction", yLabel: "Gradient", opacity: 0.6 };
  return plot.figure([
    plot.scatter(pred, profiles.mse.gradient.mul(scale), {
      ...axes,
      label: "MSE Gradient",
      title: "MSE Gradient w.r.t Prediction",
      references: [{ y: 0 }],
    }),
    plot.scatter(pred, profiles.huber.gradient.mul(scale), {
      ...axes,
      label: "Huber Gradient",
      color: "darkorange",
      title: `Huber Gradient (delta=${DELTA}.0) w.r.t Prediction`,
      references: [
        { y: 0 },
        { y: DELTA, label: "delta", color: "red", line: "dotted" },
        { y: -DELTA, label: "-delta", color: "red", line: "dotted" },
      ],
    }),
  ]);
}

const picture = drawn(pred.size);
run.picture("huber_gradients", picture);
run.picture("huber_gradients_as_printed", drawn(1));

// The contents of the picture, counted in the SVG of each panel.
const panels = picture.svg.split('class="adjoint-panel"').slice(1);
const count = (pattern: RegExp) => panels.map((panel) => [...panel.matchAll(pattern)].length);
const guides = [...panels[1]!.matchAll(/"2 3"><line[^>]*? y1="([^"]+)"/g)].map((m) => Number(m[1]));
const heights = [...panels[1]!.matchAll(/<circle[^>]*? cy="([^"]+)"/g)].map((m) => Number(m[1]));
run.figures("C-08", {
  points: count(/<circle/g),
  dashed: count(/<g [^>]*stroke-dasharray="6 4"/g),
  dotted: count(/<g [^>]*stroke-dasharray="2 3"/g),
  legends: count(/"adjoint-entry"/g),
  titles: count(/"adjoint-title"[^>]*>[^<]*Gradient[^<]*w\.r\.t Prediction/g),
  onGuides: heights.filter((y) => guides.some((guide) => Math.abs(guide - y) < 0.01)).length,
});
run.end();
