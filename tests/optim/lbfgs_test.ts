/** LBFGS: PyTorch's trajectories with their evaluations, states, and what is refused. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { LBFGS_DEFAULTS } from "../../lib/optim/lbfgs.ts";
import { assertClose, CheckError } from "../../lib/testing/mod.ts";
import { cat, type DType, ones, optim, scope, type Tensor, tensor, zeros } from "../../mod.ts";
import { casesOf, optionsOf, type Stored, unstored } from "../fixtures/stored.ts";

interface Search {
  readonly options: Readonly<Record<string, unknown>>;
  readonly start: readonly Stored[];
  readonly steps: number;
  readonly first: readonly Stored[];
  readonly last: readonly Stored[];
  /** The loss before each step. */
  readonly losses: readonly number[];
  /** How often each step asked for it. */
  readonly evaluations: readonly number[];
}

const SEARCHES = casesOf<Search>("optimizers/LBFGS");

/** Rosenbrock's valley. */
function valley(params: readonly Tensor[]): Tensor {
  const x = cat(params.map((p) => p.flatten()), 0);
  const [here, next] = [x.narrow(0, 0, x.size - 1), x.narrow(0, 1, x.size - 1)];
  return here.neg().add(1).square().add(next.sub(here.square()).square().mul(5)).sum();
}

interface Scene {
  readonly params: readonly Tensor[];
  readonly optimizer: optim.LBFGS;
  /** How often the loss was asked for. */
  count: number;
}

function sceneOf({ options, start }: Search, dtype: DType = "float64"): Scene {
  const params = start.map((x) => unstored(x).to({ dtype }).detach().requiresGrad_());
  return { params, optimizer: new optim.LBFGS(params, optionsOf(options)), count: 0 };
}

/** Makes a step, and gives the loss before. */
function stepOf(scene: Scene, { options }: Search): number {
  const { params, optimizer } = scene;
  const loss = optimizer.step(() => {
    scene.count++;
    optimizer.zeroGrad();
    const loss = options["maximize"] ? valley(params).neg() : valley(params);
    loss.backward();
    return loss;
  });
  return (loss as Tensor).item();
}

/** A state in numbers alone, to be compared. */
function plain({ state, groups }: ReturnType<optim.LBFGS["stateDict"]>): object {
  const own = Object.entries(state[0] ?? {}).map(([key, value]) => [
    key,
    typeof value === "number" ? value : value.toArray(),
  ]);
  return { own, rest: state.slice(1), groups };
}

const NEAR = { rtol: 1e-9, atol: 1e-12 };

function compare(search: Search, change: (scene: Scene, step: number) => Scene = (s) => s): void {
  let scene = sceneOf(search);
  for (let step = 0; step < search.steps; step++) {
    scene.count = 0;
    assertClose(stepOf(scene, search), search.losses[step]!, { ...NEAR, message: `step ${step}` });
    assertEquals(scene.count, search.evaluations[step], `evaluations of step ${step}`);
    if (step === 0) {
      scene.params.forEach((p, i) => assertClose(p.detach(), unstored(search.first[i]!), NEAR));
    }
    scene = change(scene, step);
  }
  scene.params.forEach((p, i) => assertClose(p.detach(), unstored(search.last[i]!), NEAR));
}

for (const search of SEARCHES) {
  const title = `optim.LBFGS with ${JSON.stringify(search.options)}`;
  Deno.test(`${title} follows PyTorch, with as many evaluations`, () => compare(search));

  Deno.test(`${title} goes on from a state dict as if it had not stopped`, () => {
    compare(search, (scene, step) => {
      if (step % 3 !== 1) return scene;
      const twin = sceneOf(search);
      twin.params.forEach((p, i) => p.detach().copy_(scene.params[i]!.detach()));
      twin.optimizer.loadStateDict(scene.optimizer.stateDict());
      assertEquals(plain(twin.optimizer.stateDict()), plain(scene.optimizer.stateDict()));
      return twin;
    });
  });

  Deno.test(`${title} follows PyTorch in float32 for a step`, () => {
    const scene = sceneOf(search, "float32");
    scope(() => stepOf(scene, search));
    scene.params.forEach((p, i) => {
      const wide = p.detach().to({ dtype: "float64" });
      assertClose(wide, unstored(search.first[i]!), { rtol: 2e-3, atol: 2e-3 });
    });
  });
}

Deno.test("LBFGS that is told a slightly other rate is found", () => {
  const [first] = SEARCHES;
  const other = { ...first!, options: { ...first!.options, lr: 0.2 + 1e-8 } };
  assertThrows(() => compare(other), CheckError, "Values are not close");
});

Deno.test("optim.LBFGS has the options of PyTorch's, each tried with another value", () => {
  const [signatures] = casesOf<Record<string, object>>("optimizers/signatures");
  assertEquals<object>({ ...LBFGS_DEFAULTS }, signatures!["LBFGS"]!);
  for (const [key, value] of Object.entries(LBFGS_DEFAULTS)) {
    const tried = SEARCHES.some(({ options }) => key in options && options[key] !== value);
    assert(tried, `no trajectory has another ${key} than the default`);
  }
});

const leaf = () => ones([2]).requiresGrad_();

Deno.test("optim.LBFGS refuses options out of range, and more than one group", () => {
  const wrong: [options: object, says: string][] = [
    [{ lr: -1 }, "lr must lie in [0, ∞), got -1"],
    [{ maxIter: 0 }, "maxIter must be a positive integer, got 0"],
    [{ maxEval: 1.5 }, "maxEval must be a positive integer, got 1.5"],
    [{ maxEval: "3" }, "maxEval must be a positive integer, got"],
    [{ historySize: 0 }, "historySize must be a positive integer, got 0"],
    [{ toleranceGrad: -1 }, "toleranceGrad must lie in [0, ∞), got -1"],
    [{ toleranceChange: NaN }, "toleranceChange must lie in [0, ∞), got NaN"],
    [{ lineSearchFn: "wolfe" }, 'lineSearchFn must be "strong_wolfe" or null, got "wolfe"'],
    [{ maximize: 1 }, "maximize must be true or false"],
  ];
  for (const [options, says] of wrong) {
    assertThrows(() => new optim.LBFGS([leaf()], options), Error, says);
  }
  const groups = [{ params: [leaf()] }, { params: [leaf()] }];
  assertThrows(() => new optim.LBFGS(groups), RangeError, "all parameters together, in one group");
  const optimizer = new optim.LBFGS([leaf()]);
  assertThrows(() => optimizer.addParamGroup({ params: [leaf()] }), RangeError, "in one group");
  assertEquals(optimizer.paramGroups.length, 1);
});

Deno.test("optim.LBFGS needs a closure that gives a loss, and leaves the parameters if it fails", () => {
  const x = leaf();
  const optimizer = new optim.LBFGS([x], { lineSearchFn: "strong_wolfe" });
  assertThrows(() => optimizer.step(), TypeError, "it needs a closure");
  const text = () => "1" as unknown as number;
  assertThrows(
    () => optimizer.step(text),
    TypeError,
    "the result of the closure must be a number or",
  );
  assertThrows(() => optimizer.step(() => ones([2])), TypeError, "a tensor with one element");
  let calls = 0;
  const failing = () => {
    if (++calls === 3) throw new Error("the data is gone");
    optimizer.zeroGrad();
    const loss = x.sub(30).square().sum();
    loss.backward();
    return loss.item();
  };
  assertThrows(() => optimizer.step(failing), Error, "the data is gone");
  assertEquals(x.toArray(), [1, 1]);
  x.grad = tensor([1, 2, 3]).narrow(0, 0, 2);
  x.grad.dispose();
  assertThrows(() => optimizer.step(() => 1), Error, "Cannot");
});

Deno.test("optim.LBFGS loads a state that fits, or nothing of it", () => {
  const [search] = SEARCHES;
  const scene = sceneOf(search!);
  stepOf(scene, search!);
  stepOf(scene, search!);
  const good = scene.optimizer.stateDict();
  const own = good.state[0]!;
  const { d: _, ...lacking } = own;
  const wrong: [state: unknown, says: string][] = [
    [[lacking, null], "needs funcEvals"],
    [[{ ...own, odd: 1 }, null], "needs funcEvals"],
    [[{ ...own, d: ones([3]) }, null], "d of parameter 0 needs shape [8], got [3]"],
    [[{ ...own, oldDirs: ones([2, 3]) }, null], "oldDirs of parameter 0 needs shape [2, 8]"],
    [[{ ...own, oldStps: ones([5, 8]) }, null], "oldStps of parameter 0 needs shape [1, 8]"],
    [[{ ...own, oldDirs: 1 }, null], "oldDirs of parameter 0 must be a tensor"],
    [[{ ...own, t: "1" }, null], "t of parameter 0 must be a number"],
    [[{ ...own, nIter: 1.5 }, null], "nIter of parameter 0 must be a non-negative integer"],
    [[{ ...own, funcEvals: NaN }, null], "funcEvals of parameter 0 must be a non-negative integer"],
    [[null, own], "the state belongs to parameter 0, got one for parameter 1"],
    [[own], "there are 2 parameters, the state has 1"],
  ];
  for (const [state, says] of wrong) {
    const load = () => scene.optimizer.loadStateDict({ ...good, state } as typeof good);
    assertThrows(load, Error, says);
    assertEquals(plain(scene.optimizer.stateDict()), plain(good));
  }
});

/** Losses that are no finite number, or have gradients that are none. */
const WILD: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "an infinite loss": (x) => x.sub(x.detach()).log().neg().sum(),
  "a loss that is NaN": (x) => x.neg().log().sum(),
  "a gradient that is NaN": (x) => x.sub(x).sqrt().sum(),
  "an infinite gradient": (x) => x.sub(x.detach()).abs().sqrt().sum(),
};

for (const [title, wild] of Object.entries(WILD)) {
  for (const lineSearchFn of [null, "strong_wolfe"] as const) {
    Deno.test(`optim.LBFGS takes back its state after ${title} with lineSearchFn ${lineSearchFn}`, () => {
      const x = leaf();
      const optimizer = new optim.LBFGS([x], { maxIter: 3, lineSearchFn });
      optimizer.step(() => {
        optimizer.zeroGrad();
        const loss = wild(x);
        loss.backward();
        return loss;
      });
      const state = optimizer.stateDict();
      optimizer.loadStateDict(state);
      assertEquals(plain(optimizer.stateDict()), plain(state));
    });
  }
}

Deno.test("optim.LBFGS moves elements beside one whose gradient is NaN, as PyTorch's does", () => {
  const x = tensor([0.3, 0.5], { dtype: "float64", requiresGrad: true });
  const optimizer = new optim.LBFGS([x], { lr: 0.1, maxIter: 1 });
  optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = x.square().sum();
    loss.backward();
    x.grad = tensor([NaN, 1], { dtype: "float64" });
    return loss;
  });
  assertEquals(x.toArray(), [NaN, 0.4]);
});

Deno.test("every optimizer takes a closure, and gives back its loss", () => {
  const x = zeros([1], { requiresGrad: true });
  const optimizer = new optim.SGD([x], { lr: 1 });
  const loss = optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = x.sub(1).square().sum();
    loss.backward();
    return loss;
  }) as Tensor;
  assertEquals([loss.item(), x.item()], [1, 2]);
  assertEquals(optimizer.step(), undefined);
});
