/**
 * Do neighbours help to locate the nodes of a vessel tree? A net that passes messages along the
 * edges is compared with one that sees each node alone. The trees are synthetic and say nothing
 * about real vessels or complications; the article's −33 % has no source.
 *
 *   deno run --allow-ffi examples/vessels.ts --seed 11
 */
import { data, losses, nn, noGrad, optim, randperm, type Tensor } from "@adjoint/ml";
import { tensor, train, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Noisy coordinates of vessel trees, corrected along the edges.");
const trees = data.synthetic.vesselTrees(run.quick ? 40 : 80);
const [known, test] = [trees.slice(0, -20), nn.batchGraphs(trees.slice(-20))];

/** A layer over a node and, if it listens, the mean of its neighbours weighted by degree. */
class Hearing extends nn.Module<[x: Tensor, edges: Tensor]> {
  own: nn.Linear;
  others: nn.GCNConv;

  constructor(from: number, to: number) {
    super();
    this.own = new nn.Linear(from, to);
    this.others = new nn.GCNConv(from, to);
  }

  override forward(x: Tensor, edges: Tensor): Tensor {
    return this.own.forward(x).add(this.others.forward(x, edges));
  }
}

class Placer extends nn.Module<[x: Tensor, edges: Tensor]> {
  first = new Hearing(3, 32);
  second = new Hearing(32, 32);
  third = new Hearing(32, 3);

  override forward(x: Tensor, edges: Tensor): Tensor {
    const near = this.first.forward(x, edges).relu();
    const far = this.second.forward(near, edges).relu();
    return x.add(this.third.forward(far, edges));
  }
}

/** The nodes of unseen trees, located by a net that listens to neighbours or does not. */
function placed(listens: boolean): Tensor {
  const net = new Placer();
  const edgesOf = (edges: Tensor) => listens ? edges : zeros([2, 0], { dtype: "int32" });
  const optimizer = new optim.Adam(net.parameters(), { lr: 5e-3 });
  for (let epoch = 0; epoch < (run.quick ? 10 : 60); epoch++) {
    const order = randperm(known.length).toArray() as number[];
    for (let from = 0; from < order.length; from += 4) {
      const { x, y, edgeIndex } = nn.batchGraphs(order.slice(from, from + 4).map((i) => known[i]!));
      optimizer.zeroGrad();
      losses.mse(net.forward(x, edgesOf(edgeIndex)), y).backward();
      optimizer.step();
    }
  }
  return noGrad(() => net.forward(test.x, edgesOf(test.edgeIndex)));
}

const mended = placed(!run.control);
const error = (nodes: Tensor) => losses.mse(nodes, test.y).item();
const [graph, alone, nothing] = [error(mended), error(placed(false)), error(test.x)];

// The first tree from above, drawn as a walk along each edge and back.
const [from, to] = test.edgeIndex.toArray() as [number[], number[]];
const walk = (node: number, before = -1): number[] => [
  node,
  ...to.filter((next, i) => from[i] === node && next !== before)
    .flatMap((next) => [...walk(next, node), node]),
];
const way = tensor(walk(0), { dtype: "int32" });
const shown = Object.entries({ "Observed": test.x, "Corrected": mended, "True": test.y });
const panels = shown.map(([title, nodes]) => {
  const [x, y] = [0, 1].map((side) => nodes.at(":", side).indexSelect(0, way));
  return plot.lines(y!, {
    x: x!,
    title,
    points: true,
    width: 340,
    xRange: [-2.5, 2.5],
    yRange: [-2.5, 2.5],
  });
});
run.picture("tree", plot.figure(panels));
for (
  const [name, error] of Object.entries({ "messages": graph, "alone": alone, "observed": nothing })
) {
  console.log(`${name.padEnd(9)} ${error.toFixed(3)}`);
}
run.figures("A-18", { graph, alone, nothing });
run.end();
