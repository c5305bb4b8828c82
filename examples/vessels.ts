/**
 * Do neighbours help to place the nodes of a vessel tree? A net of messages along the edges against one
 * that sees each node alone. Synthetic trees: no vessel was looked at, and nothing here says anything
 * about complications; the article's −33 % has no source.
 *
 *   deno run --allow-ffi examples/vessels.ts --seed 11
 */
import { data, losses, nn, noGrad, optim, randperm, type Tensor, train, zeros } from "@adjoint/ml";

const run = train.experiment("Noisy coordinates of vessel trees, mended along their edges.");
const trees = data.synthetic.vesselTrees(run.quick ? 40 : 80);
const [known, test] = [trees.slice(0, -20), nn.batchGraphs(trees.slice(-20))];

/** A layer that hears a node itself, and, if it listens, the mean of its neighbours by degree. */
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

/** The error on trees that were not seen, of a net that listens or does not. */
function placed(listens: boolean): number {
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
  return noGrad(() => losses.mse(net.forward(test.x, edgesOf(test.edgeIndex)), test.y)).item();
}

const [graph, alone] = [placed(!run.control), placed(false)];
const nothing = losses.mse(test.x, test.y).item();
for (
  const [name, error] of Object.entries({ "messages": graph, "alone": alone, "as it is": nothing })
) {
  console.log(`${name.padEnd(9)} ${error.toFixed(3)}`);
}
run.figures("A-18", { graph, alone, nothing });
run.end();
