/** Continuing sequences with a model that predicts the next token. */

import { noGrad } from "../autograd/tape.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FUNCTION,
  optionReader,
  orNull,
  TENSOR,
  WHOLE,
} from "../core/options.ts";
import { cat, oneHot, where } from "../ops/mod.ts";
import { zeros } from "../tensor/create.ts";
import { elementsOf } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloating, checkRank, positions } from "./checks.ts";

/**
 * Logits of the next token, of shape [n, tokens], after each of n sequences, int32 of shape [n, length].
 * `rows`, int32 of shape [n], holds the index in the batch of the start of each sequence.
 */
export type NextToken = (sequences: Tensor, rows: Tensor) => Tensor;

/** Options of `beamSearch`. */
export interface BeamSearchOptions {
  /** How many continuations of each start are kept; 1 takes the best token each time. Default: 1. */
  beams?: number;
  /** The token that ends a sequence and pads it afterwards; null for none. Default: null. */
  end?: number | null;
}

const readOptions = optionReader<BeamSearchOptions>({ beams: COUNT, end: orNull(WHOLE) });

/** The result of `beamSearch`. */
export interface Decoded {
  /** The sequences including their starts, int32 of shape [batch, length]. */
  readonly tokens: Tensor;
  /** The log-probability of what was added, of shape [batch]. */
  readonly logProb: Tensor;
}

/** Refuses logits that are not for n sequences, or that lack the token that ends them. */
function checkLogits(call: string, logits: Tensor, n: number, end: number | null): void {
  checkFloating(call, logits, "what next gives");
  const { shape } = logits;
  const [rows, tokens = 0] = shape;
  const least = (end ?? 0) + 1;
  if (shape.length === 2 && rows === n && tokens >= least) return;
  throw new ShapeError(
    `Cannot ${call}: next must return shape [${n}, tokens] with at least ${least} tokens, got ${
      showShape(shape)
    }`,
    [shape],
  );
}

/** Refuses starts that are not int32 of shape [batch, length] with at least one token. */
function checkStart(call: string, start: Tensor): void {
  checkKind(call, "start", start, TENSOR);
  checkRank(call, start, [2]);
  if (start.dtype !== "int32") {
    throw new DTypeError(`Cannot ${call}: start must be int32, got ${start.dtype}`);
  }
  if (start.shape[1] === 0) {
    throw new ShapeError(
      `Cannot ${call}: start must have at least one token, got ${showShape(start.shape)}`,
      [start.shape],
    );
  }
}

/** Log-probabilities of the next token; behind a sequence that has ended comes the end. */
function logProbsOf(logits: Tensor, ended: Tensor | null, end: number | null): Tensor {
  const logProbs = logits.logSoftmax(1);
  if (ended === null || end === null) return logProbs;
  const { dtype, shape: [, tokens = 0] } = logits;
  // 0 for the end and −∞ for all others.
  const onlyEnd = oneHot(positions([end], logits), tokens).to({ dtype }).log();
  return where(ended.unsqueeze(1), onlyEnd, logProbs);
}

/**
 * Continues each sequence of a batch with likely tokens: in each step, the most probable of all
 * continuations of the kept sequences are kept, and the best is the result. With one beam this
 * is greedy decoding. Sums of log-probabilities are compared without a bonus for length. Nothing
 * is recorded for gradients.
 *
 * @param next Computes the logits of the next token.
 * @param start The starts, int32 of shape [batch, length], with at least one token.
 * @param steps How many tokens are added; fewer if the best of each has ended.
 * @param options How many beams, and what ends a sequence.
 * @throws {RangeError} If logits are NaN, so that no token is the likeliest.
 *
 * @example The best token now is not that of the best sequence
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * // Behind 0 comes 1 or 2; behind 1 anything may come, behind 2 only 2.
 * const chances = tensor([[0, 0.6, 0.4], [0.3, 0.4, 0.3], [0, 0, 1]]);
 * const next: nn.NextToken = (y) => chances.log().indexSelect(0, y.at(":", -1));
 * const start = tensor([[0]], { dtype: "int32" });
 * assertEquals(nn.beamSearch(next, start, 2).tokens.toArray(), [[0, 1, 1]]);
 * assertEquals(nn.beamSearch(next, start, 2, { beams: 2 }).tokens.toArray(), [[0, 2, 2]]);
 * ```
 */
export function beamSearch(
  next: NextToken,
  start: Tensor,
  steps: number,
  options?: BeamSearchOptions,
): Decoded {
  const call = "run beamSearch";
  checkCount(call, arguments.length, 4);
  checkKind(call, "next", next, FUNCTION);
  checkStart(call, start);
  checkKind(call, "steps", steps, COUNT);
  const { beams = 1, end = null } = readOptions(call, options);
  return noGrad(() => {
    const [batch = 0] = start.shape;
    let [sequences, width] = [start, 1];
    let logProb = zeros([batch]);
    let ended: Tensor | null = null;
    for (let step = 0; step < steps; step++) {
      const rows = Array.from({ length: batch * width }, (_, i) => Math.floor(i / width));
      const logits = next(sequences, positions(rows, start));
      checkLogits(call, logits, rows.length, end);
      const { dtype, device, shape: [, tokens = 0] } = logits;
      const before = logProb.to({ dtype, device }).unsqueeze(1);
      const all = logProbsOf(logits, ended, end).add(before);
      const kept = Math.min(beams, width * tokens);
      const best = all.reshape([batch, width * tokens]).topk(kept, 1);
      if (best.values.isnan().any().item()) {
        throw new RangeError(`Cannot ${call}: next must return numbers, got NaN`);
      }
      const places = Array.from(elementsOf(best.indices, "beamSearch"), Number);
      const parents = places.map((place, i) =>
        Math.floor(i / kept) * width + Math.floor(place / tokens)
      );
      const words = positions(places.map((place) => place % tokens), start);
      sequences = cat([sequences.indexSelect(0, positions(parents, start)), words.unsqueeze(1)], 1);
      logProb = best.values.flatten();
      width = kept;
      if (end !== null) {
        ended = words.eq(end);
        // Adding tokens only makes a sequence less likely: none can overtake the best once that has ended.
        if (ended.reshape([batch, width]).at(":", 0).all().item()) break;
      }
    }
    const firsts = positions(Array.from({ length: batch }, (_, i) => i * width), start);
    return { tokens: sequences.indexSelect(0, firsts), logProb: logProb.indexSelect(0, firsts) };
  });
}
