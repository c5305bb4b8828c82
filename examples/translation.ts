/**
 * An encoder and a decoder translate a toy language, in which each word has a counterpart and the
 * order is reversed. Article 001 lists machine translation. The language is synthetic, with 12
 * words and sentences of six; none of the 200 test sentences is in the training data. The decoder
 * learns with the correct previous words. It then translates from its own words, greedily or with
 * four beams. The same net also learns 300 of 384 hand-made phrases in Chinese and English, and is
 * tested on the rest.
 *
 *   deno run --allow-ffi examples/translation.ts --seed 1
 *
 * The control hides the source from the decoder.
 */

import { cat, data, full, losses, nn, optim, randint, randperm } from "@adjoint/ml";
import { type Tensor, tensor, train } from "@adjoint/ml";

const run = train.experiment("A transformer learns a toy language: words and their order.");
const [WORDS, LENGTH, SIZE, PHRASES, SHOWN] = [12, 6, 32, 384, 300];
const LAYERS = { numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 64, dropout: 0 };

/** Sentences as word indices, and their translations. */
type Pairs = { readonly x: Tensor; readonly y: Tensor };
const picked = ({ x, y }: Pairs, rows: Tensor): Pairs => ({
  x: x.indexSelect(0, rows),
  y: y.indexSelect(0, rows),
});

/** Trains on pairs; returns a translator to a given length with a number of beams. */
function translator(from: number, to: number, steps: number, draw: () => Pairs) {
  const [source, target] = [new nn.Embedding(from, SIZE), new nn.Embedding(to + 1, SIZE)];
  const [place, words] = [new nn.Embedding(12, SIZE), new nn.Linear(SIZE, to)];
  const transformer = new nn.Transformer(SIZE, 4, { ...LAYERS, batchFirst: true });
  const placed = (words: Tensor) => words.add(place.weight.at([0, words.shape[1]!]));
  /** The logits of the next word after each word of `y`. */
  function next(x: Tensor, y: Tensor): Tensor {
    const seen = placed(source.forward(run.control ? x.mul(0) : x));
    const said = placed(target.forward(y));
    return words.forward(transformer.forward(seen, said, { tgtIsCausal: true }));
  }
  const starts = (x: Tensor) => full([x.shape[0]!, 1], to, { dtype: "int32" });
  const params = [source, target, place, words, transformer].flatMap((part) => part.parameters());
  const optimizer = new optim.Adam(params, { lr: 3e-3 });
  for (let step = 0; step < steps; step++) {
    const { x, y } = draw();
    // Teacher forcing: each word is predicted from the correct previous ones.
    const before = cat([starts(x), y.at(":", [0, y.shape[1]! - 1])], 1);
    optimizer.zeroGrad();
    losses.crossEntropy(next(x, before).flatten(0, 1), y.flatten()).backward();
    nn.utils.clipGradNorm_(params, 0.5);
    optimizer.step();
  }
  return (x: Tensor, length: number, beams: number): Tensor => {
    const step = (y: Tensor, rows: Tensor) => next(x.indexSelect(0, rows), y).at(":", -1);
    return nn.beamSearch(step, starts(x), length, { beams }).tokens.at(":", [1, null]);
  };
}

/** The share of sentences without a mistake. */
const right = (found: Tensor, y: Tensor) => found.eq(y).all(1).to("float32").mean().item();

const shown = new Set<string>();
const sentences = (x: Tensor) => (x.toArray() as number[][]).map(String);
const translate = translator(WORDS, WORDS, run.quick ? 200 : 900, () => {
  const batch = data.synthetic.translations(64);
  sentences(batch.x).forEach((sentence) => shown.add(sentence));
  return batch;
});
const all = data.synthetic.translations(250);
const fresh = sentences(all.x).flatMap((own, i) => shown.has(own) ? [] : [i]).slice(0, 200);
const { x, y } = picked(all, tensor(fresh, { dtype: "int32" }));
const [greedy, beam] = [right(translate(x, LENGTH, 1), y), right(translate(x, LENGTH, 4), y)];

// Who draws (or not) what (today): "today" moves, English verbs have an s, Chinese has no "does".
const who = ["我 i", "你 you", "他 he", "她 she", "我们 we", "他们 they"];
const verbs = ["喜欢 like", "买 buy", "卖 sell", "画 draw"];
const things = ["猫 cats", "书 books", "花 flowers", "鱼 fish"];
type Words = [zh: string, en: string];
const phrases = Array.from({ length: PHRASES }, (_, n): Words => {
  const at = (pairs: string[], place: number) => pairs[place % pairs.length]!.split(" ") as Words;
  const [我, i] = at(who, n);
  const [画, draw] = at(verbs, Math.floor(n / 6));
  const [猫, cats] = at(things, Math.floor(n / 24));
  const [不, 今天] = [Math.floor(n / 96) % 2 === 1, n >= 192];
  const s = ["he", "she"].includes(i);
  const does = 不 ? `${s ? "does" : "do"} not ${draw}` : draw + (s ? "s" : "");
  const zh = 我 + (今天 ? "今天" : "") + (不 ? "不" : "") + 画 + 猫;
  return [zh, `${i} ${does} ${cats}${今天 ? " today" : ""}`];
});

/** Texts as indices of their parts, padded with at least one full stop to the same length. */
function language(texts: readonly string[], split: (text: string) => string[]) {
  const parts = texts.map((text) => split(text));
  const words = new data.Vocabulary(parts, { specials: ["."] });
  const length = Math.max(...parts.map((own) => own.length)) + 1;
  const filled = parts.map((own) => [...own, ...new Array<string>(length - own.length).fill(".")]);
  return { words, x: tensor(filled.map((own) => words.encode(own)), { dtype: "int32" }) };
}
const zh = language(phrases.map(([zh]) => zh), data.splitCharacters);
const en = language(phrases.map(([, en]) => en), data.splitWords);
const [known, unknown] = randperm(PHRASES).split([SHOWN, PHRASES - SHOWN]);
const [toEnglish, toChinese] = [[zh, en], [en, zh]].map(([from, to]) => {
  const both = { x: from!.x, y: to!.x };
  const draw = () => picked(both, known!.indexSelect(0, randint(0, SHOWN, [64])));
  const own = translator(from!.words.size, to!.words.size, run.quick ? 120 : 400, draw);
  const { x, y } = picked(both, unknown!);
  const found = own(x, y.shape[1]!, 4);
  const text = (words: data.Vocabulary, own: Tensor) => words.decode([...own.at(0).data]).join(" ");
  console.log(`${text(from!.words, x)} → ${text(to!.words, found)}`);
  return right(found, y);
}) as [number, number];
run.figures("B-19", { greedy, beam, sentences: x.shape[0]!, toEnglish, toChinese });
run.end();
