/** Losses of sequences, and of the logits of a layer. */

import { type losses, ones, ShapeError, tensor, zeros } from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";
import { CROSS_ENTROPY } from "./classification_rows.ts";
import { double, int32, leaf, pieces, REDUCTIONS, sumOf, WORD } from "./plain.ts";
import type { Entries, Inputs, LossRow } from "./row.ts";

/** What an alignment says: neither repeats nor blanks. */
function collapsed(path: readonly number[], blank: number): string {
  return path.filter((c, t) => c !== path[t - 1]).filter((c) => c !== blank).join(" ");
}

/** All sequences of a length. */
function sequences(length: number, classes: number): number[][] {
  if (length === 0) return [[]];
  return sequences(length - 1, classes).flatMap((start) =>
    Array.from({ length: classes }, (_, c) => [...start, c])
  );
}

/** −ln of the sum over every alignment that there is, one after the other. */
function alignments(
  [x, targets, steps, lengths]: Inputs,
  { blank = 0, zeroInfinity = false, reduction = "mean" }: losses.CTCOptions,
): Entries {
  const [times, n, classes] = x.shape as [number, number, number];
  const rows = pieces(x, classes);
  const words = pieces(targets, targets.shape[1]!);
  const [inputs, counts] = [valuesOf(steps!), valuesOf(lengths!)];
  const each = Array.from({ length: n }, (_, i) => {
    const word = words[i]!.slice(0, counts[i]).join(" ");
    const fitting = sequences(Math.min(inputs[i]!, times), classes)
      .filter((path) => collapsed(path, blank) === word)
      .map((path) => Math.exp(sumOf(path.map((c, t) => rows[t * n + i]![c]!))));
    const loss = fitting.length === 0 ? (zeroInfinity ? 0 : Infinity) : -Math.log(sumOf(fitting));
    return reduction === "mean" ? loss / Math.max(1, counts[i]!) : loss;
  });
  return { shape: [n], each, total: n };
}

const spoken = (
  title: string,
  [times, n, classes]: readonly [number, number, number],
  words: readonly (readonly number[])[],
  steps: readonly number[],
  counts: readonly number[],
) => ({
  title,
  inputs: (): Inputs => [
    double("sounds", [times, n, classes], [-2, 0]),
    int32(words.flat(), [n, words[0]?.length ?? 2]),
    int32(steps),
    int32(counts),
  ],
});

const one = (x: readonly number[][], word: readonly number[]): Inputs => [
  leaf(x.map((row) => [row])),
  int32(word, [1, word.length]),
  int32([x.length]),
  int32([word.length]),
];

const fitting = (x: Inputs[0], ...rest: Inputs[0][]) => () => [x, ...rest];
const [sounds, words, steps, counts] = [
  zeros([4, 2, 3]),
  int32([1, 2, 1, 1], [2, 2]),
  int32([4, 4]),
  int32([2, 1]),
];

/** Loss of sequences without alignment. */
export const CTC: LossRow<losses.CTCOptions> = {
  samples: [
    {
      ...spoken("a repeat, another, nothing", [4, 3, 3], [[1, 1], [2, 0], [0, 0]], [4, 3, 2], [
        2,
        1,
        0,
      ]),
      without: ["blank"],
    },
    spoken("any blank but the label", [3, 2, 3], [[1], [1]], [3, 2], [1, 1]),
    {
      ...spoken("a single step", [1, 3, 3], [[1], [2], [1]], [1, 1, 1], [1, 1, 0]),
      without: ["blank"],
    },
    spoken("nobody", [3, 0, 3], [], [], []),
    { ...spoken("too short for a repeat", [2, 1, 3], [[1, 1]], [2], [2]), slopes: false },
  ],
  options: {
    reduction: () => REDUCTIONS,
    blank: () => [2],
    zeroInfinity: () => [true],
  },
  reference: alignments,
  points: [
    {
      title: "three of four alignments",
      inputs: () => one([[Math.log(0.5), Math.log(0.5)], [Math.log(0.5), Math.log(0.5)]], [1]),
      value: -Math.log(3 / 4),
      gradient: [[[-1 / 3, -2 / 3]], [[-1 / 3, -2 / 3]]],
    },
    {
      title: "a target that is too long costs Infinity and has no gradient",
      inputs: () => one([[-1, -1]], [1, 1]),
      value: Infinity,
      gradient: [[[0, 0]]],
    },
    {
      title: "probabilities of 0",
      inputs: () => one([[-Infinity, 0], [0, -Infinity]], [1]),
      value: 0,
      gradient: [[[0, -1]], [[-1, 0]]],
    },
  ],
  nothing: [],
  extremes: [-1e4, -1e20].map((size) => () => [
    tensor([[[size, 0, size]], [[0, size, size]]], { requiresGrad: true }),
    int32([1], [1, 1]),
    int32([2]),
    int32([1]),
  ]),
  refuses: [
    WORD,
    {
      inputs: fitting(zeros([4, 3]), words, steps, counts),
      error: ShapeError,
      says: "must have shape [T, N, C] and targets [N, S], T from 1, got [4, 3] and [2, 2]",
    },
    {
      inputs: fitting(sounds, int32([1, 2], [1, 2]), steps, counts),
      error: ShapeError,
      says: "targets must have shape [2, 2], got [1, 2]",
    },
    {
      inputs: fitting(sounds, int32([1, 2, 0, 1], [2, 2]), steps, counts),
      error: RangeError,
      says: "labels must not be the blank 0 and lie in 0 to 2, got 0 at index [1, 0]",
    },
    {
      inputs: fitting(sounds, words, int32([5, 4]), counts),
      error: RangeError,
      says: "inputLengths must lie in 1 to 4, got 5 at index 0",
    },
    {
      inputs: fitting(sounds, words, steps, int32([2, 3])),
      error: RangeError,
      says: "targetLengths must lie in 0 to 2, got 3 at index 1",
    },
    {
      inputs: fitting(sounds, words, steps, ones([2])),
      error: TypeError,
      says: "targetLengths must be int32, got float32",
    },
    {
      inputs: fitting(int32([0], [1, 1, 1]), words, steps, counts),
      error: TypeError,
      says: "log-probabilities must be float32 or float64, got int32",
    },
    {
      inputs: fitting(sounds, words, steps, counts),
      options: { blank: 3 },
      error: RangeError,
      says: "blank must lie in 0 to 2, got 3",
    },
  ],
};

/** x·Wᵀ + b, as the logits that cross-entropy takes. */
function logits([x, w]: Inputs, bias?: Inputs[0]): Inputs[0] {
  const [rows, classes] = [pieces(x, w.shape[1]!), pieces(w, w.shape[1]!)];
  const add = bias === undefined ? classes.map(() => 0) : valuesOf(bias);
  const values = rows.map((row) =>
    classes.map((own, c) => sumOf(own.map((v, i) => v * row[i]!)) + add[c]!)
  );
  const shape = [...x.shape.slice(0, -1), classes.length];
  return tensor(Float64Array.from(values.flat())).reshape(shape);
}

/** Cross-entropy of a layer. */
export const LINEAR_CROSS_ENTROPY: LossRow<losses.LinearCrossEntropyOptions> = {
  samples: [
    {
      title: "rows",
      inputs: () => [double("input", [4, 2]), double("layer", [3, 2]), int32([2, 0, 1, 1])],
    },
    { title: "one", inputs: () => [double("one", [2]), double("layer", [3, 2]), int32([2], [])] },
    { title: "no rows", inputs: () => [double("no", [0, 2]), double("layer", [3, 2]), int32([])] },
    {
      title: "probabilities",
      inputs: () => {
        const shares = double("shares", [2, 3]).detach().softmax(1);
        return [double("some", [2, 2]), double("layer", [3, 2]), shares.requiresGrad_()];
      },
      without: ["ignoreIndex"],
    },
  ],
  options: {
    reduction: () => REDUCTIONS,
    weight: () => [tensor([0.5, 1, 2], { dtype: "float64", requiresGrad: true })],
    ignoreIndex: () => [1],
    labelSmoothing: () => [0.1],
    linearBias: () => [double("bias", [3])],
  },
  reference: (inputs, { linearBias, ...rest }) =>
    CROSS_ENTROPY.reference([logits(inputs, linearBias), inputs[2]!], rest),
  points: [{
    title: "logits of 0",
    inputs: () => [leaf([[1, 2]]), leaf([[0, 0], [0, 0]]), int32([0])],
    value: Math.LN2,
    gradient: [[0, 0]],
  }],
  nothing: [{
    inputs: () => [leaf([[1, 2]]), leaf([[1, 0], [0, 1]]), int32([-100])],
    options: () => ({}),
  }],
  extremes: [1e4, 1e15].map((size) => () => [
    tensor([[size], [-size]], { requiresGrad: true }),
    tensor([[1], [-1]], { requiresGrad: true }),
    int32([1, 1]),
  ]),
  refuses: [
    WORD,
    {
      inputs: () => [ones([4, 2]), ones([3, 3]), int32([0, 0, 0, 0])],
      error: ShapeError,
      says: "must have shapes [N, D] or [D] and [C, D], got [4, 2] and [3, 3]",
    },
    {
      inputs: () => [ones([1, 2]), ones([3, 2]), int32([0])],
      options: { linearBias: ones([2]) },
      error: ShapeError,
      says: "linearBias must have shape [3], got [2]",
    },
    {
      inputs: () => [ones([1, 2]), ones([3, 2]), int32([3])],
      error: RangeError,
      says: "label 3 at index 0 is out of range for 3 classes",
    },
    {
      options: { labelSmoothing: 2 },
      error: RangeError,
      says: "labelSmoothing must lie in 0 to 1, got 2",
    },
  ],
};
