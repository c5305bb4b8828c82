/** Fused losses of rows of scores, and of sequences: their cases, with the composites. */

import { alignmentLoss, alignmentLossComposite } from "../../lib/ops/loss/ctc.ts";
import {
  rowCrossEntropy,
  rowCrossEntropyComposite,
  rowShareEntropy,
  rowShareEntropyComposite,
} from "../../lib/ops/loss/fused.ts";
import {
  labelMarginComposite,
  labelMarginRows,
  multiMarginComposite,
  multiMarginRows,
  pairLogisticComposite,
  pairLogisticRows,
} from "../../lib/ops/loss/rows.ts";
import { similarityComposite, similarityMap } from "../../lib/ops/loss/similarity.ts";
import { imageVariation, imageVariationComposite } from "../../lib/ops/loss/variation.ts";
import { sample } from "../common/samples.ts";
import { type CaseInput, positions, random } from "./cases.ts";
import { casesOf, type FusedCase, NONE, wide } from "./fused_form.ts";

const SHAPES = [[1, 1], [2, 3], [64, 10], [70, 1000]] as const;

/** The same with a number in every fourth place. */
function everyFourth({ shape, data }: CaseInput, value: number): CaseInput {
  return { shape, data: data!.map((x, i) => i % 4 === 0 ? value : x) };
}

/** A class for each row. */
function classes(rows: number, count: number): CaseInput {
  return positions([rows], Array.from({ length: rows }, (_, i) => (i * 7) % count));
}

/** Lists of labels, some empty, some full, and some with a class twice. */
function lists(rows: number, count: number): CaseInput {
  const data = Array.from({ length: rows * count }, (_, k) => {
    const [row, i] = [Math.floor(k / count), k % count];
    return i < row % (Math.min(count, 5) + 1) ? (row + i * 3) % count : i % 3 === 0 ? -1 : i;
  });
  // What follows the first −1 does not matter.
  for (let row = 0; row < rows; row++) {
    const end = row % (Math.min(count, 5) + 1);
    if (end < count) data[row * count + end] = -1;
  }
  return positions([rows, count], data);
}

/** Labels other than 0, with repetitions, and the numbers of steps and labels. */
function alignments(times: number, count: number, classes: number, longest: number) {
  const labels = Array.from({ length: count * longest }, (_, k) => 1 + (k >> 1) % (classes - 1));
  const steps = Array.from({ length: count }, (_, n) => Math.max(1, times - n));
  const lengths = Array.from({ length: count }, (_, n) => Math.max(0, longest - n));
  return [
    random(times, count, classes),
    positions([count, longest], labels),
    positions([2 * count], [...steps, ...lengths]),
  ];
}

/** Means of two images, of their product and of their squares, which are larger. */
function means(shape: readonly number[]): CaseInput {
  const { data } = sample(`means ${shape}`, shape, "float32", [-1, 1]);
  return { shape, data: data.map((x, i) => i < 3 * data.length / 4 ? x : 2 + Math.abs(x)) };
}

/** The cases of each op, by its name in the registry. */
export const ROW_CASES: Readonly<Record<string, readonly FusedCase[]>> = {
  rowCrossEntropy: casesOf({
    attributes: NONE,
    inputs: () => SHAPES.map(([rows, count]) => [wide(rows, count), classes(rows, count)]),
    fused: ([logits, labels]) => rowCrossEntropy(logits!, labels!),
    composite: ([logits, labels]) => rowCrossEntropyComposite(logits!, labels!),
  }),
  rowShareEntropy: casesOf({
    attributes: NONE,
    inputs: () => [
      ...[...SHAPES, [5, 30, 7], [7]].map((shape) => [wide(...shape), random(...shape)]),
      ...[[4, 5], [40, 33]].map((shape) => [
        everyFourth(wide(...shape), -Infinity),
        everyFourth(wide(...shape), 0),
      ]),
    ],
    fused: ([logits, shares]) => rowShareEntropy(logits!, shares!),
    composite: ([logits, shares]) => rowShareEntropyComposite(logits!, shares!),
  }),
  multiMargin: casesOf({
    attributes: {
      "of power 1": { power: 1, margin: 0.7 },
      "of power 2": { power: 2, margin: -0.5 },
    } as const,
    inputs: () => SHAPES.map(([rows, count]) => [random(rows, count), classes(rows, count)]),
    fused: ([scores, labels], call) => multiMarginRows(scores!, labels!, call),
    composite: ([scores, labels], call) => multiMarginComposite(scores!, labels!, call),
  }),
  labelMargin: casesOf({
    attributes: NONE,
    inputs: () =>
      ([[1, 1], [7, 3], [64, 10]] as const).map((
        [rows, count],
      ) => [random(rows, count), lists(rows, count)]),
    fused: ([scores, labels]) => labelMarginRows(scores!, labels!),
    composite: ([scores, labels]) => labelMarginComposite(scores!, labels!),
  }),
  pairLogistic: casesOf({
    attributes: NONE,
    inputs: () =>
      ([[1, 1], [2, 3], [64, 10], [2, 70]] as const).map(([rows, count]) => [
        random(rows, count),
        positions([rows, count], Array.from({ length: rows * count }, (_, i) => (i * 5) % 7)),
      ]),
    fused: ([scores, ranks]) => pairLogisticRows(scores!, ranks!.to({ dtype: scores!.dtype })),
    composite: ([scores, ranks]) => pairLogisticComposite(scores!, ranks!, null),
  }),
  similarityMap: casesOf({
    attributes: {
      "as a whole": { steadied: [0.1, 0.9], whole: true },
      "of contrasts": { steadied: [0.1, 0.9], whole: false },
    } as const,
    inputs: () => [[4, 1], [12, 1, 5, 7], [4, 300]].map((shape) => [means(shape)]),
    fused: ([means], call) => similarityMap(means!, call),
    composite: ([means], call) => similarityComposite(means!, call),
  }),
  imageVariation: casesOf({
    attributes: NONE,
    inputs: () => [[1, 1], [3, 1], [2, 1, 4], [2, 3, 5, 7], [70, 304]].map((s) => [random(...s)]),
    fused: ([image]) => imageVariation(image!),
    composite: ([image]) => imageVariationComposite(image!),
  }),
  alignmentLoss: casesOf({
    attributes: {
      "": { blank: 0, impossible: 7, perLabel: false },
      "for each label": { blank: 0, impossible: 7, perLabel: true },
    },
    inputs: () => [
      alignments(1, 1, 2, 0),
      alignments(6, 3, 4, 2),
      alignments(12, 5, 5, 4),
      alignments(40, 2, 20, 9),
      alignments(2, 3, 4, 3),
    ],
    fused: ([logs, labels, lengths], call) => alignmentLoss(logs!, labels!, lengths!, call),
    composite: ([logs, labels, lengths], call) =>
      alignmentLossComposite(logs!, labels!, lengths!, call),
  }),
};
