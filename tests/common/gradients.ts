/**
 * Checks rules against differences. It shares nothing with the engine's own checks: numbers come from
 * `toArray`, points and weights from a stream of its own.
 */

import { assertEquals } from "@std/assert";
import { fromTypedArray, grad, type Tensor } from "../../mod.ts";
import { failure } from "./compare.ts";
import { count, plainOf, stream, valuesOf } from "./samples.ts";

/** A function to check; of several outputs all are weighed together. */
export type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** How a check goes about it. */
export interface GradientOptions {
  /** Which inputs are differentiated; by default those of type float64. */
  readonly differentiable?: readonly boolean[];
  /** Which gradients are compared with differences of what they are gradients of. Default: 1. */
  readonly order?: 1 | 2 | 3;
  /** Moves each input along a random direction, in place of single elements. Default: false. */
  readonly projected?: boolean;
  /** Records the gradients that are compared, which ops may treat otherwise. Default: false. */
  readonly recorded?: boolean;
  /** Step of the differences. Default: 1e-6. */
  readonly step?: number;
}

/** A function of all its inputs at once, which gives several outputs, at a point. */
interface Subject {
  readonly name: string;
  readonly many: (inputs: readonly Tensor[]) => readonly Tensor[];
  readonly inputs: readonly Tensor[];
  readonly wanted: readonly boolean[];
}

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

function cotangentsFor(name: string, outputs: readonly Tensor[]): Tensor[] {
  return outputs.map(({ shape }, j) => fromTypedArray(weightsFor(`${name} ${j}`, shape), shape));
}

/** Copies of the inputs, leaves where they are differentiated. */
function leavesOf({ wanted }: Subject, inputs: readonly Tensor[]): Tensor[] {
  return inputs.map((x, i) => {
    if (!wanted[i]) return x;
    const copy = fromTypedArray(Float64Array.from(valuesOf(x)), x.shape);
    return copy.requiresGrad_();
  });
}

/** The gradients of the wanted inputs by the rules; null where there is none. */
function gradientsOf(
  { wanted }: Subject,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  gradOutputs: readonly Tensor[],
  createGraph: boolean,
): readonly (Tensor | null)[] {
  const targets = inputs.filter((_, i) => wanted[i]);
  const on = outputs.map((_, i) => i).filter((i) => outputs[i]!.requiresGrad);
  if (on.length === 0) return targets.map(() => null);
  return grad(on.map((i) => outputs[i]!), targets, {
    gradOutputs: on.map((i) => gradOutputs[i]!),
    allowUnused: true,
    createGraph,
  });
}

const ORDERS = ["", ", second order", ", third order"];

/** What a check is of: the function, or its gradients as a function of inputs and cotangents. */
function subjectOf(
  name: string,
  fn: Differentiable,
  inputs: readonly Tensor[],
  { order = 1, differentiable }: GradientOptions,
): Subject {
  let subject: Subject = {
    name,
    many: (all) => {
      const y = fn(...all);
      return Array.isArray(y) ? y as readonly Tensor[] : [y as Tensor];
    },
    inputs,
    wanted: differentiable ?? inputs.map((x) => x.dtype === "float64"),
  };
  for (let done = 1; done < order; done++) {
    const of = subject;
    const { length } = of.inputs;
    const outputs = of.many(leavesOf(of, of.inputs));
    const cotangents = cotangentsFor(`${of.name} cotangent`, outputs);
    subject = {
      name: name + ORDERS[done]!,
      many: (all) => {
        const own = all.slice(0, length);
        return gradientsOf(of, of.many(own), own, all.slice(length), true)
          .filter((gradient) => gradient !== null);
      },
      inputs: [...of.inputs, ...cotangents],
      wanted: [...of.wanted, ...cotangents.map(() => true)],
    };
  }
  return subject;
}

/** The inputs as leaves, and the gradient of each by the rules, from weights of all outputs. */
function ruled(subject: Subject, recorded: boolean) {
  const leaves = leavesOf(subject, subject.inputs);
  const outputs = subject.many(leaves);
  const cotangents = cotangentsFor(subject.name, outputs);
  const gradients = [...gradientsOf(subject, outputs, leaves, cotangents, recorded)];
  return {
    leaves,
    gradients: subject.wanted.map((wanted) => wanted ? gradients.shift()! : null),
    weights: cotangents.map(valuesOf),
  };
}

/** Computes the gradients that `checkGradients` compares, without comparing them. */
export function runGradients(
  name: string,
  fn: Differentiable,
  inputs: readonly Tensor[],
  options: GradientOptions,
): void {
  ruled(subjectOf(name, fn, inputs, options), options.recorded ?? false);
}

/** The directions in which an input is moved, each with its name. */
function directionsFor(name: string, point: readonly number[], projected: boolean) {
  if (point.length === 0) return [];
  if (projected) {
    const direction = weightsFor(name, [point.length]);
    return [{ at: "along a random direction", direction }] as const;
  }
  const stride = Math.ceil(point.length / TRIED);
  return Array.from({ length: Math.ceil(point.length / stride) }, (_, i) => {
    const direction = new Float64Array(point.length);
    direction[i * stride] = 1;
    return { at: i * stride, direction };
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Compares the gradients of a function with differences of its values. */
export function checkGradients(
  name: string,
  fn: Differentiable,
  inputs: readonly Tensor[],
  options: GradientOptions = {},
): void {
  const { projected = false, recorded = false, step: smallest = STEP } = options;
  const subject = subjectOf(name, fn, inputs, options);
  const { leaves, gradients, weights } = ruled(subject, recorded);
  leaves.forEach((leaf, i) => {
    if (!subject.wanted[i]) return;
    const part = `the gradient of input ${i}`;
    const what = `${subject.name}: ${part}`;
    const gradient = gradients[i]!;
    if (gradient !== null) {
      assertEquals(gradient.shape, leaf.shape, `${what}: its shape`);
      assertEquals(gradient.dtype, leaf.dtype, `${what}: its type`);
    }
    const rule = gradient === null ? new Array<number>(leaf.size).fill(0) : valuesOf(gradient);
    const point = valuesOf(leaf);
    const valueAt = (data: Float64Array) => {
      const all = subject.inputs.with(i, fromTypedArray(data, leaf.shape));
      const outputs = subject.many(leavesOf(subject, all));
      return outputs.reduce((sum, y, j) => sum + dot(valuesOf(y), weights[j]!), 0);
    };
    for (const { at, direction } of directionsFor(what, point, projected)) {
      const step = point.reduce(
        (most, x, k) => direction[k] === 0 ? most : Math.max(most, smallest * Math.abs(x)),
        smallest,
      );
      const above = direction.map((u, k) => point[k]! + step * u);
      const below = direction.map((u, k) => point[k]! - step * u);
      // How far apart the points are, after rounding.
      const apart = dot(direction, above.map((x, k) => x - below[k]!)) / dot(direction, direction);
      const slope = (valueAt(above) - valueAt(below)) / apart;
      const byRule = dot(rule, direction);
      // Written so that a NaN fails.
      if (!(Math.abs(byRule - slope) <= ATOL + RTOL * Math.abs(slope))) {
        const { device, dtype, shape } = leaf;
        const trial = { name: subject.name, dtype, inputs: subject.inputs.map(plainOf) };
        const wanted = `${slope} by differences`;
        throw failure(trial, { part, device, at, shape, came: byRule, wanted });
      }
    }
  });
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
  checkGradients(name, fn, inputs, { ...options, order: 2 });
}
