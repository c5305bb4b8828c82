/**
 * A loader returns every example once per epoch, in an order that its seed decides. TensorDataset
 * is the data set, and DataLoader makes batches of it; article 001 calls both loaders. Standardized
 * columns have mean 0 and deviation 1, classes become rows with a single 1, and a loader of an
 * empty data set is refused.
 *
 *   deno run --allow-ffi examples/data_loading.ts --seed 1
 *
 * The control draws with replacement.
 */

import { arange, data, oneHot, randint, randn, RandomGenerator, tensor } from "@adjoint/ml";
import { train, zeros } from "@adjoint/ml";

const run = train.experiment("A loader returns every example once per epoch.");
const [N, BATCH] = [103, 10];
const points = new data.TensorDataset(arange(N), randn([N, 3]).mul(5).add(2));

/** The order of the examples in one epoch. */
function order(seed: bigint): { order: number[]; batches: number; length: number } {
  const generator = new RandomGenerator(seed);
  const loader = new data.DataLoader(points, {
    batchSize: BATCH,
    sampler: new data.RandomSampler(points, { replacement: run.control }),
    generator,
  });
  const batches = [...loader].map(([numbers]) => numbers!.toArray() as number[]);
  return { order: batches.flat(), batches: batches.length, length: loader.length };
}

const [first, again, other] = [order(run.seed), order(run.seed), order(run.seed + 1n)];
const same = (a: number[], b: number[]) => a.join() === b.join();
const dropping = new data.DataLoader(points, { batchSize: BATCH, dropLast: true });

/** The error for a data set without examples. */
function refusal(): string {
  try {
    new data.DataLoader(new data.TensorDataset(zeros([0, 3])));
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const parts = data.randomSplit(points, [80, 23]).map((part) =>
  Array.from({ length: part.length }, (_, i) => part.get(i)[0]!.item())
);

const columns = points.tensors[1]!;
const scaled = columns.sub(columns.mean(0)).div(columns.std(0));
const classes = randint(0, 4, [N]);
const rows = oneHot(classes, 4);

console.log(`Synthetic data: ${N} rows. The first batch: ${first.order.slice(0, BATCH)}`);
run.figures("B-10", {
  once: same(first.order.toSorted((a, b) => a - b), Array.from({ length: N }, (_, i) => i)),
  batches: first.batches,
  length: first.length,
  dropped: [...dropping].length,
  refused: refusal().includes("empty"),
  repeats: same(first.order, again.order) && !same(first.order, other.order),
  disjoint: new Set(parts.flat()).size,
  mean: scaled.mean(0).abs().max().item(),
  deviation: scaled.std(0).sub(1).abs().max().item(),
  oneHot: rows.sum().item() === N && rows.argmax(1).eq(classes).all().item() === 1,
});
console.log(`One row per class: ${oneHot(tensor([2, 0], { dtype: "int32" }), 3)}`);
run.end();
