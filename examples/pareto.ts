/**
 * Can a weighted sum find every trade-off? In the problem of Fonseca and Fleming, whose front is
 * concave, it ends at one of the ends for all weights, since the two pulls only cancel stably
 * there. The largest weighted loss (Tchebycheff) and the shortest combination of gradients (MGDA)
 * end in between.
 *
 *   deno run --allow-ffi examples/pareto.ts --seed 11
 */
import { grad, linspace, losses, optim, randn, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("On a concave front, weighted sums find only the ends.");
const CENTRE = 1 / Math.sqrt(3);

/** Both objectives, 1 − exp(−‖x ∓ 1/√3‖²); the best points lie between the two centres. */
function objectives(x: Tensor): [Tensor, Tensor] {
  const away = (centre: number) => x.sub(centre).square().sum(-1).neg().exp().neg().add(1);
  return [away(CENTRE), away(-CENTRE)];
}
const values = (x: Tensor) => objectives(x).map((value) => value.item()) as [number, number];
const steps = run.quick ? 250 : 2000;
const start = () => randn([3]).mul(0.2).requiresGrad_();

/** The end point of a loss that combines both objectives. */
function ends(criterion: { forward(tasks: readonly Tensor[]): Tensor; parameters(): Tensor[] }) {
  const x = start();
  const optimizer = new optim.Adam([x, ...criterion.parameters()], { lr: 1e-2 });
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    criterion.forward(objectives(x)).backward();
    optimizer.step();
  }
  return values(x);
}

/** The end point of steps along the shortest combination of both gradients, and its length there. */
function mgdaEnds(): { at: [number, number]; length: number } {
  const x = start();
  const optimizer = new optim.SGD([x], { lr: 0.1 });
  let length = Infinity;
  for (let step = 0; step < steps; step++) {
    const tasks = objectives(x);
    x.grad = run.control
      ? grad(tasks[0].add(tasks[1]), [x])[0]
      : losses.mgda(losses.taskGradients(tasks, x)).gradient;
    length = x.grad.norm().item();
    optimizer.step();
  }
  return { at: values(x), length };
}

const shares = [0.2, 0.35, 0.45, 0.5, 0.55, 0.65, 0.8];
const sums = shares.map((a) => ends(new losses.WeightedSum([a, 1 - a])));
const Largest = run.control ? losses.WeightedSum : losses.Tchebycheff;
const largest = shares.map((a) => ends(new Largest([a, 1 - a])));
const learned = [1, 2, 3].map(() => ends(new losses.MultiTaskLossWithUncertainty(2)));
const shortest = Array.from({ length: 6 }, mgdaEnds);

/** The number of distinct points that are not at an end of the front. */
function interior(points: readonly (readonly number[])[]): number {
  const within = points.filter((point) => point.every((value) => value > 0.05));
  return new Set(within.map((point) => point.map((value) => value.toFixed(2)).join())).size;
}
const found = {
  "weighted sums": sums,
  "uncertainty weights": learned,
  "Tchebycheff": largest,
  "MGDA": shortest.map(({ at }) => at),
};
for (const [name, points] of Object.entries(found)) {
  const shown = points.map((point) => `(${point.map((value) => value.toFixed(2)).join(", ")})`);
  console.log(`${name.padEnd(20)}${interior(points)} within: ${shown.join(" ")}`);
}
console.log(
  "The article is wrong: learned weights also form a weighted sum, and end at the same points.",
);
console.log(
  "With positive weights, the minimum of a sum is Pareto optimal, but never inside a concave front.",
);

const along = linspace(-CENTRE, CENTRE, 80).unsqueeze(1).expand([80, 3]);
const [first, second] = objectives(along);
const points = Object.entries(found).flatMap(([name, all]) =>
  all.map((at) => [name, ...at] as const)
);
run.picture(
  "pareto",
  plot.figure([[
    plot.scatter(points.map(([, x]) => x), points.map(([, , y]) => y), {
      groups: points.map(([name]) => name),
      radius: 5,
      title: "End points of each method",
      xLabel: "first objective",
      yLabel: "second objective",
    }),
    plot.lines({ front: second }, { x: first }),
  ]]),
);
run.figures("C-12", {
  sumsWithin: interior(sums),
  learnedWithin: interior(learned),
  largestWithin: interior(largest),
  mgdaWithin: interior(found.MGDA),
  mgdaLength: Math.max(...shortest.map(({ length }) => length)),
});
run.end();
