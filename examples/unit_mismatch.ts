/**
 * What does a sum of losses in unequal units learn, and do learned weights help? The pulls of the
 * losses add up, so the loss in the larger unit wins: one task here is 500 times smaller than the
 * other. Learned log-variances balance them, but only up to a point: on memorised data they fall
 * without end. Synthetic data.
 *
 *   deno run --allow-ffi examples/unit_mismatch.ts --seed 11
 */
import { cat, data, losses, nn, optim, randn, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Of two tasks in units 500 times apart, a sum learns only one.");
const { twoTasks } = data.synthetic;
const world = Number(run.seed);

interface Weights {
  /** Whether weights are learned; otherwise the plain sum. */
  readonly learned: boolean;
  /** The rate of the log-variances. */
  readonly lr: number;
}

/** Errors of both tasks on clean targets, as shares of their variances. */
function trained({ learned, lr }: Weights): [small: number, large: number] {
  const net = new nn.Sequential(
    new nn.Linear(10, 16),
    new nn.Tanh(),
    new nn.Linear(16, 2),
    new nn.Linear(2, 2),
  );
  const criterion = new losses.MultiTaskLossWithUncertainty(2);
  const sum = new losses.WeightedSum([1, 1]);
  const optimizer = new optim.Adam([
    { params: net.parameters() },
    { params: criterion.parameters(), lr },
  ], { lr: 1e-3 });
  for (let step = 0; step < (run.quick ? 700 : 3000); step++) {
    const { x, small, large } = twoTasks(64, { world });
    const [first, second] = net.forward(x).split(1, 1) as [Tensor, Tensor];
    const each = [losses.mse(first, small), losses.mse(second, large)];
    optimizer.zeroGrad();
    (learned ? criterion : sum).forward(each).backward();
    optimizer.step();
  }
  const { x, small, large } = twoTasks(4000, { world, noise: 0 });
  const errors = net.forward(x).sub(cat([small, large], 1)).square().mean(0);
  return errors.div(cat([small, large], 1).var(0)).toArray() as [number, number];
}

const sum = trained({ learned: false, lr: 0 });
const slow = trained({ learned: true, lr: 1e-3 });
const fast = trained({ learned: !run.control, lr: 2e-2 });
console.log("error as a share of the variance, small task and large one:");
for (const [name, pair] of Object.entries({ sum, "S5, rate 0.001": slow, "S5, rate 0.02": fast })) {
  console.log(`  ${name.padEnd(15)}${pair.map((error) => error.toPrecision(2)).join("  ")}`);
}
console.log("The remedy costs accuracy in the large task, and its rate has to be chosen.");
run.figures("C-11", { sumSmall: sum[0], sumLarge: sum[1], fastSmall: fast[0], fastLarge: fast[1] });

/** The log-variances while a net memorises 32 examples. */
function byHeart(clamp: readonly [number, number] | null): number[][] {
  const net = new nn.Sequential(new nn.Linear(10, 128), new nn.Tanh(), new nn.Linear(128, 2));
  const criterion = new losses.MultiTaskLossWithUncertainty(2, clamp === null ? {} : { clamp });
  const optimizer = new optim.Adam([
    { params: net.parameters() },
    { params: criterion.parameters(), lr: 5e-3 },
  ], { lr: 1e-3 });
  const [x, y] = [randn([32, 10]), randn([32, 2])];
  const seen: number[][] = [];
  for (let step = 1; step <= 2000; step++) {
    const each = net.forward(x).sub(y).square().mean(0).unbind();
    optimizer.zeroGrad();
    criterion.forward(each).backward();
    optimizer.step();
    if (step % 200 === 0) seen.push(criterion.logVars.toArray() as number[]);
  }
  return seen;
}
// The corrected form converges because its log-variances are bounded.
const [faithful, corrected] = [byHeart(null), byHeart([-4, 4])];
const [free, held] = [faithful, corrected].map((seen) => seen.at(-1)!) as [number[], number[]];
console.log(`log-variances after 2000 steps on 32 examples: ${free.map((s) => s.toFixed(1))},`);
console.log(`  bounded: ${held.map((s) => s.toFixed(1))}`);
const courses = { free: faithful, held: corrected };
run.picture(
  "log_variances",
  plot.lines(
    Object.fromEntries(
      Object.entries(courses).flatMap(([name, course]) =>
        [0, 1].map((task) => [`${name}, task ${task + 1}`, course.map((s) => s[task]!)])
      ),
    ),
    {
      x: faithful.map((_, i) => 200 * (i + 1)),
      title: "Log-variances while 32 examples are memorised",
      xLabel: "step",
      yLabel: "log-variance",
    },
  ),
);
const seen = run.control ? corrected : faithful;
run.figures("C-16", {
  slowSmall: slow[0],
  fastSmall: fast[0],
  logVars: seen.at(-1)!,
  lastFall: seen.at(-1)!.map((s, i) => s - seen.at(-2)![i]!),
});
console.log(
  "Learned weights still need choices: their rate, their limits, and when to stop.",
);
run.end();
