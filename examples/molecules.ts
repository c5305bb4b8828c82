/**
 * The value of a graph depends on its bonds, which a net that passes messages sees. Article 001
 * lists the design of drug molecules. Here, random synthetic trees of ten atoms of four kinds have
 * a value that sums over atoms and bonds; they resemble molecules in nothing else. A graph net
 * predicts the value, and a net that sees only atoms cannot. Guided by the graph net, hill climbing
 * over single changes of an atom or a bond then finds trees whose true value is above all in the
 * training data. No claim about drugs.
 *
 *   deno run --allow-ffi examples/molecules.ts --seed 1
 *
 * The control removes the bonds.
 */

import { cat, data, eye, linalg, losses, metrics, nn, noGrad, oneHot, optim } from "@adjoint/ml";
import { stack, type Tensor, tensor, train, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A net that passes messages sees bonds.");
const [ATOMS, KINDS, VALENCE] = [10, 4, 4];
const world = Number(run.seed % 1000n);
const known = data.synthetic.molecules(800, { world });
const unknown = data.synthetic.molecules(200, { world });
const targets = (graphs: typeof known) => nn.batchGraphs(graphs).y;
const [mean, scale] = [targets(known).mean().item(), targets(known).std().item()];

/** Two rounds of messages between neighbours, then a sum over the atoms. */
class GraphNet extends nn.Module<[ReturnType<typeof joined>]> {
  readonly first = new nn.SAGEConv(KINDS, 32, { aggr: "sum" });
  readonly second = new nn.SAGEConv(32, 32, { aggr: "sum" });
  readonly head = new nn.Linear(32, 1);

  forward({ x, edgeIndex, batch, size }: ReturnType<typeof joined>): Tensor {
    const h = this.second.forward(this.first.forward(x, edgeIndex).relu(), edgeIndex).relu();
    return this.head.forward(nn.globalAddPool(h, batch, { size })).squeeze(1);
  }
}

/** Graphs joined into one, with or without their bonds. */
function joined(graphs: readonly { x: Tensor; edgeIndex: Tensor }[], bonds: boolean) {
  const { x, edgeIndex, batch } = nn.batchGraphs(
    graphs.map(({ x, edgeIndex }) => ({ x, edgeIndex })),
  );
  const none = zeros([2, 0], { dtype: "int32" });
  return { x, edgeIndex: bonds ? edgeIndex : none, batch, size: graphs.length };
}

/** A trained net, and its error on other graphs as a share of their variance. */
function trained(bonds: boolean): { net: GraphNet; output: Tensor; nmse: number } {
  const net = new GraphNet();
  const batches = Array.from({ length: 12 }, (_, i) => known.slice(64 * i, 64 * (i + 1)))
    .map((graphs) => [joined(graphs, bonds), targets(graphs).sub(mean).div(scale)] as const);
  const steps = run.quick ? 240 : 960;
  const optimizer = new optim.Adam(net.parameters(), { lr: 5e-3 });
  const schedule = new optim.OneCycleLR(optimizer, { maxLr: 1e-2, totalSteps: steps });
  for (let step = 0; step < steps; step++) {
    const [graphs, wanted] = batches[step % batches.length]!;
    optimizer.zeroGrad();
    losses.mse(net.forward(graphs), wanted).backward();
    optimizer.step();
    schedule.step();
  }
  const output = noGrad(() => net.forward(joined(unknown, bonds))).mul(scale).add(mean);
  return { net, output, nmse: metrics.nmse(output, targets(unknown)) };
}

/** The kind of each atom, and the earlier atom to which each but the first is bound. */
type Tree = { kinds: number[]; parents: number[] };

function graphOf({ kinds, parents }: Tree) {
  const children = parents.map((_, i) => i + 1);
  const ends = [[...parents, ...children], [...children, ...parents]];
  const x = oneHot(tensor(kinds, { dtype: "int32" }), KINDS).to("float32");
  return { x, edgeIndex: tensor(ends, { dtype: "int32" }) };
}

/** The true value is linear in the counts of atoms and bonds, so least squares recovers it. */
function counts({ x, edgeIndex }: { x: Tensor; edgeIndex: Tensor }): Tensor {
  const [from, to] = [x.indexSelect(0, edgeIndex.at(0)), x.indexSelect(0, edgeIndex.at(1))];
  return cat([x.sum(0), from.mT.matmul(to).flatten()], 0).to("float64");
}

const isValid = ({ parents }: Tree) =>
  Array.from({ length: ATOMS }).every((_, atom) =>
    parents.filter((p) => p === atom).length + Number(atom > 0) <= VALENCE
  );
const table = stack(known.map(counts), 0);
const gram = table.mT.matmul(table).add(eye(KINDS + KINDS ** 2, { dtype: "float64" }).mul(1e-9));
const worth = linalg.solve(gram, table.mT.matmul(targets(known).to("float64")));
const truth = (tree: Tree) => counts(graphOf(tree)).dot(worth).item();

/** All trees that differ from a tree by one change of an atom or a bond. */
function changed({ kinds, parents }: Tree): Tree[] {
  const atoms = kinds.flatMap((_, i) =>
    Array.from({ length: KINDS }, (_, kind) => ({ kinds: kinds.with(i, kind), parents }))
  );
  const bonds = parents.flatMap((_, i) =>
    Array.from({ length: i + 1 }, (_, atom) => ({ kinds, parents: parents.with(i, atom) }))
  );
  return [...atoms, ...bonds].filter(isValid);
}

const [graph, atoms] = [trained(!run.control), trained(false)];
const dots = (title: string, { output }: typeof graph) =>
  plot.scatter(targets(unknown), output, { title, xLabel: "true", yLabel: "predicted" });
run.picture("numbers", plot.figure([dots("With bonds", graph), dots("Atoms alone", atoms)]));
const best = targets(known).max().item();
let tree: Tree = { kinds: new Array(ATOMS).fill(0), parents: [0, 1, 2, 3, 4, 5, 6, 7, 8] };
for (let step = 0, score = -Infinity; step < 40; step++) {
  const all = changed(tree);
  const scores = noGrad(() => graph.net.forward(joined(all.map(graphOf), !run.control)));
  const [next, place] = [scores.max().item(), scores.argmax().item()];
  if (next <= score) break;
  [tree, score] = [all[place]!, next];
}
console.log("Synthetic trees: the best in the training data, and the one found.");
const found = { best, found: truth(tree), valid: isValid(tree) };
run.figures("B-27", { graph: graph.nmse, atoms: atoms.nmse, ...found });
run.end();
