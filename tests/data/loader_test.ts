/** What a loader takes: orders, batches, examples that come one by one or later; and what it refuses. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { arange, data, ones, ShapeError, type Tensor, tensor } from "../../mod.ts";

const numbers = (batches: Iterable<readonly [Tensor]>) =>
  [...batches].map(([x]) => x.toArray() as number[]);
const set = (n: number) => new data.TensorDataset(arange(n));

Deno.test("a loader goes in the order of a sampler, and in the batches of one of batches", () => {
  const sampler = { length: 3, indices: () => [4, 0, 4] };
  assertEquals(numbers(new data.DataLoader(set(5), { sampler, batchSize: 2 })), [[4, 0], [4]]);
  const batchSampler = { length: 2, batches: () => [[1, 2, 3], [0]] };
  const loader = new data.DataLoader(set(5), { batchSampler });
  assertEquals([loader.length, numbers(loader)], [2, [[1, 2, 3], [0]]]);
  for (const [wrong, shown] of [[5, "5"], [-1, "-1"], [0.5, "0.5"], [NaN, "NaN"]] as const) {
    const odd = { length: 1, indices: () => [wrong] };
    assertThrows(
      () => numbers(new data.DataLoader(set(5), { sampler: odd })),
      RangeError,
      `the sampler gave ${shown} for 5 examples`,
    );
  }
});

Deno.test("a loader takes examples that come one after the other, now or later", async () => {
  function* squares() {
    for (let i = 0; i < 5; i++) yield { x: tensor([i * i]), even: i % 2 === 0 };
  }
  const examples = { [Symbol.iterator]: squares };
  const loader = new data.DataLoader(examples, { batchSize: 2 });
  assertType<IsExact<typeof loader, data.DataLoader<{ x: Tensor; even: boolean }>>>(true);
  for (let pass = 0; pass < 2; pass++) {
    assertEquals([...loader].map(({ x, even }) => [x.toArray(), even.toArray()]), [
      [[[0], [1]], [true, false]],
      [[[4], [9]], [true, false]],
      [[[16]], [true]],
    ]);
  }
  assertEquals([...new data.DataLoader(examples, { batchSize: 2, dropLast: true })].length, 2);
  assertThrows(() => loader.length, TypeError, "its examples have no indices");
  const [, ...rest] = loader;
  const other = new data.DataLoader(examples, { batchSize: 2 });
  for (const _ of loader) break;
  other.loadStateDict(loader.stateDict());
  const shown = (batches: typeof rest) => batches.map(({ x }) => x.toArray());
  assertEquals(shown([...other]), shown(rest));

  async function* later() {
    for (const example of squares()) {
      await Promise.resolve();
      yield example.x;
    }
  }
  const stream = new data.DataLoader({ [Symbol.asyncIterator]: later }, {
    batchSize: 3,
    prefetch: 2,
  });
  const seen: unknown[] = [];
  for await (const batch of stream) seen.push(batch.toArray());
  assertEquals(seen, [[[0], [1], [4]], [[9], [16]]]);
  assertThrows(() => [...stream], TypeError, "the examples arrive asynchronously; use for await");
});

/** A data set that reads slowly, and counts how many reads are under way. */
class Slow implements data.Dataset<Promise<[Tensor, number]>> {
  readonly length = 8;
  begun = 0;
  async get(index: number): Promise<[Tensor, number]> {
    this.begun++;
    await new Promise<void>((resolve) => setTimeout(resolve, (8 - index) % 3));
    if (index === 6) throw new Deno.errors.InvalidData("example 6 is broken");
    return [tensor([index]), index];
  }
}

Deno.test("examples that come later are collated in order, and read ahead as far as told", async () => {
  for (const [prefetch, ahead] of [[0, 2], [1, 4], [2, 6]] as const) {
    const slow = new Slow();
    const loader = new data.DataLoader(slow, { batchSize: 2, prefetch });
    assertType<
      IsExact<typeof loader, data.DataLoader<Promise<[Tensor, number]>, [Tensor, Tensor]>>
    >(
      true,
    );
    const iterator = loader[Symbol.asyncIterator]();
    const { value } = await iterator.next();
    assertEquals((value as [Tensor, Tensor]).map((x) => x.toArray()), [[[0], [1]], [0, 1]]);
    assertEquals(slow.begun, ahead);
    assertEquals(loader.stateDict().position, 1);
    await iterator.return?.();
  }
});

Deno.test("a read that fails ahead fails in its turn, and the loader can begin anew", async () => {
  const loader = new data.DataLoader(new Slow(), { batchSize: 2, prefetch: 3 });
  for (let pass = 0; pass < 2; pass++) {
    const seen: unknown[] = [];
    await assertRejects(
      async () => {
        for await (const [, y] of loader) seen.push(y.toArray());
      },
      Deno.errors.InvalidData,
      "example 6 is broken",
    );
    assertEquals(seen, [[0, 1], [2, 3], [4, 5]]);
  }
  assertThrows(() => [...loader], TypeError, "examples that come later need for await");
});

Deno.test("options that do not go together, and an empty data set, are refused", () => {
  const sampler = new data.RandomSampler(set(3));
  const batchSampler = new data.BatchSampler(sampler, 2);
  const wrong: readonly (readonly [data.DataLoaderOptions<[Tensor], unknown>, string])[] = [
    [{ sampler, shuffle: true }, "sampler and shuffle exclude each other"],
    [{ batchSampler, batchSize: 2 }, "batchSampler and batchSize exclude each other"],
    [{ batchSampler, sampler }, "batchSampler and sampler exclude each other"],
    [{ batchSampler, dropLast: true }, "batchSampler and dropLast exclude each other"],
    [{ prefetch: -1 }, "prefetch must be a non-negative integer, got -1"],
  ];
  for (const [options, says] of wrong) {
    assertThrows(() => new data.DataLoader(set(3), options), TypeError, says);
  }
  assert(new data.DataLoader(set(3), { sampler, shuffle: false }) !== undefined);
  const none = new data.Subset(set(3), []);
  assertThrows(() => new data.DataLoader(none), RangeError, "the data set is empty");
  const iterable = { [Symbol.iterator]: () => [1, 2][Symbol.iterator]() };
  const shuffled = () => new data.DataLoader(iterable, { shuffle: true });
  assertThrows(shuffled, TypeError, "shuffle needs a data set with indices");
  assertThrows(() => new data.DataLoader(arange(3) as never), TypeError, "new TensorDataset(x)");
});

Deno.test("samplers that give something else than numbers one by one are refused", () => {
  const given: readonly (readonly [sampler: object, says: string])[] = [
    [
      { sampler: { length: 2, indices: () => 3 } },
      "the numbers of a sampler must be an array",
    ],
    [{ sampler: { length: 2, indices: () => [0, 0.5] } }, "the sampler gave 0.5 for 3 examples"],
    [
      { batchSampler: { length: 1, batches: () => null } },
      "the batches of a sampler must be an array",
    ],
    [
      { batchSampler: { length: 1, batches: () => [3] } },
      "the numbers of a batch must be an",
    ],
    [{ batchSampler: { length: 1, batches: () => [[3]] } }, "the sampler gave 3 for 3 examples"],
  ];
  for (const [options, says] of given) {
    const loader = new data.DataLoader(set(3), options);
    assertThrows(() => [...loader], Error, says);
  }
});

Deno.test("collate() goes into arrays and records, and says where examples differ", () => {
  const example = (i: number) => ({ x: [tensor([i, i]), i] as const, ok: i > 0 });
  const batch = data.collate([example(0), example(1)]);
  assertType<IsExact<typeof batch, { x: [Tensor, Tensor]; ok: Tensor }>>(true);
  assertEquals(batch.x[0].toArray(), [[0, 0], [1, 1]]);
  assertEquals([batch.x[1].dtype, batch.x[1].toArray()], ["float32", [0, 1]]);
  assertEquals([batch.ok.dtype, batch.ok.toArray()], ["bool", [false, true]]);
  assertEquals(data.collate([tensor(1, { dtype: "int32" })]).dtype, "int32");
  const wrong: readonly (readonly [readonly unknown[], string])[] = [
    [
      [{ x: [ones([2, 3]), 1] }, { x: [ones([2, 4]), 1] }],
      "x.0 of all examples must have the same shape, got [2, 3] and [2, 4], the latter of example 1",
    ],
    [[{ x: 1 }, { x: 1, y: 2 }], "all examples must have the same keys"],
    [[{ x: 1 }, { y: 1 }], "all examples must have the same keys"],
    [[[1, 2], [1]], "all examples must have as many parts"],
    [[1, tensor(1)], "all examples must have the same kind of value, got 1 and a tensor"],
    [[tensor(1), 1], "all examples must have tensors"],
    [[true, 1], "all examples must have the same kind of value"],
    [[{ name: "a" }], 'got "a"; pass { collate }'],
    [[null], "got null"],
    [[], "there are no examples"],
  ];
  for (const [examples, says] of wrong) {
    const error = assertThrows(() => data.collate(examples), Error, says);
    assert(error.message.startsWith("Cannot collate: "), error.message);
  }
  assertThrows(() => data.collate([ones([1]), ones([2])]), ShapeError, "padCollate()");
});

Deno.test("padSequences() pads any tail, keeps types and gradients, and refuses what does not fit", () => {
  const long = ones([3, 2], { dtype: "float64", requiresGrad: true });
  const { values, mask, lengths } = data.padSequences(
    [ones([1, 2], { dtype: "float64" }), long, ones([0, 2], { dtype: "float64" })],
    { value: -1, length: 4 },
  );
  assertEquals([values.shape, values.dtype], [[3, 4, 2], "float64"]);
  assertEquals(mask.sum(1).toArray(), [1, 3, 0]);
  assertEquals([lengths.dtype, lengths.toArray()], ["int32", [1, 3, 0]]);
  assertEquals(values.at(0).toArray(), [[1, 1], [-1, -1], [-1, -1], [-1, -1]]);
  values.sum().backward();
  assertEquals(long.grad?.toArray(), [[1, 1], [1, 1], [1, 1]]);
  const words = data.padSequences([arange(2), arange(3)]);
  assertEquals([words.values.dtype, words.values.toArray()], ["int32", [[0, 1, 0], [0, 1, 2]]]);
  const wrong: readonly (readonly [readonly Tensor[], data.PadOptions, string])[] = [
    [[ones([2, 3]), ones([2, 4])], {}, "float32 [2, 3] and float32 [2, 4], the latter at 1"],
    [[ones([2]), arange(2)], {}, "float32 [2] and int32 [2], the latter at 1"],
    [[tensor(1)], {}, "must have shape [L, ...]"],
    [[ones([3])], { length: 2 }, "length 2 is less than that of the longest sequence, 3"],
    [[], {}, "there are no examples"],
  ];
  for (const [sequences, options, says] of wrong) {
    assertThrows(() => data.padSequences(sequences, options), RangeError, says);
  }
  const loader = new data.DataLoader([[arange(2), 0], [arange(1), 1]] as [Tensor, number][], {
    batchSize: 2,
    collate: data.padCollate<[Tensor, number]>(),
  });
  const [[padded, classes]] = [...loader] as [[data.Padded, Tensor]];
  assertEquals(padded.mask.toArray(), [[true, true], [true, false]]);
  assertEquals(classes.toArray(), [0, 1]);
});
