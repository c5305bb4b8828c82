/**
 * Run by `tests/allocation_test.ts` with a preloaded library that lets requests for memory fail. Each
 * scene is tried with one failure after the other until it meets none. Prints each try before it, as
 * the process may end there, and last a report as JSON. With `planted` as second argument the only
 * scene is one that keeps a failure to itself.
 */

import { watchLaunches } from "./native_calls.ts";
import type { Tensor } from "../../mod.ts";

const adjoint = await import("../../mod.ts");
const { kernelTable } = await import("../../lib/ffi/library.ts");
const { linalg, losses, nn, noGrad, optim, randn, rand, setThreads, tensor } = adjoint;

/** What the scenes came to. */
export interface Report {
  /** Tries in which a request failed. */
  tries: number;
  /** Tries that did not end in a RangeError for want of memory. */
  wrong: string[];
  /** Kernels that no scene has launched. */
  unseen: string[];
}

const shim = Deno.dlopen(Deno.args[0]!, {
  fail_request: { parameters: ["u32", "u32", "u32"], result: "void" },
  failed_requests: { parameters: [], result: "u32" },
}).symbols;

const leaf = (...shape: number[]) => randn(shape, { requiresGrad: true });
const labels = tensor(Int32Array.from({ length: 600 }, (_, i) => i % 300));
const places = tensor(Int32Array.from({ length: 300 * 1100 }, (_, i) => i % 300)).reshape([
  300,
  -1,
]);
const definite = (x: Tensor) => x.matmul(x.mT).add(linalgEye(x.shape[0]!));
const linalgEye = (n: number) => adjoint.eye(n);
const F = nn.functional;

/** Steps a large parameter. */
function step(make: (p: Tensor[]) => { step(): void }): void {
  const p = leaf(300, 300);
  const optimizer = make([p]);
  for (let turn = 0; turn < 2; turn++) {
    p.grad = randn([300, 300]);
    optimizer.step();
  }
}

/** Work for each kernel, with operands that do not lie in order where one can take a copy. */
let scenes: Record<string, () => unknown> = {
  matmul: () => leaf(700, 700).matmul(leaf(700, 700)).sum().backward(),
  matmul64: () =>
    randn([300, 300], { dtype: "float64" }).matmul(randn([300, 300], { dtype: "float64" })),
  linear: () => {
    for (const activation of ["relu", "tanh", "sigmoid"] as const) {
      const y = F.linear(leaf(500, 600), leaf(300, 600), { bias: leaf(300), activation });
      y.mul(randn([300, 500]).mT).sum().backward();
    }
  },
  sort: () => [adjoint.sort(randn([20, 20000]), 1), adjoint.topk(randn([20, 20000]), 5000, 1)],
  scans: () => {
    adjoint.cumsum(leaf(1200, 300), 0).sum().backward();
    adjoint.cumprod(leaf(1200, 300), 0).sum().backward();
  },
  products: () => {
    leaf(1200, 300).prod(0).sum().backward();
    leaf(1200, 300).mT.norm().backward();
  },
  sum: () => [randn([3000, 1000]).sum(), randn([3000, 1000]).sum(0), randn([3000, 1000]).mean(1)],
  norm: () => [randn([3000, 1000]).norm(), randn([3000, 1000]).norm({ dim: 0 })],
  extremes: () => [leaf(1000, 3000).max(0).values.sum().backward(), randn([3000, 1000]).mT.min()],
  crossEntropy: () => losses.crossEntropy(leaf(600, 300), labels).backward(),
  residuals: () => {
    for (const loss of [losses.mse, losses.huber]) {
      loss(leaf(1000, 3000), leaf(3000, 1000).mT).backward();
    }
  },
  convs: () => {
    for (const stride of [1, 2]) {
      for (const channels of [3, 16]) {
        const x = leaf(4, channels, 40, 40);
        F.conv2d(x, leaf(32, channels, 3, 3), { bias: leaf(32), padding: 1, stride }).square().sum()
          .backward();
      }
    }
  },
  pools: () => {
    const x = leaf(4, 16, 64, 64);
    F.avgPool2d(x.transpose(2, 3), 3).sum().backward();
    F.maxPool2d(x.transpose(2, 3), 3).sum().backward();
  },
  factors: () => {
    const a = leaf(300, 300);
    linalg.solve(a, randn([300, 300])).sum().backward();
    linalg.cholesky(definite(a)).sum().backward();
  },
  norms: () => {
    for (const axis of [0, 1]) {
      for (const f of [adjoint.softmax, adjoint.logSoftmax, adjoint.logsumexp]) {
        f(leaf(400, 300).mT, axis).square().sum().backward();
      }
    }
    F.layerNorm(leaf(3000, 600).mT, [3000], { weight: leaf(3000), bias: leaf(3000) }).square().sum()
      .backward();
  },
  index: () => {
    const x = leaf(1100, 300);
    x.mT.gather(0, places).sum().backward();
    noGrad(() => x.mT.scatter(0, places, randn([1100, 300]).mT));
  },
  copies: () => {
    const x = randn([2000, 2000]).mT;
    for (const dtype of ["float64", "int32", "bool"] as const) x.to({ dtype });
    x.gt(0).to({ dtype: "float32" });
    return x.contiguous();
  },
  random: () => [rand([2000, 1000]), randn([2000, 1000])],
  steps: () => {
    step((p) => new optim.SGD(p, { lr: 0.1 }));
    step((p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }));
    step((p) => new optim.Adam(p));
  },
  elementwise: () => {
    const x = rand([300, 1000]), y = rand([1000, 300]).mT;
    for (const { name } of kernelTable()) {
      const f: unknown = Reflect.get(adjoint, name);
      if (typeof f !== "function" || name in scenes || name === "polygamma") continue;
      if (name === "where") f(x.gt(y), x, y);
      else if (/^(add|sub|mul|div|pow|atan2|remainder|m..imum|eq|ne|[lg][te])$/.test(name)) f(x, y);
      else if (wgslOf(name)?.includes("x")) f(y);
    }
    adjoint.polygamma(1, rand([10]));
  },
};

const wgslOf = (name: string) => kernelTable().find((row) => row.name === name)?.wgsl;

const report: Report = { tries: 0, wrong: [], unseen: [] };
const seen = new Set<number>();
const text = new TextEncoder();

if (Deno.args[1] === "planted") {
  const { sort } = scenes;
  scenes = {
    planted: () => {
      try {
        sort!();
      } catch {
        // What the report must notice.
      }
    },
  };
}

const OURS = /^Cannot run \w+: there is no memory for \d+ bytes$/;
const DONE = "no error";

/** The message of a scene's error while requests fail, or null where none has failed. */
function attempt(
  name: string,
  scene: () => unknown,
  failures: [bytes: number, n: number, all: number],
): string | null {
  Deno.stdout.writeSync(text.encode(`${name}\n`));
  let message = DONE;
  shim.fail_request(...failures);
  try {
    scene();
  } catch (error) {
    message = error instanceof RangeError ? error.message : String(error);
  }
  return shim.failed_requests() === 0 ? null : message;
}

for (const threads of [1, 3]) {
  setThreads(threads);
  for (const [name, scene] of Object.entries(scenes)) {
    watchLaunches(({ kernel }) => seen.add(kernel));
    scene();
    watchLaunches(null);
    for (let n = 1; n <= 12; n++) {
      // New threads, which have taken nothing yet.
      setThreads(threads);
      const message = attempt(`${name}, request ${n}`, scene, [4096, n, 0]);
      if (message === null) break;
      report.tries++;
      if (!OURS.test(message)) report.wrong.push(`${name}, request ${n}: ${message}`);
    }
    // Small requests have a reserve, so that the scene may come through where all fail.
    for (const n of [1, 3, 10, 30]) {
      const message = attempt(`${name}, all from request ${n} on`, scene, [1, n, 1]);
      if (message === null) break;
      report.tries++;
      if (!OURS.test(message) && message !== DONE) {
        report.wrong.push(`${name}, all from request ${n} on: ${message}`);
      }
    }
  }
}
report.unseen = kernelTable().filter((_, kernel) => !seen.has(kernel)).map(({ name }) => name);
console.log(JSON.stringify(report));
