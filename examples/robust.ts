// A loss of one's own against outliers. Run with: deno run --allow-ffi examples/robust.ts
import { losses, manualSeed, nn, noGrad, optim, randn, type Tensor } from "@adjoint/ml";

manualSeed(1766016000072n);
const x = randn([200, 1]);
const y = x.mul(2).add(1);
noGrad(() => y.setAt([[0, 20]], y.at([0, 20]).add(20))); // 10 % outliers

// Any function of tensors can be a loss; the library differentiates it, twice if needed.
export function softHuber(pred: Tensor, target: Tensor): Tensor {
  const r = pred.sub(target);
  return r.square().add(1).sqrt().sub(1).mean();
}

if (import.meta.main) {
  for (const [name, loss] of Object.entries({ mse: losses.mse, softHuber })) {
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
    for (let step = 0; step < 500; step++) { // synchronous, no dispose, no tidy: memory stays flat
      optimizer.zeroGrad();
      loss(model.forward(x), y).backward();
      optimizer.step();
    }
    console.log(name, model.weight.item(), model.bias.item());
  }
}
