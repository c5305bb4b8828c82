/** Gradients of the first, second and third order against finite differences. */

import { grad } from "../autograd/backward.ts";
import { enableGrad } from "../autograd/tape.ts";
import { isFloat } from "../core/dtype.ts";
import { settled } from "../core/engine.ts";
import { DTypeError, GradError } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  NUMBER,
  optionReader,
  type OptionTable,
  shown,
  TEXT,
} from "../core/options.ts";
import { RandomGenerator } from "../core/random.ts";
import { fromTypedArray, zerosLike } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";
import { CALLABLE, CheckError, nameOf, SEED, SHAPE } from "./check_error.ts";
import { checkJacobian } from "./jacobian.ts";
import { asTensors, normal, type Subject } from "./probe.ts";

/** A tensor, or the shape of a float64 sample to draw. */
export type GradcheckInput = Tensor | readonly number[];

/** A tensor for each input. */
export type GradcheckArguments<Inputs extends readonly GradcheckInput[]> = {
  -readonly [I in keyof Inputs]: Tensor;
};

/** What is checked: a function of tensors, or a module. */
export type GradcheckFunction<Inputs extends readonly GradcheckInput[]> =
  | ((...inputs: GradcheckArguments<Inputs>) => Tensor | readonly Tensor[])
  | { forward(...inputs: GradcheckArguments<Inputs>): Tensor | readonly Tensor[] };

/** Options of `gradcheck` and `gradgradcheck`. */
export interface GradcheckOptions {
  /** Step of the differences. Default: 1e-6. */
  eps?: number;
  /** Absolute tolerance. Default: 1e-5. */
  atol?: number;
  /** Tolerance relative to the numeric gradient, below 1. Default: 1e-3. */
  rtol?: number;
  /** Seed of the samples and of random projections. Default: 0. */
  seed?: number | bigint;
  /** The name of the function in messages. Default: its own name. */
  name?: string;
}

/** Options of `checkGradients`. */
export interface CheckGradientsOptions extends GradcheckOptions {
  /** Highest order of the gradients that are checked. Default: 2. */
  order?: 1 | 2 | 3;
}

const OPTIONS: OptionTable<GradcheckOptions> = {
  eps: NUMBER,
  atol: NUMBER,
  rtol: NUMBER,
  seed: SEED,
  name: TEXT,
};
const readOptions = optionReader(OPTIONS);
const readOrders = optionReader<CheckGradientsOptions>({ ...OPTIONS, order: NUMBER });

/** The names of the gradients of each order. */
const TITLES = ["Gradient", "Second gradient", "Third gradient"] as const;

/** The names of what they are gradients of. */
const BELOW = ["", "first gradient", "second gradient"] as const;

/** A function of any number of tensors, and what a check of it needs. */
interface Setup {
  readonly name: string;
  readonly run: (inputs: readonly Tensor[]) => Tensor[];
  readonly inputs: readonly Tensor[];
  readonly accuracy: { readonly eps: number; readonly atol: number; readonly rtol: number };
  readonly generator: RandomGenerator;
}

/** Samples are moved this far away from zero, where many functions have a kink. */
const MARGIN = 0.1;

function sample(
  shape: readonly number[],
  generator: RandomGenerator,
  device: Tensor["device"] = "cpu",
): Tensor {
  const values = normal(shape, generator);
  const moved = values.map((value) => value + (value < 0 ? -MARGIN : MARGIN));
  return fromTypedArray(moved, shape, { device, requiresGrad: true });
}

function checkNumber(check: string, option: string, value: number, positive: boolean): void {
  if (Number.isFinite(value) && (positive ? value > 0 : value >= 0)) return;
  throw new RangeError(
    `Cannot run ${check}: ${option} must be a ${
      positive ? "positive" : "non-negative"
    } number, got ${value}`,
  );
}

function checkInput(check: string, input: GradcheckInput, i: number): void {
  if (input instanceof Tensor) {
    input.storage.check(check);
    if (!input.requiresGrad || input.dtype === "float64") return;
    throw new DTypeError(
      `Cannot run ${check}: input ${i} is ${input.dtype}, which has too few digits for ` +
        'differences; use float64, as in x.to({ dtype: "float64" })',
    );
  }
  if (SHAPE.accepts(input)) return;
  throw new TypeError(
    `Cannot run ${check}: input ${i} must be a tensor or a shape, got ${shown(input)}`,
  );
}

function setUp<const Inputs extends readonly GradcheckInput[]>(
  check: string,
  fn: GradcheckFunction<Inputs>,
  inputs: Inputs,
  options: GradcheckOptions,
): Setup {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3, seed = 0 } = options;
  checkNumber(check, "eps", eps, true);
  checkNumber(check, "atol", atol, false);
  checkNumber(check, "rtol", rtol, false);
  if (rtol >= 1) {
    throw new RangeError(
      `Cannot run ${check}: rtol must be below 1, as a gradient of 0 is then close to any other, got ` +
        rtol,
    );
  }
  checkKind(`run ${check}`, "the first argument", fn, CALLABLE);
  if (!Array.isArray(inputs)) {
    throw new TypeError(
      `Cannot run ${check}: inputs must be an array of tensors or shapes, got ${shown(inputs)}`,
    );
  }
  inputs.forEach((input, i) => checkInput(check, input, i));
  const generator = new RandomGenerator(seed);
  const tensors = inputs.map((input) => input instanceof Tensor ? input : sample(input, generator));
  if (!tensors.some((input) => input.requiresGrad)) {
    throw new GradError(
      `Cannot run ${check}: none of the inputs requires a gradient; create one with ` +
        "{ requiresGrad: true }, or give shapes",
    );
  }
  const name = nameOf(fn, options.name, "the function");
  const run = (given: readonly Tensor[]): Tensor[] => {
    const args = given as GradcheckArguments<Inputs>;
    const output = typeof fn === "function" ? fn(...args) : fn.forward(...args);
    return asTensors(`Gradient of ${name}`, settled(check, "its result is needed at once", output));
  };
  return { name, run, inputs: tensors, accuracy: { eps, atol, rtol }, generator };
}

/** The floating outputs; refuses a function that has none. */
function floating(check: string, name: string, outputs: readonly Tensor[]): Tensor[] {
  const found = outputs.filter(({ dtype }) => isFloat(dtype));
  if (found.length > 0) return found;
  throw new DTypeError(
    `Cannot run ${check}: ${name} must give a floating tensor, got ${
      outputs.map(({ dtype }) => dtype).join(", ") || "none at all"
    }`,
  );
}

/** The gradients of a subject, as a function of its inputs and of the cotangents of its outputs. */
function gradientOf(
  subject: Subject,
  outputs: readonly Tensor[],
  below: number,
  name: string,
  generator: RandomGenerator,
): Subject {
  const { length } = subject.inputs;
  const checked = subject.inputs.flatMap((input, i) => input.requiresGrad ? [i] : []);
  return {
    title: `${TITLES[below]} of ${name}`,
    run: (given) => {
      const inputs = given.slice(0, length);
      const cotangents = given.slice(length);
      const wanted = inputs.filter((input) => input.requiresGrad);
      const values = subject.run(inputs);
      const roots = values.filter((output) => output.requiresGrad);
      // Outputs that depend on no input have gradients of 0.
      if (roots.length === 0) return wanted.map((input) => zerosLike(input));
      const gradOutputs = cotangents.filter((_, i) => values[i]?.requiresGrad === true);
      const options = { gradOutputs, createGraph: true, allowUnused: true } as const;
      const gradients = grad(roots, wanted, options);
      return wanted.map((input, i) => gradients[i] ?? zerosLike(input));
    },
    inputs: [
      ...subject.inputs,
      ...outputs.map(({ shape, device }) => sample(shape, generator, device)),
    ],
    inputName: (i) =>
      i < length ? subject.inputName(i) : `the cotangent of ${subject.outputName(i - length)}`,
    outputName: (i) => `the ${BELOW[below]} of ${subject.inputName(checked[i] ?? i)}`,
  };
}

/** Compares the gradients of one order with differences of those one order lower. */
function checkOrder<const Inputs extends readonly GradcheckInput[]>(
  check: string,
  order: 1 | 2 | 3,
  fn: GradcheckFunction<Inputs>,
  inputs: Inputs,
  options: GradcheckOptions,
): void {
  const { name, run, inputs: tensors, accuracy, generator } = setUp(check, fn, inputs, options);
  let subject: Subject = {
    title: `${TITLES[0]} of ${name}`,
    run: (given) => floating(check, name, run(given)),
    inputs: tensors,
    inputName: (i) => `input ${i}`,
    outputName: (i) => `output ${i}`,
  };
  try {
    for (let below = 1; below < order; below++) {
      const outputs = enableGrad(() => subject.run(subject.inputs));
      if (below === 1 && !outputs.some((output) => output.requiresGrad)) {
        throw new CheckError(
          `${
            TITLES[1]
          } of ${name} cannot be checked: no output is on a tape, so there is no first ` +
            "gradient",
        );
      }
      subject = gradientOf(subject, outputs, below, name, generator);
    }
    checkJacobian(subject, accuracy, generator);
  } catch (error) {
    if (order === 1 || !(error instanceof GradError)) throw error;
    throw new CheckError(
      `${subject.title} cannot be checked: the ${BELOW[order - 1]} is not differentiable: ` +
        error.message,
      { cause: error },
    );
  }
}

/**
 * Compares the gradients of a function with central differences in float64, entry by entry of the
 * Jacobian; above 2000 inputs or outputs, along random directions. The gradient of a recorded pass
 * (`createGraph`) must be the same. Follows
 * [torch.autograd.gradcheck](https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html),
 * and its condition is |analytic − numeric| ≤ atol + rtol · |numeric|.
 *
 * The function gets contiguous copies of the inputs, each on its device, and must not change them.
 * All floating outputs are checked; one that is on no tape must be constant. Since `atol` alone
 * would accept any small gradient, all entries must also agree to a tenth of the largest one, and slopes
 * along random directions to a tenth of the largest of those.
 *
 * @param fn A function of tensors that returns a tensor of any shape or an array of them, or a module.
 * @param inputs Tensors, of which those that require a gradient are checked, or shapes, for each of which
 * a seeded float64 sample is drawn: normally distributed, with 0.1 added away from zero.
 * @throws {CheckError} If a gradient is wrong, with the input, the index, both values and the step;
 * if the point lies at a kink; if the function changes from call to call, changes its inputs, or is
 * not finite.
 * @throws {DTypeError} If an input that requires a gradient, or an output, is not float64.
 * @throws {GradError} If no input requires a gradient.
 *
 * @example A loss, and a gradient that is wrong
 * ```ts
 * import type { Tensor } from "@adjoint/ml";
 * import { CheckError, gradcheck } from "@adjoint/ml/testing";
 * import { assertThrows } from "@std/assert";
 *
 * gradcheck((pred, target) => pred.sub(target).square().mean(), [[8, 3], [8, 3]]);
 *
 * const halved = (x: Tensor) => x.mul(x.detach());
 * assertThrows(() => gradcheck(halved, [[3]]), CheckError, "Gradient of halved is wrong at input 0");
 * ```
 */
export function gradcheck<const Inputs extends readonly GradcheckInput[]>(
  fn: GradcheckFunction<Inputs>,
  inputs: Inputs,
  options?: GradcheckOptions,
): void {
  checkCount("run gradcheck", arguments.length, 3);
  checkOrder("gradcheck", 1, fn, inputs, readOptions("run gradcheck", options));
}

/**
 * Compares second gradients with central differences: `gradcheck` of the gradient function that
 * `grad(…, { createGraph: true })` gives, at random cotangents, with respect to the inputs and the
 * cotangents. Follows
 * [torch.autograd.gradgradcheck](https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html).
 *
 * The first gradient is taken as it is; `gradcheck` tests it.
 *
 * @param fn A function of tensors that returns a tensor of any shape or an array of them, or a module.
 * @param inputs Tensors, of which those that require a gradient are checked, or shapes, for each of which
 * a seeded float64 sample is drawn: normally distributed, with 0.1 added away from zero.
 * @throws {CheckError} If a second gradient is wrong or cannot be computed, or for the reasons of
 * `gradcheck`.
 * @throws {DTypeError} If an input that requires a gradient, or an output, is not float64.
 * @throws {GradError} If no input requires a gradient.
 *
 * @example A second gradient that is right, and one that is lost
 * ```ts
 * import { type Tensor } from "@adjoint/ml";
 * import { CheckError, gradcheck, gradgradcheck } from "@adjoint/ml/testing";
 * import { assertThrows } from "@std/assert";
 *
 * gradgradcheck((x) => x.tanh().sum(), [[4]]);
 *
 * // The slope of x³ at the point, as a constant.
 * function cube(x: Tensor): Tensor {
 *   const at = x.detach();
 *   return at.pow(3).add(x.sub(at).mul(at.square().mul(3)));
 * }
 * gradcheck(cube, [[4]]);
 * assertThrows(() => gradgradcheck(cube, [[4]]), CheckError, "Second gradient of cube is wrong");
 * ```
 */
export function gradgradcheck<const Inputs extends readonly GradcheckInput[]>(
  fn: GradcheckFunction<Inputs>,
  inputs: Inputs,
  options?: GradcheckOptions,
): void {
  checkCount("run gradgradcheck", arguments.length, 3);
  checkOrder("gradgradcheck", 2, fn, inputs, readOptions("run gradgradcheck", options));
}

/**
 * Compares the gradients of a function with differences, from the first order to the given one:
 * `gradcheck`, `gradgradcheck`, and for the third order the same for second gradients. The error names
 * the lowest order that is wrong. Follows
 * [jax.test_util.check_grads](https://docs.jax.dev/en/latest/_autosummary/jax.test_util.check_grads.html).
 *
 * @param fn A function of tensors that returns a tensor of any shape or an array of them, or a module.
 * @param inputs Tensors or shapes, as for `gradcheck`.
 * @throws {CheckError} If a gradient is wrong.
 * @throws {RangeError} If the order is not 1, 2 or 3.
 *
 * @example Three orders
 * ```ts
 * import { checkGradients } from "@adjoint/ml/testing";
 *
 * checkGradients((x) => x.sigmoid(), [[2, 3]], { order: 3 });
 * ```
 */
export function checkGradients<const Inputs extends readonly GradcheckInput[]>(
  fn: GradcheckFunction<Inputs>,
  inputs: Inputs,
  options?: CheckGradientsOptions,
): void {
  checkCount("run checkGradients", arguments.length, 3);
  const { order = 2, ...rest } = readOrders("run checkGradients", options);
  if (order !== 1 && order !== 2 && order !== 3) {
    throw new RangeError(`Cannot run checkGradients: order must be 1, 2 or 3, got ${order}`);
  }
  gradcheck(fn, inputs, rest);
  if (order >= 2) gradgradcheck(fn, inputs, rest);
  if (order === 3) checkOrder("checkGradients", 3, fn, inputs, rest);
}
