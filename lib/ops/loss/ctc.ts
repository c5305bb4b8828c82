/** Fused: the loss of labels whose alignment is not known; the kernels are in `ctc.rs`. */

import type { Tensor } from "../../tensor/tensor.ts";
import { elementsOf } from "../copy/copy.ts";
import { fused } from "../define/fused.ts";
import { where } from "../elementwise/compare.ts";
import { gather, positionsOn } from "../index/primitives.ts";
import { stack, unsqueeze } from "../shape/composites.ts";
import { expand, pad, reshape } from "../shape/primitives.ts";
import { chunk, narrow } from "../shape/views.ts";

/** A logarithm of nothing that logsumexp can do sums with. */
const NEVER = -1e30;

/** A target with blanks around its labels, and which of them may follow the last but one. */
interface Extended {
  readonly classes: Tensor;
  readonly skips: Tensor;
}

/** The targets of a batch, extended by blanks; what lies beyond their lengths is blank. */
function extended(like: Tensor, targets: Tensor, lengths: Tensor, blank: number): Extended {
  const [n, longest] = targets.shape as [number, number];
  const [labels, all] = [elementsOf(targets, "ctc"), elementsOf(lengths, "ctc")];
  const width = 2 * longest + 1;
  const path = new Int32Array(n * width).fill(blank);
  const skips = new Uint8Array(n * width);
  for (let i = 0; i < n; i++) {
    const word = labels.subarray(i * longest, i * longest + all[n + i]!);
    for (const [s, label] of word.entries()) {
      path[i * width + 2 * s + 1] = label;
      skips[i * width + 2 * s + 1] = Number(s > 0 && label !== word[s - 1]);
    }
  }
  const grid = (at: (i: number) => number) => reshape(positionsOn(like, n * width, at), [n, width]);
  return { classes: grid((i) => path[i]!), skips: grid((i) => skips[i]!).gt(0) };
}

/** Logarithms of the probabilities of all alignments that end in each place. */
function forwardPass(emissions: Tensor, skips: Tensor, steps: Tensor): Tensor {
  const [times, n, width] = emissions.shape as [number, number, number];
  const open = Math.min(2, width);
  let alpha = pad(narrow(emissions.at(0), 1, 0, open), [0, width - open], { value: NEVER });
  const moved = (by: number) =>
    by >= width
      ? alpha.mul(0).add(NEVER)
      : pad(narrow(alpha, 1, 0, width - by), [by, 0], { value: NEVER });
  for (let t = 1; t < times; t++) {
    const ways = stack([alpha, moved(1), where(skips, moved(2), NEVER)], 0);
    const next = ways.logsumexp(0).add(emissions.at(t));
    alpha = where(expand(reshape(steps.gt(t), [n, 1]), [n, width]), next, alpha);
  }
  return alpha;
}

/** How labels are aligned. */
export interface AlignmentCall {
  /** The class of no label. */
  readonly blank: number;
  /** The loss where no alignment is possible. */
  readonly impossible: number;
  /** Whether a loss is divided by the number of labels. */
  readonly perLabel: boolean;
}

/** The composite form of `alignmentLoss`. */
export function alignmentLossComposite(
  logs: Tensor,
  labels: Tensor,
  lengths: Tensor,
  { blank, impossible, perLabel }: AlignmentCall,
): Tensor {
  const { classes, skips } = extended(logs, labels, lengths, blank);
  const index = expand(unsqueeze(classes, 0), [logs.shape[0]!, ...classes.shape]);
  const [steps, count] = chunk(lengths, 2) as [Tensor, Tensor];
  const alpha = forwardPass(gather(logs, 2, index).maximum(NEVER), skips, steps);
  const last = unsqueeze(count.mul(2), 1);
  const ends = gather(alpha, 1, last).squeeze(1);
  const before = gather(alpha, 1, last.sub(1).maximum(0)).squeeze(1);
  const likelihood = ends.logaddexp(where(count.gt(0), before, NEVER));
  const each = where(likelihood.le(NEVER / 2), impossible, likelihood.neg());
  return perLabel ? each.div(count.maximum(1)) : each;
}

const alignmentOp = fused<AlignmentCall>("alignmentLoss", {
  composite: ([logs, labels, lengths], call) => [
    alignmentLossComposite(logs!, labels!, lengths!, call),
  ],
  kernel: "ctc",
  shapes: ([logs]) => [[logs!.shape[1]!]],
  parameters: ({ blank, impossible, perLabel }) => ({
    ints: [blank, Number(perLabel)],
    numbers: [impossible],
  }),
  saves: "abc",
  gradKernel: "ctc_grad",
  gradients: 1,
});

/**
 * The negative logarithm of the probability of all alignments of labels with steps; where there is none,
 * the number given, without a slope.
 *
 * @param logs Logarithms of the classes' probabilities, [T, N, C].
 * @param labels int32 labels, [N, S], each a class but the blank as far as the lengths go.
 * @param lengths int32 numbers of steps, from 1, then those of labels, [2N].
 */
export function alignmentLoss(
  logs: Tensor,
  labels: Tensor,
  lengths: Tensor,
  call: AlignmentCall,
): Tensor {
  return alignmentOp([logs, labels, lengths], call)[0]!;
}
