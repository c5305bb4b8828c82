/**
 * A small perturbation along the gradient of the input misleads a net, and training on such inputs
 * helps. Article 001 asks for models that resist malicious attacks. On synthetic classes in 20
 * dimensions, the fast gradient sign method moves each number by 0.5. The same net trained on
 * attacked batches is right more often under attack and no worse without. PGD, 10 smaller steps
 * with a projection, is a harder test: a net that resists one attack need not resist another.
 *
 *   deno run --allow-ffi examples/attacks.ts --seed 1
 *
 * The control trains the second net on random perturbations of the same size.
 */

import { data, grad, losses, metrics, nn, noGrad, optim, randint } from "@adjoint/ml";
import { randn, type Tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("Training on attacks helps against attacks.");
const SIZE = 0.5;
const world = Number(run.seed % 1000n);
const known = data.synthetic.blobs(900, { world });
const unknown = data.synthetic.blobs(500, { world });

/** One step along the sign of the input's gradient. */
function push(model: nn.Module, x: Tensor, y: Tensor, step: number): Tensor {
  const input = x.detach().requiresGrad_();
  const [g] = grad(losses.crossEntropy(model.forward(input), y), [input]);
  return input.add(g!.sign().mul(step)).detach();
}

/** The fast gradient sign method (Goodfellow et al., 2015). */
const fgsm = (model: nn.Module, x: Tensor, y: Tensor) => push(model, x, y, SIZE);

/** Projected gradient descent (Madry et al., 2018). */
function pgd(model: nn.Module, x: Tensor, y: Tensor): Tensor {
  let at = x;
  for (let step = 0; step < 10; step++) {
    at = push(model, at, y, SIZE / 4).sub(x).clamp(-SIZE, SIZE).add(x);
  }
  return at;
}

/** A net trained on batches that an attacker has perturbed. */
function trained(attack: (model: nn.Module, x: Tensor, y: Tensor) => Tensor): nn.Module {
  const model = new nn.Sequential(new nn.Linear(20, 48), new nn.ReLU(), new nn.Linear(48, 3));
  const optimizer = new optim.Adam(model.parameters(), { lr: 3e-3 });
  for (let step = 0; step < (run.quick ? 200 : 600); step++) {
    const batch = randint(0, 900, [64]);
    const [x, y] = [known.x.indexSelect(0, batch), known.y.indexSelect(0, batch)];
    const attacked = attack(model, x, y);
    optimizer.zeroGrad();
    losses.crossEntropy(model.forward(attacked), y).backward();
    optimizer.step();
  }
  return model;
}

const accuracy = (model: nn.Module, x: Tensor) =>
  metrics.accuracy(noGrad(() => model.forward(x)), unknown.y);
const random = (_: nn.Module, x: Tensor) => x.add(randn(x.shape).sign().mul(SIZE));
const models = { plain: trained((_, x) => x), hardened: trained(run.control ? random : fgsm) };
console.log("Synthetic classes. Accuracy    clean   random  FGSM    PGD");
const found = Object.fromEntries(
  Object.entries(models).map(([name, model]) => {
    const all = [(_: nn.Module, x: Tensor) => x, random, fgsm, pgd].map((attack) =>
      accuracy(model, attack(model, unknown.x, unknown.y))
    );
    console.log(`  ${name.padEnd(28)} ${all.map((a) => a.toFixed(3).padEnd(7)).join(" ")}`);
    return [name, all];
  }),
);
const sizes = Array.from({ length: 11 }, (_, i) => i / 10);
const curve = (model: nn.Module) =>
  sizes.map((size) => accuracy(model, push(model, unknown.x, unknown.y, size)));
run.picture(
  "pushes",
  plot.lines({ plain: curve(models.plain), hardened: curve(models.hardened) }, {
    x: sizes,
    xLabel: "perturbation of each number (FGSM)",
    yLabel: "accuracy",
    references: [{ x: SIZE, label: "hardened against" }],
  }),
);
run.figures("B-34", found);
run.end();
