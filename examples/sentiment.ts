/**
 * Whether a sentence is friendly depends on the order of its words, which a bag of words ignores.
 * Article 001 lists sentiment analysis. In synthetic sentences of ten words, three are good or bad,
 * and half of those follow a "not" that reverses them. An LSTM reads the words in order. The mean
 * of the same embeddings cannot know to which word "not" belongs.
 *
 *   deno run --allow-ffi examples/sentiment.ts --seed 1
 *
 * The control has a second bag of words in place of the LSTM.
 */

import { data, losses, nn, noGrad, optim, type Tensor, train } from "@adjoint/ml";

/** The mean of the words' embeddings, which ignores their order. */
class Bag extends nn.Module {
  readonly words = new nn.Embedding(21, 16);
  readonly head = new nn.Linear(16, 1);

  forward(x: Tensor): Tensor {
    return this.head.forward(this.words.forward(x).mean(1)).squeeze(1);
  }
}

/** The last state of an LSTM over the words. */
class Reader extends nn.Module {
  readonly words = new nn.Embedding(21, 16);
  readonly reader = new nn.LSTM(16, 24, { batchFirst: true });
  readonly head = new nn.Linear(24, 1);

  forward(x: Tensor): Tensor {
    const { output } = this.reader.forward(this.words.forward(x));
    return this.head.forward(output.at(":", -1)).squeeze(1);
  }
}

const run = train.experiment('A bag of words does not know what a "not" turns round.');
const known = data.synthetic.sentiment(1500);
const unknown = data.synthetic.sentiment(400);

/** Accuracy on new sentences after training. */
async function accuracy(model: Bag | Reader): Promise<number> {
  await train.fit({
    model,
    loss: losses.bceWithLogits,
    optimizer: new optim.Adam(model.parameters(), { lr: 5e-3 }),
    train: new data.DataLoader(new data.TensorDataset(known.x, known.y), {
      batchSize: 64,
      shuffle: true,
    }),
    epochs: run.quick ? 12 : 30,
    clipGradNorm: 0.5,
    progress: false,
  });
  const right = noGrad(() => model.forward(unknown.x).gt(0).eq(unknown.y));
  return right.to("float32").mean().item();
}

console.log("Synthetic sentences of ten words; guessing is right for half of them.");
const bag = await accuracy(new Bag());
const reader = await accuracy(run.control ? new Bag() : new Reader());
run.figures("B-21", { reader, bag });
run.end();
