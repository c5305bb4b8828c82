/**
 * A loss as a network (article 002, sample S7): it gets the features, prediction and target of an
 * example and returns its loss. It is trained by the quality of the model that it trains, so the
 * model's step has to be differentiable. The sample leaves out the step; with an optimizer's step
 * nothing is learned, and no error says so. Synthetic numbers in float64, as the catalogue of the
 * article's claims has them.
 *
 *   deno run --allow-ffi examples/meta_loss.ts
 */

import { arange, grad, losses, meta, noGrad, optim, type Tensor, tensor, train } from "@adjoint/ml";

const run = train.experiment("A learned loss needs differentiable inner steps.");
const float64 = { dtype: "float64" } as const;

/** The network with the numbers of the catalogue: 0.3·sin(1.3·k + 0.5) for its k-th parameter. */
const network = new losses.MetaLossNetwork(4, float64);
let count = 0;
for (const p of network.parameters()) {
  const k = arange(p.size, float64).add(count);
  noGrad(() => p.copy_(k.mul(1.3).add(0.5).sin().mul(0.3).reshape(p.shape)));
  count += p.size;
}
const x = arange(10, float64).mul(0.7).sin().reshape([5, 2]);
const y = arange(5, float64).cos();
const start = tensor([0.3, -0.2], { ...float64, requiresGrad: true });

/** The loss that trains the model w: the network, or in the control one that learns nothing. */
const inner = (w: Tensor) =>
  run.control ? losses.mse(x.matmul(w), y) : network.forward(x, x.matmul(w), y);
const query = (w: Tensor) => losses.mse(x.matmul(w), y);
const adapted = () => meta.innerLoop({ params: start, loss: inner, lr: 0.1 });
const norms = (gradients: readonly (Tensor | null)[]) =>
  gradients.map((g) => g?.norm().item() ?? 0);

// The network's loss, and the weights after a step with it.
const [slope] = grad(inner(start), [start], { createGraph: true });
run.figures("C-24", {
  parameters: count,
  loss: inner(start).item(),
  slope: [...slope.detach().data],
  adapted: [...adapted().detach().data],
  query: query(adapted()).item(),
});

// The meta gradient: from the query loss through the step to the network. One weight is moved.
const metaGradients = grad(query(adapted()), network.parameters(), { allowUnused: true });
const weight = network.parameters()[2]!.detach();
const moved = (by: number) => {
  const before = weight.at(3, 5).item();
  weight.setAt([3, 5], before + by);
  const value = query(adapted()).item();
  weight.setAt([3, 5], before);
  return value;
};
run.figures("C-25", {
  norms: norms(metaGradients),
  gradient: metaGradients[2]?.at(3, 5).item() ?? 0,
  difference: (moved(1e-5) - moved(-1e-5)) / 2e-5,
});

/** The sample as printed, with an optimizer's step where it has none. */
function faithful(): { reached: number; deposited: number; learned: number } {
  const w = start.clone().detach().requiresGrad_();
  inner(w).backward();
  // The inner backward pass has left gradients on the network, too.
  const deposited = network.parameters().filter((p) => p.grad !== null).length;
  const optimizer = new optim.Adam(network.parameters());
  optimizer.zeroGrad();
  new optim.SGD([w], { lr: 0.1 }).step();
  const before = network.parameters().map((p) => p.detach().clone());
  query(w).backward();
  optimizer.step();
  const changes = network.parameters().map((p, i) => p.sub(before[i]!).norm().item());
  const reached = network.parameters().filter((p) => p.grad !== null).length;
  return { reached, deposited, learned: Math.max(...changes) };
}

/** The error of `metaTrain` for a step that is not differentiable. */
function refusal(): string {
  const tasks = new meta.TaskDistribution(() => ({ x, y }));
  const loss = () =>
    meta.innerLoop({ params: start, loss: inner, lr: 0.1, firstOrder: true }).sum();
  try {
    const optimizer = new optim.Adam(network.parameters());
    meta.metaTrain({ tasks, loss: ({ y }) => loss().mul(y.sum()), optimizer, steps: 1 });
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const { reached, deposited, learned } = faithful();
const before = query(adapted()).item();
const history = run.control ? [NaN] : meta.metaTrain({
  tasks: new meta.TaskDistribution(() => ({ x, y })),
  loss: ({ x, y }) => {
    const params = start.detach();
    const loss = (w: Tensor) => network.forward(x, x.matmul(w), y);
    return losses.mse(x.matmul(meta.innerLoop({ params, loss, lr: 0.1 })), y);
  },
  optimizer: new optim.Adam(network.parameters()),
  steps: 100,
  tasksPerStep: 1,
});
run.figures("S7", {
  faithfulReached: reached,
  faithfulDeposited: deposited,
  faithfulLearned: learned,
  correctedReached: metaGradients.filter((g) => g !== null).length,
  correctedLearned: before - history.at(-1)!,
  raises: refusal().includes("must depend on the meta parameters"),
});
console.log(
  "With an optimizer's step, no gradient reaches the network, and no error says so.",
);
run.end();
