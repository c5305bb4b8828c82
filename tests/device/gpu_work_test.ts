/** What is counted of the GPU's work, against formulas from shapes that were written before. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  conv2d,
  losses,
  manualSeed,
  maxPool2d,
  nn,
  optim,
  randn,
  scope,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { gpuWork } from "../../lib/device/gpu_work.ts";
import { gpuTest } from "../tools/gpu.ts";
import {
  type ConvolutionalNet,
  convolutionalStep,
  type Perceptron,
  perceptronStep,
} from "./gpu_work.ts";

const device = "gpu";

function parameters(shapes: readonly (readonly number[])[]): Tensor[] {
  manualSeed(1);
  return shapes.map((shape) => randn(shape).mul(0.05).to(device).requiresGrad_());
}

function labels(batch: number, classes: number): Tensor {
  return tensor(Int32Array.from({ length: batch }, (_, i) => i % classes), { device });
}

/** Takes a step to warm up, in which the state of an optimizer is made, and counts another one. */
function counted(step: () => void) {
  scope(step);
  const { dispatches, bytes } = gpuWork(() => scope(step));
  return { dispatches, bytes };
}

function perceptron({ batch, inputs, hidden, classes }: Perceptron, between = (h: Tensor) => h) {
  const params = parameters([[hidden, inputs], [hidden], [classes, hidden], [classes]]);
  const [w1, b1, w2, b2] = params as [Tensor, Tensor, Tensor, Tensor];
  const optimizer = new optim.SGD(params, { lr: 0.1 });
  const [x, y] = [randn([batch, inputs], { device }), labels(batch, classes)];
  return () => {
    optimizer.zeroGrad();
    const h = between(nn.functional.linear(x, w1, { bias: b1 }).relu());
    losses.crossEntropy(nn.functional.linear(h, w2, { bias: b2 }), y).backward();
    optimizer.step();
  };
}

gpuTest("a step of a perceptron with SGD takes the dispatches and bytes of its shapes", () => {
  const net = { batch: 256, inputs: 784, hidden: 1024, classes: 10 };
  const asked = perceptronStep(net);
  assertEquals(counted(perceptron(net)), asked);
  // An op more is noticed, in both counts.
  const more = counted(perceptron(net, (h) => h.neg()));
  assertEquals(more.dispatches - asked.dispatches, 2);
  assertEquals(more.bytes - asked.bytes, 2 * 4 * 2 * 256 * 1024);
});

function convolutional({ batch, channels, extent, classes }: ConvolutionalNet) {
  const filters = channels.slice(1).flatMap((to, i) => [[to, channels[i]!, 3, 3], [to]]);
  const features = channels.at(-1)! * (extent / 2 ** (channels.length - 1)) ** 2;
  const params = parameters([...filters, [classes, features], [classes]]);
  const optimizer = new optim.Adam(params, { lr: 0.01 });
  const x = randn([batch, channels[0]!, extent, extent], { device });
  const y = labels(batch, classes);
  return () => {
    optimizer.zeroGrad();
    let h = x;
    for (let i = 0; i < filters.length; i += 2) {
      h = maxPool2d(conv2d(h, params[i]!, { bias: params[i + 1]!, padding: 1 }).relu(), 2);
    }
    const [w, bias] = params.slice(-2) as [Tensor, Tensor];
    losses.crossEntropy(nn.functional.linear(h.flatten(1), w, { bias }), y).backward();
    optimizer.step();
  };
}

gpuTest(
  "a step of a convolutional net with Adam takes the dispatches and bytes of its shapes",
  () => {
    const net = { batch: 16, channels: [1, 8, 16], extent: 28, classes: 10 };
    assertEquals(counted(convolutional(net)), convolutionalStep(net));
  },
);

gpuTest("only what runs meanwhile is counted, and the device's own time goes on with it", () => {
  const x = randn([1000], { device });
  x.neg();
  assertEquals(gpuWork(() => {}).dispatches, 0);
  const work = gpuWork(() => void x.neg());
  assertEquals([work.dispatches, work.bytes], [1, 8000]);
  assert(work.seconds === null || (work.seconds > 0 && work.seconds < 10), `${work.seconds} s`);
  // Repeated elements count once.
  const one = randn([1], { device });
  assertEquals(gpuWork(() => void x.add(one)).bytes, 8004);
  assertThrows(() => gpuWork(() => void x.add(tensor([1]))), Error, "different devices");
  assertEquals(gpuWork(() => {}).dispatches, 0);
});

gpuTest("more passes are timed than have their times kept at once", () => {
  const x = randn([4], { device });
  // Each write to the device ends a pass.
  const { dispatches, seconds } = gpuWork(() =>
    scope(() => {
      for (let i = 0; i < 4200; i++) x.add(tensor([i], { device }));
    })
  );
  assertEquals(dispatches, 4200);
  assert(seconds === null || seconds > 0, `${seconds} s`);
});
