/** Running sums, orders, and sums at long indices on the GPU: the bits of the CPU; ranges of indices. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  bincount,
  cat,
  cumprod,
  cumsum,
  type DType,
  gather,
  grad,
  losses,
  manualSeed,
  median,
  memoryStats,
  quantile,
  rand,
  randn,
  searchsorted,
  sort,
  stack,
  type Tensor,
  tensor,
  topk,
  vmap,
  where,
  zeros,
} from "../../mod.ts";
import { assertClose } from "../../lib/testing/mod.ts";
import { float64Test } from "../tools/gpu_float64.ts";
import { gpuTest } from "../tools/gpu.ts";

const there = { device: "gpu" } as const;
const here = { device: "cpu" } as const;

/** Compares every bit, but for those of a NaN. */
function same(ours: Tensor, cpu: Tensor): void {
  assertEquals([ours.device, ours.dtype, ours.shape], ["gpu", cpu.dtype, cpu.shape]);
  const [came, wanted] = [ours.to(here).contiguous().data, cpu.contiguous().data];
  const differs = wanted.findIndex((value, i) => !Object.is(value, came[i]));
  assertEquals(differs, -1, `element ${differs} is ${came[differs]}, not ${wanted[differs]}`);
}

/** Whole numbers around 0, of which float32 holds the sums. */
function whole(shape: readonly number[], dtype: DType = "float32"): Tensor {
  return rand([...shape]).mul(17).floor().sub(8).to({ dtype });
}

/** Ties, and what does not compare. */
const SPECIAL = [1, 0, NaN, 1, -Infinity, -0, Infinity, NaN, 0, 1e-45, -1e-45, -1, 3.4e38, -0, NaN];

/** A row, rows as long as what a workgroup takes, a little more, and many short ones; of other types some. */
const SHAPES = {
  float32: [[1], [100_000], [3, 1024], [2, 1025], [5, 8193], [300, 33], [20_000, 3], [7, 0]],
  int32: [[100_000], [300, 33]],
  bool: [[300, 33]],
} as const;

/** Whole numbers of each type and of each of its shapes. */
function rows(): Tensor[] {
  return (["float32", "int32", "bool"] as const).flatMap((dtype) =>
    SHAPES[dtype].map((shape) => whole(shape, dtype))
  );
}

gpuTest("cumsum() and cumprod() of rows of any length equal the CPU", () => {
  manualSeed(1);
  for (const x of rows()) {
    same(cumsum(x.to(there), -1), cumsum(x, -1));
    const signs = where(x.to({ dtype: "float32" }).ge(0), 1, -1).to({ dtype: x.dtype });
    same(cumprod(signs.to(there), -1), cumprod(signs, -1));
  }
  const x = whole([100_001]);
  assertEquals(randn([70_000]).to(there).cumsum(0).shape, [70_000]);
  same(x.to(there).narrow(0, 1, 100_000).cumsum(0), x.narrow(0, 1, 100_000).cumsum(0));
  same(x.to(there).expand([3, 100_001]).cumsum(1), x.expand([3, 100_001]).cumsum(1));
  for (const dim of [0, 1, 2]) {
    const y = whole([40, 3, 50]);
    same(y.to(there).cumsum(dim), y.cumsum(dim));
    same(y.to(there).permute([2, 0, 1]).cumsum(dim), y.permute([2, 0, 1]).cumsum(dim));
  }
});

gpuTest("running sums have the same bits in every run, and infinities stay where they are", () => {
  manualSeed(2);
  const x = randn([3, 50_000]).to(there);
  const first = x.cumsum(1);
  same(x.cumsum(1), first.to(here));
  assertClose(first.to(here), x.to(here).cumsum(1), { rtol: 1e-4, atol: 1e-3 });
  for (const at of [0, 1, 8191, 8192, 49_990]) {
    const row = whole([50_000]);
    row.setAt([at], tensor(Infinity));
    row.setAt([[at + 2, at + 3]], tensor(-Infinity));
    same(row.to(there).cumsum(0), row.cumsum(0));
  }
});

gpuTest("running products leave the range only where the whole does", () => {
  const x = tensor([
    [1e-30, 1e30, 1e30, 1e-37, 1e-10, 0.5],
    [1e30, 1e30, 1e-30, 1e-30, 0, Infinity],
    [-2, NaN, 1, -Infinity, 3, 1],
  ]);
  assertClose(x.to(there).cumprod(1).to(here), x.cumprod(1), { rtol: 1e-6, atol: 0 });
  // Far out of the range and back.
  const down = rand([20_000]).add(0.5).mul(1e-20);
  const far = cat([down, down.reciprocal()]).to(there).cumprod(0);
  assertEquals(far.at(100).item(), 0);
  assertClose(far.at(-1).item(), 1, { rtol: 0.02 });
});

gpuTest("sums and products lead back as on the CPU, to the second order", () => {
  manualSeed(3);
  const weights = whole([2, 20_000]);
  const run = (x: Tensor, w: Tensor) => {
    x.requiresGrad_();
    const y = x.cumsum(1).mul(w);
    const [first] = grad(y.mul(x).sum(), [x], { createGraph: true });
    const [second] = grad(first!.mul(w).sum(), [x]);
    return [first!.detach(), second!];
  };
  const x = whole([2, 20_000]).div(8);
  const ours = run(x.to(there).detach(), weights.to(there));
  run(x.detach(), weights).forEach((wanted, i) =>
    assertClose(ours[i]!.to(here), wanted, { rtol: 1e-4, atol: 1e-2 })
  );
});

gpuTest("argsort() of rows of any length equals the CPU, ties in order", () => {
  manualSeed(4);
  for (const x of rows()) {
    for (const descending of [false, true]) {
      same(x.to(there).argsort(-1, { descending }), x.argsort(-1, { descending }));
    }
  }
  const special = tensor([...SPECIAL, ...SPECIAL]).expand([100, 30]).reshape([3000]);
  const ends = tensor([2 ** 31 - 1, -(2 ** 31), 0, -1, 1, 2 ** 31 - 1], { dtype: "int32" });
  for (const x of [tensor(SPECIAL), special, ends, randn([100_000])]) {
    for (const descending of [false, true]) {
      same(x.to(there).argsort(0, { descending }), x.argsort(0, { descending }));
      const [ours, wanted] = [sort(x.to(there), 0, { descending }), sort(x, 0, { descending })];
      same(ours.values, wanted.values);
      same(ours.indices, wanted.indices);
    }
  }
});

float64Test("orders, running sums and products of float64 equal the CPU", () => {
  manualSeed(8);
  const draw = (shape: readonly number[]) => randn(shape, { dtype: "float64" });
  const tiny = [5e-324, -5e-324, 1e-310, 1.7e308, 1 + 2 ** -52, 1];
  const special = tensor([...SPECIAL, ...tiny, ...SPECIAL], { dtype: "float64" });
  for (const x of [special, ...SHAPES.float32.map(draw)]) {
    const y = x.to(there);
    for (const descending of [false, true]) {
      same(y.argsort(-1, { descending }), x.argsort(-1, { descending }));
    }
    same(sort(y, -1).values, sort(x, -1).values);
    if (x.size === 0 || x === special) continue;
    // Near to each other as float32 they would be one.
    const near = x.mul(1e-12).add(1);
    same(near.to(there).argsort(-1), near.argsort(-1));
    same(topk(y, 1, -1).values, topk(x, 1, -1).values);
    same(median(y, -1).indices, median(x, -1).indices);
    const sorted = sort(x, -1).values;
    same(searchsorted(sorted.to(there), y), searchsorted(sorted, x));
    const ones = where(x.ge(0), 1, -1).to({ dtype: "float64" });
    same(cumprod(ones.to(there), -1), cumprod(ones, -1));
    assertClose(cumsum(y, -1).to(here), cumsum(x, -1), { rtol: 1e-12, atol: 1e-11 });
  }
  const far = tensor([[1e-300, 1e300, 1e300, 1e-300, -0.5, 3], [
    1e300,
    1e300,
    1e-300,
    1e-300,
    0,
    Infinity,
  ]], {
    dtype: "float64",
  });
  assertClose(far.to(there).cumprod(1).to(here), far.cumprod(1), { rtol: 1e-15, atol: 0 });
});

gpuTest("orders of strided and repeated elements, and the first of them, equal the CPU", () => {
  manualSeed(5);
  const x = whole([5, 3000, 2]);
  const y = x.to(there);
  for (const dim of [0, 1, 2]) {
    same(y.argsort(dim), x.argsort(dim));
    same(y.permute([2, 1, 0]).argsort(dim), x.permute([2, 1, 0]).argsort(dim));
  }
  same(y.narrow(1, 7, 2500).argsort(1), x.narrow(1, 7, 2500).argsort(1));
  const [row, one] = [whole([2000]), tensor([[1], [2]])];
  same(row.to(there).expand([4, 2000]).argsort(1), row.expand([4, 2000]).argsort(1));
  same(one.to(there).expand([2, 1500]).argsort(1), one.expand([2, 1500]).argsort(1));
  for (const [k, dim] of [[0, 1], [1, 1], [1025, 1], [3000, 1], [3, 0]] as const) {
    const [ours, wanted] = [topk(y, k, dim), topk(x, k, dim)];
    same(ours.values, wanted.values);
    same(ours.indices, wanted.indices);
  }
  same(median(y), median(x));
  same(median(y, 1).values, median(x, 1).values);
  same(median(y, 1).indices, median(x, 1).indices);
  for (const q of [0, 0.25, 1]) same(quantile(y, q, 1), quantile(x, q, 1));
  const sorted = sort(whole([6, 2000]), 1).values;
  const values = whole([6, 10]);
  for (const right of [false, true]) {
    const ours = searchsorted(sorted.to(there), values.to(there), { right });
    same(ours, searchsorted(sorted, values, { right }));
  }
  const each = vmap((row: Tensor) => sort(row, 0).values);
  same(each(sorted.flip(1).to(there)), each(sorted.flip(1)));
});

gpuTest("orders lead back as on the CPU, to the second order", () => {
  manualSeed(6);
  const x = randn([2, 3000]);
  const w = randn([2, 3000]);
  const run = (x: Tensor, w: Tensor) => {
    x.requiresGrad_();
    const { values } = sort(x, 1);
    const best = topk(x, 700, 1).values;
    const y = values.pow(3).mul(w).sum().add(best.square().sum()).add(median(x).square());
    const [first] = grad(y, [x], { createGraph: true });
    const [second] = grad(first!.mul(w).sum(), [x]);
    return [first!.detach(), second!];
  };
  const ours = run(x.to(there).detach(), w.to(there));
  run(x.detach(), w).forEach((wanted, i) =>
    assertClose(ours[i]!.to(here), wanted, { rtol: 1e-5, atol: 1e-5 })
  );
});

gpuTest("sums and writes at long indices have the bits of the CPU", () => {
  manualSeed(7);
  const places = (shape: number[], extent: number) =>
    rand(shape).mul(extent).floor().to({ dtype: "int32" });
  const check = (x: Tensor, dim: number, index: Tensor, source: Tensor) => {
    const [y, at, from] = [x.to(there), index.to(there), source.to(there)];
    same(y.scatterAdd(dim, at, from), x.scatterAdd(dim, index, source));
    same(y.scatter(dim, at, from), x.scatter(dim, index, source));
  };
  check(randn([37]), 0, places([5000], 37), randn([5000]));
  check(randn([4, 50]), 1, places([3, 700], 50), randn([3, 700]));
  check(randn([60, 5, 4]), 0, places([300, 2, 4], 60), randn([300, 2, 4]));
  check(whole([9], "int32"), 0, places([1000], 9), whole([1000], "int32"));
  check(zeros([3, 5000]), 1, places([3, 5000], 5000), randn([3, 5000]));
  // One index for all columns, as of an embedding, one for all rows, and one place.
  const index = places([400], 30);
  const stretched = (x: Tensor) => x.reshape([400, 1]).expand([400, 6]);
  const source = randn([400, 6]);
  const onGpu = zeros([30, 6], there).scatterAdd(0, stretched(index.to(there)), source.to(there));
  same(onGpu, zeros([30, 6]).scatterAdd(0, stretched(index), source));
  const repeated = (x: Tensor) => x.expand([6, 400]);
  same(
    zeros([8, 30], there).scatterAdd(1, repeated(index.to(there)), source.mT.to(there)),
    zeros([8, 30]).scatterAdd(1, repeated(index), source.mT),
  );
  const one = tensor([3], { dtype: "int32" });
  same(
    zeros([5], there).scatterAdd(
      0,
      one.to(there).expand([999]),
      tensor([0.1], there).expand([999]),
    ),
    zeros([5]).scatterAdd(0, one.expand([999]), tensor([0.1]).expand([999])),
  );
  // Many rows of an index, all of them sorted.
  check(zeros([300, 20]), 1, places([300, 256], 20), randn([300, 256]));
  const labels = places([100_000], 11);
  same(bincount(labels.to(there)), bincount(labels));
  const weights = whole([100_000]);
  same(
    bincount(labels.to(there), { weights: weights.to(there) }),
    bincount(labels, { weights }),
  );
});

gpuTest("nothing is read back by sums, orders and what leads back from them", () => {
  const x = stack([randn([3000]), randn([3000])]).to(there).requiresGrad_();
  const before = memoryStats().gpuReads;
  const order = x.argsort(1);
  const values = [x.cumsum(1), x.cumprod(1), sort(x, 1).values, topk(x, 9, 1).values];
  const more = [median(x), median(x, 1).values, quantile(x, 0.3, 1), x.gather(1, order)];
  for (const y of [...values, ...more]) y.sum().backward();
  searchsorted(x.detach(), x.detach());
  assertEquals(memoryStats().gpuReads, before);
  assert(Number.isFinite(x.grad!.sum().item()));
});

gpuTest("what was found of a view is not believed of the whole", () => {
  const x = tensor([1, 2, 3], there);
  for (
    const view of [(y: Tensor) => y.slice(0, 0, 1).expand([4]), (y: Tensor) => y.slice(0, 0, 2)]
  ) {
    const index = tensor([0, 1, 5, 5], { dtype: "int32", ...there });
    gather(x, 0, view(index));
    assertThrows(() => gather(x, 0, index), RangeError, "index 5 at position 2 is out of range");
    const weight = tensor([1, 1, -1, 1], there);
    const loss = (w: Tensor) =>
      losses.mse(zeros(w.shape, there), zeros(w.shape, there), { weight: w });
    loss(view(weight));
    assertThrows(() => loss(weight), RangeError, "got -1 at index 2");
  }
});
