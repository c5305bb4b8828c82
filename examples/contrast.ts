/**
 * Does a contrastive term make embeddings separate states? Windows of behaviour are mapped to eight
 * numbers, from which a score is predicted. The term pulls windows of the same state together.
 * Synthetic data.
 *
 *   deno run --allow-ffi examples/contrast.ts --seed 11
 */
import { cdist, data, losses, manualSeed, metrics, nn, normalize, optim } from "@adjoint/ml";
import { randint, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "MSE and a contrastive loss: separate states, for a small loss of accuracy.",
);
const world = Number(run.seed);
const known = data.synthetic.behaviours(300, { world });
const test = data.synthetic.behaviours(run.quick ? 200 : 600, { world });

type Term = (embedding: Tensor, states: Tensor) => Tensor;

/** How well the distance of a pair shows whether its states are the same, and the score's error. */
function trained(term: Term | null, onSphere = false) {
  manualSeed(run.seed);
  const encoder = new nn.Sequential(new nn.Linear(24, 32), new nn.ReLU(), new nn.Linear(32, 8));
  const head = new nn.Linear(8, 1);
  const params = [...encoder.parameters(), ...head.parameters()];
  const optimizer = new optim.Adam(params, { lr: 3e-3 });
  for (let step = 0; step < (run.quick ? 150 : 600); step++) {
    const picked = randint(0, 300, [64]);
    const embedding = encoder.forward(known.x.indexSelect(0, picked));
    const score = losses.mse(head.forward(embedding), known.y.indexSelect(0, picked));
    const states = known.group.indexSelect(0, picked);
    optimizer.zeroGrad();
    (term === null ? score : score.add(term(embedding, states).mul(0.5))).backward();
    optimizer.step();
  }
  const embedding = encoder.forward(test.x).detach();
  const seen = onSphere ? normalize(embedding, { dim: 1 }) : embedding;
  const states = test.group;
  const upper = cdist(seen, seen).mul(0).add(1).triu(1).gt(0);
  const near = cdist(seen, seen).neg().maskedSelect(upper);
  const same = states.unsqueeze(1).eq(states.unsqueeze(0)).maskedSelect(upper);
  const error = losses.mse(head.forward(embedding), test.y).item();
  return {
    auc: metrics.rocAuc(near, same.to({ dtype: "int32" })),
    nmse: error / test.y.var().item(),
    distances: {
      "one state": near.neg().maskedSelect(same),
      "two states": near.neg().maskedSelect(same.logicalNot()),
    },
  };
}

const plain = trained(null);
const pairs = trained(run.control ? null : (z, states) => losses.contrastive(z, states));
const info = trained(
  run.control ? null : (z, states) => losses.supCon(z, states, { temperature: 0.5 }).mul(0.1),
  true,
);
for (const [name, { auc, nmse }] of Object.entries({ MSE: plain, pairs, InfoNCE: info })) {
  console.log(
    `${name.padEnd(8)} AUC of pairs ${auc.toFixed(3)}, error of the score ${nmse.toFixed(3)}`,
  );
}
console.log(
  "The embedding separates the states, and the score is slightly worse.",
);
const distances = Object.entries({ "MSE alone": plain, "With the contrastive term": pairs });
run.picture(
  "distances",
  plot.figure(
    distances.map(([title, { distances }]) =>
      plot.histogram(distances, { title, bins: 50, xLabel: "distance of a pair", yLabel: "pairs" })
    ),
  ),
);
run.figures("A-15", {
  aucGain: pairs.auc - plain.auc,
  errorRatio: pairs.nmse / plain.nmse,
  infoGain: info.auc - plain.auc,
  infoErrorRatio: info.nmse / plain.nmse,
});
run.end();
