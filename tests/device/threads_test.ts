/** Results have the same bits on any number of threads. */

import { assert, assertEquals } from "@std/assert";
import {
  equal,
  getThreads,
  grad,
  losses,
  manualSeed,
  nn,
  optim,
  randn,
  setThreads,
  type Tensor,
  tensor,
} from "../../mod.ts";

/** Trains a perceptron whose kernels are large enough to be shared out; hashes its parameters. */
async function train(threads: number): Promise<string> {
  setThreads(threads);
  manualSeed(1766016000072n);
  const model = new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const x = randn([256, 784]);
  const labels = tensor(Int32Array.from({ length: 256 }, (_, i) => i % 10));
  for (let step = 0; step < 50; step++) {
    optimizer.zeroGrad();
    const penalty = x.matmul(model.parameters()[0]!.transpose(0, 1)).tanh().square().mean();
    losses.crossEntropy(model.forward(x), labels).add(penalty).backward();
    optimizer.step();
  }
  const bytes = model.parameters().map((p) => new Uint8Array(p.data.slice().buffer as ArrayBuffer));
  const hashes = await Promise.all(bytes.map((part) => crypto.subtle.digest("SHA-256", part)));
  return hashes.map((hash) => new Uint8Array(hash).toHex()).join(" ");
}

Deno.test("50 training steps give the same bits on 1, 2 and 4 threads", async () => {
  const before = getThreads();
  try {
    const one = await train(1);
    assertEquals([await train(2), await train(4)], [one, one]);
  } finally {
    setThreads(before);
  }
});

/** Output and gradients of an LSTM, one behind the other. */
function recurrent(batch: number, threads: number): number[] {
  setThreads(threads);
  manualSeed(1766016000073n);
  const lstm = new nn.LSTM(5, 7);
  const x = randn([6, batch, 5]).requiresGrad_();
  const { output, c } = lstm.forward(x);
  output.square().sum().add(c.sin().sum()).backward();
  return [output, ...[x, ...lstm.parameters()].map(({ grad }) => grad!)]
    .flatMap((part) => part.flatten().toArray() as number[]);
}

Deno.test("an LSTM gives the same bits on any number of threads, whatever its batch", () => {
  const before = getThreads();
  try {
    for (const batch of [1, 2, 3, 5, 7, 9, 13, 16, 31]) {
      const alone = recurrent(batch, 1);
      for (const threads of [2, 3, 5, 8]) assertEquals(recurrent(batch, threads), alone);
    }
  } finally {
    setThreads(before);
  }
});

/** Rows chosen along each of the first dimensions, and their gradients, all sums of several rows. */
function chosen(threads: number): Tensor[] {
  setThreads(threads);
  manualSeed(1766016000074n);
  const x = randn([5, 301, 97]).requiresGrad_();
  return [0, 1].flatMap((dim) => {
    const at = Int32Array.from({ length: 1100 }, (_, i) => (i * i) % x.shape[dim]!);
    const y = x.indexSelect(dim, tensor(at.subarray(0, dim === 0 ? 11 : 1100)));
    const [g] = grad(y.square().sum(), [x]);
    return [y, g];
  });
}

Deno.test("rows are chosen, and their gradients added, the same on any number of threads", () => {
  const before = getThreads();
  try {
    const alone = chosen(1);
    for (const threads of [2, 3, 8]) {
      for (const [i, x] of chosen(threads).entries()) assert(equal(x, alone[i]!));
    }
  } finally {
    setThreads(before);
  }
});
