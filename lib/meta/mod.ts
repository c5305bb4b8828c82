/**
 * Meta-learning: training through training. An inner loop adapts parameters to a task by differentiable
 * steps, and its ingredients (initial parameters, a learned loss, a learning rate) are trained by the
 * quality of the adapted parameters.
 *
 * ```ts
 * import { optim, randn, type Tensor, zeros } from "@adjoint/ml";
 * import { innerLoop, metaTrain, TaskDistribution } from "@adjoint/ml/meta";
 *
 * // Each task is a point near (3, 3); the initial point is learned.
 * const tasks = new TaskDistribution((generator) => randn([2], { generator }).add(3));
 * const start = zeros([2], { requiresGrad: true });
 * const distance = (point: Tensor, goal: Tensor) => point.sub(goal).square().mean();
 * const history = metaTrain({
 *   tasks,
 *   loss: (goal) =>
 *     distance(innerLoop({ params: start, loss: (point) => distance(point, goal), lr: 0.1 }), goal),
 *   optimizer: new optim.Adam([start], { lr: 0.1 }),
 *   steps: 100,
 * });
 * console.log(history.at(-1), start.toArray());
 * ```
 *
 * @module
 */

export { innerLoop, type InnerLoopOptions } from "./inner_loop.ts";
export { type MetaOptimizer, metaTrain, type MetaTrainOptions } from "./meta_train.ts";
export { type SampleOptions, TaskDistribution } from "./tasks.ts";
