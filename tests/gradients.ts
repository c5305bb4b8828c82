/**
 * Checks rules against differences. It shares nothing with the engine's own checks: numbers come from
 * `toArray`, points and weights from a stream of its own.
 */

import { fromTypedArray, grad, type Tensor } from "../mod.ts";
import { assertEquals, AssertionError } from "@std/assert";
import { count, stream, valuesOf } from "./matrix/samples.ts";

/** A function to check; of several outputs all are weighed together. */
export type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** How the inputs of a check are treated. */
export interface GradientOptions {
  /** Which inputs are differentiated; by default those of type float64. */
  readonly differentiable?: readonly boolean[];
}

/** A function of all its inputs at once, which gives several outputs. */
type Many = (inputs: readonly Tensor[]) => readonly Tensor[];

// Central differences in float64: with steps of 1e-6 the rounding error is near 1e-16 / 1e-6 and the
// error of truncation near 1e-12, both some 10^4 times below the tolerances.
const STEP = 1e-6;
const RTOL = 1e-5;
const ATOL = 1e-6;

/** Elements of an input that are tried; those of larger inputs are a sample. */
const TRIED = 12;

/** Weights from 0.5 to 1.5 of either sign, so that no element of an output is lost. */
function weightsFor(name: string, shape: readonly number[]): Float64Array {
  const next = stream(name);
  return Float64Array.from({ length: count(shape) }, () => {
    const size = 0.5 + next();
    return next() < 0.5 ? -size : size;
  });
}

function project(outputs: readonly Tensor[], weights: readonly Float64Array[]): number {
  let sum = 0;
  outputs.forEach((y, j) => valuesOf(y).forEach((value, k) => sum += value * weights[j]![k]!));
  return sum;
}

/** Copies of the inputs, leaves where they are differentiated. */
function leavesOf(inputs: readonly Tensor[], wanted: readonly boolean[]): Tensor[] {
  return inputs.map((x, i) => {
    if (!wanted[i]) return x;
    const copy = fromTypedArray(Float64Array.from(valuesOf(x)), x.shape);
    return copy.requiresGrad_();
  });
}

function gradientsOf(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  gradOutputs: readonly Tensor[],
  createGraph: boolean,
): readonly (Tensor | null)[] {
  const on = outputs.map((_, i) => i).filter((i) => outputs[i]!.requiresGrad);
  if (on.length === 0) return inputs.map(() => null);
  return grad(on.map((i) => outputs[i]!), inputs, {
    gradOutputs: on.map((i) => gradOutputs[i]!),
    allowUnused: true,
    createGraph,
  });
}

function compare(
  name: string,
  many: Many,
  inputs: readonly Tensor[],
  wanted: readonly boolean[],
): void {
  const leaves = leavesOf(inputs, wanted);
  const outputs = many(leaves);
  const weights = outputs.map((y, j) => weightsFor(`${name} ${j}`, y.shape));
  const cotangents = outputs.map((y, j) => fromTypedArray(weights[j]!.slice(), y.shape));
  const targets = leaves.filter((_, i) => wanted[i]);
  const gradients = gradientsOf(outputs, targets, cotangents, false);
  leaves.forEach((leaf, i) => {
    if (!wanted[i]) return;
    const gradient = gradients[targets.indexOf(leaf)]!;
    if (gradient !== null) {
      assertEquals(gradient.shape, leaf.shape, `${name}: shape of the gradient of input ${i}`);
      assertEquals(gradient.dtype, leaf.dtype, `${name}: type of the gradient of input ${i}`);
    }
    const ruled = gradient === null ? new Array<number>(leaf.size).fill(0) : valuesOf(gradient);
    const point = valuesOf(leaf);
    const valueAt = (k: number, x: number) => {
      const moved = fromTypedArray(Float64Array.from(point).with(k, x), leaf.shape);
      const all = inputs.map((other, j) => j === i ? moved : other);
      return project(many(leavesOf(all, wanted)), weights);
    };
    const stride = Math.max(1, Math.ceil(point.length / TRIED));
    for (let k = 0; k < point.length; k += stride) {
      const step = STEP * Math.max(1, Math.abs(point[k]!));
      const [above, below] = [point[k]! + step, point[k]! - step];
      const slope = (valueAt(k, above) - valueAt(k, below)) / (above - below);
      // Written so that a NaN fails.
      if (!(Math.abs(ruled[k]! - slope) <= ATOL + RTOL * Math.abs(slope))) {
        throw new AssertionError(
          `${name}: the gradient of input ${i} at element ${k} (${point[k]}) is ${ruled[k]} by ` +
            `the rule and ${slope} by differences`,
        );
      }
    }
  });
}

function listed(y: Tensor | readonly Tensor[]): readonly Tensor[] {
  return Array.isArray(y) ? y as readonly Tensor[] : [y as Tensor];
}

/** Compares the gradients of a function with differences of its values. */
export function checkGradients(
  name: string,
  fn: Differentiable,
  inputs: readonly Tensor[],
  options: GradientOptions = {},
): void {
  const wanted = options.differentiable ?? inputs.map((x) => x.dtype === "float64");
  compare(name, (all) => listed(fn(...all)), inputs, wanted);
}

/**
 * Compares the gradients of a function's gradients with differences of those: with respect to the
 * inputs, and to the cotangents that the first gradients start from.
 */
export function checkSecondGradients(
  name: string,
  fn: Differentiable,
  inputs: readonly Tensor[],
  options: GradientOptions = {},
): void {
  const wanted = options.differentiable ?? inputs.map((x) => x.dtype === "float64");
  const shapes = listed(fn(...inputs)).map((y) => y.shape);
  const cotangents = shapes.map((shape, j) =>
    fromTypedArray(weightsFor(`${name} cotangent ${j}`, shape), shape)
  );
  const first: Many = (all) => {
    const own = all.slice(0, inputs.length);
    const targets = own.filter((_, i) => wanted[i]);
    const gradients = gradientsOf(listed(fn(...own)), targets, all.slice(inputs.length), true);
    return gradients.filter((gradient) => gradient !== null);
  };
  compare(`${name}, second order`, first, [...inputs, ...cotangents], [
    ...wanted,
    ...cotangents.map(() => true),
  ]);
}
