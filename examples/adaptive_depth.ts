/**
 * Can a net be as deep as its input needs? A block is iterated until its output hardly changes. The
 * tape records as many iterations as ran, and the gradients are right at every depth.
 *
 *   deno run --allow-ffi examples/adaptive_depth.ts --seed 11
 */
import { linalg, randn, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";
import { gradcheck } from "@adjoint/ml/testing";

const run = train.experiment("The tape is recorded as it runs: its depth depends on the input.");
const [TOLERANCE, MOST] = [1e-3, 10];

// Each iteration shrinks the remaining change to 0.7 of it.
const { q } = linalg.qr(randn([4, 4], { dtype: "float64" }));
const weight = q.mul(0.7);
const direction = randn([4], { dtype: "float64" });

/** Iterates h ← W·tanh(h) + x until it changes by less than the tolerance; `each` gets every h. */
function settled(x: Tensor, weight: Tensor, each?: (h: Tensor) => void): Tensor {
  let h = x.mul(0);
  for (let depth = 0; depth < MOST; depth++) {
    const before = run.control ? h.detach() : h;
    h = weight.matmul(before.tanh()).add(x);
    each?.(h);
    if (h.sub(before).norm().item() < TOLERANCE) break;
  }
  return h.square().sum();
}

/** How often the block runs, and through how many of these runs the gradient flows. */
function depths(x: Tensor): [forward: number, backward: number] {
  let [forward, backward] = [0, 0];
  settled(x.detach().requiresGrad_(), weight, (h) => {
    forward++;
    h.registerHook(() => {
      backward++;
    });
  }).backward();
  return [forward, backward];
}

/** Whether the gradients of input and weight match finite differences. */
function isRight(x: Tensor): boolean {
  try {
    gradcheck((x, weight) => settled(x as Tensor, weight as Tensor), [
      x.detach().requiresGrad_(),
      weight.detach().requiresGrad_(),
    ]);
    return true;
  } catch (error) {
    console.log(`  ${(error as Error).message.split("\n")[0]}`);
    return false;
  }
}

const wanted = [1, 3, 10];
const tried = Array.from({ length: 400 }, (_, i) => direction.mul(10 ** (-4 + i / 80)));
const ran = tried.map((x) => depths(x)[0]);
const inputs = wanted.map((depth) => {
  // Small inputs settle soon; this takes a median input among those of the right depth.
  const fitting = tried.filter((_, i) => ran[i] === depth);
  return fitting[fitting.length >> 1]!;
});
run.picture(
  "depth",
  plot.lines(ran, {
    x: tried.map((x) => x.norm().item()),
    xScale: "log",
    xLabel: "size of the input",
    yLabel: "runs of the block",
  }),
);
const forward = inputs.map((x) => depths(x)[0]);
const backward = inputs.map((x) => depths(x)[1]);
const right = inputs.map(isRight);
inputs.forEach((x, i) => {
  const size = x.norm().item().toPrecision(2);
  console.log(
    `input of size ${size}: ${forward[i]} runs of the block, ${backward[i]} on the tape, ` +
      `gradients ${right[i] ? "right" : "wrong"}`,
  );
});
run.figures("A-07", { forward, backward, right: right.every((own) => own) });
run.end();
