/**
 * A fairness term closes the gap between groups, at a price. Synthetic data: one learner in ten
 * belongs to a group with different true weights, and a model that does not see the group fits it
 * worse. The term is the squared difference of the groups' mean errors, so it pulls only on that
 * difference. It closes the gap largely by levelling down: the error of the larger group rises.
 *
 *   deno run -A examples/fairness_term.ts --seed 1
 *
 * The control assigns the term's groups at random.
 */

import { data, losses, nn, noGrad, optim, randperm, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A fairness term closes the gap between groups, at a price.");
const { x, y, group } = data.synthetic.unequalGroups(400);
const groups = run.control ? group.indexSelect(0, randperm(400)) : group;

/** The error of each example under a model. */
const errors = (model: nn.Linear) =>
  losses.mse(model.forward(x), y, { reduction: "none" }).squeeze(1);
/** The mean error of a group. */
const meanOf = (each: Tensor, own: number) => each.maskedSelect(group.eq(own)).mean().item();

/** Trains with the term; returns the errors of all and of each group, and the gap. */
function trained(lambda: number): { all: number; most: number; few: number; gap: number } {
  const model = new nn.Linear(4, 1);
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  for (let step = 0; step < (run.quick ? 300 : 1500); step++) {
    optimizer.zeroGrad();
    const each = errors(model);
    each.mean().add(losses.groupGapPenalty(each, groups).mul(lambda)).backward();
    optimizer.step();
  }
  const each = noGrad(() => errors(model));
  const [most, few] = [meanOf(each, 0), meanOf(each, 1)];
  return { all: each.mean().item(), most, few, gap: Math.abs(most - few) };
}

console.log(`Synthetic data: 400 learners, ${group.sum().item()} in the small group.`);
console.log("λ      error    of most  of few   gap");
const found = [0, 0.1, 1].map((lambda) => ({ lambda, ...trained(lambda) }));
for (const row of found) {
  console.log(Object.values(row).map((value) => value.toFixed(3).padEnd(8)).join(" "));
}
const column = (name: "all" | "most" | "few") => found.map((row) => row[name]);
run.picture(
  "fairness_term",
  plot.lines({ all: column("all"), most: column("most"), few: column("few") }, {
    x: found.map(({ lambda }) => lambda),
    xLabel: "λ",
    yLabel: "mean squared error",
    points: true,
  }),
);
run.figures("A-24", { gaps: found.map(({ gap }) => gap), errors: found.map(({ all }) => all) });
run.end();
