/** Launches of more workgroups than one axis of a dispatch may have, which is 65,535. */

import { assertEquals } from "@std/assert";
import {
  bmm,
  conv2d,
  grad,
  layerNorm,
  manualSeed,
  rand,
  randn,
  scope,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { assertTensor } from "../common/compare.ts";
import { plainOf } from "../common/samples.ts";
import { gpuTest } from "../tools/gpu.ts";

const CLOSE = { rtol: 2e-5, atol: 2e-5 };

/** Elements at the ends of a dimension, and in its middle. */
const PARTS = 3;

/** Compares parts of a result with those that the CPU makes of the same parts of the inputs. */
function compareParts(
  name: string,
  ours: Tensor,
  dim: number,
  wanted: (part: Cut) => Tensor,
): void {
  const length = ours.shape[dim]!;
  for (const start of [0, Math.floor(length / 2), length - PARTS]) {
    const cut: Cut = (x, dim) => x.narrow(dim, start, PARTS).contiguous();
    const cpu = wanted(cut);
    assertTensor(`${name} at ${start}`, cut(ours, dim), plainOf(cpu), cpu.dtype, CLOSE);
  }
}

/** Takes the same part of a tensor as of the result. */
type Cut = (x: Tensor, dim: number) => Tensor;

const there = (x: Tensor) => x.to({ device: "gpu" });

/** Runs in a scope, which gives the memory back at once. */
function largeTest(name: string, run: () => void): void {
  gpuTest(name, () => {
    manualSeed(1);
    scope(run);
  });
}

largeTest("products of 70,000 matrices, and their gradients, are the CPU's", () => {
  const [a, b] = [randn([70_000, 2, 3]), randn([70_000, 3, 2])];
  const [x, y] = [there(a).requiresGrad_(), there(b).requiresGrad_()];
  const product = bmm(x, y);
  compareParts("a product", product.detach(), 0, (cut) => bmm(cut(a, 0), cut(b, 0)));
  const [toA, toB] = grad(product.square().sum(), [x, y]);
  const twice = (cut: Cut) => bmm(cut(a, 0), cut(b, 0)).mul(2);
  compareParts("to the left", toA, 0, (cut) => bmm(twice(cut), cut(b, 0).mT));
  compareParts("to the right", toB, 0, (cut) => bmm(cut(a, 0).mT, twice(cut)));
});

largeTest("a product of two million rows, and of as many columns, is the CPU's", () => {
  const [long, small] = [randn([2_100_000, 2]), randn([2, 3])];
  compareParts("rows", there(long).matmul(there(small)), 0, (cut) => cut(long, 0).matmul(small));
  const wide = there(small).mT.matmul(there(long).mT);
  compareParts("columns", wide, 1, (cut) => small.mT.matmul(cut(long, 0).mT));
});

largeTest("a convolution of 70,000 images, and its gradients, are the CPU's", () => {
  const [images, filters] = [randn([70_000, 1, 2, 2]), randn([2, 1, 2, 1])];
  const [x, w] = [there(images).requiresGrad_(), there(filters).requiresGrad_()];
  const y = conv2d(x, w);
  const of = (cut: Cut) => conv2d(cut(images, 0), filters);
  compareParts("a convolution", y.detach(), 0, of);
  const [toImages, toFilters] = grad(y.sum(), [x, w]);
  const gradientOf = (part: Tensor) => {
    const leaf = part.detach().requiresGrad_();
    return grad(conv2d(leaf, filters).sum(), [leaf])[0];
  };
  compareParts("to the images", toImages, 0, (cut) => gradientOf(cut(images, 0)));
  // Both filters get, for each of their rows, all elements that it meets.
  const wanted = images.sum([0, 1, 3]).reshape([1, 1, 2, 1]).expand([2, 1, 2, 1]);
  const sums = { rtol: 1e-3, atol: 1e-1 };
  assertTensor("to the filters", toFilters, plainOf(wanted), "float32", sums);
});

const ROWS = 524_300;

largeTest("sums, extremes and norms of half a million rows are the CPU's", () => {
  const column = rand([ROWS, 1]);
  const few = column.expand([ROWS, 36]);
  const rows = there(column).expand([ROWS, 36]);
  compareParts("sum()", rows.sum(1), 0, (cut) => cut(few, 0).sum(1));
  compareParts("max()", rows.max(1).values, 0, (cut) => cut(few, 0).max(1).values);
  compareParts("logsumexp()", rows.logsumexp(1), 0, (cut) => cut(few, 0).logsumexp(1));
  const weight = randn([36]);
  compareParts(
    "layerNorm()",
    layerNorm(rows, [36], { bias: there(weight) }),
    0,
    (cut) => layerNorm(cut(few, 0), [36], { bias: weight }),
  );
});

largeTest("copies and gathers of 17 million elements one by one are the CPU's", () => {
  const [n, m] = [4099, 4100];
  const row = randn([m]);
  const grid = there(row).expand([n, m]);
  compareParts(
    "a copy",
    grid.mT.contiguous(),
    0,
    (cut) => cut(row, 0).unsqueeze(1).expand([PARTS, n]),
  );
  const places = tensor([m - 1], { dtype: "int32" });
  const last = grid.gather(1, there(places).expand([n, m]));
  assertEquals(last.at(n - 1, m - 1).item(), row.at(m - 1).item());
  assertEquals(last.at(0, 0).item(), row.at(m - 1).item());
});
