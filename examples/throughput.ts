/**
 * How much faster can a squared error be computed? The article claims a factor of 200 for quantum
 * PyTorch, which does not exist. Measured here: value and gradient in plain JavaScript, with the
 * library and on a GPU; and a simulated circuit of four qubits that learns by the parameter-shift
 * rule.
 *
 *   deno run --allow-ffi examples/throughput.ts --seed 11
 */
import { fromTypedArray, gpu, losses, rand, randn, scope, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Measured speedups of MSE instead of the claimed 200.");

/** Value and gradient in plain JavaScript. */
function plain(prediction: Float32Array, target: Float32Array): [number, Float32Array] {
  const gradient = new Float32Array(prediction.length);
  let sum = 0;
  for (let i = 0; i < prediction.length; i++) {
    const away = prediction[i]! - target[i]!;
    sum += away * away;
    gradient[i] = 2 * away / prediction.length;
  }
  return [sum / prediction.length, gradient];
}

function withTape(prediction: Tensor, target: Tensor): void {
  scope(() => {
    const leaf = prediction.detach().requiresGrad_();
    losses.mse(leaf, target).backward();
    if (leaf.device === "gpu") leaf.grad!.sum().item(); // waits for the queued work
  });
}

/** The shortest time of several runs, in ms. */
function least(work: () => unknown): number {
  const until = performance.now() + (run.quick ? 20 : 200);
  let best = Infinity;
  do {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  } while (performance.now() < until);
  return best;
}

// A GPU emulated in software would measure nothing.
const info = gpu.info();
const isReal = info.available && info.kind !== "software";

const powers = run.quick ? [10, 14, 18] : [10, 12, 14, 16, 18, 20, 22, 24];
const rows = powers.map((power) => {
  const n = 2 ** power;
  const [a, b] = [rand([n]), rand([n])];
  const [left, right] = [a.data, b.data] as [Float32Array, Float32Array];
  const row = { n, js: least(() => plain(left, right)), rust: least(() => withTape(a, b)) };
  if (!isReal) return { ...row, device: NaN, transfer: NaN };
  const [far, away] = [a, b].map((x) => x.to({ device: "gpu" })) as [Tensor, Tensor];
  return {
    ...row,
    device: least(() => withTape(far, away)),
    transfer: least(() => fromTypedArray(left, [n]).to({ device: "gpu" }).sum().item()),
  };
});
for (const { n, js, rust, device, transfer } of rows) {
  const cells = { JavaScript: js, library: rust, GPU: device, "moving there": transfer };
  console.log(`${n}: ${Object.entries(cells).map(([name, ms]) => `${name} ${ms.toFixed(3)} ms`)}`);
}
const times = { JavaScript: rows.map(({ js }) => js), library: rows.map(({ rust }) => rust) };
const far = isReal ? { GPU: rows.map(({ device }) => device) } : {};
const axes = { xScale: "log", yScale: "log", xLabel: "numbers", yLabel: "ms" } as const;
run.picture("times", plot.lines({ ...times, ...far }, { x: rows.map(({ n }) => n), ...axes }));
const ratios = rows.map(({ js, rust }) => js / rust);
const crossover = rows.find(({ js, rust }) => rust < js)?.n ?? Infinity;
const most = Math.max(...ratios).toFixed(1);
console.log(`the library is faster from ${crossover} numbers on, by a factor of at most ${most};`);
const gpuFrom = rows.find(({ rust, device }) => device < rust)?.n ?? Infinity;
console.log(`a GPU is faster still from ${gpuFrom} numbers on, if they are already on it.`);
const [left, right] = [randn([1000]).requiresGrad_(), randn([1000])];
losses.mse(left, right).backward();
const [, gradient] = plain(left.data as Float32Array, right.data as Float32Array);
const differs = left.grad!.sub(fromTypedArray(gradient, [1000])).abs().max().item();

/** ⟨Z⟩ of the first of four qubits (16 amplitudes) after rotations about y and controlled flips. */
function circuit(angles: readonly number[]): number {
  let state = Float64Array.from({ length: 16 }, (_, i) => Number(i === 0));
  for (const [k, angle] of angles.entries()) {
    const [bit, next] = [1 << k % 4, 1 << (k + 1) % 4];
    const [c, s] = [Math.cos(angle / 2), Math.sin(angle / 2)];
    state = state.map((own, i) => c * own + (i & bit ? s : -s) * state[i ^ bit]!);
    state = state.map((own, i) => i & bit ? state[i ^ next]! : own);
  }
  return state.reduce((sum, own, i) => sum + (i & 1 ? -1 : 1) * own * own, 0);
}
const moved = (angles: readonly number[], k: number, by: number) =>
  angles.map((own, i) => i === k ? own + by : own);
const loss = (angles: readonly number[]) => (circuit(angles) - 0.3) ** 2;
/** The gradient by the parameter-shift rule: the circuit at angles shifted by a quarter turn. */
function shifted(angles: readonly number[]): number[] {
  const by = run.control ? Math.PI / 4 : Math.PI / 2;
  const slope = (k: number) => circuit(moved(angles, k, by)) - circuit(moved(angles, k, -by));
  return angles.map((_, k) => (circuit(angles) - 0.3) * slope(k));
}
let angles = rand([8]).mul(2 * Math.PI).toArray() as number[];
const differences = angles.map((_, k) =>
  (loss(moved(angles, k, 1e-5)) - loss(moved(angles, k, -1e-5))) / 2e-5
);
const shiftError = Math.max(...shifted(angles).map((own, k) => Math.abs(own - differences[k]!)));
const first = loss(angles);
for (let step = 0; step < 200; step++) {
  const slopes = shifted(angles);
  angles = angles.map((own, k) => own - 0.2 * slopes[k]!);
}
const [from, to] = [first.toFixed(4), loss(angles).toExponential(1)];
console.log(`a simulated circuit, slower than classical computation: MSE ${from} → ${to},`);
console.log(`  with an error of ${shiftError.toExponential(1)} in the gradient by the shift rule`);
const transfer = rows.map((row) => row.transfer);
run.figures("A-23", { ratios, crossover, transfer, differs, shiftError, trained: loss(angles) });
run.end();
