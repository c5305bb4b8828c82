/**
 * The same model gives the same results on the CPU and on the GPU. Article 001 hopes for GPUs and
 * TPUs. Any GPU with Vulkan, Metal or Direct3D 12 runs the same ops from the same tape; outputs and
 * gradients agree up to rounding. Without a GPU, the error says so and suggests what to do. TPUs
 * are not supported. The times are those of your machine, whose GPU may be emulated in software.
 *
 *   deno run --allow-ffi examples/devices.ts --seed 1
 *
 * The control compares with a model that has other weights.
 */

import { cat, gpu, losses, nn, randint, randn, type Tensor, train } from "@adjoint/ml";

const run = train.experiment("The same model gives the same results on the CPU and on the GPU.");
const size = run.quick ? 32 : 256;
const [x, y] = [randn([size, 64]), randint(0, 10, [size])];
const make = () => new nn.Sequential(new nn.Linear(64, 128), new nn.ReLU(), new nn.Linear(128, 10));
const model = make();
const other = run.control ? make() : model;

/** Outputs and gradients of the net with its weights on a device, and the time of a step. */
async function result(
  weights: readonly Tensor[],
  device: "cpu" | "gpu",
): Promise<[Tensor, number]> {
  const own = weights.map((weight) => weight.detach().to({ device }).requiresGrad_());
  const [inputs, labels] = [x.to({ device }), y.to({ device })];
  const [w1, b1, w2, b2] = own;
  let time = Infinity;
  for (let round = 0; round < (run.quick ? 2 : 10); round++) {
    const began = performance.now();
    for (const weight of own) weight.grad = null;
    const hidden = nn.functional.linear(inputs, w1!, { bias: b1! }).relu();
    const output = nn.functional.linear(hidden, w2!, { bias: b2! });
    losses.crossEntropy(output, labels).backward();
    const all = [output.detach(), ...own.map(({ grad }) => grad!)];
    const flat = cat(await Promise.all(all.map(async (one) => (await one.cpu()).flatten())), 0);
    time = Math.min(time, performance.now() - began);
    if (round > 0) return [flat, time];
  }
  return [x, time];
}

/** The error for a GPU that is not available. */
function refusal(): string {
  try {
    x.to("gpu");
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const [onCpu, cpuMs] = await result(model.parameters(), "cpu");
const available = gpu.available();
if (available) {
  const [onGpu, gpuMs] = await result(other.parameters(), "gpu");
  const difference = onGpu.sub(onCpu).abs().max().div(onCpu.abs().max()).item();
  console.log(`A step with read-back: CPU ${cpuMs.toFixed(2)} ms, GPU ${gpuMs.toFixed(2)} ms`);
  run.figures("B-29", { available, difference, cpuMs, gpuMs });
} else {
  console.log(refusal());
  run.figures("B-29", {
    available,
    difference: run.control ? 1 : 0,
    namesCpu: /cpu/i.test(refusal()),
  });
}
run.end();
