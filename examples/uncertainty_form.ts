/**
 * Where do the log-variances of Kendall's loss end, and how can they be read? Sample S5 of article
 * 002, as printed and by the library, on constant losses.
 *
 *   deno run --allow-ffi examples/uncertainty_form.ts
 */
import { grad, linspace, losses, nn, noGrad, optim, type Tensor, tensor } from "@adjoint/ml";
import { train, zeros } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment(
  "A loss that learns its weights: the printed form, and how to read them.",
);

/** S5 as printed, with the signs that are missing from its text. */
class Printed extends nn.Module<[readonly Tensor[]]> {
  logVars = new nn.Parameter(zeros([2]));

  override forward(taskLosses: readonly Tensor[]): Tensor {
    let total = tensor(0);
    for (const [i, loss] of taskLosses.entries()) {
      const s = this.logVars.at(i);
      total = total.add(s.neg().exp().mul(loss)).add(s.mul(0.5));
    }
    return total;
  }
}

// S5 is stationary at s = ln(2L), which is too large by ln 2 for the log-variance of a Gaussian. The
// corrected form, ½e^(−s)·L + s/2, ends at s = ln L. For small losses, both totals are negative.
const forms = {
  faithful: new losses.MultiTaskLossWithUncertainty(2),
  corrected: new losses.MultiTaskLossWithUncertainty(2, { kind: "regression" }),
};
const sample = [new Printed(), run.control ? forms.corrected : forms.faithful].map((criterion) => {
  const total = criterion.forward([tensor(2), tensor(3)]);
  return { total: total.item(), slopes: grad(total, [criterion.logVars])[0].toArray() as number[] };
}) as [{ total: number; slopes: number[] }, { total: number; slopes: number[] }];
const constant = [tensor(0.04), tensor(9)];
const ends = Object.values(forms).map((criterion) => {
  const optimizer = new optim.Adam(criterion.parameters(), { lr: 0.02 });
  for (let step = 0; step < 1000; step++) {
    optimizer.zeroGrad();
    criterion.forward(constant).backward();
    optimizer.step();
  }
  return criterion.logVars.toArray() as number[];
});
const [faithful, corrected] = ends as [number[], number[]];
console.log(`log-variances for constant losses 0.04 and 9: ${faithful.map((s) => s.toFixed(4))}`);
console.log(
  `  corrected form: ${corrected.map((s) => s.toFixed(4))}; the logarithms of the losses are`,
);
console.log(`  ${[0.04, 9].map((loss) => Math.log(loss).toFixed(4))}`);
const small = new Printed();
noGrad(() => small.logVars.copy_(tensor([-9, -9])));
const below = small.forward([tensor(1e-4), tensor(1e-4)]).item();
console.log(`total of two losses of 0.0001 at log-variances −9: ${below.toFixed(2)}, below 0`);
const s = linspace(-5, 5, 101);
/** The term of a loss over its log-variance, and its minimum. */
const part = (loss: number) =>
  plot.lines({
    "as printed": s.neg().exp().mul(loss).add(s.mul(0.5)),
    corrected: s.neg().exp().mul(loss / 2).add(s.mul(0.5)),
  }, {
    x: s,
    title: `A loss of ${loss}`,
    xLabel: "log-variance",
    yLabel: "term of the total",
    yRange: [-3, 6],
    references: [
      { x: Math.log(2 * loss), label: "ln 2L" },
      { x: Math.log(loss), label: "ln L", line: "dotted" },
    ],
  });
run.picture("parts", plot.figure([part(0.04), part(9)]));
run.figures("S5", {
  total: sample[0].total,
  slopes: sample[0].slopes,
  libraryTotal: sample[1].total,
  librarySlopes: sample[1].slopes,
  below,
});
run.figures("C-13", { logVars: run.control ? corrected : faithful });
run.end();
