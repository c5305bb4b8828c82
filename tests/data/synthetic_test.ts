/** Synthetic data: the same for the same seed, and what their formulas say. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { data, linalg, randn, RandomGenerator, type Tensor, tensor } from "../../mod.ts";
import { type Named, SYNTHETIC, type SyntheticRow } from "./synthetic_table.ts";

const { synthetic } = data;
const seeded = (seed: number) => ({ generator: new RandomGenerator(seed) });
const text = (own: Named) => JSON.stringify(own);

/** Fails unless data are those of their seed, in form and numbers. */
function checkRow({ make, shapes, world }: SyntheticRow): void {
  const first = make(4, seeded(1));
  const found = Object.entries(first).map(([key, { shape, dtype }]) => [
    key,
    dtype === "float32" ? `${shape}` : `${dtype} ${shape}`,
  ]);
  assertEquals(Object.fromEntries(found), shapes);
  for (const x of Object.values(first)) assertEquals(x.isfinite().all().item(), 1);
  assertEquals(text(make(4, seeded(1))), text(first), "the same seed");
  assert(text(make(4, seeded(2))) !== text(first), "another seed has the same data");
  const stream = new RandomGenerator(1);
  assertEquals(text(make(4, { generator: stream })), text(first));
  assert(text(make(4, { generator: stream })) !== text(first), "the stream stands still");
  const worlds = [0, 1].map((own) => text(make(4, { ...seeded(1), world: own })));
  assertEquals(worlds[0], text(first));
  assertEquals(worlds[1] !== text(first), world, "another world");
  for (const x of Object.values(make(1, seeded(3)))) assert(x.size > 0);
}

for (const [name, row] of Object.entries(SYNTHETIC)) {
  Deno.test(`synthetic.${name}() is the same for the same seed, and of the shapes it says`, () => {
    checkRow(row);
  });
}

Deno.test("the page on data names each function of synthetic data", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/data.md", import.meta.url));
  assertEquals(Object.keys(synthetic).filter((name) => !page.includes(`\`${name}\``)), []);
});

Deno.test("data that come from elsewhere than their stream, or have no world, are found", () => {
  const { line, blobs } = SYNTHETIC;
  assertThrows(
    () => checkRow({ ...line, make: (n) => line.make(n, seeded(7)) }),
    Error,
    "another seed has the same data",
  );
  const fresh = new RandomGenerator(8);
  const wandering = (n: number) => line.make(n, { generator: fresh });
  assertThrows(() => checkRow({ ...line, make: wandering }), Error, "the same seed");
  const lost: SyntheticRow["make"] = (n, { generator }) => blobs.make(n, { generator });
  assertThrows(() => checkRow({ ...blobs, make: lost }), Error, "another world");
});

Deno.test("the world is no part of the stream of the same seed", () => {
  const options = { spread: 1e6, classes: 1, features: 5 };
  const { x } = synthetic.blobs(1, { ...options, ...seeded(1), world: 0 });
  const centre = x.squeeze(0).div(1e6);
  const drawn = randn([5], { generator: new RandomGenerator(0) });
  assert(centre.sub(drawn).abs().min().item() > 1e-3, `${centre} ${drawn}`);
});

Deno.test("synthetic.line() has as many outliers as told", () => {
  const { x, y } = synthetic.line(50, { noise: 0, outliers: 0.1, ...seeded(1) });
  const residuals = y.sub(x.mul(2).add(1)).squeeze(1).round().toArray() as number[];
  assertEquals(residuals.toSorted((a, b) => a - b), [...Array(45).fill(0), ...Array(5).fill(20)]);
});

Deno.test("synthetic.digits() can be told by their templates, and shift no further than told", () => {
  const clean = (shift: number) => synthetic.digits(80, { noise: 0, shift, ...seeded(2) });
  const still = clean(0);
  const images = new Map<number, string>();
  const labels = still.y.toArray() as number[];
  labels.forEach((label, i) => {
    const image = JSON.stringify(still.x.at(i).toArray());
    assertEquals(images.get(label) ?? image, image);
    images.set(label, image);
  });
  assertEquals([images.size, new Set(images.values()).size], [10, 10]);
  const moved = clean(3);
  const rows = (x: Tensor) => x.sum([1, 3]).gt(0);
  assert(!rows(moved.x).equal(rows(still.x)));
  assertEquals(moved.x.sum([1, 2, 3]).min().item() >= still.x.sum([1, 2, 3]).min().item(), true);
  assertThrows(() => synthetic.digits(1, { shift: 4 }), TypeError, "an integer from 0 to 3, got 4");
});

Deno.test("synthetic.shapes() lie in their boxes, which are no larger than they", () => {
  const { x, boxes } = synthetic.shapes(30, { noise: 0, ...seeded(3) });
  (boxes.mul(32).toArray() as number[][]).forEach(([left, top, right, bottom], i) => {
    const image = x.at(i, 0);
    const inside = image.at([top!, bottom!], [left!, right!]);
    assertEquals(inside.sum().item(), image.sum().item());
    for (const edge of [inside.at(0), inside.at(-1), inside.at(":", 0), inside.at(":", -1)]) {
      assert(edge.sum().item() > 0);
    }
  });
});

Deno.test("synthetic.tissueSlabs() hold the equation: forces are those of stiffness and displacement", () => {
  const { x, y } = synthetic.tissueSlabs(3, seeded(4));
  const k = x.narrow(1, 0, 1).mul(4).add(1);
  const force = x.narrow(1, 1, 2);
  const inner = (u: Tensor, row: number, column: number) =>
    u.narrow(2, 1 + row, 30).narrow(3, 1 + column, 30);
  const [own, stiff] = [inner(y, 0, 0), inner(k, 0, 0)];
  let sum = own.mul(0.01);
  for (const [row, column] of [[0, 1], [0, -1], [1, 0], [-1, 0]] as const) {
    const middle = stiff.add(inner(k, row, column)).div(2);
    sum = sum.add(middle.mul(own.sub(inner(y, row, column))));
  }
  // Displacements were scaled to millimetres, all by one factor.
  const [left, right] = [sum.reshape([-1]), inner(force, 0, 0).reshape([-1])];
  const factor = left.mul(right).sum().div(right.square().sum());
  assertClose(left, right.mul(factor), { rtol: 1e-3, atol: 2e-4 * factor.item() });
  const largest = y.square().sum(1).sqrt().flatten(1).max(1).values;
  assertClose(largest.mean().item(), 5, { rtol: 1e-5 });
});

Deno.test("synthetic.tissueVolumes() move where they are pulled, and most where that is", () => {
  const { x, y } = synthetic.tissueVolumes(3, seeded(4));
  const size = (u: Tensor) => u.square().sum(1).flatten(1);
  const [pulled, moved] = [size(x).argmax(1).toArray(), size(y).argmax(1).toArray()] as number[][];
  const place = (i: number) => [Math.floor(i / 144), Math.floor(i / 12) % 12, i % 12];
  pulled!.forEach((i, block) => {
    const away = place(i).map((own, axis) => own - place(moved![block]!)[axis]!);
    assert(Math.hypot(...away) < 2, `${away}`);
  });
  assertClose(size(y).max(1).values.sqrt().mean().item(), 5, { rtol: 1e-5 });
});

Deno.test("synthetic.dna() has the motif, but for a letter, where it says so", () => {
  const { x, y } = synthetic.dna(40, seeded(5));
  const letters = x.argmax(1).toArray() as number[][];
  const best = letters.map((strand) =>
    Math.max(
      ...strand.slice(0, -6).map((_, at) =>
        [3, 0, 3, 0, 0, 3, 1].filter((letter, i) => strand[at + i] === letter).length
      ),
    )
  );
  (y.toArray() as number[]).forEach((has, i) => {
    if (has === 1) assert(best[i]! >= 6);
  });
  const without = best.filter((_, i) => y.at(i).item() === 0);
  assert(without.filter((own) => own >= 6).length < without.length / 3);
});

Deno.test("synthetic.residues() stay in their states as long as the chances say", () => {
  const states = synthetic.residues(200, { length: 60, ...seeded(6) }).y.toArray() as number[][];
  const stay = [0, 1, 2].map((state) => {
    const steps = states.flatMap((chain) => chain.slice(1).map((next, i) => [chain[i]!, next]));
    const from = steps.filter(([own]) => own === state);
    return from.filter(([, next]) => next === state).length / from.length;
  });
  stay.forEach((share, i) => assert(Math.abs(share - [0.85, 0.85, 0.7][i]!) < 0.03, `${stay}`));
});

Deno.test("synthetic.sentiment() and translations() have the answers of their rules", () => {
  const { x, y } = synthetic.sentiment(100, seeded(7));
  (x.toArray() as number[][]).forEach((words, i) => {
    const sum = words.reduce((own, word, at) => {
      const sign = word >= 10 && word < 15 ? 1 : word >= 15 && word < 20 ? -1 : 0;
      return own + (words[at - 1] === 20 ? -sign : sign);
    }, 0);
    assertEquals(y.at(i).item(), Number(sum > 0), `${words}`);
  });
  const seen = new Map<number, number>();
  for (const seed of [1, 2]) {
    const pair = synthetic.translations(40, seeded(seed));
    const [from, to] = [pair.x.flip([1]).toArray(), pair.y.toArray()] as number[][][];
    from!.flat().forEach((word, i) => {
      assertEquals(seen.get(word) ?? to!.flat()[i], to!.flat()[i]);
      seen.set(word, to!.flat()[i]!);
    });
  }
  assertEquals(new Set(seen.values()).size, 12);
});

Deno.test("synthetic.labelNoise() makes as many labels wrong as told, among all other classes", () => {
  const labels = tensor(Int32Array.from({ length: 4000 }, (_, i) => i % 4));
  const noisy = synthetic.labelNoise(labels, 4, { p: 0.3, ...seeded(8) });
  const share = noisy.ne(labels).to({ dtype: "float32" }).mean().item();
  assert(Math.abs(share - 0.3) < 0.03, `${share}`);
  const counts = data.collate(
    [1, 2, 3].map((shift) =>
      noisy.sub(labels).remainder(4).eq(shift).sum().to({ dtype: "float32" })
    ),
  );
  assert(counts.min().item() > 300, `${counts}`);
  assertThrows(() => synthetic.labelNoise(labels, 3), RangeError, "with 3");
  assertThrows(() => synthetic.labelNoise(labels.to({ dtype: "float32" }), 4), RangeError);
});

Deno.test("synthetic graphs are trees, and the numbers of molecules are sums over them", () => {
  for (const { edgeIndex, y } of synthetic.vesselTrees(5, { nodes: 12, ...seeded(9) })) {
    const [from, to] = edgeIndex.toArray() as number[][];
    const reached = new Set([0]);
    for (let step = 0; step < 12; step++) {
      from!.forEach((own, i) => reached.has(own) && reached.add(to![i]!));
    }
    assertEquals([reached.size, from!.length], [12, 22]);
    const lengths = y.indexSelect(0, edgeIndex.at(0)).sub(y.indexSelect(0, edgeIndex.at(1))).norm({
      dim: 1,
    });
    assertClose(lengths, lengths.mul(0).add(0.5), { rtol: 1e-4 });
  }
  // One system of equations holds for all: 4 kinds of atom and 10 of bond.
  const graphs = synthetic.molecules(60, { world: 2, ...seeded(9) });
  const rows = graphs.map(({ x, edgeIndex }) => {
    const kinds = x.argmax(1).toArray() as number[];
    const [from, to] = edgeIndex.toArray() as number[][];
    const row = new Float64Array(14);
    for (const kind of kinds) row[kind]! += 1;
    from!.forEach((own, i) => {
      const [a, b] = [kinds[own]!, kinds[to![i]!]!].toSorted((p, q) => p - q) as [number, number];
      row[4 + a * 4 - a * (a - 1) / 2 + b - a]! += 0.5;
    });
    return [...row];
  });
  const matrix = tensor(rows, { dtype: "float64" });
  const target = tensor(graphs.map(({ y }) => y.item()), { dtype: "float64" });
  // Atoms are one more than bonds, so that one unknown is free.
  const normal = matrix.mT.matmul(matrix).add(tensor(
    Array.from({ length: 14 }, (_, i) => Array.from({ length: 14 }, (_, j) => i === j ? 1e-9 : 0)),
    { dtype: "float64" },
  ));
  const weights = linalg.solve(normal, matrix.mT.matmul(target));
  assertClose(matrix.matmul(weights), target, { rtol: 1e-3, atol: 1e-3 });
});

Deno.test("synthetic.twoRegions() and twoTasks() are exact without noise, and the noise is that of their parts", () => {
  const regions = (noise: number) => synthetic.twoRegions(400, { noise, ...seeded(9) });
  const tasks = (noise: number) => synthetic.twoTasks(400, { noise, ...seeded(9) });
  const [exact, noisy] = [regions(0), regions(2)];
  const weights = linalg.solve(exact.x.mT.matmul(exact.x), exact.x.mT.matmul(exact.y));
  assertClose(exact.x.matmul(weights), exact.y, { atol: 1e-3 });
  const away = noisy.y.sub(exact.y);
  assertClose(away.narrow(0, 0, 200).std().item(), 0.2, { rtol: 0.2 });
  assertClose(away.narrow(0, 200, 200).std().item(), 6, { rtol: 0.2 });
  const [small, large] = [tasks(1).small.sub(tasks(0).small), tasks(1).large.sub(tasks(0).large)];
  assertClose(tensor([small.std().item(), large.std().item()]), tensor([0.001, 10]), { rtol: 0.2 });
  assert(tasks(0).small.abs().max().item() < 0.02);
});

Deno.test("synthetic.moments() show one hidden moment in each stream, and synthetic.lapses() less order", () => {
  const { speech, gaze } = synthetic.moments(400, seeded(10));
  const explained = (from: Tensor, to: Tensor) => {
    const [a, b] = [from, to].map((x) => x.sub(x.mean(0)));
    const weights = linalg.solve(a!.mT.matmul(a!), a!.mT.matmul(b!));
    return 1 - a!.matmul(weights).sub(b!).square().mean().item() / b!.square().mean().item();
  };
  assert(explained(speech, gaze) > 0.7, `${explained(speech, gaze)}`);
  assert(explained(speech.flip(0), gaze) < 0.3);
  const { x, y } = synthetic.lapses(400, { lapsed: 0.5, ...seeded(10) });
  assertEquals([y.sum().item(), y.narrow(0, 0, 200).sum().item()], [200, 0]);
  // Three hidden numbers explain what is calm, and not the rest.
  const share = (part: Tensor) => {
    const { eigenvalues } = linalg.eigh(part.mT.matmul(part));
    return eigenvalues.narrow(0, 9, 3).sum().item() / eigenvalues.sum().item();
  };
  assert(share(x.narrow(0, 0, 200)) > 0.9 && share(x.narrow(0, 200, 200)) < 0.85);
});
