/**
 * Resident memory over a synchronous loop of training steps of the MNIST perceptron, which never
 * lets the event loop turn. Prints the highest value of the middle and of the last part.
 *
 *   deno run --allow-ffi bench/memory.ts [steps, default 100000]
 */

import { losses, manualSeed, memoryStats, nn, optim, randn, tensor } from "@adjoint/ml";

const steps = Number(Deno.args[0] ?? 100_000);
manualSeed(1);
const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
const x = randn([32, 784]);
const y = tensor(Int32Array.from({ length: 32 }, (_, i) => i % 10));

const peaks = { warmUp: 0, middle: 0, last: 0 };
for (let step = 0; step < steps; step++) {
  optimizer.zeroGrad();
  losses.crossEntropy(model.forward(x), y).backward();
  optimizer.step();
  if (step % 100 === 0) {
    const part = step < steps / 10 ? "warmUp" : step < steps / 2 ? "middle" : "last";
    peaks[part] = Math.max(peaks[part], memoryStats().residentBytes);
  }
}
const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
console.log(
  `${steps} steps: at most ${megabytes(peaks.middle)} MB over steps ${steps / 10} to ${
    steps / 2
  }, ` +
    `${megabytes(peaks.last)} MB after; ratio ${(peaks.last / peaks.middle).toFixed(3)}`,
);
console.log(JSON.stringify({ steps, ...peaks, ratio: peaks.last / peaks.middle }));
