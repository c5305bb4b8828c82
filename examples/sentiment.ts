/**
 * Whether a sentence is friendly depends on the order of its words, which a bag of words forgets.
 * Article 001 lists sentiment analysis. Here three of ten words are good or bad, half of them behind a
 * "not" that turns them round, in synthetic sentences. An LSTM reads them in order; the mean of the same
 * embeddings cannot tell what "not" belongs to, whatever it learns.
 *
 *   deno run --allow-ffi examples/sentiment.ts --seed 1
 *
 * The control puts a second bag in the place of the LSTM.
 */

import { data, losses, nn, noGrad, optim, type Tensor, train } from "@adjoint/ml";

/** The mean of the words' embeddings, in which their order is lost. */
class Bag extends nn.Module {
  readonly words = new nn.Embedding(21, 16);
  readonly head = new nn.Linear(16, 1);

  forward(x: Tensor): Tensor {
    return this.head.forward(this.words.forward(x).mean(1)).squeeze(1);
  }
}

/** The last state of a net that reads the words one by one. */
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

console.log("Synthetic sentences of ten words; a random guess is right in half of them.");
const bag = await accuracy(new Bag());
const reader = await accuracy(run.control ? new Bag() : new Reader());
run.figures("B-21", { reader, bag });
run.end();
