/** The GPU: sums, products, memory, and what it refuses. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  cat,
  DeviceError,
  empty,
  emptyLike,
  fullLike,
  gpu,
  grad,
  linalg,
  manualSeed,
  memoryStats,
  noGrad,
  ones,
  onesLike,
  rand,
  randn,
  randnLike,
  scope,
  type Tensor,
  tensor,
  where,
  zeros,
  zerosLike,
} from "../../mod.ts";
import { gpuTest } from "../tools/gpu.ts";

const there = { device: "gpu" } as const;
const here = { device: "cpu" } as const;
const close = { rtol: 2e-5, atol: 2e-5 };

function same(ours: Tensor, cpu: Tensor): void {
  assertEquals([ours.device, ours.dtype, ours.shape], ["gpu", cpu.dtype, cpu.shape]);
  assertClose(ours.to(here), cpu, close);
}

gpuTest("sum() and mean() over any dimensions equal the CPU", () => {
  manualSeed(1);
  const x = randn([3, 4, 5]);
  const y = x.to(there);
  for (const dim of [undefined, 0, 1, 2, -1, [0, 2], [0, 1, 2]]) {
    for (const keepdim of [false, true]) {
      same(y.sum(dim, { keepdim }), x.sum(dim, { keepdim }));
      same(y.mean(dim, { keepdim }), x.mean(dim, { keepdim }));
    }
  }
  same(y.permute([2, 0, 1]).sum(1), x.permute([2, 0, 1]).sum(1));
  same(y.at([1, 3]).sum(0), x.at([1, 3]).sum(0));
  const long = rand([70_001]);
  same(long.to(there).sum(), long.sum());
  same(long.to(there).expand([3, 70_001]).sum(1), long.expand([3, 70_001]).sum(1));
  const integers = tensor([[1, -2, 3], [2 ** 31 - 2, 1, 0]], { dtype: "int32" });
  same(integers.to(there).sum(1), integers.sum(1));
  const bools = tensor([[true, false, true], [true, true, true]]);
  same(bools.to(there).sum(0), bools.sum(0));
});

gpuTest("matmul() equals the CPU for all shapes and layouts", () => {
  manualSeed(2);
  const pairs = [
    [[1, 1], [1, 1]],
    [[3, 4], [4, 5]],
    [[17, 33], [33, 16]],
    [[64, 100], [100, 70]],
    [[2, 3, 4], [4, 5]],
    [[2, 1, 3, 4], [5, 4, 2]],
    [[4], [4, 3]],
    [[3, 4], [4]],
  ];
  for (const [left, right] of pairs) {
    const [a, b] = [randn(left!), randn(right!)];
    same(a.to(there).matmul(b.to(there)), a.matmul(b));
  }
  const [a, b] = [randn([20, 30]), randn([40, 20])];
  const turned = (x: Tensor) => x.transpose(0, 1);
  same(turned(a.to(there)).matmul(turned(b.to(there))), turned(a).matmul(turned(b)));
  const integers = tensor([[1, 2], [3, 4]], { dtype: "int32" });
  same(integers.to(there).matmul(integers.to(there)), integers.matmul(integers));
});

gpuTest(
  "matmul() of whole tiles, and of inner dimensions in parts, equals the CPU both ways",
  () => {
    manualSeed(5);
    for (const [rows, inner, columns] of [[64, 64, 64], [96, 512, 32], [70, 512, 33]] as const) {
      const a = randn([rows, inner]).mul(0.1);
      const b = randn([inner, columns]).mul(0.1);
      const [x, y] = [a.to(there), b.to(there)];
      const turned = (x: Tensor) => x.transpose(0, 1).contiguous().transpose(0, 1);
      for (const left of [x, turned(x)]) {
        for (const right of [y, turned(y)]) same(left.matmul(right), a.matmul(b));
      }
      // The same bits in every run.
      assertEquals(x.matmul(y).toArray(), x.matmul(y).toArray());
    }
  },
);

gpuTest(
  "sums in parts have the same bits in every run, and extremes the first of equal places",
  () => {
    manualSeed(6);
    const x = randn([3, 70_000]);
    const y = x.to(there);
    assertEquals(y.sum().item(), y.sum().item());
    for (const [dim, like] of [[1, x], [0, x], [1, x.round()]] as const) {
      const [ours, wanted] = [like.to(there).max(dim), like.max(dim)];
      assertEquals(ours.values.toArray(), wanted.values.toArray());
      assertEquals(ours.indices.toArray(), wanted.indices.toArray());
      assertEquals(like.to(there).argmin(dim).toArray(), like.argmin(dim).toArray());
    }
  },
);

gpuTest("relu(x·W + b), its sum and its gradients of two orders equal the CPU", () => {
  manualSeed(3);
  const inputs = [randn([8, 5]), randn([5, 7]), randn([7])];
  const run = (leaves: Tensor[]) => {
    const [x, w, b] = leaves.map((leaf) => leaf.requiresGrad_());
    const y = x!.matmul(w!).add(b!).relu();
    const first = grad(y.square().sum(), leaves, { createGraph: true });
    const norm = first.map((g) => g.square().sum()).reduce((a, b) => a.add(b));
    norm.backward();
    return [y, ...first, ...leaves.map((leaf) => leaf.grad!)].map((t) => t.detach());
  };
  const wanted = run(inputs.map((x) => x.clone().detach()));
  const ours = run(inputs.map((x) => x.to(there).detach()));
  ours.forEach((x, i) => same(x, wanted[i]!));
});

gpuTest("gradients flow back through to()", () => {
  const x = tensor([1, 2, 3], { requiresGrad: true });
  x.to(there).square().sum().to(here).backward();
  assertEquals([x.grad!.device, x.grad!.toArray()], ["cpu", [2, 4, 6]]);
});

gpuTest("views, copies and changes in place equal the CPU", () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  const y = x.to(there);
  same(y.transpose(0, 1).contiguous(), x.transpose(0, 1).contiguous());
  same(y.at(":", [1, 3]).clone(), x.at(":", [1, 3]).clone());
  same(cat([y, y.neg()], 1), cat([x, x.neg()], 1));
  same(y.pad([1, 2]), x.pad([1, 2]));
  const z = y.clone();
  z.at(0).copy_(tensor([7, 8, 9], there));
  z.at(1).fill_(-1);
  assertEquals(z.toArray(), [[7, 8, 9], [-1, -1, -1]]);
  z.at(":", [1, 3]).copy_(z.at(":", [0, 2]));
  assertEquals(z.toArray(), [[7, 7, 8], [-1, -1, -1]]);
  assertEquals(y.at(1, 2).item(), 6);
});

gpuTest("zeros(), ones(), full(), empty() and tensors like others are made there", () => {
  assertEquals(zeros([2, 2], there).toArray(), [[0, 0], [0, 0]]);
  const made = ones([2], there);
  const like = [zerosLike(made), onesLike(made), fullLike(made, 3, { dtype: "bool" })];
  assertEquals(like.map((x) => x.device), ["gpu", "gpu", "gpu"]);
  assertEquals(like.map((x) => x.toArray()), [[0, 0], [1, 1], [true, true]]);
  const raw = [empty([2], { dtype: "int32", ...there }), emptyLike(made), randnLike(made)];
  assertEquals(raw.map((x) => x.copy_(tensor(5, there)).toArray()), [[5, 5], [5, 5], [5, 5]]);
});

gpuTest("printing names the device, cpu() brings a tensor back", async () => {
  const x = tensor([1, 2], there);
  assertMatch(String(x), /tensor\(\[1, 2\], float32, shape \[2\], gpu\)/);
  assertEquals((await x.cpu()).device, "cpu");
});

gpuTest("memory: handles are flat in a loop inside scope, and dispose() frees at once", () => {
  manualSeed(4);
  const [x, w] = [randn([16, 8], there), randn([8, 4], there)];
  const step = () =>
    scope(() => {
      const leaf = w.detach().requiresGrad_();
      const loss = x.matmul(leaf).tanh().square().mean();
      const [g] = grad(loss, [leaf]);
      noGrad(() => w.copy_(w.sub(g.mul(0.1))));
      return loss.item();
    });
  const first = step();
  const before = memoryStats();
  let last = first;
  for (let i = 0; i < 200; i++) last = step();
  const after = memoryStats();
  assert(last < first);
  // Finalizers of earlier tests may run meanwhile.
  assert(after.gpuHandles <= before.gpuHandles && after.gpuBytes <= before.gpuBytes);
  {
    using held = empty([1000], there);
    assertEquals(memoryStats().gpuBytes - after.gpuBytes, 4000);
    assertEquals(held.size, 1000);
  }
  assertEquals(memoryStats().gpuBytes, after.gpuBytes);
});

gpuTest("dispatches of more than one batch keep their order", () => {
  let x = tensor([1], there);
  for (let i = 0; i < 700; i++) x = x.mul(1).add(1);
  assertEquals(x.item(), 701);
});

gpuTest("what is disposed, mixed or without a program is a DeviceError", () => {
  const x = tensor([1, 2], there);
  const refused = (run: () => unknown, message: string) => assertThrows(run, DeviceError, message);
  refused(() => x.add(tensor([1, 2])), "Cannot compute add: tensors are on different devices");
  refused(() => tensor([1, 2]).add(x), "Cannot compute add: tensors are on different devices");
  refused(() => tensor([[1, 2]]).matmul(x), "tensors are on different devices");
  refused(() => where(tensor([true, false]), x, 0), "tensors are on different devices");
  refused(() => cat([tensor([1]), x]), "tensors are on different devices");
  refused(() => cat([x, tensor([1])]), "tensors are on different devices");
  const square = ones([2, 2], there);
  refused(() => linalg.cholesky(square), "Cannot run cholesky on the GPU: it has no program there");
  refused(() => linalg.eigh(square), 'move the tensors with to({ device: "cpu" })');
  refused(() => x.data, 'is on the GPU; move it with to({ device: "cpu" }) first');
  refused(() => tensor([1], { device: "tpu" as "gpu" }), 'device must be "cpu" or "gpu"');
  const y = x.neg();
  y.dispose();
  refused(() => y.add(1), "Cannot compute add: the tensor given as one side has been disposed");
  refused(() => y.toArray(), "a tensor has been disposed");
  assertEquals(String(y), "tensor(disposed, shape [2])");
  y.dispose();
});

Deno.test("dispose() on the CPU refuses later use too", () => {
  const x = ones([1000]);
  const view = x.reshape([10, 100]);
  x.dispose();
  assertThrows(() => view.sum(), DeviceError, "Cannot compute sum: the tensor given as the input");
  assertThrows(() => x.toArray(), DeviceError, "a tensor has been disposed");
});

function throwAway(x: Tensor): void {
  x.dispose();
}

gpuTest("the error of a disposed tensor names the line that disposed it, the first time", () => {
  const x = ones([1000], there);
  const view = x.reshape([10, 100]);
  throwAway(x);
  x.dispose();
  for (const use of [() => view.sum(), () => x.toArray(), () => ones([1000], there).add(x)]) {
    const { message } = assertThrows(use, DeviceError);
    assertMatch(message, /^Cannot [\w ]+: .* has been disposed, at throwAway \(.*:\d+:5\)$/);
  }
  const left = ones([3], there);
  {
    using own = left;
    assertEquals(own.size, 3);
  }
  assertThrows(() => left.neg(), DeviceError, import.meta.url);
});

gpuTest("a tensor over the device's limit is refused with the limit", () => {
  const error = assertThrows(
    () => tensor([0], there).expand([2 ** 29 + 2 ** 28]).clone(),
    DeviceError,
    "is over the device's limit",
  );
  assertMatch(error.message, /3221225472 bytes .* limit of \d+ bytes/);
});

/** Runs a script in a process of its own. */
function script(code: string, env: Record<string, string> = {}): string {
  const mod = new URL("../../mod.ts", import.meta.url).href;
  const text = `import * as adjoint from ${JSON.stringify(mod)};\n${code}`;
  const { stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--allow-ffi",
      "--ext=ts",
      `data:text/typescript,${encodeURIComponent(text)}`,
    ],
    env,
    stdout: "piped",
    stderr: "piped",
  }).outputSync();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("without an adapter, available() is false, info() tells why and use is an error", () => {
  const out = script(
    `const info = adjoint.gpu.info();
     console.log(adjoint.gpu.available(), "reason" in info && info.reason);
     try { adjoint.tensor([1], { device: "gpu" }); }
     catch (error) { console.log(error.name, error.message); }
     console.log(adjoint.tensor([1, 2]).sum().item());`,
    { WGPU_BACKEND: "none", VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent" },
  );
  assertMatch(out, /^false no adapter: /m);
  assertMatch(out, /^DeviceError Cannot use the GPU: no adapter: .*; device "cpu" has every op$/m);
  assertMatch(out, /^3$/m);
});

gpuTest("after the device is lost, everything on it is a DeviceError", () => {
  const out = script(
    `const x = adjoint.tensor([1, 2], { device: "gpu" });
     adjoint.gpu.close();
     for (const run of [() => x.add(1), () => x.toArray(), () => adjoint.zeros([3], { device: "gpu" })]) {
       try { run(); console.log("ran"); }
       catch (error) { console.log(error.name, error.message); }
     }
     x.dispose();
     console.log(adjoint.gpu.available(), adjoint.tensor([1, 2]).sum().item());`,
  );
  assertEquals(
    out.match(
      /^DeviceError Cannot .*the device is lost \(it was closed\)(?:; device "cpu" has every op)?$/gm,
    )?.length,
    3,
  );
  assertMatch(out, /^false 3$/m);
});

gpuTest("opening twice names the same device", () => {
  const info = gpu.info();
  assert(info.available && info.name.length > 0);
  assertEquals(gpu.info(), info);
  // A program is no real device, whatever it is called.
  assertEquals(info.kind === "software", /llvmpipe|lavapipe|swiftshader|warp/i.test(info.name));
  assert(["discrete", "integrated", "virtual", "software", "unknown"].includes(info.kind));
});
