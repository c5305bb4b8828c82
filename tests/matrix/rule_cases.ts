/**
 * Cases of the rules that no public op uses: those of fused ops that layers and losses call, and
 * those of the engine itself. A rule that no case reaches fails `rule_mutants_test.ts`.
 */

import type { Backend } from "../../lib/device/backend.ts";
import { cpu } from "../../lib/device/cpu.ts";
import { moveTo } from "../../lib/ops/copy/copy.ts";
import { gram } from "../../lib/ops/linalg/gram.ts";
import { linear } from "../../lib/ops/linalg/linear.ts";
import { pairSquares } from "../../lib/ops/linalg/pair_squares.ts";
import { alignmentLoss } from "../../lib/ops/loss/ctc.ts";
import {
  biweightError,
  cauchyError,
  charbonnierError,
  generalRobustError,
  huberError,
  log1pSquare,
  logCoshError,
  logitError,
  meanDivergence,
  pseudoHuberError,
  relativeEntropy,
  rowCrossEntropy,
  rowShareEntropy,
  shareError,
  smoothL1Error,
  squaredError,
} from "../../lib/ops/loss/fused.ts";
import { labelMarginRows, multiMarginRows, pairLogisticRows } from "../../lib/ops/loss/rows.ts";
import { similarityMap } from "../../lib/ops/loss/similarity.ts";
import { imageVariation } from "../../lib/ops/loss/variation.ts";
import { overlap, rowDots } from "../../lib/ops/reduce/dots.ts";
import { lstm } from "../../lib/ops/scan/lstm.ts";
import { avgPool1d, cat, tensor } from "../../mod.ts";
import { random } from "./cases.ts";
import { type GradientCase, gradientCase } from "./gradient_cases.ts";

const [rows, weight, bias] = [random(3, 4), random(2, 4), random(2)];

const LINEAR = ([null, "relu", "tanh", "sigmoid"] as const).flatMap((activation) => [
  gradientCase("linear", {
    name: `with a bias and ${activation ?? "no activation"}`,
    inputs: [rows, weight, bias],
    call: (x, w, b) => linear(x!, w!, b!, activation),
  }),
  gradientCase("linear", {
    name: `without a bias, with ${activation ?? "no activation"}`,
    inputs: [rows, weight],
    call: (x, w) => linear(x!, w!, null, activation),
  }),
]);

const PAIR_LOSSES = {
  mse: squaredError,
  huber: huberError,
  smoothL1: smoothL1Error,
  logCosh: logCoshError,
  charbonnier: charbonnierError,
  cauchy: cauchyError,
  tukeyBiweight: biweightError,
  bce: shareError,
  bceWithLogits: logitError,
  pseudoHuber: pseudoHuberError,
  generalRobust: generalRobustError,
  klDiv: relativeEntropy,
  jsDiv: meanDivergence,
};

const LOSSES = Object.entries(PAIR_LOSSES).flatMap(([name, loss]) =>
  (["none", "sum", "mean"] as const).map((reduction) =>
    gradientCase(name, {
      name: `reduced by ${reduction}`,
      inputs: [random(2, 3), random(2, 3)],
      // Of any number a share.
      call: (x, t) => loss(name === "bce" ? x!.sigmoid() : x!, t!, reduction, 1, 1),
    })
  )
);

const LABELS = tensor([2, 0, 1], { dtype: "int32" });

const LISTS = tensor([[2, 0, -1], [-1, 1, 2], [1, 1, 0]], { dtype: "int32" });

/** Labels with a repetition, and the numbers of steps and labels. */
const ALIGNED = [
  tensor([[1, 1], [2, 1]], { dtype: "int32" }),
  tensor([4, 3, 2, 1], { dtype: "int32" }),
] as const;

/** Another backend, which computes on the CPU: without a GPU there is no other to move to. */
const ELSEWHERE: Backend = Object.create(cpu);

// Steps of 1e-6 are lost in float32, so points and steps are exact; a conversion is linear.
const EXACT = { shape: [3], data: [1.5, -2, 0.25] };

export const RULE_CASES: readonly GradientCase[] = [
  ...LINEAR,
  ...LOSSES,
  gradientCase("rowCrossEntropy", {
    name: "of three rows",
    inputs: [random(3, 4)],
    call: (logits) => rowCrossEntropy(logits!, LABELS),
  }),
  gradientCase("rowShareEntropy", {
    name: "of three rows",
    inputs: [random(3, 4), random(3, 4)],
    call: (logits, shares) => rowShareEntropy(logits!, shares!),
  }),
  gradientCase("multiMargin", {
    name: "of three rows",
    inputs: [random(3, 4)],
    call: (scores) => multiMarginRows(scores!, LABELS, { power: 2, margin: 1 }),
  }),
  gradientCase("labelMargin", {
    name: "of three rows",
    inputs: [random(3, 3)],
    call: (scores) => labelMarginRows(scores!, LISTS),
  }),
  gradientCase("pairLogistic", {
    name: "of three rows",
    inputs: [random(3, 3)],
    call: (scores) => pairLogisticRows(scores!, LISTS.to({ dtype: "float64" })),
  }),
  gradientCase("rowDots", {
    name: "of two",
    inputs: [random(3, 2), random(3, 2)],
    call: (a, b) => rowDots(a!, b!),
  }),
  gradientCase("rowDots", {
    name: "of one with itself",
    inputs: [random(3, 2)],
    call: (a) => rowDots(a!),
  }),
  gradientCase("overlap", {
    name: "of two",
    inputs: [random(3, 2), random(3, 2)],
    call: (a, b) => {
      const [both, own, others] = overlap(a!, b!);
      return both.mul(own).add(others);
    },
  }),
  gradientCase("log1pSquare", {
    name: "of two rows",
    inputs: [random(2, 3)],
    call: (x) => log1pSquare(x!),
  }),
  gradientCase("gram", {
    name: "of three rows",
    inputs: [random(3, 2)],
    call: (x) => gram(x!),
  }),
  gradientCase("pairSquares", {
    name: "of three points",
    inputs: [random(3, 2)],
    call: (points) => pairSquares(points!),
  }),
  gradientCase("similarityMap", {
    name: "of two places",
    inputs: [{ shape: [4, 2], data: [0.3, -0.5, 0.7, 0.2, 0.4, -0.1, 1.5, 1.2] }],
    call: (means) => similarityMap(means!, { steadied: [0.1, 0.9], whole: true }),
  }),
  gradientCase("imageVariation", {
    name: "of two images",
    inputs: [random(2, 3, 2)],
    call: (image) => imageVariation(image!),
  }),
  gradientCase("alignmentLoss", {
    name: "of two examples",
    inputs: [random(4, 2, 3)],
    call: (logs) => alignmentLoss(logs!, ...ALIGNED, { blank: 0, impossible: 7, perLabel: true }),
  }),
  ...[false, true].map((reverse) =>
    gradientCase("lstm", {
      name: reverse ? "from the last to the first" : "from the first to the last",
      inputs: [random(2, 2, 4), random(2, 2, 1), random(4, 1)],
      call: (x, states, weight) => cat([...lstm(x!, states!, weight!, { reverse })], -1),
    })
  ),
  gradientCase("sumPoolInput", {
    name: "of a function that bends",
    inputs: [random(1, 1, 4)],
    call: (x) => avgPool1d(x!, 2).square(),
  }),
  gradientCase("to", {
    name: "another device",
    inputs: [random(2, 3)],
    call: (x) => moveTo(x!, ELSEWHERE).square(),
  }),
  {
    ...gradientCase("to", {
      name: "float32 and back",
      inputs: [EXACT],
      call: (x) => x!.to({ dtype: "float32" }).to({ dtype: "float64" }),
    }),
    options: { step: 1 / 4 },
  },
];
