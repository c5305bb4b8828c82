/**
 * A net that scores sentences picks those for a summary. Article 001 lists text summarisation.
 * Synthetic documents have twelve sentences of eight words. Three sentences matter: they have three
 * important words, the others at most two, and the reference repeats them with some words left out.
 * The scorer learns from forty documents with references which words are important, and is tested
 * on new ones. It only selects sentences; it writes nothing.
 *
 *   deno run --allow-ffi examples/summaries.ts --seed 1
 *
 * The control learns from the references of other documents.
 */

import { arange, data, losses, metrics, nn, noGrad, optim, rand, train, where } from "@adjoint/ml";
import type { Tensor } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A net that scores sentences picks those for a summary.");
const [SENTENCES, LENGTH, WORDS, WEIGHTY, PICKED] = [12, 8, 200, 40, 3];

/** The positions of the highest scores, [n, PICKED]. */
const highest = (scores: Tensor) => scores.topk(PICKED, 1).indices;

/** n documents: words of shape [n, SENTENCES, LENGTH], and which sentences matter, [n, SENTENCES]. */
function documents(n: number): readonly [words: Tensor, matter: Tensor] {
  const chosen = highest(rand([n, SENTENCES]));
  const matter = chosen.unsqueeze(2).eq(arange(SENTENCES)).any(1);
  // How many words of a sentence are important, and at which positions.
  const weighty = where(matter, 3, rand([n, SENTENCES]).mul(3).floor());
  const places = rand([n, SENTENCES, LENGTH]).argsort(2).argsort(2);
  const drawn = rand([n, SENTENCES, LENGTH]);
  const words = where(
    places.lt(weighty.unsqueeze(2)),
    drawn.mul(WEIGHTY),
    drawn.mul(WORDS - WEIGHTY).add(WEIGHTY),
  );
  return [words.floor().to("int32"), matter.to("float32")];
}

/** Scores each sentence by its words, regardless of their order. */
class Scorer extends nn.Module {
  readonly words = new nn.Embedding(WORDS, 16);
  readonly head = new nn.Sequential(new nn.Linear(16, 16), new nn.ReLU(), new nn.Linear(16, 1));

  forward(words: Tensor): Tensor {
    return this.head.forward(this.words.forward(words).mean(2)).squeeze(2);
  }
}

const [known, matter] = documents(40);
const scorer = new Scorer();
await train.fit({
  model: scorer,
  loss: losses.bceWithLogits,
  optimizer: new optim.Adam(scorer.parameters(), { lr: 1e-2 }),
  train: new data.DataLoader(
    new data.TensorDataset(known, run.control ? matter.roll(1, 0) : matter),
    { batchSize: 10, shuffle: true },
  ),
  epochs: run.quick ? 15 : 40,
  progress: false,
});

const [unknown, truth] = documents(200);
const texts = unknown.toArray() as number[][][];

/** The sentences at given positions of each document, as text of the words that `keep` accepts. */
function extracts(places: Tensor, keep: (i: number) => boolean = () => true): string[] {
  return (places.toArray() as number[][]).map((own, i) =>
    own.flatMap((place) => texts[i]![place]!.filter((_, at) => keep(at)))
      .map((word) => `w${word}`).join(" ")
  );
}

const references = extracts(highest(truth), (at) => at < 6);
const rouge = (scores: Tensor) => metrics.rouge(extracts(highest(scores)), references).rouge1.f1;
const figures = {
  scored: rouge(noGrad(() => scorer.forward(unknown))),
  lead: rouge(arange(SENTENCES).neg().to("float32").expand([200, SENTENCES])),
  random: rouge(rand([200, SENTENCES])),
  best: rouge(truth),
};
const scores = noGrad(() => scorer.head.forward(scorer.words.weight)).squeeze(1);
run.picture(
  "words",
  plot.histogram({ weighty: scores.at([0, WEIGHTY]), others: scores.at([WEIGHTY, null]) }, {
    title: "Score of each word alone",
    xLabel: "score",
    yLabel: "words",
  }),
);
console.log("ROUGE-1 F1 of three of twelve synthetic sentences; the best possible:", figures.best);
run.figures("B-20", figures);
run.end();
