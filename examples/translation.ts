/**
 * An encoder and a decoder translate a toy language: each word has its counterpart, and they stand in
 * reverse. Article 001 lists machine translation. The language is synthetic, of 12 words and sentences of
 * six; none of the 200 that are tested was shown. The decoder learns with the right words before it, and then
 * goes on from its own, by the best word each time or by the best of four beams.
 *
 *   deno run --allow-ffi examples/translation.ts --seed 1
 *
 * The control hides the source from the decoder.
 */

import { cat, data, full, losses, nn, optim, type Tensor, tensor, train } from "@adjoint/ml";

const run = train.experiment("A transformer learns a toy language: words and their order.");
const [WORDS, LENGTH, START, SIZE] = [12, 6, 12, 32];

class Translator extends nn.Module<[x: Tensor, y: Tensor]> {
  readonly source = new nn.Embedding(WORDS, SIZE);
  readonly target = new nn.Embedding(WORDS + 1, SIZE);
  readonly place = new nn.Embedding(LENGTH, SIZE);
  readonly transformer = new nn.Transformer(SIZE, 4, {
    numEncoderLayers: 1,
    numDecoderLayers: 1,
    dimFeedforward: 64,
    dropout: 0,
    batchFirst: true,
  });
  readonly words = new nn.Linear(SIZE, WORDS);

  /** Logits of the next word behind each word of `y`. */
  forward(x: Tensor, y: Tensor): Tensor {
    const placed = (words: Tensor) => words.add(this.place.weight.at([0, words.shape[1]!]));
    const seen = this.source.forward(run.control ? x.mul(0) : x);
    return this.words.forward(
      this.transformer.forward(placed(seen), placed(this.target.forward(y)), { tgtIsCausal: true }),
    );
  }
}

const starts = (n: number) => full([n, 1], START, { dtype: "int32" });
const model = new Translator();
const shown = new Set<string>();
const sentences = (x: Tensor) => (x.toArray() as number[][]).map(String);
const optimizer = new optim.Adam(model.parameters(), { lr: 3e-3 });
for (let step = 0; step < (run.quick ? 200 : 900); step++) {
  const { x, y } = data.synthetic.translations(64);
  sentences(x).forEach((sentence) => shown.add(sentence));
  // Teacher forcing: each word is asked for behind the right ones.
  const before = cat([starts(64), y.at(":", [0, LENGTH - 1])], 1);
  optimizer.zeroGrad();
  losses.crossEntropy(model.forward(x, before).flatten(0, 1), y.flatten()).backward();
  nn.utils.clipGradNorm_(model.parameters(), 0.5);
  optimizer.step();
}

const all = data.synthetic.translations(250);
const fresh = sentences(all.x).flatMap((own, i) => shown.has(own) ? [] : [i]).slice(0, 200);
const [x, y] = [all.x, all.y].map((own) =>
  own.indexSelect(0, tensor(fresh, { dtype: "int32" }))
) as [Tensor, Tensor];

/** The share of sentences and the share of words that are right. */
function decoded(beams: number): readonly [sentences: number, words: number] {
  const { tokens } = nn.beamSearch(
    (before, rows) => model.forward(x.indexSelect(0, rows), before).at(":", -1),
    starts(200),
    LENGTH,
    { beams },
  );
  const right = tokens.at(":", [1, LENGTH + 1]).eq(y);
  return [right.all(1), right].map((r) => r.to("float32").mean().item()) as [number, number];
}

const [greedy, beam] = [decoded(1), decoded(4)];
const share = (all: readonly number[]) => all.map((own) => own.toFixed(3)).join(" and ");
console.log(`Sentences and words that are right: greedy ${share(greedy)}, beams ${share(beam)}`);
run.figures("B-19", { greedy: greedy[0], beam: beam[0], sentences: x.shape[0]! });
run.end();
