/** What a careless caller does with optimizers and schedules: it is refused by name, or does no harm. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { nn, noGrad, ones, optim, type Tensor, tensor, zeros } from "../../mod.ts";

const leaf = (shape: readonly number[] = [2]) => ones(shape, { requiresGrad: true });
const squares = (xs: readonly Tensor[]) =>
  xs.map((x) => x.square().sum()).reduce((sum, x) => sum.add(x));

/** A closure of the loss Σx². */
function closureOf(optimizer: { zeroGrad(): void }, xs: readonly Tensor[]) {
  return () => {
    optimizer.zeroGrad();
    const loss = squares(xs);
    loss.backward();
    return loss;
  };
}

/** Options with a value of one of the kinds that they take, and a later value of another. */
const OTHER_KINDS = {
  "Adafactor's eps": {
    make: () => new optim.Adafactor([leaf()], { eps: [1e-3, 1e-3] }),
    later: { eps: [null, 1e-3] },
  },
  "LBFGS's maxEval": {
    make: () => new optim.LBFGS([leaf()], { maxEval: 5 }),
    later: { maxEval: null },
  },
  "Muon's adjustLrFn": {
    make: () => new optim.Muon([leaf([1, 2])], { adjustLrFn: "original" }),
    later: { adjustLrFn: null },
  },
} as const;

for (const [name, { make, later }] of Object.entries(OTHER_KINDS)) {
  Deno.test(`${name} may be null in a group where the optimizer was given a number`, () => {
    const optimizer = make();
    const [group] = optimizer.paramGroups;
    Object.assign(group!, later);
    optimizer.step(closureOf(optimizer, group!.params));
    const other = make();
    other.loadStateDict(optimizer.stateDict() as never);
    const [loaded] = other.paramGroups;
    for (const [key, value] of Object.entries(later)) {
      assertEquals(Reflect.get(loaded!, key), value);
    }
  });
}

/** Calls that are refused, and the message. */
const REFUSED: Readonly<Record<string, readonly [call: () => unknown, says: RegExp]>> = {
  "a parameter that is disposed": [() => {
    const x = leaf();
    x.dispose();
    return new optim.SGD([x]);
  }, /^Cannot add to SGD: the tensor given as params has been disposed/],
  "a frozen parameter": [
    () => new optim.SGD(new nn.Linear(1, 2).requiresGrad_(false).parameters()),
    /^Cannot add to SGD: each .* got a tensor of shape \[2, 1\] that requires none; leave frozen ones out, by /,
  ],
  "a result in a parameter's place": [
    () => new optim.SGD([leaf([2]).mul(2)]),
    /got a tensor of shape \[2\] that an op made$/,
  ],
  "an asynchronous closure": [
    () => new optim.SGD([leaf()]).step((() => Promise.resolve(1)) as never),
    /^Cannot run SGD\.step: the function returned a promise, and the loss is needed at once/,
  ],
  "an asynchronous closure that rejects": [
    () => new optim.LBFGS([leaf()]).step((() => Promise.reject(new Error("late"))) as never),
    /^Cannot run LBFGS\.step: the function returned a promise/,
  ],
  "the state of an optimizer with fewer options": [
    () => new optim.NAdam([leaf()]).loadStateDict(new optim.RAdam([leaf()]).stateDict() as never),
    /^Cannot load the state of NAdam: group 0 of the state lacks momentumDecay$/,
  ],
  "a state without a count": [() => {
    const optimizer = new optim.SGD([leaf()]);
    const { state, groups: [{ count: _, ...group } = { count: 0 }] } = optimizer.stateDict();
    optimizer.loadStateDict({ state, groups: [group] } as never);
  }, /lacks count$/],
  "parameters that came to LBFGS after its first step": [
    () => {
      const params = [leaf()];
      const optimizer = new optim.LBFGS(params, { maxIter: 2 });
      const closure = closureOf(optimizer, params);
      optimizer.step(closure);
      optimizer.paramGroups[0]!.params = [...params, leaf([3])];
      optimizer.step(closure);
    },
    /^Cannot run LBFGS\.step: its state is for parameters of 2 elements together, which now have 5$/,
  ],
  "rates of lrRangeTest that fall": [() => {
    const optimizer = new optim.SGD([leaf()]);
    optim.lrRangeTest(optimizer, () => 1, { startLr: 1, endLr: 0.1 });
  }, /^Cannot run lrRangeTest: rates must increase, got startLr 1 and endLr 0\.1$/],
  "three phases of OneCycleLR that are longer than all steps": [() => {
    const options = { maxLr: 1, totalSteps: 10, threePhase: true, pctStart: 0.6 };
    new optim.OneCycleLR(new optim.Adam([leaf()]), options);
  }, /^Cannot make OneCycleLR: threePhase needs a pctStart of at most 0\.5/],
  "rates of a schedule's state that are no numbers": [() => {
    const schedule = new optim.StepLR(new optim.SGD([leaf()]), { stepSize: 1 });
    schedule.loadStateDict({ ...schedule.stateDict(), baseLrs: [NaN] });
  }, /baseLrs must be an array of finite numbers, got \[ NaN \]$/],
};

for (const [name, [call, says]] of Object.entries(REFUSED)) {
  Deno.test(`${name}: refused`, () => {
    assertMatch(assertThrows(call, Error).message, says);
  });
}

type AnySchedule = optim.LRScheduler | optim.ReduceLROnPlateau;

/** Schedules with a list that is changed after they were made, and how to change it. */
const LISTS: Readonly<Record<string, (list: unknown[], optimizer: optim.SGD) => AnySchedule>> = {
  milestones: (list, optimizer) =>
    new optim.MultiStepLR(optimizer, { milestones: list as number[] }),
  maxLr: (list, optimizer) =>
    new optim.OneCycleLR(optimizer, { maxLr: list as number[], totalSteps: 9 }),
  "maxLr in cycles": (list, optimizer) =>
    new optim.CyclicLR(optimizer, { baseLr: 0.1, maxLr: list as number[], stepSizeUp: 2 }),
  lrLambda: (list, optimizer) =>
    new optim.LambdaLR(optimizer, { lrLambda: list as ((epoch: number) => number)[] }),
  minLr: (list, optimizer) =>
    new optim.ReduceLROnPlateau(optimizer, { minLr: list as number[], patience: 0 }),
};

for (const [name, make] of Object.entries(LISTS)) {
  Deno.test(`a schedule keeps its own list of ${name}`, () => {
    const [given, other] = name === "lrLambda"
      ? [(n: number) => 1 / (n + 1), () => 7]
      : name === "milestones"
      ? [5, 1]
      : [0.4, 0.9];
    const rates = (changed: boolean) => {
      const list: unknown[] = [given];
      const optimizer = new optim.SGD([leaf()], { lr: 1, momentum: 0.5 });
      const schedule = make(list, optimizer);
      if (changed) list[0] = other;
      return Array.from({ length: 4 }, () => {
        if (schedule instanceof optim.ReduceLROnPlateau) schedule.step(1);
        else schedule.step();
        return optimizer.paramGroups[0]!.lr;
      });
    };
    assertEquals(rates(true), rates(false));
  });
}

Deno.test("optim.CosineAnnealingLR comes back to a rate of 0, and never below", () => {
  for (const tMax of [2, 3, 5, 7, 50]) {
    const optimizer = new optim.SGD([leaf()], { lr: 0 });
    const schedule = new optim.CosineAnnealingLR(optimizer, { tMax, etaMin: 0.01 });
    for (let step = 0; step < 6 * tMax; step++) {
      schedule.step();
      const [lr] = schedule.getLastLr();
      assert(lr! >= 0, `${lr} after ${step + 1} steps, with tMax ${tMax}`);
    }
  }
});

/** Objectives of one parameter, whose range test ends by divergence, and whether they grow. */
const OBJECTIVES = {
  "a loss": { maximize: false, loss: (x: Tensor) => x.square().sum() },
  "a negative loss": { maximize: false, loss: (x: Tensor) => x.square().sum().sub(5) },
  "a reward": { maximize: true, loss: (x: Tensor) => x.square().sum().neg() },
  "a positive reward": { maximize: true, loss: (x: Tensor) => x.square().sum().neg().add(5) },
} as const;

for (const [name, { maximize, loss }] of Object.entries(OBJECTIVES)) {
  Deno.test(`optim.lrRangeTest() of ${name} finds the rates at which a quadratic improves`, () => {
    const x = tensor([1], { dtype: "float64", requiresGrad: true });
    const optimizer = new optim.SGD([x], { maximize });
    const { lrs, losses, suggestion } = optim.lrRangeTest(optimizer, () => {
      optimizer.zeroGrad();
      const y = loss(x);
      y.backward();
      return y;
    }, { endLr: 100, smoothing: 1 });
    assertEquals(losses[0], loss(ones([1], { dtype: "float64" })).item());
    // It improves up to a rate of 1, and is best at 0.5.
    assert(suggestion! > 0.05 && suggestion! < 1, `suggested ${suggestion}`);
    assert(lrs.at(-1)! > 1 && lrs.length < 100, `ended after ${lrs.length} rates`);
  });
}

Deno.test("optim.lrRangeTest() suggests a rate also where the last step ends in NaN", () => {
  const optimizer = new optim.SGD([leaf()]);
  const losses = [3, 1, NaN];
  const { lrs, suggestion } = optim.lrRangeTest(optimizer, () => losses.shift()!, { smoothing: 1 });
  assertEquals([lrs.length, suggestion], [3, lrs[0]]);
});

Deno.test("optim.lrRangeTest() tries more rates than a call takes arguments", () => {
  const optimizer = new optim.SGD([leaf()]);
  const numIter = 150_000;
  assertEquals(optim.lrRangeTest(optimizer, () => 1, { numIter }).lrs.length, numIter);
});

Deno.test("optim.LBFGS keeps its state in the type that the parameters have by now", () => {
  const model = new nn.Linear(2, 1);
  const optimizer = new optim.LBFGS(model.parameters(), { maxIter: 2 });
  const run = () => optimizer.step(closureOf(optimizer, model.parameters()));
  run();
  model.to({ dtype: "float64" });
  run();
  const [state] = optimizer.stateDict().state;
  const tensors = Object.values(state!).filter((x) => typeof x !== "number") as Tensor[];
  assertEquals(tensors.map(({ dtype }) => dtype), tensors.map(() => "float64"));
});

Deno.test("what a step is given may change after it: no optimizer keeps it", () => {
  const betas: [number, number] = [0.9, 0.99];
  const group = { params: [leaf()], betas };
  const optimizer = new optim.Adam([group]);
  betas[0] = 5;
  group.params.push(zeros([1], { requiresGrad: true }));
  assertEquals(optimizer.paramGroups[0]!.betas, [0.9, 0.99]);
  assertEquals(optimizer.paramGroups[0]!.params.length, 1);
  const [x] = group.params;
  x!.grad = ones([2]);
  optimizer.step();
  const state = optimizer.stateDict();
  optimizer.loadStateDict(state);
  noGrad(() => (state.state[0]!["expAvg"] as Tensor).fill_(9));
  const again = optimizer.stateDict();
  assertEquals((again.state[0]!["expAvg"] as Tensor).at(0).item(), Math.fround(0.1));
});
