/** Gradients against differences, of first and second order. */

import { Tensor } from "../tensor.ts";
import { grad } from "../autograd/backward.ts";
import { enableGrad } from "../autograd/tape.ts";
import { fromTypedArray, zerosLike } from "../create.ts";
import { isFloat } from "../dtype.ts";
import { DTypeError, GradError } from "../errors.ts";
import { RandomGenerator } from "../random.ts";
import { CheckError, nameOf } from "./check_error.ts";
import { checkJacobian } from "./jacobian.ts";
import { asTensors, normal, type Subject } from "./probe.ts";

/** A tensor, or the shape of a float64 sample that is made. */
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
  /** Tolerance relative to the numeric gradient. Default: 1e-3. */
  rtol?: number;
  /** Seed of the samples and of random projections. Default: 0. */
  seed?: number | bigint;
  /** What the function is called in messages. Default: its own name. */
  name?: string;
}

/** Options of `checkGradients`. */
export interface CheckGradientsOptions extends GradcheckOptions {
  /** Highest order of the gradients that are checked. Default: 2. */
  order?: 1 | 2;
}

/** A function of any number of tensors, and all that a check needs beside it. */
interface Setup {
  readonly name: string;
  readonly run: (inputs: readonly Tensor[]) => Tensor[];
  readonly inputs: readonly Tensor[];
  readonly accuracy: { readonly eps: number; readonly atol: number; readonly rtol: number };
  readonly generator: RandomGenerator;
}

/** Samples are moved this far away from zero, where many functions have a kink. */
const MARGIN = 0.1;

function sample(shape: readonly number[], generator: RandomGenerator): Tensor {
  const values = normal(shape, generator);
  const moved = values.map((value) => value + (value < 0 ? -MARGIN : MARGIN));
  return fromTypedArray(moved, shape, { requiresGrad: true });
}

function isShape(input: unknown): input is readonly number[] {
  return Array.isArray(input) &&
    input.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
}

function checkNumber(check: string, option: string, value: number, positive: boolean): void {
  if (Number.isFinite(value) && (positive ? value > 0 : value >= 0)) return;
  throw new RangeError(
    `Cannot run ${check}: ${option} must be a ${
      positive ? "positive number" : "number from 0"
    }, got ${value}`,
  );
}

function checkInput(check: string, input: GradcheckInput, i: number): void {
  if (input instanceof Tensor) {
    if (!input.requiresGrad || input.dtype === "float64") return;
    throw new DTypeError(
      `Cannot run ${check}: input ${i} is ${input.dtype}, which has too few digits for ` +
        'differences; use float64, as in x.to({ dtype: "float64" })',
    );
  }
  if (isShape(input)) return;
  throw new TypeError(
    `Cannot run ${check}: input ${i} must be a tensor or a shape, got ${Deno.inspect(input)}`,
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
  if (typeof fn !== "function" && typeof fn?.forward !== "function") {
    throw new TypeError(
      `Cannot run ${check}: the first argument must be a function or a module, got ${
        Deno.inspect(fn)
      }`,
    );
  }
  if (!Array.isArray(inputs)) {
    throw new TypeError(
      `Cannot run ${check}: inputs must be an array of tensors or shapes, got ${
        Deno.inspect(inputs)
      }`,
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
    return asTensors(
      `Gradient of ${name}`,
      typeof fn === "function" ? fn(...args) : fn.forward(...args),
    );
  };
  return { name, run, inputs: tensors, accuracy: { eps, atol, rtol }, generator };
}

/** The outputs that have gradients; at least one. */
function floating(check: string, name: string, outputs: readonly Tensor[]): Tensor[] {
  const found = outputs.filter(({ dtype }) => isFloat(dtype));
  if (found.length > 0) return found;
  throw new DTypeError(
    `Cannot run ${check}: ${name} must give a floating tensor, got ${
      outputs.map(({ dtype }) => dtype).join(", ") || "none at all"
    }`,
  );
}

/**
 * Compares the gradients of a function with central differences in float64, entry by entry of the
 * Jacobian; above 2000 inputs or outputs, along random directions. Follows
 * [torch.autograd.gradcheck](https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html),
 * and its condition is |analytic − numeric| ≤ atol + rtol · |numeric|.
 *
 * The inputs are never changed: the function sees contiguous copies. All floating outputs are
 * checked; one that is on no tape must be constant.
 *
 * @param fn A function of tensors that returns a tensor of any shape or an array of them, or a module.
 * @param inputs Tensors, of which those that require a gradient are checked, or shapes: for each a
 * seeded float64 sample is made, normally distributed and kept 0.1 away from zero.
 * @throws {CheckError} If a gradient is wrong, with the input, the index, both values and the step;
 * if the point lies at a kink; if the function changes from call to call or is not finite.
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
  options: GradcheckOptions = {},
): void {
  const { name, run, inputs: tensors, accuracy, generator } = setUp(
    "gradcheck",
    fn,
    inputs,
    options,
  );
  const subject: Subject = {
    title: `Gradient of ${name}`,
    run: (given) => floating("gradcheck", name, run(given)),
    inputs: tensors,
    inputName: (i) => `input ${i}`,
    outputName: (i) => `output ${i}`,
  };
  checkJacobian(subject, accuracy, generator);
}

/** The gradients of a function as a function of its inputs and of the cotangents. */
function gradientOf(setup: Setup, count: number): (given: readonly Tensor[]) => Tensor[] {
  const { name, run } = setup;
  return (given) => {
    const inputs = given.slice(0, count);
    const cotangents = given.slice(count);
    const wanted = inputs.filter((input) => input.requiresGrad);
    const outputs = floating("gradgradcheck", name, run(inputs));
    const roots = outputs.filter((output) => output.requiresGrad);
    const gradOutputs = cotangents.filter((_, i) => outputs[i]?.requiresGrad === true);
    const options = { gradOutputs, createGraph: true, allowUnused: true } as const;
    // An input that the outputs don't depend on has a gradient of zeros.
    const gradients = grad(roots, wanted, options);
    return wanted.map((input, i) => gradients[i] ?? zerosLike(input));
  };
}

/**
 * Compares second gradients with central differences: the check of `gradcheck`, of the gradient
 * function that `grad(…, { createGraph: true })` gives, at random cotangents, with respect to the
 * inputs and the cotangents. Follows
 * [torch.autograd.gradgradcheck](https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html).
 *
 * It takes the first gradient as it is: whether that is right, `gradcheck` says.
 *
 * @param fn A function of tensors that returns a tensor of any shape or an array of them, or a module.
 * @param inputs Tensors, of which those that require a gradient are checked, or shapes: for each a
 * seeded float64 sample is made, normally distributed and kept 0.1 away from zero.
 * @throws {CheckError} If a second gradient is wrong or cannot be computed, or for the reasons of
 * `gradcheck`.
 * @throws {DTypeError} If an input that requires a gradient, or an output, is not float64.
 * @throws {GradError} If no input requires a gradient.
 *
 * @example A second gradient, right and lost
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
  options: GradcheckOptions = {},
): void {
  const setup = setUp("gradgradcheck", fn, inputs, options);
  const { name, run, accuracy, generator } = setup;
  const outputs = floating("gradgradcheck", name, enableGrad(() => run(setup.inputs)));
  if (!outputs.some((output) => output.requiresGrad)) {
    throw new CheckError(
      `Second gradient of ${name} cannot be checked: no output is on a tape, so there is no first ` +
        "gradient",
    );
  }
  const count = setup.inputs.length;
  const checked = setup.inputs.flatMap((input, i) => input.requiresGrad ? [i] : []);
  const subject: Subject = {
    title: `Second gradient of ${name}`,
    run: gradientOf(setup, count),
    inputs: [...setup.inputs, ...outputs.map(({ shape }) => sample(shape, generator))],
    inputName: (i) => i < count ? `input ${i}` : `the cotangent of output ${i - count}`,
    outputName: (i) => `the gradient of input ${checked[i]}`,
  };
  try {
    checkJacobian(subject, accuracy, generator);
  } catch (error) {
    if (!(error instanceof GradError)) throw error;
    throw new CheckError(
      `Second gradient of ${name} cannot be checked: the first gradient is not differentiable: ${error.message}`,
      { cause: error },
    );
  }
}

/**
 * The first and, unless told otherwise, second gradients of a function against differences:
 * `gradcheck`, then `gradgradcheck`.
 *
 * @param fn A function of tensors that returns a tensor of any shape or an array of them, or a module.
 * @param inputs Tensors or shapes, as of `gradcheck`.
 * @throws {CheckError} If a gradient is wrong.
 *
 * @example Both orders
 * ```ts
 * import { checkGradients } from "@adjoint/ml/testing";
 *
 * checkGradients((x) => x.sigmoid(), [[2, 3]]);
 * ```
 */
export function checkGradients<const Inputs extends readonly GradcheckInput[]>(
  fn: GradcheckFunction<Inputs>,
  inputs: Inputs,
  options: CheckGradientsOptions = {},
): void {
  const { order = 2 } = options;
  if (order !== 1 && order !== 2) {
    throw new RangeError(`Cannot run checkGradients: order must be 1 or 2, got ${order}`);
  }
  gradcheck(fn, inputs, options);
  if (order === 2) gradgradcheck(fn, inputs, options);
}
