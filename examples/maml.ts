/**
 * Meta-learning of sine waves: initial weights from which one step on 10 points of a new wave
 * nearly fits it (Finn et al., "Model-Agnostic Meta-Learning", 2017). Compared are the first-order
 * method, which treats the inner gradient as a constant, and training without adaptation, which can
 * only learn the mean of all waves. Synthetic data.
 */

import { functionalCall, linspace, losses, meta, nn, optim, rand } from "@adjoint/ml";
import { type Tensor, train, vmap } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Learned initial weights fit a new task after one step.");
type Points = { x: Tensor; y: Tensor };
const [SHOTS, LR, AT] = [10, 0.01, linspace(-5, 5, 100).unsqueeze(1)];

/** A wave of its own amplitude and phase: 10 points for training, and 10 for evaluation. */
const waves = new meta.TaskDistribution<Points>((generator) => {
  const [a, b] = [rand([], { generator }), rand([], { generator })];
  const x = rand([2 * SHOTS, 1], { generator }).mul(10).sub(5);
  return { x, y: x.sub(b.mul(Math.PI)).sin().mul(a.mul(4.9).add(0.1)) };
});

/** Trains initial weights; returns errors on new waves after 0, 1 and 5 steps, and fits of one. */
function trained(steps: number, firstOrder: boolean) {
  const [one, two, three] = [new nn.Linear(1, 40), new nn.Linear(40, 40), new nn.Linear(40, 1)];
  const model = new nn.Sequential(one, new nn.ReLU(), two, new nn.ReLU(), three);
  const params: Record<string, Tensor> = Object.fromEntries(model.namedParameters());

  const error = (own: typeof params, { x, y }: Points, from: number) =>
    losses.mse(functionalCall(model, own, x.narrow(0, from, SHOTS)), y.narrow(0, from, SHOTS));
  /** The weights after steps on the training points of a wave. */
  function adapted(task: Points, steps: number): typeof params {
    const loss = (own: typeof params) => error(own, task, 0);
    return steps === 0 ? params : meta.innerLoop({ params, loss, steps, lr: LR, firstOrder });
  }
  const judged = (task: Points, steps: number) => error(adapted(task, steps), task, SHOTS);
  meta.metaTrain({
    tasks: waves,
    loss: (task) => judged(task, steps),
    optimizer: new optim.Adam(model.parameters(), { lr: 0.002 }),
    steps: run.quick ? 150 : 1000,
    tasksPerStep: 25,
  });
  const unseen = waves.sample(1000);
  const errors = [0, 1, 5].map((n) =>
    vmap((task: Points) => judged(task, n))(unseen).mean().item()
  );
  const wave = { x: unseen.x.at(0), y: unseen.y.at(0) };
  return { errors, wave, fit: (n: number) => functionalCall(model, adapted(wave, n), AT) };
}

const maml = trained(run.control ? 0 : 1, false);
const [first, none] = [trained(1, true), trained(0, false)];
console.log("errors on new waves after 0, 1 and 5 inner steps");
const { x, y } = maml.wave;
const fits = { "0 steps": maml.fit(0), "1 step": maml.fit(1), "5 steps": maml.fit(5) };
const points = plot.scatter(x.narrow(0, 0, SHOTS), y.narrow(0, 0, SHOTS), { label: "known" });
run.picture("wave", plot.figure([[points, plot.lines(fits, { x: AT })]]));
run.figures("maml", { maml: maml.errors, first: first.errors, none: none.errors });
run.end();
