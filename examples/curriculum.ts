/**
 * What does the curve of its errors tell about a learner? Four features of the curve determine its
 * type, by the nearest centroid, and the type determines the lessons. Synthetic curves.
 *
 *   deno run --allow-ffi examples/curriculum.ts --seed 11
 */
import { cdist, data, metrics, stack, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("From a curve of errors to features, a type and a curriculum.");
const TYPES = ["fast plateau", "slow fall", "comes and goes"] as const;

/** How far the error falls, where it ends, how often it turns, and how much it varies. */
function features(curves: Tensor): Tensor {
  if (run.control) return curves.narrow(1, 0, 4);
  const [first, last] = [curves.narrow(1, 0, 15).mean(1), curves.narrow(1, 45, 15).mean(1)];
  const smooth = curves.unfold(1, 5, 1).mean(2);
  const turns = smooth.diff({ dim: 1 }).abs().sum(1);
  return stack([last.sub(first), last, turns, curves.std(1)], 1);
}

const known = data.synthetic.learningCurves(60);
const test = data.synthetic.learningCurves(120);
const raw = features(known.x);
const scaled = (x: Tensor) => features(x).sub(raw.mean(0)).div(raw.std(0));
const centroids = stack(TYPES.map((_, type) => {
  const own = known.y.eq(type).nonzero().squeeze(1);
  return scaled(known.x).indexSelect(0, own).mean(0);
}));
const typesOf = (curves: Tensor) => cdist(scaled(curves), centroids).argmin(1);

/** The lessons for a learner: the higher the final error, the easier the next lesson. */
function curriculum(curve: Tensor): string[] {
  const type = typesOf(curve.unsqueeze(0)).item();
  const end = curve.narrow(0, 45, 15).mean().item();
  const level = end < 0.2 ? "hard" : end < 0.5 ? "middle" : "easy";
  const plans = [
    [`new topic, ${level}`, `challenge, ${level}`, "new topic"],
    [`short steps, ${level}`, "repeat", `short steps, ${level}`],
    ["same time each day", `review, ${level}`, "break", `review, ${level}`],
  ];
  return plans[type]!;
}

const found = typesOf(test.x);
const accuracy = metrics.accuracy(found, test.y);
const plans = TYPES.map((_, type) => {
  const one = (test.y.toArray() as number[]).findIndex((own, i) =>
    own === type && found.at(i).item() === type
  );
  return one === -1 ? [] : curriculum(test.x.at(one));
});
TYPES.forEach((name, type) => console.log(`${name.padEnd(15)} ${plans[type]!.join("; ")}`));
const again = test.x.unbind().every((curve) =>
  `${curriculum(curve)}` === `${curriculum(curve.clone())}`
);
const examples = TYPES.map((name, type) =>
  [name, test.x.at((test.y.toArray() as number[]).indexOf(type))] as const
);
run.picture(
  "curves",
  plot.lines(Object.fromEntries(examples), { title: "Errors", xLabel: "lesson", yLabel: "error" }),
);
run.figures("A-21", {
  accuracy,
  plans: new Set(plans.map(String)).size,
  deterministic: again,
});
run.end();
