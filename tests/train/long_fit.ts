/**
 * Memory over a `fit` of many steps on data that is at hand, so that nothing is waited for, with
 * everything that collects something: metrics, an average, clipping, a schedule, validation. Fails if,
 * after the first fifth, the used heap or the memory outside of it grows by more than is allowed.
 *
 *   deno run --allow-ffi --v8-flags=--expose-gc tests/train/long_fit.ts [steps, default 50000]
 *
 * With `--leak` each output is kept, which must be noticed.
 */

import { data, keep, losses, manualSeed, metrics, nn, optim, randn, train } from "../../mod.ts";

const MEBIBYTE = 2 ** 20;
/** What either may grow by: what a collection leaves varies a little, and the history has a row an epoch. */
const ALLOWED = 2 * MEBIBYTE;
const STEPS_PER_EPOCH = 100;

const leak = Deno.args.includes("--leak");
const steps = Number(Deno.args.find((text) => !text.startsWith("--")) ?? 50_000);
const collect: unknown = Reflect.get(globalThis, "gc");
if (typeof collect !== "function") {
  console.error("Cannot measure memory: it needs --v8-flags=--expose-gc");
  Deno.exit(2);
}

/** The memory that is held once nothing is waiting to be freed. */
function held(): { heap: number; outside: number } {
  Reflect.apply(collect as () => void, null, []);
  const { heapUsed, external } = Deno.memoryUsage();
  return { heap: heapUsed, outside: external };
}

manualSeed(1);
const x = randn([STEPS_PER_EPOCH * 20, 32]);
const y = x.sum(1, { keepdim: true }).tanh();
const net = () =>
  new nn.Sequential(
    new nn.Linear(32, 64),
    new nn.BatchNorm1d(64),
    new nn.ReLU(),
    new nn.Linear(64, 1),
  );
const [model, averaged] = [net(), net()];
const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });
const batches = (shuffle: boolean) =>
  new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 20, shuffle });

const kept: unknown[] = [];
const seen: { heap: number; outside: number }[] = [];
const fifth = Math.ceil(steps / 5);
const start = performance.now();
await train.fit({
  model,
  optimizer,
  loss: (p, t) => {
    if (leak) kept.push(keep(p.detach().expand([20, 64]).clone()));
    return { data: losses.huber(p, t), size: p.square().mean().mul(1e-3) };
  },
  train: batches(true),
  validation: batches(false),
  limitBatches: STEPS_PER_EPOCH,
  average: new optim.ExponentialMovingAverage(averaged, { decay: 0.99 }),
  scheduler: new optim.OneCycleLR(optimizer, { maxLr: 1e-2, totalSteps: steps + STEPS_PER_EPOCH }),
  metrics: { mae: metrics.mae },
  clipGradNorm: 1,
  epochs: Math.ceil(steps / STEPS_PER_EPOCH),
  progress: false,
  callbacks: [{ onBatchEnd: ({ step }) => void (step % fifth === 0 && seen.push(held())) }],
});
const seconds = (performance.now() - start) / 1000;
const [base, ...later] = seen;
const grown = (part: "heap" | "outside") =>
  Math.max(...later.map((now) => now[part])) - (base?.[part] ?? NaN);
const [heap, outside] = [grown("heap"), grown("outside")];
console.log(JSON.stringify({ steps, seconds, heap, outside }));
if (!(heap <= ALLOWED && outside <= ALLOWED)) {
  console.error("Memory has grown by more than is allowed");
  Deno.exit(1);
}
