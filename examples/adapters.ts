/**
 * Can one model fit different learners? All share an encoder and a head, and each learner has a
 * small adapter. Only the adapter is trained on the learner's own twenty examples. The learners are
 * synthetic.
 *
 *   deno run --allow-ffi examples/adapters.ts --seed 11
 */
import { losses, nn, optim, randn, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A shared encoder and a small adapter for each learner.");
const [LEARNERS, FEATURES, SKILLS, SHOTS] = [20, 6, 12, 20];

// What all learners share, and how each one differs.
const [mix, common] = [randn([FEATURES, SKILLS]).div(2), randn([SKILLS, 1])];
const own = Array.from({ length: LEARNERS }, () => randn([SKILLS, 1]).mul(0.8));
function examples(learner: number, n: number): [x: Tensor, y: Tensor] {
  const x = randn([n, FEATURES]);
  const scores = x.matmul(mix).tanh().matmul(common.add(own[learner]!)).div(Math.sqrt(SKILLS));
  return [x, scores.add(randn([n, 1]).mul(0.05))];
}

class Tutor extends nn.Module {
  encoder = new nn.Sequential(
    new nn.Linear(FEATURES, 48),
    new nn.Tanh(),
    new nn.Linear(48, SKILLS),
  );
  adapters = new nn.ModuleDict(Object.fromEntries(
    own.map((_, i) => [`learner${i}`, new nn.Linear(SKILLS, 1)]),
  ));
  head = new nn.Linear(SKILLS, 1);

  override forward(x: Tensor, learner?: number): Tensor {
    const skills = this.encoder.forward(x).tanh();
    const shared = this.head.forward(skills);
    const adapter = learner === undefined ? null : this.adapters.get(`learner${learner}`);
    return adapter === null ? shared : shared.add((adapter as nn.Linear).forward(skills));
  }
}

const tutor = new Tutor();
const shared = [...tutor.encoder.parameters(), ...tutor.head.parameters()];
const optimizer = new optim.Adam(shared, { lr: 5e-3 });
for (let step = 0; step < (run.quick ? 150 : 1500); step++) {
  const [x, y] = examples(step % LEARNERS, 32);
  optimizer.zeroGrad();
  losses.mse(tutor.forward(x), y).backward();
  optimizer.step();
}

tutor.encoder.requiresGrad_(false);
tutor.head.requiresGrad_(false);
const bits = () => JSON.stringify(tutor.encoder.parameters().map((p) => p.toArray()));
const before = bits();
const errors = own.map((_, learner) => {
  const adapter = tutor.adapters.get(`learner${learner}`) as nn.Linear;
  // The adapter starts as zero, so the first prediction is the shared head's.
  nn.init.zeros_(adapter.weight);
  nn.init.zeros_(adapter.bias);
  const [x, y] = examples(learner, SHOTS);
  const tuner = new optim.AdamW(adapter.parameters(), { lr: 1e-2, weightDecay: 0.1 });
  for (let step = 0; step < (run.control ? 0 : run.quick ? 60 : 200); step++) {
    tuner.zeroGrad();
    losses.mse(tutor.forward(x, learner), y).backward();
    tuner.step();
  }
  const [seen, wanted] = examples(learner, 500);
  const errorOf = (found: Tensor) => losses.mse(found, wanted).item();
  return { shared: errorOf(tutor.forward(seen)), own: errorOf(tutor.forward(seen, learner)) };
});
const better = errors.filter((error) => error.own < error.shared).length / LEARNERS;
const mean = (of: "shared" | "own") => errors.reduce((sum, error) => sum + error[of], 0) / LEARNERS;
console.log(
  `mean error: shared head ${mean("shared").toFixed(3)}, adapters ${mean("own").toFixed(3)}`,
);
console.log(`better for ${(100 * better).toFixed(0)} % of ${LEARNERS} learners`);
console.log(Object.keys(tutor.stateDict()).filter((key) => /encoder|learner0/.test(key)).join(" "));
const [ofShared, ofOwn] = [errors.map(({ shared }) => shared), errors.map(({ own }) => own)];
const ends = [0, Math.max(...ofShared, ...ofOwn)];
run.picture(
  "learners",
  plot.figure([[
    plot.scatter(ofShared, ofOwn, {
      title: "Below the line the adapter helps",
      xLabel: "error of the shared head",
      yLabel: "error with the learner's adapter",
      label: "learners",
    }),
    plot.lines(ends, { x: ends, line: "dashed", label: "equally good" }),
  ]]),
);
run.figures("A-08", {
  better,
  encoderSame: bits() === before,
  errorRatio: mean("own") / mean("shared"),
});
run.end();
