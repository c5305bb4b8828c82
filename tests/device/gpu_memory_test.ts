/** Memory of the GPU: what a loop leaves behind is bounded, and named before it is too much. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  DeviceError,
  empty,
  gpu,
  memoryStats,
  noGrad,
  ones,
  randn,
  scope,
  type Tensor,
} from "../../mod.ts";
import { gpuTest } from "../tools/gpu.ts";

const device = "gpu";
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Lets the collector run, and then the finalizers. */
async function collected(): Promise<void> {
  for (let i = 0; i < 500 && memoryStats().gpuHandles > 1000; i++) {
    new Uint8Array(2 ** 24).fill(1);
    await turn();
  }
}

/** A training step that reads its gradient and forgets it. */
function stepper(): () => void {
  const x = randn([16, 8], { device });
  const w = randn([8, 8], { device, requiresGrad: true });
  return () => {
    x.matmul(w).tanh().square().mean().backward();
    noGrad(() => w.copy_(w.sub(w.grad!.mul(0.01))));
    w.grad = null;
  };
}

gpuTest("a synchronous loop of steps inside scope keeps as many handles as one", () => {
  const step = stepper();
  scope(step);
  const before = memoryStats().gpuHandles;
  for (let i = 0; i < 300; i++) scope(step);
  assert(memoryStats().gpuHandles - before <= 2, `${memoryStats().gpuHandles - before} are left`);
});

gpuTest("a synchronous loop outside of scope ends in an error that names it", async () => {
  const step = stepper();
  const made: Tensor[] = [];
  const loop = () => {
    for (let i = 0; i < 2000; i++) step();
  };
  assertThrows(loop, DeviceError, "freed at the end of scope(() => …)");
  // Inside a scope the work goes on, and after a turn of the event loop everything does.
  scope(step);
  assertThrows(() => made.push(ones([1], { device })), DeviceError, "scope");
  await collected();
  made.push(ones([1], { device }));
});

gpuTest("a limit of bytes is kept, for what was made outside of scope", () => {
  const before = memoryStats().gpuBytes;
  gpu.setMemoryLimit(before + 2 ** 22);
  try {
    const held = empty([2 ** 19], { device });
    assertThrows(() => empty([2 ** 20], { device }), DeviceError, "bytes");
    scope(() => void empty([2 ** 20], { device }));
    held.dispose();
    empty([2 ** 19], { device }).dispose();
  } finally {
    gpu.setMemoryLimit(2 ** 33);
  }
  for (const wrong of [0, -1, 0.5, NaN, Infinity, "1" as unknown as number]) {
    assertThrows(() => gpu.setMemoryLimit(wrong), RangeError, "Cannot run gpu.setMemoryLimit");
  }
});

gpuTest("memory that a scope gives back serves the next tensor of its size", () => {
  scope(() => void empty([2 ** 18], { device }));
  const waiting = memoryStats().gpuFreeBytes;
  assert(waiting >= 2 ** 20);
  {
    using held = empty([2 ** 18 - 5], { device });
    assertEquals([held.size, memoryStats().gpuFreeBytes], [2 ** 18 - 5, waiting - 2 ** 20]);
  }
  assertEquals(memoryStats().gpuFreeBytes, waiting);
});

gpuTest(
  "what waits for the next use is bounded, and what was used least recently gives way",
  () => {
    scope(() => void empty([2 ** 18], { device }));
    scope(() => {
      for (let i = 0; i < 33; i++) empty([2 ** 24], { device });
    });
    const { gpuFreeBytes } = memoryStats();
    assert(
      gpuFreeBytes <= 2 ** 31 && gpuFreeBytes > 2 ** 31 - 2 ** 27,
      `${gpuFreeBytes} bytes wait`,
    );
  },
);

gpuTest("a tensor of 4 GiB and more is refused", () => {
  const before = memoryStats().gpuHandles;
  for (const size of [2 ** 30, 2 ** 31 - 1]) {
    assertThrows(() => empty([size], { device }), DeviceError, "over the limit");
  }
  assertEquals(memoryStats().gpuHandles, before);
});

gpuTest("a Worker that is ended gives its memory back", async () => {
  const code = `
    const { ones } = await import(${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)});
    globalThis.held = Array.from({ length: 32 }, () => ones([2 ** 18], { device: "gpu" }));
    postMessage(globalThis.held[0].sum().item());
  `;
  const run = async () => {
    const worker = new Worker(`data:text/javascript,${encodeURIComponent(code)}`, {
      type: "module",
    });
    const sum = await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
    worker.terminate();
    await turn();
    return sum;
  };
  await run();
  const before = Deno.memoryUsage().rss;
  for (let i = 0; i < 8; i++) assertEquals(await run(), 2 ** 18);
  // Each Worker holds 32 MiB, in a device that keeps its memory here or on a card.
  assert(Deno.memoryUsage().rss - before < 2 ** 27);
});
