/**
 * Memory over many training steps on the GPU: in a synchronous loop inside `scope`, which never
 * lets the event loop turn and reads nothing back, and in a plain loop that yields. Fails if the
 * handles, the bytes of tensors, the bytes kept for reuse or the resident memory are larger in the
 * second half than in the first by more than is allowed.
 *
 *   deno run --allow-ffi bench/gpu_memory.ts [steps, default 20000]
 */

import {
  gpu,
  losses,
  manualSeed,
  memoryStats,
  nn,
  optim,
  randn,
  scope,
  type Tensor,
  tensor,
} from "@adjoint/ml";

const MEBIBYTE = 2 ** 20;
/**
 * How much larger the second half may be: the collector runs when it likes. One tensor left behind
 * in each of 10,000 steps would show.
 */
const ALLOWED: Readonly<Record<string, number>> = {
  gpuHandles: 2048,
  gpuBytes: 4 * MEBIBYTE,
  gpuFreeBytes: 4 * MEBIBYTE,
  residentBytes: 32 * MEBIBYTE,
};
/** Steps between two measurements. */
const EACH = 20;

const steps = Number(Deno.args[0] ?? 20_000);
const info = gpu.info();
if (!info.available) {
  console.error(`There is no GPU: ${info.reason}`);
  Deno.exit(2);
}
const device = "gpu";
manualSeed(1);
const weights = [[32, 16], [32], [4, 32], [4]].map((shape) =>
  randn(shape).mul(0.2).to(device).requiresGrad_()
) as [Tensor, Tensor, Tensor, Tensor];
const optimizer = new optim.Adam(weights, { lr: 1e-3 });
const x = randn([16, 16], { device });
const y = tensor(Int32Array.from({ length: 16 }, (_, i) => i % 4), { device });

function step(): Tensor {
  const [w1, b1, w2, b2] = weights;
  const hidden = nn.functional.linear(x, w1, { bias: b1 }).tanh();
  optimizer.zeroGrad();
  const loss = losses.crossEntropy(nn.functional.linear(hidden, w2, { bias: b2 }), y);
  loss.backward();
  optimizer.step();
  return loss.detach();
}

/** The memory held at present. */
function held(): Record<string, number> {
  const { gpuHandles, gpuBytes, gpuFreeBytes, residentBytes } = memoryStats();
  return { gpuHandles, gpuBytes, gpuFreeBytes, residentBytes };
}

/** Runs a loop, and returns the most that was held in each half; the first tenth is ignored. */
async function watch(advance: () => void | Promise<void>): Promise<Record<string, number>[]> {
  const halves: Record<string, number>[] = [{}, {}];
  for (let done = 1; done <= steps; done++) {
    const pending = advance();
    if (pending !== undefined) await pending;
    if (done % EACH !== 0 || done <= steps / 10) continue;
    const most = halves[Number(done > steps / 2)]!;
    for (const [name, value] of Object.entries(held())) {
      most[name] = Math.max(most[name] ?? 0, value);
    }
  }
  return halves;
}

const loops = {
  "synchronous inside scope": () => scope(() => void step()),
  "plain, yields": async () => void await step().cpu(),
};
let grown = false;
console.log(`${info.name}, ${steps} steps`);
for (const [name, advance] of Object.entries(loops)) {
  const began = performance.now();
  const [first, second] = await watch(advance);
  const ms = (performance.now() - began) / steps;
  console.log(`${name}: ${ms.toFixed(2)} ms a step; the most in either half`);
  for (const [count, before] of Object.entries(first!)) {
    const after = second![count]!;
    const more = after - before > ALLOWED[count]!;
    grown ||= more;
    console.log(`  ${count.padEnd(14)} ${before} ${after}${more ? " grows" : ""}`);
  }
}
if (grown) {
  console.error("Memory has grown by more than is allowed");
  Deno.exit(1);
}
