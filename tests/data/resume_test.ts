/** A loader resumes in the middle of a pass, bit for bit, whatever it draws and reads ahead. */

import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { arange, data, manualSeed, rand, RandomGenerator, type Tensor } from "../../mod.ts";

type Loader = data.DataLoader<Tensor, Tensor>;

/** Numbers that are shifted at random, as augmentation does. */
function shifted(draw: (generator?: RandomGenerator) => number): data.Dataset<Tensor> {
  const x = arange(11).to({ dtype: "float64" });
  return { length: 11, get: (i, generator) => x.at(i).add(draw(generator)) };
}

const fromTheStream = (generator?: RandomGenerator) =>
  generator === undefined ? 0 : rand([], { generator }).item();

/** Loaders of each kind, made anew. */
const LOADERS: Readonly<Record<string, (prefetch: number) => Loader>> = {
  "shuffles with a stream of its own": (prefetch) =>
    new data.DataLoader(shifted(fromTheStream), {
      batchSize: 3,
      shuffle: true,
      generator: new RandomGenerator(4),
      prefetch,
    }),
  "shuffles with the stream of all": (prefetch) =>
    new data.DataLoader(shifted(fromTheStream), { batchSize: 2, shuffle: true, prefetch }),
  "goes in order": (prefetch) =>
    new data.DataLoader(shifted(fromTheStream), { batchSize: 4, dropLast: true, prefetch }),
  "draws batches by weight, and augments in collate": (prefetch) =>
    new data.DataLoader<Tensor, Tensor>(shifted(() => 0), {
      batchSize: 3,
      sampler: new data.WeightedRandomSampler(arange(11).to({ dtype: "float64" }), 9),
      collate: (examples, generator) =>
        data.collate(examples).mul(rand([examples.length], { generator, dtype: "float64" })),
      generator: new RandomGenerator(4),
      prefetch,
    }),
};

/** What a run over some passes gives from where the loader stands, and its state after each batch. */
async function run(
  loader: Loader,
  passes: number,
  way: "sync" | "async",
): Promise<{ batches: unknown[]; states: data.DataLoaderState[] }> {
  const [batches, states]: [unknown[], data.DataLoaderState[]] = [[], []];
  const take = (batch: Tensor) => {
    batches.push(batch.toArray());
    states.push(loader.stateDict());
    // What else a step draws from the stream of all.
    rand([3]);
  };
  for (let pass = 0; pass < passes; pass++) {
    if (way === "sync") { for (const batch of loader) take(batch); }
    else for await (const batch of loader) take(batch);
  }
  return { batches, states };
}

/** Fails unless a loader of a state gives what would have come next. */
async function checkResume(make: (prefetch: number) => Loader): Promise<void> {
  manualSeed(7);
  const whole = await run(make(0), 3, "sync");
  assertEquals(
    new Set(whole.batches.map((batch) => JSON.stringify(batch))).size,
    whole.batches.length,
  );
  const perPass = whole.batches.length / 3;
  for (const [i, state] of whole.states.entries()) {
    for (const [way, prefetch] of [["sync", 0], ["async", 0], ["async", 2]] as const) {
      const other = make(prefetch);
      other.loadStateDict(state);
      assertEquals(other.stateDict(), state);
      // The rest of the pass; the stream of all is somebody else's to restore.
      const rest = await run(other, 1, way);
      const end = (Math.floor(i / perPass) + 1) * perPass;
      assertEquals(rest.batches, whole.batches.slice(i + 1, end), `${way}, after batch ${i}`);
    }
  }
}

for (const [title, make] of Object.entries(LOADERS)) {
  Deno.test(`resume: a loader that ${title} goes on with the batches that would have come`, () =>
    checkResume(make));

  Deno.test(`resume: a loader that ${title} gives the same with and without reading ahead`, async () => {
    const of = async (way: "sync" | "async", prefetch: number) => {
      manualSeed(7);
      return (await run(make(prefetch), 2, way)).batches;
    };
    const plain = await of("sync", 0);
    for (const prefetch of [0, 1, 3, 100]) assertEquals(await of("async", prefetch), plain);
  });
}

Deno.test("resume: a loader with a stream of its own gives the passes after that, too", async () => {
  const make = LOADERS["shuffles with a stream of its own"]!;
  const whole = await run(make(0), 3, "sync");
  const other = make(1);
  other.loadStateDict(whole.states[1]!);
  assertEquals((await run(other, 3, "async")).batches, whole.batches.slice(2));
});

Deno.test("resume: a data set that draws from elsewhere, and a forgotten position, are found", async () => {
  const elsewhere = new RandomGenerator(1);
  const careless = () =>
    new data.DataLoader(shifted(() => fromTheStream(elsewhere)), { batchSize: 3 });
  await assertRejects(() => checkResume(careless), Error, "after batch 0");
  const forgetful = () => {
    const loader = LOADERS["goes in order"]!(0);
    const load = loader.loadStateDict.bind(loader);
    loader.loadStateDict = (state) => load({ ...state, position: 0 });
    loader.stateDict = ((own) => () => ({ ...own(), position: 1 }))(loader.stateDict.bind(loader));
    return loader;
  };
  await assertRejects(() => checkResume(forgetful), Error, "after batch 0");
});

Deno.test("a pass that is left, and two at a time, leave the state to the one that began last", () => {
  const set = new data.TensorDataset(arange(6));
  const loader = new data.DataLoader(set, { batchSize: 2, generator: new RandomGenerator(1) });
  const at = () => [loader.stateDict().epoch, loader.stateDict().position];
  assertEquals(at(), [0, 0]);
  for (const _ of loader) break;
  assertEquals(at(), [1, 1]);
  const first = loader[Symbol.iterator]();
  first.next();
  first.next();
  assertEquals(at(), [2, 2]);
  const second = loader[Symbol.iterator]();
  second.next();
  assertEquals(at(), [3, 1]);
  // The end of the other pass is not the end of this.
  assertEquals([...first].length, 1);
  assertEquals(at(), [3, 1]);
  assertEquals([...second].length, 2);
  assertEquals(at(), [3, 0]);
  assertEquals(loader.stateDict().pass, null);
});

Deno.test("augmentation differs from pass to pass, from batch to batch, and not from run to run", () => {
  const seen = () => {
    const loader = new data.DataLoader<Tensor, Tensor>({
      length: 4,
      get: (_, generator) => rand([], { generator: generator! }),
    }, { batchSize: 2, generator: new RandomGenerator(5) });
    return [...loader, ...loader].flatMap((batch) => batch.toArray() as number[]);
  };
  const draws = seen();
  assertEquals(new Set(draws).size, 8);
  assertEquals(seen(), draws);
});

Deno.test("a state of another kind is refused, and changes nothing", () => {
  const set = new data.TensorDataset(arange(6));
  const own = new data.DataLoader(set, { generator: new RandomGenerator(1), shuffle: true });
  const other = new data.DataLoader(set, { shuffle: true });
  for (const _ of own) break;
  const before = own.stateDict();
  const wrong: readonly unknown[] = [
    { ...before, epoch: -1 },
    { ...before, position: 0.5 },
    { ...before, pass: { seed: 1, offset: 0 } },
    { ...before, more: 1 },
    { ...before, pass: null },
    other.stateDict(),
  ];
  for (const state of wrong) {
    assertThrows(
      () => own.loadStateDict(state as data.DataLoaderState),
      TypeError,
      "Cannot load the state of DataLoader",
    );
    assertEquals(own.stateDict(), before);
  }
  assertThrows(() => other.loadStateDict(before), TypeError, "has no generator of its own");
  // Fewer batches than those that were given out: of other data, or of another size.
  const fewer = new data.DataLoader(set, { generator: new RandomGenerator(1), batchSize: 6 });
  const late = { ...before, position: 2 };
  assertThrows(
    () => fewer.loadStateDict(late),
    RangeError,
    "but this loader has 1; data and batchSize",
  );
  assertEquals(fewer.stateDict().epoch, 0);
  assertNotEquals(own.stateDict().generator, null);
});
