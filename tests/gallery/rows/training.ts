/** Rows of how nets are trained: the parts of every training loop. */

import { casesOf } from "../../fixtures/stored.ts";
import { each, near, type Row } from "../row.ts";

const question = "How are nets trained?";

/** Where PyTorch's optimizers are after 1, 5, 10 and 20 steps; `tests/fixtures/traces.py` asks it. */
const TRACES = casesOf<{ name: string; seen: number[] }>("traces");
const traceOf = (name: string) => TRACES.find((trace) => trace.name === name)!.seen;

interface Loading {
  once: boolean;
  batches: number;
  length: number;
  dropped: number;
  refused: boolean;
  repeats: boolean;
  disjoint: number;
  mean: number;
  deviation: number;
  oneHot: boolean;
}

export const rows: readonly Row[] = [
  {
    id: "B-05",
    script: "first_losses.ts",
    question,
    claim: "The mean squared error is the loss of regression.",
    tag: "X",
    threshold: "value and gradient are those of the formula, the latter by differences, to 1e-8; " +
      "a sum is N times the mean",
    holds: each((f: { value: number; gradient: number; sum: number }) =>
      f.value <= 1e-12 && f.gradient <= 1e-8 && near([f.sum], [6])
    ),
  },
  {
    id: "B-06",
    script: "first_losses.ts",
    question,
    claim: "Cross-entropy is the loss of classification.",
    tag: "X",
    threshold: "at logits of ±1e4 loss 1e4 and gradient ∓1/2; elsewhere (softmax − one-hot)/N",
    holds: each((f: { extreme: number; pull: number[]; gradient: number }) =>
      near([f.extreme], [1e4]) && near(f.pull, [0, 0, 0, -0.5, 0.5, 0]) && f.gradient <= 1e-6
    ),
  },
  {
    id: "B-03",
    script: "gradient_descent.ts",
    question,
    claim: "Networks do regression.",
    tag: "P",
    threshold: "y = 2x + 1 is found: |w − 2| ≤ 0.05, |b − 1| ≤ 0.05",
    justification:
      "With noise of deviation 0.1 both were within 0.02; the control ends beyond −20.",
    holds: each((f: { weight: number; bias: number }) =>
      Math.abs(f.weight - 2) <= 0.05 && Math.abs(f.bias - 1) <= 0.05
    ),
  },
  {
    id: "B-07",
    script: "gradient_descent.ts",
    question,
    claim: "Gradient descent goes against the gradient.",
    tag: "X",
    threshold: "on 1.5x² with rate 0.1 xₙ = 5·0.7ⁿ",
    holds: each((f: { start: number; one: number; ten: number; twenty: number }) =>
      near([f.start, f.one, f.ten, f.twenty], [0, 1, 10, 20].map((n) => 5 * 0.7 ** n), 1e-12)
    ),
  },
  {
    id: "B-08",
    script: "gradient_descent.ts",
    question,
    claim: "SGD takes its steps on small batches.",
    tag: "X",
    threshold: "PyTorch's places after 1, 5, 10 and 20 steps, plain and with Nesterov's momentum " +
      "and decay, to 1e-6",
    holds: each((f: { sgd: number[]; nesterov: number[] }) =>
      near(f.sgd, traceOf("sgd")) && near(f.nesterov, traceOf("nesterov"))
    ),
  },
  {
    id: "B-09",
    script: "gradient_descent.ts",
    question,
    claim: "Adam adapts its steps.",
    tag: "X",
    threshold: "PyTorch's places after 1, 5, 10 and 20 steps, also with a large eps and decay, " +
      "to 1e-6",
    holds: each((f: { adam: number[]; adamEps: number[] }) =>
      near(f.adam, traceOf("adam")) && near(f.adamEps, traceOf("adamEps"))
    ),
  },
  {
    id: "B-15",
    script: "gradient_descent.ts",
    question,
    claim: "W′ = W − η·∂L/∂W and b′ = b − η·∂L/∂b (the formula is missing in the text).",
    tag: "X",
    threshold: "W = [1 2], b = 0.5 become [0.7 2.1], 0.4 by the gradients [3 −1], 1 and rate 0.1",
    holds: each((f: { weight: number[]; bias: number }) =>
      near([...f.weight, f.bias], [0.7, 2.1, 0.4], 1e-12)
    ),
  },
  {
    id: "B-13",
    script: "one_neuron.ts",
    question,
    claim: "y = f(Wx + b) (the formula is missing in the text).",
    tag: "X",
    threshold: "Wx + b = [−1 −2.5] and f of it, a leaky ReLU, [−0.1 −0.25]",
    holds: each((f: { before: number[]; output: number[] }) =>
      near([...f.before, ...f.output], [-1, -2.5, -0.1, -0.25], 1e-12)
    ),
  },
  {
    id: "B-14",
    script: "one_neuron.ts",
    question,
    claim: "∂L/∂W = ∂L/∂y · ∂y/∂W (the formula is missing in the text).",
    tag: "X",
    threshold: "the products by hand, backward and differences agree, to 1e-12 and 1e-6",
    holds: each((f: { hand: number[]; tape: number[]; differences: number[] }) =>
      near(f.tape, f.hand, 1e-12) && near(f.differences, f.hand)
    ),
  },
  {
    id: "B-10",
    script: "data_loading.ts",
    question,
    claim: "DataLoader and TensorDataset load the data.",
    correction: "TensorDataset is a data set; the loader makes batches of it.",
    tag: "X",
    threshold: "of 103 examples each once in 11 batches, 10 where the last is dropped; a seed " +
      "repeats its order; parts are disjoint; columns are standardized; nothing is refused",
    holds: each((f: Loading) =>
      f.once && f.repeats && f.refused && f.oneHot && f.mean <= 1e-6 && f.deviation <= 1e-6 &&
      near([f.batches, f.length, f.dropped, f.disjoint], [11, 11, 10, 103])
    ),
  },
];
