/**
 * Does a model with three senses know more than one with a single sense? Speech, gaze and touch
 * each pass an LSTM and are fused by a transformer with three heads, whose losses are weighted by
 * learned variances. Synthetic learners.
 *
 *   deno run --allow-ffi examples/multimodal.ts --seed 11
 */
import {
  data,
  losses,
  metrics,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  stack,
  train,
} from "@adjoint/ml";
import type { Tensor } from "@adjoint/ml";

const run = train.experiment("Three streams, one model, three tasks.");
const WIDTHS = { speech: 8, gaze: 2, touch: 3 } as const;
type Sense = keyof typeof WIDTHS;
const SENSES = Object.keys(WIDTHS) as Sense[];
const [known, test] = [1500, 500].map((n) => data.synthetic.learners(run.quick ? n / 5 : n)) as [
  data.synthetic.Learners,
  data.synthetic.Learners,
];

class Observer extends nn.Module<[learners: data.synthetic.Learners], Tensor[]> {
  senses: nn.ModuleDict;
  marks = new nn.Parameter(randn([3, 24]).mul(0.1));
  fusion = new nn.TransformerEncoderLayer(24, 4, {
    dimFeedforward: 48,
    dropout: 0,
    batchFirst: true,
  });
  heads = new nn.ModuleList([2, 1, 4].map((outputs) => new nn.Linear(24, outputs)));

  constructor(readonly uses: readonly Sense[]) {
    super();
    this.senses = new nn.ModuleDict(Object.fromEntries(
      uses.map((sense) => [sense, new nn.LSTM(WIDTHS[sense], 24, { batchFirst: true })]),
    ));
  }

  override forward(learners: data.synthetic.Learners): Tensor[] {
    const seen = this.uses.map((sense) => {
      const { output } = (this.senses.get(sense) as nn.LSTM).forward(learners[sense]);
      return output.mean(1).add(this.marks.at(SENSES.indexOf(sense)));
    });
    const fused = this.fusion.forward(stack(seen, 1)).mean(1);
    return [...this.heads].map((head) => (head as nn.Linear).forward(fused));
  }
}

/** Learners by number. */
function picked(of: data.synthetic.Learners, index: Tensor): data.synthetic.Learners {
  const entries = Object.entries(of).map(([name, x]) => [name, x.indexSelect(0, index)]);
  return Object.fromEntries(entries);
}

/** The scores on unseen learners of a model that uses some of the senses. */
function observed(uses: readonly Sense[]) {
  const model = new Observer(uses);
  const criterion = new losses.MultiTaskLossWithUncertainty(3);
  const optimizer = new optim.Adam([
    { params: model.parameters() },
    { params: criterion.parameters(), lr: 1e-2 },
  ], { lr: 3e-3 });
  for (let step = 0; step < (run.quick ? 60 : 500); step++) {
    const batch = picked(known, randint(0, known.attention.size, [64]));
    const [attention, mastery, strategy] = model.forward(batch) as [Tensor, Tensor, Tensor];
    optimizer.zeroGrad();
    criterion.forward([
      losses.crossEntropy(attention, batch.attention),
      losses.mse(mastery, batch.mastery),
      losses.crossEntropy(strategy, batch.strategy),
    ]).backward();
    nn.utils.clipGradNorm_(model.parameters(), 0.5);
    optimizer.step();
  }
  const [attention, mastery, strategy] = noGrad(() => model.forward(test)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  return {
    attention: metrics.accuracy(attention, test.attention),
    mastery: losses.mse(mastery, test.mastery).div(test.mastery.var()).item(),
    strategy: metrics.accuracy(strategy, test.strategy),
  };
}

const alone = Object.fromEntries(SENSES.map((sense) => [sense, observed([sense])]));
const fused = observed(run.control ? ["speech"] : SENSES);
for (const [name, own] of Object.entries({ ...alone, fused })) {
  console.log(
    `${name.padEnd(7)} attention ${own.attention.toFixed(2)}, error of mastery ` +
      `${own.mastery.toFixed(2)}, strategy ${own.strategy.toFixed(2)}`,
  );
}
const best = (task: "attention" | "strategy") =>
  Math.max(...Object.values(alone).map((own) => own[task]));
const figures = {
  attentionGain: fused.attention - best("attention"),
  strategyGain: fused.strategy - best("strategy"),
  mastery: fused.mastery,
};
run.figures("A-10", figures);
run.figures("A-06", figures);
run.end();
