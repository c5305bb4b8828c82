/**
 * A small transformer learns to predict the next letter of a text: Shakespeare's sonnet 18, of
 * 1609.
 *
 *   deno run --allow-ffi examples/char_transformer.ts --seed 1
 *
 * The text is so short that the net starts to memorise it; the point is that attention learns. Its
 * loss in nats per letter is compared with two baselines, the frequencies of letters and of pairs
 * of letters. As a control, the same net is trained on the same letters in random order, which it
 * learns more slowly, since it can only memorise them.
 */

import {
  fromTypedArray,
  losses,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  RandomGenerator,
  scope,
  stack,
  type Tensor,
  train,
} from "@adjoint/ml";

const SONNET = `Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date:
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd;
And every fair from fair sometime declines,
By chance or nature's changing course untrimm'd;
But thy eternal summer shall not fade
Nor lose possession of that fair thou owest;
Nor shall Death brag thou wander'st in his shade,
When in eternal lines to time thou growest:
So long as men can breathe or eyes can see,
So long lives this, and this gives life to thee.
`;

const [CONTEXT, WIDTH, BATCH] = [32, 64, 16];

class LetterModel extends nn.Module {
  embed: nn.Embedding;
  position = new nn.PositionalEncoding(WIDTH, { maxLen: CONTEXT, batchFirst: true, dropout: 0 });
  encoder = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(WIDTH, 4, {
      dimFeedforward: 128,
      dropout: 0,
      batchFirst: true,
      normFirst: true,
    }),
    2,
  );
  head: nn.Linear;
  constructor(letters: number) {
    super();
    this.embed = new nn.Embedding(letters, WIDTH);
    this.head = new nn.Linear(WIDTH, letters);
  }
  override forward(ids: Tensor): Tensor {
    const x = this.position.forward(this.embed.forward(ids));
    return this.head.forward(this.encoder.forward(x, { isCausal: true }));
  }
}

/** Entropy of the letters in nats per letter, given the previous letter or nothing. */
export function entropy(text: string, given: "nothing" | "the previous letter"): number {
  const counts = new Map<string, number>();
  const befores = new Map<string, number>();
  const add = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const first = given === "nothing" ? 0 : 1;
  for (let i = first; i < text.length; i++) {
    const before = first === 0 ? "" : text[i - 1] ?? "";
    add(counts, before + text[i]);
    add(befores, before);
  }
  const total = text.length - first;
  return -[...counts].reduce(
    (sum, [key, count]) =>
      sum + count * Math.log(count / (befores.get(key.slice(0, first)) ?? NaN)),
    0,
  ) / total;
}

/** Trains on a text. @returns The loss over the whole text, in nats per letter. */
export function learn(text: string, steps: number, seed: number): number {
  manualSeed(seed);
  const letters = [...new Set(text)].sort();
  const codes = Int32Array.from(text, (letter) => letters.indexOf(letter));
  const ids = fromTypedArray(codes, [codes.length]);
  const starts = codes.length - CONTEXT;
  const model = new LetterModel(letters.length);
  const optimizer = new optim.AdamW(model.parameters(), { lr: 3e-3 });
  const windows = (from: Iterable<number>) => {
    const both = stack([...from].map((start) => ids.at([start, start + CONTEXT + 1])));
    return [both.at(":", [0, CONTEXT]), both.at(":", [1, null])] as const;
  };
  const lossOf = ([x, y]: readonly [Tensor, Tensor]) =>
    losses.crossEntropy(model.forward(x).flatten(0, 1), y.reshape([-1]));
  for (let step = 0; step < steps; step++) {
    scope(() => {
      optimizer.zeroGrad();
      lossOf(windows(randint(0, starts, [BATCH]).data)).backward();
      optimizer.step();
    });
  }
  const all = Array.from({ length: Math.floor(starts / CONTEXT) }, (_, i) => i * CONTEXT);
  return noGrad(() => lossOf(windows(all)).item());
}

/** The text, and its letters in random order. */
export function texts(seed: number): { text: string; shuffled: string } {
  const order = new RandomGenerator(seed).permutation(SONNET.length);
  return { text: SONNET, shuffled: Array.from(order, (i) => SONNET[i]).join("") };
}

if (import.meta.main) {
  const run = train.experiment("A transformer learns letters, in nats per letter.");
  const [seed, steps] = [Number(run.seed), run.quick ? 40 : 80];
  const { text, shuffled } = texts(seed);
  run.figures("char_transformer", {
    byFrequency: entropy(text, "nothing"),
    byLetterBefore: entropy(text, "the previous letter"),
    transformer: learn(run.control ? shuffled : text, steps, seed),
    shuffled: learn(shuffled, steps, seed),
  });
  run.end();
}
