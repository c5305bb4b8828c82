/**
 * Losses of pairs bring similar examples together, which a loss of single examples does not.
 * Synthetic windows of behaviour have three states. An embedding trained only to predict a score
 * does not separate the states, since the score does not depend on them; contrastive, triplet and
 * InfoNCE losses do.
 *
 *   deno run --allow-ffi examples/contrastive_losses.ts --seed 1
 *
 * AUC: how often a pair of the same state is closer than a pair of different states. The control
 * shuffles the states that the losses get.
 */

import { data, losses, manualSeed, metrics, multinomial, nn, noGrad, optim } from "@adjoint/ml";
import { randint, randperm, type Tensor, tensor, train } from "@adjoint/ml";
import { PCA } from "@adjoint/ml/classic";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Losses of pairs bring similar examples together.");
const known = data.synthetic.behaviours(300, { world: Number(run.seed) });
const unknown = data.synthetic.behaviours(run.quick ? 60 : 400, { world: Number(run.seed) });
const told = run.control ? known.group.indexSelect(0, randperm(300)) : known.group;

/** For each example, another one of the batch with the same state, or with another. */
function partner(z: Tensor, state: Tensor, alike: boolean): Tensor {
  const same = state.unsqueeze(1).eq(state);
  const fits = alike ? same : same.logicalNot();
  return z.indexSelect(0, multinomial(fits.to({ dtype: "float32" }), 1).squeeze(1));
}

const terms: Record<string, (z: Tensor, state: Tensor) => Tensor> = {
  contrastive: (z, state) => losses.contrastive(z, state),
  triplet: (z, state) => losses.tripletMargin(z, partner(z, state, true), partner(z, state, false)),
  infoNce: (z, state) => losses.infoNce(z, partner(z, state, true), { temperature: 0.5 }),
};

/** Trains the score and a term; returns the score's error, the AUC of pairs, and the embedding. */
function trained(term: ((z: Tensor, state: Tensor) => Tensor) | null) {
  manualSeed(run.seed);
  const encoder = new nn.Sequential(new nn.Linear(24, 32), new nn.ReLU(), new nn.Linear(32, 8));
  const head = new nn.Linear(8, 1);
  const optimizer = new optim.Adam([...encoder.parameters(), ...head.parameters()], { lr: 3e-3 });
  for (let step = 0; step < (run.quick ? 150 : 600); step++) {
    const batch = randint(0, 300, [64]);
    const z = encoder.forward(known.x.indexSelect(0, batch));
    const score = losses.mse(head.forward(z), known.y.indexSelect(0, batch));
    optimizer.zeroGrad();
    (term === null ? score : score.add(term(z, told.indexSelect(0, batch)).mul(0.5))).backward();
    optimizer.step();
  }
  return noGrad(() => {
    const z = encoder.forward(unknown.x);
    const above = z.matmul(z.mT).mul(0).add(1).triu(1).to({ dtype: "bool" });
    const near = z.unsqueeze(1).sub(z).norm({ dim: 2 }).neg().maskedSelect(above);
    const alike = unknown.group.unsqueeze(1).eq(unknown.group).maskedSelect(above);
    const error = metrics.nmse(head.forward(z), unknown.y);
    return { error, auc: metrics.rocAuc(near, alike.to({ dtype: "int32" })), z };
  });
}

const z = tensor([[0, 0], [0.6, 0.8], [0.3, 0.4]]);
const golden = losses.contrastive(z, tensor([0, 0, 1], { dtype: "int32" })).item();
console.log(`Synthetic data. Contrastive loss of three points, 0.5 by hand: ${golden}`);
console.log("trained with      error of the score, AUC of pairs");
const found: Record<string, ReturnType<typeof trained>> = { score: trained(null) };
for (const [name, term] of Object.entries(terms)) found[name] = trained(term);
for (const [name, { error, auc }] of Object.entries(found)) {
  console.log(`  ${name.padEnd(16)}${error.toFixed(3)}  ${auc.toFixed(3)}`);
}
const clouds = Object.entries(found).map(([title, { z }]) => {
  const at = new PCA(2).fit(z).transform(z);
  return plot.scatter(at.at(":", 0), at.at(":", 1), { title, groups: unknown.group });
});
run.picture("embeddings", plot.figure(clouds, { columns: 2 }));
run.figures("C-05", {
  golden,
  ...Object.fromEntries(Object.entries(found).map(([name, { auc }]) => [name, auc])),
});
run.end();
