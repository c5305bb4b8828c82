/** float64 on the GPU: gradients against differences, steps of optimizers, memory, and where there is none. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { gpu as backend } from "../../lib/device/gpu.ts";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import {
  conv2d,
  DeviceError,
  digamma,
  empty,
  erfinv,
  lgamma,
  losses,
  manualSeed,
  maxPool2d,
  memoryStats,
  optim,
  polygamma,
  rand,
  randn,
  RandomGenerator,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { float64Test } from "../tools/gpu_float64.ts";
import { gpuTest } from "../tools/gpu.ts";

const here = { device: "cpu" } as const;
const there = { dtype: "float64", device: "gpu" } as const;
const leaf = { ...there, requiresGrad: true } as const;

function same(ours: Tensor, cpu: Tensor, rtol = 1e-13): void {
  assertEquals([ours.device, ours.dtype, ours.shape], ["gpu", cpu.dtype, cpu.shape]);
  assertClose(ours.detach().to(here), cpu.detach(), { rtol, atol: rtol });
}

/** Random numbers of float64 on the GPU, of which gradients are wanted. */
function leaves(...shapes: number[][]): Tensor[] {
  manualSeed(8);
  return shapes.map((shape) =>
    randn(shape, { dtype: "float64" }).to({ device: "gpu" }).requiresGrad_()
  );
}

float64Test("gradcheck and gradgradcheck of a polynomial net run there", () => {
  const net = (x: Tensor, w: Tensor, b: Tensor) => x.matmul(w).add(b).square().mul(x.sum()).mean(0);
  const inputs = leaves([2, 2], [2, 2], [2]) as [Tensor, Tensor, Tensor];
  gradcheck(net, inputs);
  gradgradcheck(net, inputs);
  const reads = memoryStats().gpuReads;
  assert(net(...inputs).device === "gpu" && memoryStats().gpuReads === reads);
});

float64Test("gradcheck finds a gradient that is wrong there", () => {
  const [x] = leaves([3]);
  assertThrows(() => gradcheck((x) => x.mul(x.detach()), [x!]), Error, "Gradient of");
});

float64Test(
  "gradcheck of losses, convolutions and functions that have no kernel there in WGSL",
  () => {
    const labels = tensor([0, 2], { dtype: "int32", device: "gpu" });
    gradcheck(
      (x, w) => losses.crossEntropy(x.matmul(w).tanh().add(x.sigmoid()), labels),
      leaves([2, 3], [3, 3]),
    );
    gradcheck(
      (x, w) => maxPool2d(conv2d(x, w, { padding: 1 }), 2).exp().add(1).log().sum(),
      leaves([1, 2, 4, 4], [2, 2, 3, 3]),
    );
    gradcheck((x) => x.softmax(1).mul(x.logSoftmax(1)).add(x.gelu()), leaves([2, 3]));
  },
);

/** Special functions, where they are tried, and the units in the last place that they may be off. */
const SPECIAL: readonly (readonly [string, (x: Tensor) => Tensor, number, number, number])[] = [
  ["erfinv", erfinv, -1, 1, 8],
  ["lgamma near its zeros", lgamma, 0.9, 2.1, 8],
  ["lgamma", lgamma, 3, 40, 8],
  ["lgamma near 0", lgamma, -0.5, 0.5, 8],
  ["digamma", digamma, 2, 40, 8],
  ["polygamma of order 1", (x) => polygamma(1, x), -5, 30, 16],
  ["polygamma of order 7", (x) => polygamma(7, x), -5, 30, 64],
  ["polygamma of order 24", (x) => polygamma(24, x), -5, 30, 128],
  ["polygamma of order 60", (x) => polygamma(60, x), -5, 30, 128],
  ["polygamma of order 160", (x) => polygamma(160, x), 2, 90, 8192],
];

float64Test("special functions are the CPU's over their ranges", () => {
  manualSeed(11);
  for (const [name, of, low, high, units] of SPECIAL) {
    const x = rand([3000], { dtype: "float64" }).mul(high - low).add(low);
    const [ours, wanted] = [of(x.to({ device: "gpu" })).to(here), of(x)];
    const off = ours.sub(wanted).abs().div(wanted.abs()).max().item() / Number.EPSILON;
    assert(off <= units, `${name} is off by ${off} units`);
  }
});

float64Test("sums in parts, extremes and products of large matrices equal the CPU", () => {
  manualSeed(9);
  const x = randn([3, 70_000], { dtype: "float64" });
  const y = x.to({ device: "gpu" });
  same(y.sum(), x.sum(), 1e-11);
  same(y.mean(1), x.mean(1), 1e-12);
  for (const dim of [0, 1]) {
    const [ours, wanted] = [y.max(dim), x.max(dim)];
    assertEquals(ours.values.toArray(), wanted.values.toArray());
    assertEquals(ours.indices.toArray(), wanted.indices.toArray());
  }
  const broken = x.clone();
  broken.at(1, 69_999).fill_(NaN);
  assertEquals(broken.to({ device: "gpu" }).argmin(1).at(1).item(), 69_999);
  for (const [rows, inner, columns] of [[64, 64, 64], [96, 512, 32], [70, 512, 33]] as const) {
    const [a, b] = [
      randn([rows, inner], { dtype: "float64" }),
      randn([inner, columns], { dtype: "float64" }),
    ];
    same(a.to({ device: "gpu" }).matmul(b.to({ device: "gpu" })), a.matmul(b), 1e-12);
  }
});

for (
  const [name, make] of Object.entries({
    "SGD with momentum": (params: Tensor[]) =>
      new optim.SGD(params, { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
    SGD: (params: Tensor[]) => new optim.SGD(params, { lr: 1 / 3 }),
    Adam: (params: Tensor[]) => new optim.Adam(params, { lr: 0.1, eps: 1e-60 }),
  })
) {
  float64Test(`${name} steps as on the CPU`, () => {
    manualSeed(10);
    const start = [randn([5, 4], { dtype: "float64" }), randn([3], { dtype: "float64" })];
    const [ours, wanted] = (["gpu", "cpu"] as const).map((device) => {
      const params = start.map((x) => x.to({ device }).clone().requiresGrad_());
      const optimizer = make(params);
      for (let i = 0; i < 4; i++) {
        optimizer.zeroGrad();
        params.map((p) => p.square().mul(p).sum()).reduce((a, b) => a.add(b)).backward();
        optimizer.step();
      }
      return params;
    });
    ours!.forEach((p, i) => same(p, wanted![i]!));
  });
}

float64Test("an element takes eight bytes, and views are read from their places", () => {
  const before = memoryStats().gpuBytes;
  using x = zeros([1000], there);
  assertEquals(memoryStats().gpuBytes - before, 8000);
  assertEquals(x.slice(0, 998).toArray(), [0, 0]);
  const y = tensor([1 / 3, 1e300, -0, 5e-324], leaf);
  assertEquals(y.slice(0, 1, 3).toArray(), [1e300, -0]);
  assertEquals(y.toArray(), [1 / 3, 1e300, -0, 5e-324]);
  assertEquals(y.add(0.1).at(0).item(), 1 / 3 + 0.1);
});

gpuTest("where the device has no float64, that is said before anything is launched", () => {
  const { supports } = backend;
  const x = tensor([1, 2], { device: "gpu" });
  const float64 = tensor([1], { dtype: "float64" });
  const { code } = float64.storage;
  backend.supports = (kernel, type) => type !== code && supports(kernel, type);
  try {
    const message = "Cannot make a tensor on the GPU: it has no float64; cast to float32 first";
    assertThrows(() => tensor([1], there), DeviceError, message);
    assertThrows(() => empty([2], there), DeviceError, message);
    assertThrows(() => x.to({ dtype: "float64" }), DeviceError, message);
    assertThrows(() => float64.to("gpu"), DeviceError, message);
    const generator = new RandomGenerator(1);
    assertThrows(() => rand([3], { ...there, generator }), DeviceError, message);
    assertEquals(generator.state.offset, 0n);
    assertEquals(x.add(1).toArray(), [2, 3]);
  } finally {
    backend.supports = supports;
  }
});
