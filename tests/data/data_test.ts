import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { arange, data, rand, RandomGenerator, ShapeError, type Tensor, tensor } from "../../mod.ts";

function flat(batches: Iterable<Tensor[]>): number[] {
  return [...batches].flatMap(([x]) => x!.toArray() as number[]);
}

Deno.test("DataLoader gives every example once in each pass, shuffled or not", () => {
  const set = new data.TensorDataset(arange(10));
  const plain = new data.DataLoader(set, { batchSize: 3 });
  assertEquals([plain.length, [...plain].map(([x]) => x!.size)], [4, [3, 3, 3, 1]]);
  assertEquals(flat(plain), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const shuffled = new data.DataLoader(set, { batchSize: 3, shuffle: true });
  const [first, second] = [flat(shuffled), flat(shuffled)];
  assertNotEquals(first, second);
  assertEquals(first.toSorted(), second.toSorted());
  assertEquals(first.toSorted(), flat(plain));
});

Deno.test("DataLoader with the same generator seed gives the same order", () => {
  const set = new data.TensorDataset(arange(50));
  const order = (seed: number) =>
    flat(new data.DataLoader(set, { shuffle: true, generator: new RandomGenerator(seed) }));
  assertEquals(order(4), order(4));
  assertNotEquals(order(4), order(5));
});

Deno.test("DataLoader leaves out the last batch with dropLast", () => {
  const loader = new data.DataLoader(new data.TensorDataset(arange(10)), {
    batchSize: 4,
    dropLast: true,
  });
  assertEquals([loader.length, flat(loader)], [2, [0, 1, 2, 3, 4, 5, 6, 7]]);
});

Deno.test("DataLoader stacks the examples of any data set, or collates as told", () => {
  const set: data.Dataset<[Tensor, number]> = { length: 3, get: (i) => [tensor([i, i]), i * 10] };
  const loader = new data.DataLoader<[Tensor, number], [Tensor, Tensor]>(set, { batchSize: 2 });
  assertEquals([...loader].map(([x, y]) => [x.toArray(), y.toArray()]), [
    [[[0, 0], [1, 1]], [0, 10]],
    [[[2, 2]], [20]],
  ]);
  const collate = (examples: [Tensor, number][]) => examples.map(([, y]) => y);
  assertEquals([...new data.DataLoader(set, { batchSize: 3, collate })], [[0, 10, 20]]);
  const text: data.Dataset<string> = { length: 1, get: () => "word" };
  assertThrows(() => [...new data.DataLoader(text)], TypeError, "pass { collate }");
});

Deno.test("DataLoader works with for await", async () => {
  const seen: number[] = [];
  for await (const [x] of new data.DataLoader(new data.TensorDataset(arange(3)))) {
    seen.push(x!.item());
  }
  assertEquals(seen, [0, 1, 2]);
});

Deno.test("TensorDataset gives entries and batches", () => {
  const x = rand([4, 2]);
  const set = new data.TensorDataset(x, arange(4));
  assertEquals(set.get(2).map((part) => part.toArray()), [x.at(2).toArray(), 2]);
  const [rows, numbers] = set.getBatch(tensor([3, 1], { dtype: "int32" }));
  assertEquals(numbers!.toArray(), [3, 1]);
  assertEquals(rows!.toArray(), [x.at(3).toArray(), x.at(1).toArray()]);
});

Deno.test("DataLoader and TensorDataset refuse what has no examples", () => {
  assertThrows(() => new data.TensorDataset(), RangeError, "there are no tensors");
  assertThrows(() => new data.TensorDataset(tensor(1)), ShapeError, "first dimensions");
  assertThrows(() => new data.TensorDataset(arange(3), arange(4)), ShapeError, "[3], [4]");
  const empty = new data.TensorDataset(arange(0));
  assertThrows(() => new data.DataLoader(empty), RangeError, "the data set is empty");
  const set = new data.TensorDataset(arange(3));
  for (const batchSize of [0, -1, 1.5, NaN]) {
    assertThrows(() => new data.DataLoader(set, { batchSize }), RangeError, "positive integer");
  }
});

Deno.test("DataLoader and TensorDataset name the form that is right", () => {
  const odd: data.Dataset<Tensor[]> = {
    length: 2,
    get: (i) => Array.from({ length: i + 1 }, () => tensor([i])),
  };
  assertThrows(
    () => [...new data.DataLoader(odd, { batchSize: 2 })],
    TypeError,
    "Cannot collate: all examples must have as many parts",
  );
  const list = [arange(3)] as unknown as Tensor;
  assertThrows(() => new data.TensorDataset(list), TypeError, "new TensorDataset(...tensors)");
  const set = new data.TensorDataset(arange(3));
  const positional = 2 as data.DataLoaderOptions<Tensor[], Tensor[]>;
  assertThrows(() => new data.DataLoader(set, positional), TypeError, "{ batchSize: 2 }");
});
