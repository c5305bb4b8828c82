/** Good calls of optimizers, checks and transforms. */

import type * as adjoint from "../../mod.ts";
import {
  exp,
  gradOf,
  losses,
  nn,
  ones,
  optim,
  perSampleGrad,
  type Tensor,
  type testing,
  train,
  valueAndGrad,
  vmap,
} from "../../mod.ts";
import { type Arg, type Call, type MethodRows, of, options, type Rows } from "../common/calls.ts";
import { OPTIMIZERS as TABLE } from "../optim/table.ts";
import type { AVERAGES } from "./module_rows.ts";
import type { SCHEDULES } from "./schedule_rows.ts";

const x = () => ones([2, 3]);
const leaf = () => ones([2]).requiresGrad_();
const leaves = () => [leaf(), leaf()];
const flag = of(() => false, "flag");
const fraction = (value: number) => of(() => value, "number");
const fn = (...given: unknown[]) =>
  (given as Tensor[]).reduce((sum, y) => sum.add(y.sum()), ones([]));

const sgd = {
  lr: fraction(0.1),
  momentum: fraction(0.9),
  // 0.5 is as good a number, but for the look ahead.
  dampening: fraction(0),
  weightDecay: fraction(0),
  nesterov: of(() => true, "flag"),
  maximize: flag,
};

/** A good value for each option of an optimizer: its default. */
function good<O extends object>({ rule }: { readonly rule: { readonly defaults: O } }) {
  const entries = Object.entries(rule.defaults).map(([key, value]) => {
    if (typeof value === "boolean") return [key, flag];
    return [key, typeof value === "number" ? fraction(value) : of(() => value)];
  });
  return Object.fromEntries(entries) as { readonly [K in keyof O]: Arg };
}

const adam = good(TABLE.Adam);

const matrices = () => [ones([2, 2]).requiresGrad_()];
const muon = {
  ...good(TABLE.Muon),
  nsSteps: of(() => 2),
  adjustLrFn: of(() => "original", "null"),
};

function stepped(): optim.SGD {
  const optimizer = new optim.SGD(leaves(), { momentum: 0.9 });
  for (const p of optimizer.paramGroups.flatMap(({ params }) => params)) p.grad = ones([2]);
  return optimizer;
}

/** An optimizer of somebody else. */
class Plain extends optim.ParamOptimizer<{ lr: number }, { step: number }> {
  protected override initial(): { step: number } {
    return { step: 0 };
  }
  protected override update(p: Tensor, g: Tensor): void {
    p.copy_(p.sub(g));
  }
}

/** The constructor of the bases. */
const base = {
  args: [
    of(leaves),
    of(() => ({ lr: 0.1 }), "object"),
    options({
      check: of(() => () => {}, "function"),
      checkShape: of(() => () => {}, "function"),
      form: of(() => ({ lr: 0.1 }), "object", "circle"),
    }),
  ],
  run: (...args: unknown[]) => new Plain(...args as ConstructorParameters<typeof Plain>),
  named: "Plain",
} as const;

/** What every optimizer has. */
export const OPTIMIZER_METHODS: MethodRows<optim.Optimizer<{ lr: number }, { step: number }>> = {
  addParamGroup: {
    on: () => new optim.SGD(leaves()),
    args: [of(() => ({ params: leaves(), lr: 0.1 }))],
    named: "add to SGD",
  },
  zeroGrad: { on: stepped, args: [] },
  step: { on: stepped, args: [of(() => () => 1, "undefined")], named: "run SGD.step" },
  stateDict: { on: stepped, args: [], named: "read the state of SGD" },
  loadStateDict: {
    on: stepped,
    args: [of(() => stepped().stateDict())],
    named: "load the state of SGD",
  },
};

type OptimizerMethods = keyof typeof OPTIMIZER_METHODS;

/** Optimizers. */
export const OPTIMIZERS: Rows<
  Omit<typeof optim, "functional" | keyof typeof SCHEDULES | keyof typeof AVERAGES>,
  OptimizerMethods
> = {
  SGD: { make: { args: [of(leaves), options(sgd)] }, methods: {} },
  Adam: { make: { args: [of(leaves), options(adam)] }, methods: {} },
  AdamW: { make: { args: [of(leaves), options(adam)] }, methods: {} },
  RMSprop: { make: { args: [of(leaves), options(good(TABLE.RMSprop))] }, methods: {} },
  Adagrad: { make: { args: [of(leaves), options(good(TABLE.Adagrad))] }, methods: {} },
  Adadelta: { make: { args: [of(leaves), options(good(TABLE.Adadelta))] }, methods: {} },
  Adamax: { make: { args: [of(leaves), options(good(TABLE.Adamax))] }, methods: {} },
  NAdam: { make: { args: [of(leaves), options(good(TABLE.NAdam))] }, methods: {} },
  RAdam: { make: { args: [of(leaves), options(good(TABLE.RAdam))] }, methods: {} },
  ASGD: { make: { args: [of(leaves), options(good(TABLE.ASGD))] }, methods: {} },
  Rprop: { make: { args: [of(leaves), options(good(TABLE.Rprop))] }, methods: {} },
  Lion: { make: { args: [of(leaves), options(good(TABLE.Lion))] }, methods: {} },
  Muon: { make: { args: [of(matrices), options(muon)] }, methods: {} },
  Adafactor: { make: { args: [of(leaves), options(good(TABLE.Adafactor))] }, methods: {} },
  LBFGS: {
    make: {
      args: [
        of(leaves),
        options({
          lr: fraction(0.1),
          maxIter: of(() => 3),
          maxEval: of(() => 3, "null"),
          toleranceGrad: fraction(0),
          toleranceChange: fraction(0),
          historySize: of(() => 3),
          lineSearchFn: of(() => "strong_wolfe", "null"),
          maximize: flag,
        }),
      ],
    },
    methods: {},
  },
  lrRangeTest: {
    patient: ["numIter"],
    args: [
      of(() => new optim.SGD(leaves())),
      of(() => () => 1),
      options({
        startLr: fraction(0.1),
        endLr: fraction(1),
        numIter: of(() => 3),
        stepMode: of(() => "linear"),
        smoothing: fraction(0.5),
        divergence: of(() => 2),
      }),
    ],
  },
  Optimizer: { make: base, methods: {} },
  ParamOptimizer: { make: base, methods: {} },
};

const pair = of(() => [ones([2]), ones([2])]);
const matrix = of(() => [ones([2, 2]), ones([2, 2])]);

/** Functional steps. */
export const STEPS: Rows<typeof optim.functional> = {
  sgd: { args: [pair, pair, options({ buffers: pair }), options(sgd)] },
  adam: {
    args: [
      pair,
      pair,
      options({ step: of(() => 3), means: pair, squares: pair, maxSquares: pair }),
      options({ ...adam, decoupled: flag }),
    ],
  },
  rmsprop: {
    args: [
      pair,
      pair,
      options({ squareAvgs: pair, momentumBuffers: pair, gradAvgs: pair }),
      options(good(TABLE.RMSprop)),
    ],
  },
  adagrad: {
    args: [pair, pair, options({ step: of(() => 3), sums: pair }), options(good(TABLE.Adagrad))],
  },
  adadelta: {
    args: [
      pair,
      pair,
      options({ squareAvgs: pair, accDeltas: pair }),
      options(good(TABLE.Adadelta)),
    ],
  },
  adamax: {
    args: [
      pair,
      pair,
      options({ step: of(() => 3), means: pair, greatest: pair }),
      options(good(TABLE.Adamax)),
    ],
  },
  nadam: {
    args: [
      pair,
      pair,
      options({ step: of(() => 3), means: pair, squares: pair }),
      options(good(TABLE.NAdam)),
    ],
  },
  radam: {
    args: [
      pair,
      pair,
      options({ step: of(() => 3), means: pair, squares: pair }),
      options(good(TABLE.RAdam)),
    ],
  },
  asgd: {
    args: [pair, pair, options({ step: of(() => 3), averages: pair }), options(good(TABLE.ASGD))],
  },
  rprop: {
    args: [pair, pair, options({ gradients: pair, lengths: pair }), options(good(TABLE.Rprop))],
  },
  lion: { args: [pair, pair, options({ means: pair }), options(good(TABLE.Lion))] },
  muon: { args: [matrix, matrix, options({ momentumBuffers: matrix }), options(muon)] },
  adafactor: {
    args: [
      of(() => [ones([2]), ones([3, 2])]),
      of(() => [ones([2]), ones([3, 2])]),
      options({
        step: of(() => 3),
        rowVars: of(() => [ones([3, 1])]),
        colVars: of(() => [ones([1, 2])]),
        variances: of(() => [ones([2])]),
      }),
      options(good(TABLE.Adafactor)),
    ],
  },
};

const tolerances = { atol: fraction(1e-3), rtol: fraction(1e-3) };
const sampling = {
  seed: of(() => 1, "bigint"),
  name: of(() => "f", "text"),
};
const gradcheck = { eps: fraction(1e-6), ...tolerances, ...sampling };
const shapes = of(() => [[2], [2]]);
const squares = (a: Tensor, b: Tensor) => a.mul(b).square();

/** Checks. Their error is for others to throw, with whatever they want to say. */
export const TESTING: Rows<Omit<typeof testing, "CheckError">> = {
  assertClose: {
    args: [
      of(() => 1, "number", "NaN", "flag", "tensor"),
      of(() => 1, "number", "NaN", "flag", "tensor"),
      options({ ...tolerances, message: of(() => "f", "text") }),
    ],
    named: "compare",
  },
  checkLoss: {
    args: [
      of(() => losses.mse, "function"),
      options({
        shape: of(() => [4, 2]),
        pred: of(() => (shape: number[]) => ones(shape)),
        target: of(() => (shape: number[]) => ones(shape)),
        zeroAtTarget: of(() => true, "flag"),
        gradientBound: of(() => 1e6, "number"),
        finiteAt: of(() => [10]),
        permutationInvariant: flag,
        offsetInvariant: flag,
        emptyBatch: flag,
        ignored: of(() => (shape: number[]) => ones(shape)),
        missing: of(() => (shape: number[]) => ones(shape)),
        exact: of(() => [{ pred: ones([2]), target: ones([2]), value: 0 }]),
        reductions: of(() => (reduction: losses.Reduction) => new losses.MSELoss({ reduction })),
        ...sampling,
      }),
    ],
  },
  gradcheck: { args: [of(() => squares), shapes, options(gradcheck)], named: "check" },
  gradgradcheck: { args: [of(() => squares), shapes, options(gradcheck)], named: "check" },
  checkGradients: {
    args: [of(() => squares), shapes, options({ ...gradcheck, order: of(() => 3) })],
    named: "check",
  },
  torchFixture: {
    args: [
      of(() => new URL("../fixtures/huber.json", import.meta.url)),
      of(() => ["pred", "target"], "undefined"),
    ],
    named: "ixture",
  },
};

const inputs = of(() => [ones([2]), ones([2])]);
const vectors = of(() => [ones([2]), ones([2])]);
const argnums = of(() => 0);

type Transforms = Pick<
  typeof adjoint,
  | "checkpoint"
  | "functionalCall"
  | "gradOf"
  | "hessian"
  | "hvp"
  | "jacobian"
  | "jacfwd"
  | "jvp"
  | "linearize"
  | "perSampleGrad"
  | "stackModuleState"
  | "valueAndGrad"
  | "vjp"
  | "vmap"
>;

const chunk = of(() => 2);
const randomness = of(() => "same");

/** Transforms. */
export const TRANSFORMS: Rows<Transforms> = {
  checkpoint: { args: [of(() => exp), of(x, "tensor")], rest: true, named: "" },
  functionalCall: {
    args: [
      of(() => new nn.Linear(3, 2)),
      of(() => ({ weight: ones([2, 3]) })),
      of(x),
    ],
    rest: true,
    named: "",
  },
  stackModuleState: { args: [of(() => [new nn.ReLU(), new nn.ReLU()])] },
  gradOf: { args: [of(() => fn, "function"), options({ argnums })] },
  valueAndGrad: { args: [of(() => fn, "function"), options({ argnums })] },
  hessian: { args: [of(() => fn), inputs, options({ chunk })] },
  hvp: { args: [of(() => fn), inputs, vectors] },
  jacobian: { args: [of(() => fn), inputs, options({ chunk })] },
  jacfwd: { args: [of(() => fn), inputs, options({ chunk })] },
  linearize: { args: [of(() => fn), inputs] },
  jvp: { args: [of(() => fn), inputs, vectors] },
  vjp: { args: [of(() => fn), inputs, of(() => ones([]), "undefined")] },
  perSampleGrad: {
    args: [
      of(() => fn, "function"),
      options({ argnums, inDims: of(() => [null, 0]), randomness, chunk }),
    ],
  },
  vmap: {
    args: [
      of(() => fn, "function"),
      options({ inDims: of(() => 0, "null"), outDims: of(() => 0), randomness, chunk }),
    ],
  },
};

type Loose = (...args: unknown[]) => unknown;

/** A call of the function that a transform makes of another. */
function made(transform: unknown, named: string): Call {
  return {
    run: (f, ...args) => ((transform as Loose)(f) as Loose)(...args),
    args: [of(() => fn), of(x)],
    rest: true,
    named,
  };
}

/** What the functions do that transforms give, with their arguments and with what is inside. */
export const TRANSFORMED: Readonly<Record<string, Call>> = {
  "gradOf(f)(x)": made(gradOf, "gradOf"),
  "valueAndGrad(f)(x)": made(valueAndGrad, "valueAndGrad"),
  "vmap(f)(x)": { ...made(vmap, "vmap"), args: [of(() => fn), of(x, "tensor")] },
  "perSampleGrad(f)(x, y)": {
    ...made(perSampleGrad, "perSampleGrad"),
    args: [of(() => fn), of(x), of(() => ones([3]), "tensor")],
  },
  "vmap(f, { inDims })(x)": {
    ...made((f: typeof fn) => vmap(f, { inDims: [0, 0] }), "vmap"),
    args: [of(() => fn), of(x), of(x)],
  },
};

/** Calls with options that stand inside other arguments, or that go together in a special way. */
export const INSIDE: Readonly<Record<string, Call>> = {
  "SGD.addParamGroup": {
    run: (...args) => new optim.SGD(leaves()).addParamGroup(...args as [never]),
    args: [options({ ...sgd, params: of(leaves) })],
    named: "SGD",
  },
  "new Adam([group])": {
    run: (...args) => new optim.Adam(args as never[]),
    args: [options({ ...adam, params: of(leaves) })],
    rest: true,
    named: "Adam",
  },
  "Trace.phase": {
    run: (...args) => {
      using trace = train.trace(Deno.makeTempFileSync());
      trace.phase(...args as [string, () => unknown]);
    },
    args: [of(() => "name", "text"), of(() => () => 1, "function")],
    named: "phase",
  },
};
