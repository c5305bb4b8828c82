/** Training on the GPU: as on the CPU, without reading back, with the same bits in every run. */

import { assert, assertEquals } from "@std/assert";
import {
  conv2d,
  losses,
  manualSeed,
  maxPool2d,
  memoryStats,
  nn,
  optim,
  randn,
  scope,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { gpuTest } from "../tools/gpu.ts";

/** Parameters and a function that gives logits of ten classes. */
interface Net {
  readonly shapes: readonly (readonly number[])[];
  readonly input: readonly number[];
  readonly forward: (x: Tensor, params: readonly Tensor[]) => Tensor;
}

const nets: Readonly<Record<string, Net>> = {
  perceptron: {
    shapes: [[32, 20], [32], [10, 32], [10]],
    input: [24, 20],
    forward: (x, [w1, b1, w2, b2]) =>
      nn.functional.linear(nn.functional.linear(x, w1!, { bias: b1! }).relu(), w2!, { bias: b2! }),
  },
  "convolutional net": {
    shapes: [[6, 1, 3, 3], [6], [10, 6 * 5 * 5], [10]],
    input: [24, 1, 12, 12],
    forward: (x, [w1, b1, w2, b2]) => {
      const features = maxPool2d(conv2d(x, w1!, { bias: b1! }).relu(), 2);
      return nn.functional.linear(features.flatten(1), w2!, { bias: b2! });
    },
  },
};

const optimizers = {
  SGD: (params: Tensor[]) => new optim.SGD(params, { lr: 0.1 }),
  "SGD with momentum": (params: Tensor[]) => new optim.SGD(params, { lr: 0.05, momentum: 0.9 }),
  Adam: (params: Tensor[]) => new optim.Adam(params, { lr: 0.01 }),
  AdamW: (params: Tensor[]) => new optim.AdamW(params, { lr: 0.01, weightDecay: 0.1 }),
};

/** Trains for some steps; gives the losses, the parameters, and how often was read meanwhile. */
function train(
  net: Net,
  make: (params: Tensor[]) => optim.SGD | optim.Adam,
  device: "cpu" | "gpu",
) {
  manualSeed(11);
  const params = net.shapes.map((shape) => randn(shape).mul(0.2).to({ device }).requiresGrad_());
  const x = randn(net.input).to({ device });
  const y = tensor(Int32Array.from({ length: 24 }, (_, i) => i % 10)).to({ device });
  const optimizer = make(params);
  const history: Tensor[] = [];
  const before = memoryStats().gpuReads;
  for (let i = 0; i < 12; i++) {
    history.push(scope(() => {
      optimizer.zeroGrad();
      const loss = losses.crossEntropy(net.forward(x, params), y);
      loss.backward();
      optimizer.step();
      return loss.detach();
    }));
  }
  const reads = memoryStats().gpuReads - before;
  const numbers = [...history, ...params].map((x) => Array.from(x.detach().to("cpu").data));
  return { numbers, reads };
}

for (const [name, net] of Object.entries(nets)) {
  for (const [kind, make] of Object.entries(optimizers)) {
    gpuTest(`a ${name} trains with ${kind} as on the CPU, and nothing is read back`, () => {
      const [ours, again] = [train(net, make, "gpu"), train(net, make, "gpu")];
      const wanted = train(net, make, "cpu");
      assertEquals(ours.reads, 0);
      // The same bits in every run.
      assertEquals(again.numbers, ours.numbers);
      assert(ours.numbers[11]![0]! < ours.numbers[0]![0]!);
      ours.numbers.forEach((numbers, k) => {
        const largest = Math.max(...wanted.numbers[k]!.map(Math.abs));
        numbers.forEach((value, i) => {
          const off = Math.abs(value - wanted.numbers[k]![i]!);
          assert(off <= 2e-4 * largest, `number ${i} of ${k}: ${value}, ${wanted.numbers[k]![i]}`);
        });
      });
    });
  }
}

gpuTest("labels are checked without reading them, and read where they do not fit", () => {
  const logits = randn([4, 3], { device: "gpu" });
  const labels = tensor([0, 1, 2, 1], { dtype: "int32", device: "gpu" });
  const before = memoryStats().gpuReads;
  losses.crossEntropy(logits, labels);
  losses.crossEntropy(
    logits,
    labels.indexSelect(0, tensor([3, 2, 1, 0], { dtype: "int32", device: "gpu" })),
  );
  assertEquals(memoryStats().gpuReads, before);
  let message = "";
  try {
    losses.crossEntropy(logits.at(":", [0, 2]), labels);
  } catch (error) {
    message = String(error);
  }
  assert(message.includes("label 2 at index 2 is out of range"), message);
});
