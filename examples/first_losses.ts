/**
 * The two losses of every course, checked: the squared error, and cross-entropy of logits. The
 * gradient of the squared error is compared with finite differences. Cross-entropy stays finite at
 * logits of ±10,000, where the textbook formula −ln(softmax) does not, and its gradient is (softmax
 * − one-hot)/N.
 *
 *   deno run --allow-ffi examples/first_losses.ts --seed 1
 *
 * The control uses the absolute error instead of the squared one, and the textbook's formula.
 */

import { grad, losses, oneHot, randn, type Tensor, tensor, train } from "@adjoint/ml";

const run = train.experiment("The squared error and cross-entropy match their formulas.");
const int32 = { dtype: "int32" } as const;

/** −ln(softmax) of the right class, step by step. */
function textbook(logits: Tensor, labels: Tensor): Tensor {
  const powers = logits.exp();
  const shares = powers.div(powers.sum(1, { keepdim: true }));
  return shares.gather(1, labels.unsqueeze(1)).log().mean().neg();
}

const mse = run.control ? losses.l1 : losses.mse;
const crossEntropy = run.control ? textbook : losses.crossEntropy;

const [p, t] = [
  randn([6], { dtype: "float64", requiresGrad: true }),
  randn([6], { dtype: "float64" }),
];
const [slope] = grad(mse(p, t), [p]);
/** The squared error by its formula, in plain numbers. */
const byHand = (p: number[], t: number[]) =>
  p.reduce((sum, value, i) => sum + (value - t[i]!) ** 2, 0) / p.length;
const [numbers, targets] = [p.toArray() as number[], t.toArray() as number[]];
const differences = numbers.map((_, i) => {
  const moved = (h: number) => numbers.map((value, j) => value + (i === j ? h : 0));
  return (byHand(moved(1e-5), targets) - byHand(moved(-1e-5), targets)) / 2e-5;
});
const apart = (a: Tensor, b: Tensor) => a.sub(b).abs().max().item();
run.figures("B-05", {
  value: Math.abs(mse(p, t).item() - byHand(numbers, targets)),
  gradient: apart(slope, tensor(differences, { dtype: "float64" })),
  sum: losses.mse(p, t, { reduction: "sum" }).item() / mse(p, t).item(),
});

const far = tensor([[1e4, -1e4, 0], [-1e4, 1e4, 0]], { requiresGrad: true });
const wrong = crossEntropy(far, tensor([0, 0], int32));
const [pull] = grad(wrong, [far]);
const logits = randn([5, 4], { requiresGrad: true });
const labels = tensor([0, 3, 1, 1, 2], int32);
const [descent] = grad(crossEntropy(logits, labels), [logits]);
const formula = logits.softmax(1).sub(oneHot(labels, 4)).div(5);
run.figures("B-06", {
  extreme: wrong.item(),
  pull: pull.flatten().toArray() as number[],
  gradient: apart(descent, formula),
});
run.end();
