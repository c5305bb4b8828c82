/**
 * A net that scores sentences picks those that a summary is made of. Article 001 lists summarisation of
 * texts. Documents are synthetic: twelve sentences of eight words, three of which carry weight: they have
 * three weighty words, all others one at most. The reference is what the three say, in part in other
 * words. Which words are weighty is learned from documents with summaries, and tried on new ones; it is
 * extraction, nothing is written anew.
 *
 *   deno run --allow-ffi examples/summaries.ts --seed 1
 *
 * The control learns from summaries of other documents.
 */

import { data, losses, manualSeed, metrics, nn, noGrad, optim, RandomGenerator, type Tensor, tensor, train } from "@adjoint/ml";

const run = train.experiment("A net that scores sentences picks what a summary is made of.");
const [SENTENCES, LENGTH, WORDS, WEIGHTY, PICKED] = [12, 8, 200, 40, 3];
