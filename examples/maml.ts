/**
 * Meta-learning of sine waves: initial weights from which one step on 10 points of a new wave nearly fits
 * it (Finn et al., "Model-Agnostic Meta-Learning", 2017). Beside stand the first-order method, which takes
 * the inner gradient for a constant, and training without adaptation, which can only learn the mean of all
 * waves. All data is synthetic.
 */

import {
  functionalCall,
  losses,
  meta,
  nn,
  optim,
  rand,
  type Tensor,
  train,
  vmap,
} from "@adjoint/ml";

const run = train.experiment("Initial weights can be learned from which one step fits a new task.");
type Points = { x: Tensor; y: Tensor };
const [SHOTS, LR] = [10, 0.01];

/** A wave of its own amplitude and phase: 10 points to learn from, and 10 to be judged by. */
const waves = new meta.TaskDistribution<Points>((generator) => {
  const [a, b] = [rand([], { generator }), rand([], { generator })];
  const x = rand([2 * SHOTS, 1], { generator }).mul(10).sub(5);
  return { x, y: x.sub(b.mul(Math.PI)).sin().mul(a.mul(4.9).add(0.1)) };
});

/** Trains initial weights; gives the errors on new waves after 0, 1 and 5 steps. */
function trained(steps: number, firstOrder: boolean): number[] {
  const [one, two, three] = [new nn.Linear(1, 40), new nn.Linear(40, 40), new nn.Linear(40, 1)];
  const model = new nn.Sequential(one, new nn.ReLU(), two, new nn.ReLU(), three);
  const params: Record<string, Tensor> = Object.fromEntries(model.namedParameters());

  /** The error on the second half of a wave's points after steps on the first. */
  function adapted({ x, y }: Points, steps: number): Tensor {
    const error = (own: Record<string, Tensor>, from: number) =>
      losses.mse(functionalCall(model, own, x.narrow(0, from, SHOTS)), y.narrow(0, from, SHOTS));
    const loss = (own: Record<string, Tensor>) => error(own, 0);
    const own = steps === 0 ? params : meta.innerLoop({ params, loss, steps, lr: LR, firstOrder });
    return error(own, SHOTS);
  }
  meta.metaTrain({
    tasks: waves,
    loss: (task) => adapted(task, steps),
    optimizer: new optim.Adam(model.parameters(), { lr: 0.002 }),
    steps: run.quick ? 150 : 2000,
    tasksPerStep: 25,
  });
  const unseen = waves.sample(1000);
  return [0, 1, 5].map((n) => vmap((task: Points) => adapted(task, n))(unseen).mean().item());
}

const maml = trained(run.control ? 0 : 1, false);
const [first, none] = [trained(1, true), trained(0, false)];
console.log("errors on new waves after 0, 1 and 5 inner steps");
run.figures("maml", { maml, first, none });
run.end();
