/**
 * Can a policy learn which way of teaching helps whom? It sees how a learner behaves, tries one of four
 * strategies, and is told only whether that helped. Simulated learners: nobody was taught, and no robot
 * is here but a loop of looking, acting and being told.
 *
 *   deno run --allow-ffi examples/strategy.ts --seed 11
 */
import { distributions, losses, nn, noGrad, optim, randn, rl, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "Behaviour seen, a strategy chosen: a policy learned from success alone.",
);
const learners = new rl.StrategyBandit({ count: 64 });
const policy = new nn.Linear(6, 4);
const optimizer = new optim.Adam(policy.parameters(), { lr: 2e-2 });

const helped: number[] = [];
let seen = learners.reset();
for (let step = 0; step < (run.quick ? 200 : 500); step++) {
  const choice = new distributions.Categorical({ logits: policy.forward(seen) });
  const strategy = choice.sample();
  const { reward, observation } = learners.step(strategy);
  helped.push(reward.mean().item());
  // In the control the reward is that of another learner.
  const told = run.control ? reward.roll(1, 0) : reward;
  const gained = told.sub(told.mean());
  const loss = losses.reinforce(choice.logProb(strategy), gained)
    .sub(choice.entropy().mean().mul(0.01));
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  seen = observation;
}

const others = randn([3000, 6]);
const helps = learners.success(others);
const chosen = noGrad(() => policy.forward(others)).argmax(1, { keepdim: true });
const success = helps.gather(1, chosen).mean().item();
const oracle = helps.max(1).values.mean().item();
const fixed = helps.mean(0).max().item();
console.log(
  `learners helped: policy ${success.toFixed(3)}, who knows all ${oracle.toFixed(3)}, the best`,
);
console.log(`  strategy for everyone ${fixed.toFixed(3)}, any ${helps.mean().item().toFixed(3)}`);
// Means of 20 steps that follow each other.
const course = helped.slice(20).map((_, i) =>
  helped.slice(i, i + 20).reduce((sum, one) => sum + one) / 20
);
run.picture(
  "learners_helped",
  plot.lines({ policy: course }, {
    xLabel: "step",
    yLabel: "share of 64 learners that are helped",
    references: [
      { y: oracle, label: "who knows all" },
      { y: fixed, label: "one for everyone", line: "dotted" },
    ],
  }),
);
run.figures("A-03", { success, oracle, fixed });
run.figures("A-25", { success, oracle, fixed });
run.end();
