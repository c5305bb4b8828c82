/**
 * A filter learns a motif that is planted in sequences of letters, and labels depend on neighbours.
 * Article 001 lists genome analysis and protein structure prediction. Both tasks here are
 * synthetic, a pattern search and 3-state labelling, and say nothing about genomes or folding. A
 * convolution with a global maximum finds a 7-letter motif with one mutation anywhere in 60
 * letters, and its strongest filter spells the motif. A window over neighbours labels persistent
 * states better than single letters can.
 *
 *   deno run --allow-ffi examples/sequence_labels.ts --seed 1
 *
 * In the control, both nets see windows of one letter.
 */

import { data, losses, metrics, nn, noGrad, optim, randint } from "@adjoint/ml";
import { type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A filter finds a motif, and neighbours help to label a state.");
const MOTIF = [3, 0, 3, 0, 0, 3, 1];

/** Trains on random batches. */
function fit(
  model: nn.Module,
  loss: (p: Tensor, t: Tensor) => Tensor,
  x: Tensor,
  y: Tensor,
  lr: number,
) {
  const optimizer = new optim.Adam(model.parameters(), { lr });
  for (let step = 0; step < (run.quick ? 120 : 400); step++) {
    const batch = randint(0, x.shape[0]!, [48]);
    optimizer.zeroGrad();
    loss(model.forward(x.indexSelect(0, batch)), y.indexSelect(0, batch)).backward();
    optimizer.step();
  }
}

/** The largest response of each filter at any position, and their weighted sum. */
class MotifFinder extends nn.Module {
  readonly filters: nn.Conv1d;
  readonly head = new nn.Linear(16, 1);

  constructor(width: number) {
    super();
    this.filters = new nn.Conv1d(4, 16, width);
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(this.filters.forward(x).relu().max(2).values).squeeze(1);
  }
}

/** How many letters of the motif a filter spells, at its best shift. */
function spelled(filter: Tensor): number {
  const letters = filter.argmax(0).toArray() as number[];
  const shifts = Array.from({ length: letters.length }, (_, i) => i - (MOTIF.length - 1) / 2);
  return Math.max(
    ...shifts.map((shift) => MOTIF.filter((letter, i) => letters[i + shift] === letter).length),
  );
}

const strands = data.synthetic.dna(1500);
const others = data.synthetic.dna(500);
const finder = new MotifFinder(run.control ? 1 : 9);
fit(finder, losses.bceWithLogits, strands.x, strands.y, 1e-2);
const auc = metrics.rocAuc(noGrad(() => finder.forward(others.x)), others.y.to("int32"));
// The filter whose response indicates a motif most strongly.
const strength = finder.head.weight.squeeze(0).mul(
  finder.filters.weight.square().sum([1, 2]).sqrt(),
);
const strongest = finder.filters.weight.at(strength.argmax().item());
console.log(`Motif in synthetic strands: ROC AUC ${auc.toFixed(3)}, 0.5 by chance`);
run.picture(
  "motif",
  plot.heatmap(strongest, {
    title: `The strongest filter; the motif is ${MOTIF.map((letter) => "ACGT"[letter]).join("")}`,
    rows: [..."ACGT"],
    center: 0,
    values: false,
  }),
);
run.figures("B-25", { auc, letters: spelled(strongest) });

const world = Number(run.seed % 1000n);
const chains = data.synthetic.residues(300, { world });
const more = data.synthetic.residues(100, { world });
const labelled = ["window", "single"].map((kind) => {
  const width = kind === "single" || run.control ? 1 : 7;
  const model = new nn.Sequential(
    new nn.Conv1d(20, 32, width, { padding: (width - 1) / 2 }),
    new nn.ReLU(),
    new nn.Conv1d(32, 3, width, { padding: (width - 1) / 2 }),
  );
  fit(model, losses.crossEntropy, chains.x, chains.y, 5e-3);
  return metrics.accuracy(noGrad(() => model.forward(more.x)), more.y);
});
console.log("3-state sequence labelling on synthetic chains:");
run.figures("B-26", { window: labelled[0]!, single: labelled[1]! });
run.end();
