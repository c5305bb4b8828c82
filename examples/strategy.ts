/**
 * Can a policy learn which way of teaching helps whom? It observes a learner's behaviour, tries one
 * of four strategies, and gets only a reward for success. The learners are simulated, and there is
 * no robot.
 *
 *   deno run --allow-ffi examples/strategy.ts --seed 11
 */
import { distributions, losses, nn, noGrad, optim, randn, rl, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "A policy that chooses a strategy by behaviour, learned from success alone.",
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
  // In the control, the reward is another learner's.
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
  `learners helped: policy ${success.toFixed(3)}, an oracle ${oracle.toFixed(3)}, the best`,
);
console.log(
  `  single strategy ${fixed.toFixed(3)}, a random one ${helps.mean().item().toFixed(3)}`,
);
// Means over 20 consecutive steps.
const course = helped.slice(20).map((_, i) =>
  helped.slice(i, i + 20).reduce((sum, one) => sum + one) / 20
);
run.picture(
  "learners_helped",
  plot.lines({ policy: course }, {
    xLabel: "step",
    yLabel: "share of 64 learners helped",
    references: [
      { y: oracle, label: "an oracle" },
      { y: fixed, label: "best single strategy", line: "dotted" },
    ],
  }),
);
run.figures("A-03", { success, oracle, fixed });
run.figures("A-25", { success, oracle, fixed });
run.end();
