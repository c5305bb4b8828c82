/**
 * A learned loss on unseen tasks (article 002): five steps of it on the support set, judged by the
 * query set. Hand-written losses, each at its best rate, include the one made for such tasks. A
 * loss acts only through its pull, the gradient at a prediction. All tasks are synthetic.
 *
 *   deno run --allow-ffi examples/meta_loss_tasks.ts --seed 1
 */

import * as adjoint from "@adjoint/ml";
import { losses, meta, optim, RandomGenerator, type Tensor, train, vmap, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("On new tasks, a learned loss is nearly as good as the right one.");
const [D, STEPS, RATES] = [4, 5, [0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1, 2, 5]];
const { mse, huber, bceWithLogits } = losses;

/** A linear model's data for training and for evaluation. */
type Task = { x: Tensor; y: Tensor; queryX: Tensor; queryY: Tensor };
type Loss = (prediction: Tensor, target: Tensor) => Tensor;
type LearnedLoss = (x: Tensor, ...pair: Parameters<Loss>) => Tensor;

/** Predictions on the query after steps on the support, from zeros. */
function adapted({ x, y, queryX }: Task, loss: LearnedLoss, lr: number) {
  const model = (x: Tensor, { w, b }: { w: Tensor; b: Tensor }) => x.matmul(w).add(b);
  const params = { w: zeros([D]), b: zeros([]) };
  const inner = (own: typeof params) => loss(x, model(x, own), y);
  return model(queryX, meta.innerLoop({ params, loss: inner, steps: STEPS, lr }));
}

/** The rates of the inner steps of a learned loss, and of its own training. */
type Rates = { lr: number; metaLr: number };

/** Trains a loss by the query loss; scores it and others, at their best rates, on new tasks. */
function compare(
  name: string,
  [draw, query, { lr, metaLr }]: [(generator: RandomGenerator) => Task, Loss, Rates],
  byHand: Record<string, Loss>,
  score = query,
  best = Math.min,
) {
  const tasks = new meta.TaskDistribution<Task>(draw);
  const network = new losses.MetaLossNetwork(D + 2);
  const learned: LearnedLoss = (...inputs) => network.forward(...inputs);
  meta.metaTrain({
    tasks,
    loss: (task) => query(adapted(task, learned, lr), task.queryY),
    optimizer: new optim.Adam(network.parameters(), { lr: run.quick ? 0.01 : metaLr }),
    steps: run.quick ? 100 : 400,
  });
  // The pull of each loss on predictions with target 0, relative to its largest pull.
  const p = adjoint.linspace(-6, 6, 61).requiresGrad_();
  const share = (g: Tensor) => g.div(g.abs().max());
  const pull = (loss: LearnedLoss) =>
    share(adjoint.grad(loss(zeros([61, D]), p, zeros([61])), [p])[0]);
  const pulls = Object.entries(byHand).map(([name, loss]) => [name, pull((_, p, y) => loss(p, y))]);
  const all = { learned: pull(learned), ...Object.fromEntries(pulls) };
  const axes = { x: p.detach(), xLabel: "prediction", yLabel: "pull" };
  run.picture(`pulls_${name}`, plot.lines(all, axes));
  const unseen = tasks.sample(run.quick ? 50 : 200, {
    generator: new RandomGenerator(run.seed + 999n),
  });
  const mean = (loss: typeof learned, lr: number) =>
    vmap((task: Task) => score(adapted(task, loss, lr), task.queryY))(unseen).mean().item();
  const others = Object.entries(byHand).map(([name, loss]): [string, number] => {
    const scores = RATES.map((lr) => mean((_, ...pair) => loss(...pair), lr));
    return [name, best(...scores.filter(Number.isFinite))];
  });
  // The control uses the first of the others in place of the learned loss.
  const own = run.control ? others[0]![1] : mean(learned, lr);
  return { learned: own, ...Object.fromEntries(others) };
}

/** A linear function of 4 numbers with noise: 20 points for training, 50 for evaluation. */
function linear(generator: RandomGenerator): Task & { w: Tensor } {
  const randn = (...shape: number[]) => adjoint.randn(shape, { generator });
  const [w, x, queryX] = [randn(D), randn(20, D), randn(50, D)];
  return { w, x, y: x.matmul(w).add(randn(20).mul(0.05)), queryX, queryY: queryX.matmul(w) };
}

/** A fifth of the training targets are too high. */
function noisy(generator: RandomGenerator): Task {
  const { w: _, y, ...task } = linear(generator);
  const high = adjoint.randn([20], { generator }).abs().mul(10);
  return { ...task, y: y.add(high.mul(adjoint.rand([20], { generator }).lt(0.2))) };
}

/** Angles, which wrap around at π. */
function angles(generator: RandomGenerator): Task {
  const { x, y, queryX, queryY } = linear(generator);
  const turned = (a: Tensor) => a.add(Math.PI).remainder(2 * Math.PI).sub(Math.PI);
  return { x, y: turned(y), queryX, queryY: turned(queryY) };
}

/** Two overlapping classes; the second is rare in training, and equally common in evaluation. */
function rare(generator: RandomGenerator): Task {
  const middle = adjoint.randn([D], { generator }).mul(0.35);
  const some = (zeros: number, ones: number): [Tensor, Tensor] => {
    const y = adjoint.arange(zeros + ones).ge(zeros).to({ dtype: "float32" });
    const noise = adjoint.randn([zeros + ones, D], { generator });
    return [noise.add(y.mul(2).sub(1).unsqueeze(1).mul(middle)), y];
  };
  const [[x, y], [queryX, queryY]] = [some(45, 5), some(25, 25)];
  return { x, y, queryX, queryY };
}

run.figures("C-26", compare("noise", [noisy, mse, { lr: 0.1, metaLr: 1e-3 }], { mse, huber }));
console.log("With a fifth of the targets too high, Huber's loss is as good after five steps.");

const accuracy: Loss = (p, y) => p.gt(0).eq(y.gt(0.5)).to({ dtype: "float32" }).mean();
const RATE = { lr: 1, metaLr: 3e-3 };
const weighted: Loss = (p, y) => bceWithLogits(p, y, { posWeight: adjoint.tensor(9) });
const byHand = { plain: bceWithLogits, weighted };
const classes = compare("imbalance", [rare, bceWithLogits, RATE], byHand, accuracy, Math.max);
const periodic: Loss = (p, y) => p.sub(y).cos().neg().add(1).mean();
const turns = compare("angles", [angles, periodic, RATE], { mse, periodic });
const named = Object.entries(turns).map(([name, value]) => [`angles_${name}`, value]);
run.figures("C-27", { ...classes, ...Object.fromEntries(named) });
console.log("At 9:1, class weights are as good; for angles, a cosine is better.");
run.end();
