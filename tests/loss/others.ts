/** The losses that are no function of prediction and target: those that learn, and terms of one input. */

import { assert, assertEquals } from "@std/assert";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import { eye, functionalCall, grad, losses, type nn, ones, type Tensor, zeros } from "../../mod.ts";
import { double, int32, leaf } from "./plain.ts";
import type { AggregatorName } from "./aggregators.ts";
import type { LossName, ModuleName } from "./table.ts";

/** What is known of one of them. */
export interface Other {
  /** Who gave its values. */
  readonly reference: string;
  /** What is checked of it here, by what it says. */
  readonly checks: Readonly<Record<string, () => void>>;
}

const float64 = { dtype: "float64" } as const;
const regions = int32([0, 0, 1, 1]);

/** A loss of inputs with other parameters, to be compared with differences to the second order. */
export function checkSlopes(
  loss: nn.AnyModule,
  inputs: readonly Tensor[],
  call: (inputs: readonly Tensor[], params: Record<string, Tensor>) => Tensor,
): void {
  const names = loss.namedParameters().map(([name]) => name);
  const values = loss.parameters().map((x) => x.detach().add(0.3).requiresGrad_());
  const run = (...all: Tensor[]) => {
    const params = names.map((name, i) => [name, all[inputs.length + i]!] as const);
    return call(all.slice(0, inputs.length), Object.fromEntries(params));
  };
  gradcheck(run, [...inputs, ...values]);
  gradgradcheck(run, [...inputs, ...values]);
}

/** The same of a loss of prediction and target. */
export function checkPair(loss: losses.Loss): void {
  const inputs = [double("prediction", [3, 4]), double("target", [3, 4])];
  checkSlopes(loss, inputs, ([p, t], params) => functionalCall(loss, params, p!, t!));
}

/** The same of the inputs alone. */
function checkInputs(run: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): void {
  gradcheck(run, inputs);
  gradgradcheck(run, inputs);
}

const SLOPES = "has the gradients that differences have, of first and second order";

/** A loss with parameters: how it is made, and the names of its state. */
export function learned(
  reference: string,
  make: () => nn.AnyModule,
  names: string,
  slopes: () => void,
): Other {
  const kept = () => {
    const loss = make();
    assertEquals(Object.keys(loss.stateDict()).join(" "), names);
    assert(loss.parameters().length > 0);
    const other = make();
    for (const parameter of other.parameters()) parameter.detach().fill_(0.25);
    loss.loadStateDict(other.stateDict());
    for (const parameter of loss.parameters()) {
      assertEquals(parameter.sub(0.25).abs().sum().item(), 0);
    }
  };
  return {
    reference,
    checks: { "has its parameters in its state, and takes them back": kept, [SLOPES]: slopes },
  };
}

/** A term of one input: a sample, and where it is 0. */
export function term(
  reference: string,
  run: (x: Tensor) => Tensor,
  x: Tensor,
  zero: Tensor,
): Other {
  return {
    reference,
    checks: {
      [SLOPES]: () => checkInputs(run, [x]),
      "is 0 where it claims to be": () => {
        const flat = zero.clone().requiresGrad_();
        const value = run(flat);
        assertEquals([value.item(), grad(value, [flat])[0].abs().sum().item()], [0, 0]);
      },
      "is finite at ±1e4 in float32": () => {
        const large = x.detach().sign().mul(1e4).to({ dtype: "float32" }).requiresGrad_();
        const value = run(large);
        assert(Number.isFinite(value.item()));
        assert(grad(value, [large])[0].isfinite().all().item() === 1);
      },
      "has them in float32 too": () =>
        assertClose(run(x.detach().to({ dtype: "float32" })).item(), run(x).item(), { rtol: 1e-5 }),
    },
  };
}

/** The losses of several tasks as one: how, and what it makes of 2, 3 and 5. */
function scalarized(run: (tasks: readonly Tensor[]) => Tensor, value: number): Other {
  const tasks = () => [leaf(2), leaf([3]), leaf([[5]])];
  return {
    reference: FORMULA,
    checks: {
      [SLOPES]: () => checkInputs((...tasks) => run(tasks), tasks()),
      "has the value of its formula": () =>
        assertClose(run(tasks()).item(), value, { rtol: 1e-14 }),
      "has them in float32 too": () => {
        const single = tasks().map((x) => x.detach().to({ dtype: "float32" }));
        assertClose(run(single).item(), value, { rtol: 1e-6 });
      },
    },
  };
}

const { regularization, totalVariation } = losses;
const three = int32([0, 2, 2, 0, 5]);
const multiTask = () => new losses.MultiTaskLossWithUncertainty(2, float64);
const adaptive = () => new losses.AdaptiveMSE(float64);
const robust = () => new losses.AdaptiveRobustLoss(float64);
const weighted = () => new losses.RegionWeightedMSE(regions, float64);
/** Weights of regions, as their tests have them. */
export const minimax = () => new losses.MinimaxMSE(regions, float64);
const meta = () => new losses.MetaLossNetwork(4, float64);
const softmax = () => new losses.AdaptiveLogSoftmaxWithLoss(4, 6, [2], float64);
const GOLDEN = "golden values";
const FORMULA = "formula of the paper";

/** Tools for losses, which are none. */
export const TOOLS = ["taskGradients", "dwa", "paretoFilter"] as const;

/** Those that have a name of their own among the losses. */
type Public = Exclude<
  keyof typeof losses,
  | LossName
  | ModuleName
  | AggregatorName
  | typeof TOOLS[number]
  | "Loss"
  | "FunctionLoss"
  | "regularization"
  | "TotalVariationLoss"
>;
type OtherName = Public | `regularization.${keyof typeof losses.regularization}`;

/** The others, by name; one without a row does not compile. */
export const OTHERS: { readonly [Name in OtherName]: Other } = {
  MultiTaskLossWithUncertainty: learned(GOLDEN, multiTask, "log_vars", () => {
    const loss = multiTask();
    checkSlopes(loss, [leaf(2), leaf([3])], (tasks, params) => functionalCall(loss, params, tasks));
  }),
  AdaptiveMSE: learned(GOLDEN, adaptive, "alpha", () => checkPair(adaptive())),
  AdaptiveRobustLoss: learned(
    "SciPy",
    robust,
    "latent_alpha latent_scale",
    () => checkPair(robust()),
  ),
  RegionWeightedMSE: learned(
    FORMULA,
    weighted,
    "log_vars regions sizes",
    () => checkPair(weighted()),
  ),
  // The gradient of its weights has the other sign by design.
  MinimaxMSE: learned(
    FORMULA,
    minimax,
    "logits regions sizes",
    () =>
      checkInputs((p, t) => minimax().forward(p!, t!), [double("p", [3, 4]), double("t", [3, 4])]),
  ),
  MetaLossNetwork: learned(
    GOLDEN,
    meta,
    [0, 2, 4].map((i) => `net.${i}.weight net.${i}.bias`).join(" "),
    () => {
      const loss = meta();
      for (const [i, x] of loss.parameters().entries()) {
        x.detach().copy_(double(`meta ${i}`, x.shape, [-0.5, 0.5]).detach());
      }
      const inputs = [double("features", [3, 2]), double("p", [3]), double("t", [3])];
      checkInputs((x, p, t) => loss.forward(x!, p!, t!), inputs);
    },
  ),
  AdaptiveLogSoftmaxWithLoss: learned(
    "PyTorch",
    softmax,
    "head.weight tail.0.0.weight tail.0.1.weight",
    () => {
      const loss = softmax();
      const labels = int32([5, 0, 3]);
      checkInputs((x) => loss.forward(x!, labels).output, [double("input", [3, 4])]);
    },
  ),
  WeightedSum: scalarized((tasks) => new losses.WeightedSum([1, 0, 0.5]).forward(tasks), 4.5),
  Tchebycheff: scalarized((tasks) => {
    const [hard, smooth] = [null, 0.5].map((smooth) =>
      new losses.Tchebycheff([1, 2, 0.5], { ideal: [1, 1, 0], smooth }).forward(tasks)
    );
    return hard!.add(smooth!.mul(2));
  }, 4 + Math.log(Math.exp(2) + Math.exp(8) + Math.exp(5))),
  PPOSequenceLoss: {
    reference: GOLDEN,
    checks: {
      [SLOPES]: () => {
        const [old, gains, goals] = ["old", "gains", "goals"].map((x) => double(x, [6]).detach());
        const inputs = ["now", "values", "entropy"].map((x) => double(x, [6], [-1, 1]));
        const loss = new losses.PPOSequenceLoss();
        checkInputs(
          (now, values, entropy) =>
            loss.forward(now!, old!, gains!, goals!, values!, entropy!).loss,
          inputs,
        );
      },
    },
  },
  groupGapPenalty: term(
    FORMULA,
    (x) => losses.groupGapPenalty(x, three),
    double("groups", [5]),
    ones([5]),
  ),
  totalVariation: term("Kornia", totalVariation, double("image", [2, 3, 4]), ones([1, 3, 2])),
  "regularization.l1": term(GOLDEN, regularization.l1, double("l1", [5]), zeros([3])),
  "regularization.l2": term(GOLDEN, regularization.l2, double("l2", [5]), zeros([3])),
  "regularization.orthogonal": term(
    GOLDEN,
    regularization.orthogonal,
    double("orthogonal", [3, 2, 2]),
    eye(3, 2),
  ),
};
