/** Folders of images: what is in them, and that a Worker that reads them ahead changes nothing. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ImageFolder, readImage } from "../../lib/data/images.ts";
import { data, losses, rand, RandomGenerator, type Tensor, zeros } from "../../mod.ts";
import { casesOf } from "../fixtures/stored.ts";

const FILES = casesOf<{ title: string; file: string; shape: readonly number[] }>("images")
  .filter(({ shape }) => shape[1] === 5 && shape[2] === 7);

/** Runs a test with a folder of two classes, of which the second has one image more. */
async function withImages(fn: (root: string) => void | Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    for (const [name, extra] of [["b", 1], ["a", 0]] as const) {
      await Deno.mkdir(`${root}/${name}`);
      for (const [i, { file, title }] of FILES.slice(0, 4 + extra).entries()) {
        const ending = title.startsWith("JPEG") ? "JPG" : "png";
        await Deno.writeFile(`${root}/${name}/${i}.${ending}`, Uint8Array.fromBase64(file));
      }
      await Deno.writeTextFile(`${root}/${name}/notes.txt`, "no image");
    }
    await fn(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Noise that each image draws anew. */
function noisy(image: Tensor, generator?: RandomGenerator): Tensor {
  return image.add(rand(image.shape, generator && { generator }));
}

/** What a loader gives in two passes. */
async function batchesOf(
  set: data.Dataset<[Tensor, Tensor]>,
  prefetch: number,
): Promise<unknown[]> {
  const generator = new RandomGenerator(3);
  const loader = new data.DataLoader(set, { batchSize: 2, shuffle: true, prefetch, generator });
  const seen: unknown[] = [];
  for (let pass = 0; pass < 2; pass++) {
    for await (const [x, y] of loader) seen.push([x.toArray(), y.toArray()]);
  }
  return seen;
}

/** Runs a function and counts the Workers that it begins and ends. */
async function countingWorkers(fn: () => Promise<void>): Promise<[begun: number, ended: number]> {
  const { Worker } = globalThis;
  let [begun, ended] = [0, 0];
  globalThis.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      begun++;
    }
    override terminate(): void {
      ended++;
      super.terminate();
    }
  };
  try {
    await fn();
  } finally {
    globalThis.Worker = Worker;
  }
  return [begun, ended];
}

Deno.test("ImageFolder has the images of each class in order, with its number", () =>
  withImages((root) => {
    const images = new ImageFolder(`${root}/`, { channels: 3 });
    assertEquals([images.length, images.classes], [9, ["a", "b"]]);
    assertEquals(images.labels, [0, 0, 0, 0, 1, 1, 1, 1, 1]);
    assertEquals(images.paths[4], `${root}/b/0.png`);
    const [image, label] = images.get(4);
    assertEquals([label.dtype, label.shape, label.item()], ["int32", [], 1]);
    assertEquals(image.toArray(), readImage(`${root}/b/0.png`, { channels: 3 }).toArray());
    assertEquals(images.get(-1)[0].toArray(), images.get(8)[0].toArray());
    assertThrows(() => images.get(9), RangeError, "index 9 is out of range for 9 examples");
    const changed = new ImageFolder(root, { channels: 1, transform: noisy });
    const drawn = (seed: number) => changed.get(0, new RandomGenerator(seed))[0].toArray();
    assertEquals(drawn(1), drawn(1));
    assert(JSON.stringify(drawn(1)) !== JSON.stringify(drawn(2)));
  }));

Deno.test("a Worker that reads ahead gives the same batches in the same order, also of parts and sums", () =>
  withImages(async (root) => {
    const images = new ImageFolder(root, { channels: 3, transform: noisy });
    const [part] = data.randomSplit(images, [7, 2], { generator: new RandomGenerator(1) });
    const get = (i: number, generator?: RandomGenerator) => images.get(i, generator);
    const plain = { length: 2, get };
    const sets = { images, part: part!, both: new data.ConcatDataset([plain, images]) };
    for (const [name, set] of Object.entries(sets)) {
      const expected = await batchesOf(set, 0);
      assertEquals(await countingWorkers(async () => void await batchesOf(set, 0)), [0, 0], name);
      for (const prefetch of set === images ? [1, 9] : [2]) {
        const workers = await countingWorkers(async () =>
          assertEquals(await batchesOf(set, prefetch), expected, name)
        );
        assertEquals(workers, [2, 2], name);
      }
    }
    // The comparison notices a reader that makes examples in the order in which it has read them.
    const careless = {
      length: 9,
      get,
      readAhead: () => ({
        read: (i: number) => Promise.resolve((g: RandomGenerator) => images.get(8 - i, g)),
        [Symbol.dispose]() {},
      }),
    };
    await assertRejects(async () =>
      assertEquals(await batchesOf(careless, 1), await batchesOf(images, 0))
    );
  }));

Deno.test("a batch of labels goes into a loss as it is", () =>
  withImages(async (root) => {
    for (const prefetch of [0, 2]) {
      const loader = new data.DataLoader(new ImageFolder(root, { channels: 1 }), { prefetch });
      for await (const [x, labels] of loader) {
        const loss = losses.crossEntropy(zeros([x.shape[0]!, 2]), labels);
        assertEquals(loss.item(), Math.fround(Math.LN2));
      }
    }
  }));

Deno.test("the Worker ends when the loop is left, and the loader can begin anew", () =>
  withImages(async (root) => {
    const loader = new data.DataLoader(new ImageFolder(root, { channels: 1 }), { prefetch: 4 });
    const leave = async () => {
      for await (const _ of loader) break;
    };
    assertEquals(await countingWorkers(leave), [1, 1]);
    const fail = () =>
      assertRejects(async () => {
        for await (const _ of loader) throw new Error("planted");
      });
    assertEquals(await countingWorkers(async () => void await fail()), [1, 1]);
    let count = 0;
    for await (const _ of loader) count++;
    assertEquals(count, 9);
  }));

Deno.test("what a Worker cannot read fails in its turn, as it does without one", () =>
  withImages(async (root) => {
    const images = new ImageFolder(root, { channels: 1 });
    await Deno.writeTextFile(images.paths[2]!, "no image");
    await Deno.remove(images.paths[5]!);
    const failing = async (prefetch: number, indices: number[]) => {
      const loader = new data.DataLoader(new data.Subset(images, indices), { prefetch });
      let count = 0;
      const error = await assertRejects(async () => {
        for await (const _ of loader) count++;
      }, Error);
      return [count, error.name, error.message];
    };
    for (const indices of [[0, 1, 2, 3], [3, 5, 2]]) {
      assertEquals(await failing(3, indices), await failing(0, indices));
    }
    const [count, name, message] = await failing(2, [0, 1, 2, 3]);
    assertEquals([count, name], [2, "SyntaxError"]);
    assertEquals(
      message,
      `Cannot run readImage of ${
        images.paths[2]
      }: the bytes must be PNG or JPEG, got a file that begins ` +
        "with 6e 6f 20 69",
    );
    assertEquals((await failing(1, [5]))[1], "NotFound");
  }));

Deno.test("a Worker that breaks is an error of the loop, and not of the program", () =>
  withImages(async (root) => {
    const { Worker } = globalThis;
    globalThis.Worker = class extends Worker {
      override postMessage(): void {
        queueMicrotask(() => this.dispatchEvent(new ErrorEvent("error", { message: "planted" })));
      }
    };
    try {
      const loader = new data.DataLoader(new ImageFolder(root, { channels: 1 }), { prefetch: 1 });
      await assertRejects(
        async () => {
          for await (const _ of loader);
        },
        Error,
        "Cannot decode images in a Worker: planted",
      );
    } finally {
      globalThis.Worker = Worker;
    }
  }));

Deno.test("folders without classes or images are refused by name", () =>
  withImages(async (root) => {
    const make = (path: string) => () => new ImageFolder(path);
    assertThrows(make(`${root}/c`), Deno.errors.NotFound, `Cannot make ImageFolder of ${root}/c`);
    assertThrows(make(`${root}/a`), RangeError, "it must have a folder for each class, got none");
    await Deno.mkdir(`${root}/c`);
    assertThrows(make(root), RangeError, "the class c has no PNG or JPEG files");
  }));

Deno.test("images of different sizes are refused in a batch, with their place", () =>
  withImages(async (root) => {
    const other = casesOf<{ file: string; shape: number[] }>("images")
      .find(({ shape }) => shape[1] !== 5)!;
    await Deno.writeFile(`${root}/a/0.png`, Uint8Array.fromBase64(other.file));
    const loader = new data.DataLoader(new ImageFolder(root, { channels: 1 }), {
      batchSize: 3,
      prefetch: 1,
    });
    await assertRejects(
      async () => {
        for await (const _ of loader);
      },
      RangeError,
      "Cannot collate: part 0 of all examples must have the same shape, got [1, ",
    );
  }));
