/** The test of learning rates: what it tries and notes, and that it leaves everything as it was. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { nn, optim, type Tensor, tensor } from "../../mod.ts";

/** A quadratic of curvature 2, which descends by 1 − 2·lr. */
function sceneOf(make: (x: Tensor) => optim.SGD | optim.Adam | optim.LBFGS) {
  const x = tensor([3], { dtype: "float64", requiresGrad: true });
  const optimizer = make(x);
  const closure = () => {
    optimizer.zeroGrad();
    const loss = x.square().sum();
    loss.backward();
    return loss;
  };
  return { x, optimizer, closure };
}

const sgd = () => sceneOf((x) => new optim.SGD([x], { lr: 0.3, momentum: 0.5 }));
const EXACT = { rtol: 1e-12, atol: 0 };

Deno.test("optim.lrRangeTest() notes the losses of growing rates", () => {
  const { optimizer, closure } = sceneOf((x) => new optim.SGD([x]));
  const options = { startLr: 0.1, endLr: 0.4, numIter: 3, smoothing: 1 };
  const { lrs, losses, suggestion } = optim.lrRangeTest(optimizer, closure, options);
  assertClose(tensor(lrs, { dtype: "float64" }), [0.1, 0.2, 0.4], EXACT);
  const xs = [3, 3 * 0.8, 3 * 0.8 * 0.6];
  assertClose(tensor(losses, { dtype: "float64" }), xs.map((x) => x * x), EXACT);
  // From 9 to 5.76 to 2.0736: the step with 0.2 was the better one.
  assertEquals(suggestion, lrs[1]);
  const linear = optim.lrRangeTest(optimizer, closure, { ...options, stepMode: "linear" });
  assertClose(tensor(linear.lrs, { dtype: "float64" }), [0.1, 0.25, 0.4], EXACT);
  const smooth = optim.lrRangeTest(optimizer, closure, { ...options, smoothing: 0.5 });
  assertClose(smooth.losses[1]!, (xs[0]! ** 2 + xs[1]! ** 2) / 2, EXACT);
});

Deno.test("optim.lrRangeTest() ends where the loss diverges, and takes its own rates to do so", () => {
  const { optimizer, closure } = sgd();
  const { lrs, losses } = optim.lrRangeTest(optimizer, closure, { smoothing: 1, divergence: 3 });
  assert(lrs.length < 100 && lrs.length === losses.length);
  assertEquals(lrs[0], 1e-7);
  assert(losses.at(-1)! > 3 * Math.min(...losses));
  assert(losses.slice(0, -1).every((loss, i) => loss <= 3 * Math.min(...losses.slice(0, i + 1))));
  const still = optim.lrRangeTest(optimizer, closure, { startLr: 1e-9, endLr: 1e-9, numIter: 4 });
  assertEquals(still.lrs, [1e-9, 1e-9, 1e-9, 1e-9]);
  const nan = optim.lrRangeTest(optimizer, () => NaN, { numIter: 4 });
  assertEquals([nan.lrs.length, nan.suggestion], [1, null]);
});

const SCENES = {
  SGD: sgd,
  Adam: () => sceneOf((x) => new optim.Adam([x], { lr: 0.1 })),
  LBFGS: () => sceneOf((x) => new optim.LBFGS([x], { maxIter: 2, lr: 0.01 })),
};

for (const gradient of [null, [7]]) {
  Deno.test(`optim.lrRangeTest() leaves the gradient ${gradient} as it was, also after an error`, () => {
    const { x, optimizer, closure } = sgd();
    const kept = gradient && tensor(gradient, { dtype: "float64" });
    x.grad = kept;
    optim.lrRangeTest(optimizer, closure, { numIter: 3 });
    assertEquals(x.grad?.toArray() ?? null, gradient);
    const failing = () => {
      closure();
      nn.utils.clipGradNorm_([x], 1e-3);
      throw new Error("the data is gone");
    };
    x.grad = kept;
    assertThrows(() => optim.lrRangeTest(optimizer, failing), Error, "the data is gone");
    assertEquals(x.grad?.toArray() ?? null, gradient);
  });
}

/** Checks that an optimizer goes on as one that was never tried. */
function checkLeft(make: () => ReturnType<typeof sgd>): void {
  const [own, twin] = [make(), make()];
  for (const { optimizer, closure } of [own, twin]) optimizer.step(closure);
  optim.lrRangeTest(own.optimizer, own.closure);
  const failing = () => {
    own.closure();
    own.x.detach().fill_(9);
    throw new Error("the data is gone");
  };
  assertThrows(() => optim.lrRangeTest(own.optimizer, failing), Error, "the data is gone");
  assertEquals(own.x.item(), twin.x.item());
  assertEquals(own.optimizer.paramGroups[0]!.lr, twin.optimizer.paramGroups[0]!.lr);
  for (const { optimizer, closure } of [own, twin]) {
    for (let step = 0; step < 3; step++) optimizer.step(closure);
  }
  assertEquals(own.x.item(), twin.x.item());
}

for (const [name, make] of Object.entries(SCENES)) {
  Deno.test(`optim.lrRangeTest() leaves ${name} and its parameters as they were`, () => {
    checkLeft(make);
  });
}

/** SGD that goes on with the velocity that it has. */
class Forgetful extends optim.SGD {
  override loadStateDict(state: ReturnType<optim.SGD["stateDict"]>): void {
    this.paramGroups.forEach((group, i) => group.lr = state.groups[i]!.lr);
  }
}

Deno.test("an optimizer that was left in another state is found", () => {
  const make = () => sceneOf((x) => new Forgetful([x], { lr: 0.3, momentum: 0.5 }));
  assertThrows(() => checkLeft(make), Error, "not equal");
});

Deno.test("optim.lrRangeTest() follows an objective that is to grow, and refuses to grow and fall at once", () => {
  const scene = (maximize: boolean[], sign: number) => {
    const groups = maximize.map((up) => {
      return { params: [tensor([3], { requiresGrad: true })], maximize: up };
    });
    const optimizer = new optim.SGD(groups);
    return optim.lrRangeTest(optimizer, () => {
      optimizer.zeroGrad();
      const [first, second] = groups.map(({ params: [x] }) => x!.square().sum());
      const loss = first!.add(second!).mul(sign);
      loss.backward();
      return loss;
    });
  };
  const [down, up] = [scene([false, false], 1), scene([true, true], -1)];
  assertEquals(up, { ...down, losses: down.losses.map((loss) => -loss) });
  for (const mixed of [[true, false], [false, true]]) {
    assertThrows(() => scene(mixed, 1), RangeError, "or none, as one loss tells");
  }
});

Deno.test("optim.lrRangeTest() refuses rates and shares out of range", () => {
  const { optimizer, closure } = sgd();
  const wrong: [options: object, says: string][] = [
    [{ startLr: 0 }, "startLr must lie in (0, ∞), got 0"],
    [{ endLr: -1 }, "endLr must lie in (0, ∞), got -1"],
    [{ numIter: 0 }, "numIter must be a positive integer, got 0"],
    [{ smoothing: 0 }, "smoothing must lie in (0, 1], got 0"],
    [{ divergence: 1 }, "divergence must lie in (1, ∞), got 1"],
    [{ stepMode: "log" }, 'stepMode must be "exp" or "linear", got "log"'],
  ];
  for (const [options, says] of wrong) {
    assertThrows(() => optim.lrRangeTest(optimizer, closure, options), Error, says);
  }
});
