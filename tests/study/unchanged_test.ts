/** Instruments leave what they look at as it was, whatever it is. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  enableGrad,
  isGradEnabled,
  losses,
  manualSeed,
  nn,
  noGrad,
  ones,
  rand,
  randn,
  study,
  type Tensor,
  where,
} from "../../mod.ts";

/** A module with all that may change: noise, a mode, running statistics, a tied weight, one at rest. */
class Restless extends nn.Module<[Tensor, Tensor?]> {
  first = new nn.Linear(3, 4);
  dropout = new nn.Dropout(0.5);
  rows = [new nn.Linear(4, 4), new nn.Linear(4, 2)];
  tied = this.rows[0]!;
  still = new nn.Parameter(ones([2]), { requiresGrad: false });
  mean = new nn.Buffer(ones([4]));
  override forward(x: Tensor, goal?: Tensor): Tensor {
    const h = this.dropout.forward(this.first.forward(x).tanh());
    if (this.training) noGrad(() => this.mean.copy_(this.mean.mul(0.9).add(h.mean(0).mul(0.1))));
    const noisy = where(rand(h.shape).lt(0.9), h, 0).sub(this.mean);
    const y = this.rows[1]!.forward(this.tied.forward(noisy)).mul(this.still);
    return goal === undefined ? y : losses.mse(y, goal);
  }
}

const x = randn([8, 3]);
const y = randn([8, 2]);
const fit = (model: Restless) => losses.mse(model.forward(x), y);
const terms = (model: Restless) => [fit(model), losses.regularization.l2(model.parameters())];
const each = (model: Restless) => model.forward(x).sub(y).square().mean(1);

/** Every instrument on a module. */
const INSTRUMENTS: Readonly<
  Record<Exclude<keyof typeof study, "compareLosses">, (model: Restless) => unknown>
> = {
  gradientProfile: (model) => study.gradientProfile(model as study.PairLoss, x, y),
  conflictMatrix: (model) => study.conflictMatrix(terms, model),
  gradientNorms: (model) => study.gradientNorms(terms, model),
  gradientSignalToNoise: (model) => study.gradientSignalToNoise(each, model),
  lossLandscape: (model) => study.lossLandscape(fit, model, 2, { points: 3 }),
  hessianTrace: (model) => study.hessianTrace(fit, model, { probes: 3 }),
  hessianSpectrum: (model) => study.hessianSpectrum(fit, model, { steps: 3 }),
  topEigenvectors: (model) => study.topEigenvectors(fit, model, { steps: 3 }),
};

/** All that could have changed. */
function stateOf(model: Restless) {
  return {
    tensors: Object.values(model.stateDict()).map((t) => [...t.data]),
    same: model.parameters(),
    gradients: model.parameters().map((p) => p.grad?.toArray() ?? null),
    places: model.parameters().map(({ node, requiresGrad }) => [node, requiresGrad]),
    modes: model.modules().map(({ training }) => training),
    recording: isGradEnabled(),
  };
}

for (const [name, run] of Object.entries(INSTRUMENTS)) {
  Deno.test(`study.${name}() changes nothing, and shows the same each time`, () => {
    for (const training of [true, false]) {
      for (const mode of [enableGrad, noGrad]) {
        const model = new Restless().train(training);
        model.first.weight.grad = ones([4, 3]);
        const stream = manualSeed(5);
        const { state } = stream;
        mode(() => {
          const before = stateOf(model);
          const found = run(model);
          assertEquals(stateOf(model), before);
          assertEquals(Deno.inspect(run(model), { depth: 9 }), Deno.inspect(found, { depth: 9 }));
          assertEquals(stream.state, state);
        });
      }
    }
  });

  Deno.test(`study.${name}() changes nothing where the function throws`, () => {
    const model = new Restless();
    const before = stateOf(model);
    const { state } = manualSeed(6);
    const { forward } = model.rows[1]!;
    model.rows[1]!.forward = () => {
      throw new RangeError("on the way");
    };
    assertThrows(() => run(model), RangeError, "on the way");
    model.rows[1]!.forward = forward;
    assertEquals(stateOf(model), before);
    assertEquals(manualSeed(6).state, state);
  });
}

for (const [name, run] of Object.entries(INSTRUMENTS)) {
  Deno.test(`study.${name}() gives a model back in the mode that it had`, () => {
    const model = new Restless();
    const { forward } = model;
    model.forward = (...inputs) => forward.call(model.eval(), ...inputs);
    run(model);
    assertEquals(model.modules().map(({ training }) => training), model.modules().map(() => true));
  });
}

Deno.test("what an instrument changes would be seen", () => {
  const model = new Restless();
  const changes: ((model: Restless) => unknown)[] = [
    (model) => fit(model),
    (model) => fit(model).backward(),
    (model) => model.eval(),
    (model) => noGrad(() => model.first.bias.copy_(model.first.bias.add(1e-6))),
    (model) => model.first = new nn.Linear(3, 4),
  ];
  for (const change of changes) {
    const before = Deno.inspect(stateOf(model), { depth: 9, iterableLimit: 1e4 });
    change(model);
    assert(Deno.inspect(stateOf(model), { depth: 9, iterableLimit: 1e4 }) !== before, `${change}`);
  }
});

Deno.test("results print as short objects of numbers", () => {
  const model = new Restless();
  for (const [name, run] of Object.entries(INSTRUMENTS)) {
    const text = Deno.inspect(run(model));
    assert(text.length < 4000 && !text.includes("storage"), `${name}: ${text}`);
  }
});
