/** Losses that compare the examples of a batch with each other. */

import { type losses, ones, ShapeError, type Tensor, tensor } from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";
import {
  double,
  int32,
  leaf,
  logSumExp,
  pieces,
  positive,
  REDUCTIONS,
  sumOf,
  WORD,
} from "./plain.ts";
import type { Entries, Inputs, LossRow, Refusal } from "./row.ts";

/** The rows at length 1. */
function units(x: Tensor): number[][] {
  return pieces(x, x.shape[1]!).map((row) => {
    const length = Math.hypot(...row);
    return row.map((value) => value / Math.max(length, 1e-12));
  });
}

const dot = (x: readonly number[], y: readonly number[]) => sumOf(x.map((v, i) => v * y[i]!));

const entries = (each: readonly number[], total = each.length): Entries => ({
  shape: [each.length],
  each,
  total,
});

/** −ln of the share of the positives in the similarity to all others, one entry for each example. */
function shares(
  rows: readonly (readonly number[])[],
  temperature: number,
  alike: (i: number, j: number) => boolean,
): number[] {
  return rows.map((row, i) => {
    const others = rows.map((_, j) => j).filter((j) => j !== i);
    const s = others.map((j) => dot(row, rows[j]!) / temperature);
    const own = others.map((j) => alike(i, j)).flatMap((yes, at) => yes ? [s[at]!] : []);
    return own.length === 0 ? 0 : logSumExp(s) - sumOf(own) / own.length;
  });
}

const pairsOf = (a: string, b: string) => [
  { title: "rows", inputs: (): Inputs => [double(a, [4, 3]), double(b, [4, 3])] },
  { title: "two rows", inputs: (): Inputs => [double(a, [2, 5]), double(b, [2, 5])] },
  { title: "no rows", inputs: (): Inputs => [double(a, [0, 3]), double(b, [0, 3])] },
];

/** Two examples of 0, one of 1, and a gradient that is 0. */
const extremes = [1e-4, 1e4, 1e15].map((size) => (): Inputs => [
  tensor([[size, -size], [size, size]], { requiresGrad: true }),
  tensor([[size, 2 * size], [size, 2 * size]], { requiresGrad: true }),
]);

const PAIR_REFUSES: readonly Refusal[] = [
  WORD,
  ...positive("temperature"),
  {
    inputs: () => [ones([3]), ones([3])],
    error: ShapeError,
    says: "must have shape [N, D], got [3]",
  },
];

/** Loss of queries and keys. */
export const INFO_NCE: LossRow<losses.InfoNCEOptions> = {
  samples: pairsOf("query", "key"),
  options: {
    reduction: () => REDUCTIONS,
    temperature: () => [1],
    negatives: ([q]) => [double("negatives", [2, q.shape[1]!])],
  },
  reference: ([q, k], { temperature = 0.1, negatives }) => {
    const [queries, keys] = [units(q), units(k)];
    return entries(queries.map((query, i) => {
      const own = dot(query, keys[i]!) / temperature;
      const all = negatives === undefined ? keys : [keys[i]!, ...units(negatives)];
      return logSumExp(all.map((key) => dot(query, key) / temperature)) - own;
    }));
  },
  points: [
    {
      title: "keys at a cosine of 1 and of −1",
      inputs: () => [leaf([[1, 0], [-1, 0]]), leaf([[2, 0], [-2, 0]])],
      options: { temperature: 1 },
      value: Math.log1p(Math.exp(-2)),
      gradient: [[0, 0], [0, 0]],
    },
    {
      title: "a query of 0",
      inputs: () => [leaf([[0, 0]]), leaf([[0, 0]])],
      value: 0,
      gradient: [[0, 0]],
    },
  ],
  nothing: [],
  extremes,
  refuses: [
    ...PAIR_REFUSES,
    {
      inputs: () => [ones([2, 3]), ones([2, 2])],
      error: ShapeError,
      says: "query has shape [2, 3] but key has shape [2, 2]",
    },
    {
      inputs: () => [ones([2, 3]), ones([2, 3])],
      options: { negatives: ones([4, 2]) },
      error: ShapeError,
      says: "negatives must have shape [M, 3], got [4, 2]",
    },
  ],
};

/** Loss of two views. */
export const NT_XENT: LossRow<losses.TemperatureOptions> = {
  samples: pairsOf("first", "second") as LossRow<losses.TemperatureOptions>["samples"],
  options: { reduction: () => REDUCTIONS, temperature: () => [1] },
  reference: ([a, b], { temperature = 0.5 }) => {
    const rows = [...units(a), ...units(b)];
    const n = a.shape[0]!;
    return entries(shares(rows, temperature, (i, j) => i % n === j % n));
  },
  points: [{
    title: "views that are equal, of two examples at a cosine of −1",
    inputs: () => [leaf([[1, 0], [-1, 0]]), leaf([[1, 0], [-1, 0]])],
    options: { temperature: 1 },
    value: Math.log(Math.E + 2 / Math.E) - 1,
    gradient: [[0, 0], [0, 0]],
  }],
  nothing: [],
  extremes,
  refuses: [
    ...PAIR_REFUSES,
    {
      inputs: () => [ones([2, 3]), ones([2, 2])],
      error: ShapeError,
      says: "first has shape [2, 3] but second has shape [2, 2]",
    },
  ],
};

const labelled = [
  {
    title: "rows, one of them alone in its class",
    inputs: (): Inputs => [double("examples", [5, 3]), int32([0, 7, 0, -2, 7])],
  },
  { title: "no rows", inputs: (): Inputs => [double("none", [0, 3]), int32([])] },
];

const labelExtremes = [1e-4, 1e4, 1e15].map((size) => (): Inputs => [
  tensor([[size, -size], [size, size], [2 * size, size]], { requiresGrad: true }),
  int32([0, 0, 1]),
]);

const LABEL_REFUSES: readonly Refusal[] = [
  WORD,
  {
    inputs: () => [ones([3]), int32([0, 1, 1])],
    error: ShapeError,
    says: "examples must have shape [N, D], got [3]",
  },
  {
    inputs: () => [ones([3, 2]), int32([0, 1])],
    error: ShapeError,
    says: "examples of shape [3, 2] need labels of shape [3], got [2]",
  },
  {
    inputs: () => [ones([3, 2]), ones([3])],
    error: TypeError,
    says: "labels must be int32, got float32",
  },
];

/** Contrastive loss of labels. */
export const SUP_CON: LossRow<losses.TemperatureOptions> = {
  samples: labelled,
  options: { reduction: () => REDUCTIONS, temperature: () => [1] },
  reference: ([x, labels], { temperature = 0.1 }) => {
    const own = valuesOf(labels);
    const counted = own.filter((label) => own.filter((other) => other === label).length > 1);
    const each = shares(units(x), temperature, (i, j) => own[i] === own[j]);
    return entries(each, counted.length);
  },
  points: [{
    title: "a pair at a cosine of 1, and one at −1",
    inputs: () => [leaf([[1, 0], [2, 0], [-1, 0]]), int32([0, 0, 1])],
    options: { temperature: 1 },
    value: Math.log1p(Math.exp(-2)),
    gradient: [[0, 0], [0, 0], [0, 0]],
  }],
  nothing: [{
    inputs: () => [double("alone", [3, 2]), int32([0, 1, 2])],
    options: () => ({}),
  }],
  extremes: labelExtremes,
  refuses: [...LABEL_REFUSES, ...positive("temperature")],
};

/** Contrastive loss of distances. */
export const CONTRASTIVE: LossRow<losses.ContrastiveOptions> = {
  samples: labelled.map(({ title, inputs }) => ({
    title,
    // Distances on both sides of the margins.
    inputs: () => {
      const [x, ...more] = inputs();
      return [x.detach().mul(0.3).requiresGrad_(), ...more] as unknown as Inputs;
    },
  })),
  options: { reduction: () => REDUCTIONS, margin: () => [2] },
  reference: ([x, labels], { margin = 1 }) => {
    const [rows, own] = [pieces(x, x.shape[1]!), valuesOf(labels)];
    return entries(rows.flatMap((row, i) =>
      rows.slice(i + 1).map((other, j) => {
        const d = Math.hypot(...row.map((value, k) => value - other[k]!));
        return own[i] === own[i + 1 + j] ? d * d : Math.max(0, margin - d) ** 2;
      })
    ));
  },
  points: [
    {
      title: "the golden value of a pair that is alike and two that are not",
      inputs: () => [leaf([[0, 0], [0.6, 0.8], [0.3, 0.4]]), int32([0, 0, 1])],
      value: 0.5,
      gradient: [[-0.4 + 0.2, -1.6 / 3 + 0.8 / 3], [0.4 - 0.2, 1.6 / 3 - 0.8 / 3], [0, 0]],
    },
    {
      title: "unlike examples in one place, and just as far as the margin",
      inputs: () => [leaf([[1, 0], [1, 0], [2, 0]]), int32([0, 1, 2])],
      value: 1 / 3,
      gradient: [[0, 0], [0, 0], [0, 0]],
    },
  ],
  nothing: [],
  extremes: labelExtremes.map((make) => () => {
    const [x] = make();
    return [x, int32([0, 1, 2])];
  }),
  refuses: [...LABEL_REFUSES, ...positive("margin")],
};
