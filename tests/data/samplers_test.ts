/** Samplers and splits: each example as often as it should come, the same for the same stream. */

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { arange, data, ones, RandomGenerator, scope, tensor } from "../../mod.ts";

const set = (n: number) => new data.TensorDataset(arange(n));
const of = (sampler: data.Sampler, seed = 1) => [...sampler.indices(new RandomGenerator(seed))];
const sorted = (list: readonly number[]) => list.toSorted((a, b) => a - b);
const upTo = (n: number) => [...Array(n).keys()];

/** Samplers, and whether they draw. */
const SAMPLERS: readonly (readonly [title: string, sampler: data.Sampler, draws: boolean])[] = [
  ["SequentialSampler", new data.SequentialSampler(set(20)), false],
  ["RandomSampler", new data.RandomSampler(set(20)), true],
  ["RandomSampler of fewer", new data.RandomSampler(set(20), { numSamples: 7 }), true],
  ["RandomSampler of more", new data.RandomSampler(set(20), { numSamples: 50 }), true],
  ["RandomSampler with replacement", new data.RandomSampler(set(20), { replacement: true }), true],
  [
    "WeightedRandomSampler",
    new data.WeightedRandomSampler(arange(20).to({ dtype: "float32" }), 9),
    true,
  ],
  ["MPerClassSampler", new data.MPerClassSampler(upTo(20).map((i) => i % 3), 4), true],
  ["SubsetRandomSampler", new data.SubsetRandomSampler(upTo(9)), true],
  ["DistributedSampler", new data.DistributedSampler(set(20), { rank: 1, worldSize: 3 }), true],
];

for (const [title, sampler, draws] of SAMPLERS) {
  Deno.test(`data.${title} gives as many numbers as it says, the same for the same stream`, () => {
    const first = of(sampler);
    assertEquals(first.length, sampler.length);
    assert(first.every((i) => Number.isInteger(i) && i >= 0 && i < 20), `${first}`);
    assertEquals(of(sampler), first);
    (draws ? assertNotEquals : assertEquals)(of(sampler, 2), first);
    const stream = new RandomGenerator(1);
    const [one, two] = [[...sampler.indices(stream)], [...sampler.indices(stream)]];
    (draws ? assertNotEquals : assertEquals)(one, two);
  });
}

Deno.test("RandomSampler gives all before one comes again, and any with replacement", () => {
  assertEquals(sorted(of(new data.RandomSampler(set(20)))), upTo(20));
  const more = of(new data.RandomSampler(set(5), { numSamples: 12 }));
  assertEquals([sorted(more.slice(0, 5)), sorted(more.slice(5, 10))], [upTo(5), upTo(5)]);
  const any = of(new data.RandomSampler(set(20), { replacement: true, numSamples: 2000 }));
  const counts = upTo(20).map((i) => any.filter((own) => own === i).length);
  assert(counts.every((count) => count > 60 && count < 140), `${counts}`);
});

Deno.test("WeightedRandomSampler follows its weights as they were, with or without replacement", () => {
  const weights = tensor([1, 0, 3]);
  const sampler = new data.WeightedRandomSampler(weights, 4000);
  weights.zero_();
  const drawn = of(sampler);
  const shares = upTo(3).map((i) => drawn.filter((own) => own === i).length / 4000);
  assertEquals(shares[1], 0);
  assert(Math.abs(shares[2]! - 0.75) < 0.04, `${shares}`);
  const once = new data.WeightedRandomSampler(tensor([1, 2, 3]), 3, { replacement: false });
  assertEquals(sorted(of(once)), [0, 1, 2]);
});

Deno.test("MPerClassSampler gives rows of one class, and each example of a class before one comes again", () => {
  const labels = [5, 5, 5, 5, 5, 7, 7, 9];
  const sampler = new data.MPerClassSampler(labels, 2);
  assertEquals(sampler.length, 6 + 2 + 2);
  for (let seed = 0; seed < 20; seed++) {
    const order = of(sampler, seed);
    const rows = upTo(order.length / 2).map((i) => order.slice(2 * i, 2 * i + 2));
    for (const [a, b] of rows) assertEquals(labels[a!], labels[b!]);
    // While all classes have rows left, batches of three rows have three classes.
    assertEquals(new Set(rows.slice(0, 3).map(([i]) => labels[i!])).size, 3);
    assertEquals(new Set(order).size, 8);
  }
});

Deno.test("DistributedSampler gives all examples to the processes together, as many to each", () => {
  for (const n of [12, 13, 2]) {
    for (const dropLast of [false, true]) {
      const shares = upTo(3).map((rank) =>
        of(new data.DistributedSampler(set(n), { rank, worldSize: 3, dropLast }))
      );
      const size = (dropLast ? Math.floor : Math.ceil)(n / 3);
      assertEquals(shares.map(({ length }) => length), [size, size, size]);
      const all = new Set(shares.flat());
      assertEquals(all.size, dropLast ? size * 3 : n);
    }
  }
  const wrong = () => new data.DistributedSampler(set(3), { rank: 2, worldSize: 2 });
  assertThrows(wrong, RangeError, "rank must be below worldSize, got 2 and 2");
  const none = () => new data.DistributedSampler(set(3), {} as never);
  assertThrows(none, TypeError, "it needs { rank, worldSize }");
});

Deno.test("BatchSampler cuts the order of another", () => {
  const batches = (options: data.BatchSamplerOptions) => {
    const sampler = new data.BatchSampler(new data.SequentialSampler(set(5)), 2, options);
    const own = [...sampler.batches(new RandomGenerator(1))];
    assertEquals(own.length, sampler.length);
    return own;
  };
  assertEquals(batches({}), [[0, 1], [2, 3], [4]]);
  assertEquals(batches({ dropLast: true }), [[0, 1], [2, 3]]);
});

Deno.test("randomSplit() parts a data set by counts and by shares", () => {
  const sizes = (n: number, lengths: readonly number[]) => {
    const parts = data.randomSplit(set(n), lengths, { generator: new RandomGenerator(2) });
    assertEquals(sorted(parts.flatMap(({ indices }) => [...indices])), upTo(n));
    return parts.map(({ length }) => length);
  };
  assertEquals(sizes(10, [7, 3]), [7, 3]);
  // What shares leave over goes to the first parts, one each.
  assertEquals(sizes(11, [1 / 3, 1 / 3, 1 / 3]), [4, 4, 3]);
  assertEquals(sizes(10, [0.75, 0.25]), [8, 2]);
  assertEquals(sizes(10, [1, 0]), [10, 0]);
  assertEquals(sizes(1, [1]), [1]);
  for (const lengths of [[7, 4], [0.5, 0.6], [11, -1], [NaN, 1], []]) {
    assertThrows(
      () => data.randomSplit(set(10), lengths),
      RangeError,
      "that add up to 10, or shares",
    );
  }
});

Deno.test("kFold() has each example once in a validation part, in order or at random", () => {
  for (const shuffle of [false, true]) {
    const folds = data.kFold(set(7), 3, { shuffle, generator: new RandomGenerator(2) });
    const parts = folds.map(({ validation }) => [...validation.indices]);
    assertEquals(parts.map(({ length }) => length), [3, 2, 2]);
    assertEquals(sorted(parts.flat()), upTo(7));
    assertEquals(parts.flat().join() === upTo(7).join(), !shuffle);
    for (const { train, validation } of folds) {
      assertEquals(sorted([...train.indices, ...validation.indices]), upTo(7));
    }
  }
  assertThrows(
    () => data.kFold(set(2), 3),
    RangeError,
    "3 folds need at least as many examples, got 2",
  );
  assertThrows(() => data.kFold(set(2), 1), TypeError, "an integer of at least 2, got 1");
});

Deno.test("Subset and ConcatDataset count from the end, and refuse what is beyond", () => {
  const part = new data.Subset(set(5), [-1, 0]);
  assertEquals([part.get(0)[0]!.item(), part.get(-1)[0]!.item()], [4, 0]);
  const inner = new data.Subset(part, [1, 1, 0]);
  assertEquals([...new data.DataLoader(inner, { batchSize: 3 })][0]![0].toArray(), [0, 0, 4]);
  assertThrows(() => part.get(2), RangeError, "index 2 is out of range for 2 examples");
  assertThrows(() => new data.Subset(set(5), [5]), RangeError, "index 5 is out of range for 5");
  const both = new data.ConcatDataset([set(2), new data.Subset(set(3), []), set(3)]);
  assertEquals(upTo(5).map((i) => both.get(i)[0]!.item()), [0, 1, 0, 1, 2]);
  for (const i of [5, -6]) assertThrows(() => both.get(i), RangeError, "out of range for 5");
  assertThrows(() => new data.ConcatDataset([]), RangeError, "there are no data sets");
  // A part of what has no batches of its own has none either.
  assertEquals(new data.Subset(both, [0]).getBatch, undefined);
});

Deno.test("WeightedRandomSampler outlives the scope in which it was made", () => {
  let sampler: data.WeightedRandomSampler | undefined;
  scope(() => {
    sampler = new data.WeightedRandomSampler(ones([4]), 3);
  });
  assertEquals(of(sampler!).length, 3);
});
