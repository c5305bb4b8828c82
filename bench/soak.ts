/**
 * Memory over many synchronous steps that differentiate twice: a convolutional net whose loss
 * contains the norm of its own gradient. Fails if, after the first tenth, the used heap or the
 * resident memory grows by more than is allowed.
 *
 * V8 enlarges its young generation by 16 MiB once, at some step; here it starts at its largest
 * size, so that any growth is ours.
 *
 *   deno run --allow-ffi --v8-flags=--expose-gc,--min-semi-space-size=16,--max-semi-space-size=16 \
 *     bench/soak.ts [steps, default 200000]
 */

import { grad, losses, manualSeed, memoryStats, nn, optim, randn, type Tensor } from "@adjoint/ml";

const MEBIBYTE = 2 ** 20;
/** How much the resident memory may grow. */
const RESIDENT = 8 * MEBIBYTE;
/** How much the used heap may grow; what a collection leaves varies a little. */
const HEAP = 2 * MEBIBYTE;

const steps = Number(Deno.args[0] ?? 200_000);
manualSeed(1);
const kernels = new nn.Parameter(randn([4, 1, 3, 3]).mul(0.3));
const head = new nn.Linear(4 * 3 * 3, 1);
const parameters: Tensor[] = [kernels, ...head.parameters()];
const optimizer = new optim.Adam(parameters, { lr: 1e-3 });
const [x, y] = [randn([4, 1, 8, 8]), randn([4, 1])];

function step(): void {
  optimizer.zeroGrad();
  const maps = nn.functional.conv2d(x, kernels).tanh();
  const pooled = nn.functional.avgPool2d(maps, 2);
  const loss = losses.mse(head.forward(pooled.flatten(1)), y);
  const gradients = grad(loss, parameters, { createGraph: true });
  const penalty = gradients.map((g) => g.square().sum()).reduce((sum, g) => sum.add(g));
  loss.add(penalty.mul(0.1)).backward();
  optimizer.step();
}

const collect: unknown = Reflect.get(globalThis, "gc");
if (typeof collect !== "function") {
  console.error("Cannot run the soak: it needs --v8-flags=--expose-gc");
  Deno.exit(2);
}

/** The memory that is held after everything pending has been freed. */
function held(): { heap: number; resident: number } {
  Reflect.apply(collect as () => void, null, []);
  return { heap: Deno.memoryUsage().heapUsed, resident: memoryStats().residentBytes };
}

let base = { heap: 0, resident: 0 };
const grown = { heap: 0, resident: 0 };
const tenth = Math.max(1, Math.floor(steps / 10));
for (let done = 1; done <= steps; done++) {
  step();
  if (done % tenth !== 0) continue;
  const now = held();
  if (done === tenth) base = now;
  grown.heap = Math.max(grown.heap, now.heap - base.heap);
  grown.resident = Math.max(grown.resident, now.resident - base.resident);
  console.log(
    `${done} steps: heap ${(now.heap / MEBIBYTE).toFixed(1)} MiB, ` +
      `resident ${(now.resident / MEBIBYTE).toFixed(1)} MiB`,
  );
}
console.log(JSON.stringify({ steps, heapGrown: grown.heap, residentGrown: grown.resident }));
if (grown.heap > HEAP || grown.resident > RESIDENT) {
  console.error("Memory has grown by more than is allowed");
  Deno.exit(1);
}
