/**
 * Is a support vector machine or a forest the better model? It depends on the data; they are
 * different models, not a cure for overfitting, as which article 001 names both. A linear machine
 * trained by the subgradient of the hinge loss finds the margin that the solver of the dual finds;
 * two moons need the radial kernel. On a small noisy table, a forest is at least as good as a
 * perceptron, and estimates its own error from the examples that each tree has not seen. A kernel
 * that is too narrow overfits like any net. Synthetic data.
 *
 *   deno run --allow-ffi examples/margins_and_trees.ts --seed 1
 *
 * The control has a linear kernel in place of the radial one, and trees of depth 1.
 */

import { cat, linspace, losses, metrics, nn, noGrad, optim, rand, randn } from "@adjoint/ml";
import { stack, type Tensor, train, zeros } from "@adjoint/ml";
import { RandomForestClassifier, SVC } from "@adjoint/ml/classic";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Other models suit other data; none cures overfitting by itself.");
const accuracy = (pred: Tensor, y: Tensor) => metrics.accuracy(pred, y);
const half = (n: number) => cat([zeros([n]), zeros([n]).add(1)], 0).to("int32");

// Two blobs with a gap between them.
const apart = randn([80, 2]).mul(0.5).add(half(40).mul(4).sub(2).unsqueeze(1));
const side = half(40);
const signs = side.mul(2).sub(1).to("float32");
const plane = new nn.Linear(2, 1);
const optimizer = new optim.SGD(plane.parameters(), { lr: 0.05 });
const schedule = new optim.ExponentialLR(optimizer, { gamma: 0.999 });
for (let step = 0; step < (run.quick ? 2000 : 6000); step++) {
  optimizer.zeroGrad();
  const hinge = losses.hinge(plane.forward(apart).squeeze(1), signs).mul(80);
  plane.weight.square().sum().mul(0.5).add(hinge).mul(1 / 80).backward();
  optimizer.step();
  schedule.step();
}
const distances = noGrad(() => plane.forward(apart)).squeeze(1).mul(signs).div(plane.weight.norm());
const machine = new SVC({ kernel: "linear", c: 1 }).fit(apart, side);
const ofMachine = machine.decisionFunction(apart).mul(signs);
const width = noGrad(() => plane.weight.norm().item());
console.log(
  `Margin by subgradient: ${(1 / width).toFixed(3)}, distance of the nearest point: ` +
    `${distances.min().item().toFixed(3)}; ${machine.supportIndices.size} support vectors`,
);

/** Two interleaved half circles. */
function moons(n: number): [Tensor, Tensor] {
  const angle = linspace(0, Math.PI, n);
  const upper = stack([angle.cos(), angle.sin()], 1);
  const lower = stack([angle.cos().neg().add(1), angle.sin().neg().add(0.5)], 1);
  return [cat([upper, lower], 0).add(randn([2 * n, 2]).mul(0.15)), half(n)];
}

const [known, [x, y]] = [moons(100), moons(300)];
type Kernel = ConstructorParameters<typeof SVC>[0];
const taken = (kernel: Kernel, points: Tensor) => new SVC(kernel).fit(...known).predict(points);
const on = (kernel: Kernel, [points, wanted]: [Tensor, Tensor]) =>
  accuracy(taken(kernel, points), wanted);
const curved = run.control ? { kernel: "linear" as const } : { kernel: "rbf" as const, c: 10 };
const moonsAs = (title: string, kernel: Kernel) =>
  plot.scatter(x.at(":", 0), x.at(":", 1), { title, groups: taken(kernel, x) });
run.picture(
  "moons",
  plot.figure([
    moonsAs("Classes by a linear kernel", { kernel: "linear" }),
    moonsAs("Classes by a radial kernel", curved),
  ]),
);
run.figures("B-42", {
  margin: 1 / width,
  marginOfDual: distances.min().item() / ofMachine.min().item(),
  rbf: on(curved, [x, y]),
  linear: on({ kernel: "linear" }, [x, y]),
  narrowOnKnown: on({ gamma: 500, c: 100 }, known),
  narrow: on({ gamma: 500, c: 100 }, [x, y]),
});

/** A table of 8 columns: the class depends on two of them, and some labels are wrong. */
function table(n: number, wrong: number): [Tensor, Tensor] {
  const x = randn([n, 8]);
  const inside = x.at(":", 0).gt(0).logicalAnd(x.at(":", 1).gt(-0.5));
  return [x, inside.logicalXor(rand([n]).lt(wrong)).to("int32")];
}

const trials = Array.from({ length: run.quick ? 2 : 5 }, () => {
  const [[few, labels], [more, truth]] = [table(60, 0.15), table(500, 0)];
  const depth = run.control ? { maxDepth: 1 } : {};
  const forest = new RandomForestClassifier({ nEstimators: 50, ...depth }).fit(few, labels);
  const net = new nn.Sequential(new nn.Linear(8, 64), new nn.ReLU(), new nn.Linear(64, 2));
  const adam = new optim.Adam(net.parameters(), { lr: 1e-2 });
  for (let step = 0; step < 200; step++) {
    adam.zeroGrad();
    losses.crossEntropy(net.forward(few), labels).backward();
    adam.step();
  }
  const ofNet = accuracy(noGrad(() => net.forward(more)), truth);
  return [accuracy(forest.predict(more), truth), ofNet, forest.oobScore];
});
const [forest, net, outOfBag] = [0, 1, 2].map((i) =>
  trials.reduce((sum, trial) => sum + trial[i]!, 0) / trials.length
);
run.figures("B-43", { forest: forest!, net: net!, outOfBag: outOfBag! });
run.end();
