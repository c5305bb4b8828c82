// What a loss does to gradients: the same network and data with three losses; one sample in ten is an
// outlier. A step never sees the value of a loss, only its gradient, to which each sample adds a pull.
// Run with: deno run --allow-ffi examples/gradients.ts
import { losses, manualSeed, nn, optim, randn, study, type Tensor, tensor } from "@adjoint/ml";

const LOSSES = { mse: losses.mse, huber: losses.huber, cauchy: losses.cauchy };

/** Numbers with three digits. */
const short = (values: readonly number[]) => values.map((x) => x.toPrecision(3)).join("  ");

/** The findings for a loss. */
export interface Finding {
  /** The outliers' share of the gradient before training. */
  readonly outliers: number;
  /** Error on clean data after training. */
  readonly error: number;
  /** The largest eigenvalue of the Hessian after training, and the mean. */
  readonly sharpness: number;
  readonly mean: number;
}

/** Trains with a loss, and measures it. */
export function examine(loss: (p: Tensor, t: Tensor) => Tensor, steps: number): Finding {
  manualSeed(1);
  const x = randn([100, 3]);
  const clean = x.matmul(tensor([[1], [-2], [0.5]])).tanh();
  const spoilt = tensor(Float32Array.from({ length: 100 }, (_, i) => i % 10 ? 0 : 8)).unsqueeze(1);
  const y = clean.add(spoilt);
  const model = new nn.Sequential(new nn.Linear(3, 8), new nn.Tanh(), new nn.Linear(8, 1));
  const { shares } = study.gradientProfile(loss, model.forward(x).detach(), y);
  const outliers = shares.mul(spoilt.squeeze(1).ne(0)).sum().item();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    loss(model.forward(x), y).backward();
    optimizer.step();
  }
  const at = (m: typeof model) => loss(m.forward(x), y);
  const { eigenvalues } = study.topEigenvectors(at, model);
  const { trace } = study.hessianTrace(at, model);
  const size = model.parameters().reduce((sum, p) => sum + p.size, 0);
  const error = losses.mse(model.forward(x), clean).item();
  return { outliers, error, sharpness: eigenvalues[0]!, mean: trace / size };
}

if (import.meta.main) {
  const { residuals, curves } = study.compareLosses(LOSSES, { residuals: [0.1, 0.5, 1, 3, 8] });
  console.log(`residual        ${short(residuals)}`);
  for (const [name, { first, second }] of Object.entries(curves)) {
    console.log(`${name.padEnd(8)} pull   ${short(first)}\n         bend   ${short(second)}`);
  }
  for (const [name, loss] of Object.entries(LOSSES)) {
    const { outliers, error, sharpness, mean } = examine(loss, 400);
    console.log(`${name}: outliers have ${(100 * outliers).toFixed(0)} % of the first gradient,`);
    console.log(
      `  clean error ${short([error])}, sharpness and mean of H ${short([sharpness, mean])}`,
    );
  }
}
