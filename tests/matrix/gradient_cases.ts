/** Small cases for checks of the gradients of all public ops. */

import type { Tensor } from "../../mod.ts";
import { type CaseInput, inputsOf, isDifferentiable, type OpCase } from "./cases.ts";
import { ELEMENTWISE, type Elementwise } from "../common/elementwise.ts";
import { smoothSamples } from "./elementwise/points.ts";
import type { Differentiable, GradientOptions } from "../common/gradients.ts";
import { OP_CASES } from "./op_cases.ts";
import { count, show, tensorOf } from "../common/samples.ts";

/** A function and a point. */
export interface GradientCase {
  /** The op, and what the case tests. */
  readonly name: string;
  readonly fn: Differentiable;
  /** The point: new tensors at each call. */
  readonly inputs: () => Tensor[];
  /** Number of elements of all inputs. */
  readonly size: number;
  /** Further needs of its checks. */
  readonly options?: GradientOptions;
}

/** Up to this number of elements a case is small. */
const SMALL = 100;

function sizeOf(shapes: readonly (readonly number[])[]): number {
  return shapes.reduce((sum, shape) => sum + count(shape), 0);
}

function elementwiseCases(op: Elementwise): GradientCase[] {
  const pairs = [[[2, 3], [2, 3]], [[2, 3], [3]]];
  const points = op.arity === 1 ? [[[2, 3]]] : pairs;
  return points.map((shapes) => ({
    name: `${op.name}() ${shapes.map(show).join(" and ")}`,
    fn: op.call,
    inputs: () => smoothSamples(op, ...shapes).map((plain) => tensorOf(plain, "float64")),
    size: sizeOf(shapes),
  }));
}

/** A case of a table as a function and a point. */
export function gradientCase(
  op: string,
  one: { name: string; inputs: readonly CaseInput[]; call: Differentiable },
): GradientCase {
  return {
    name: `${op}() ${one.name}`,
    fn: one.call,
    inputs: () => inputsOf(one, "float64"),
    size: sizeOf(one.inputs.map(({ shape }) => shape)),
  };
}

function structuralCases([name, cases]: [string, readonly OpCase[]]): GradientCase[] {
  return cases.filter(isDifferentiable).map((one) => gradientCase(name, one))
    .filter(({ size }) => size <= SMALL);
}

/** The small cases of each public op that has gradients. */
export const GRADIENT_CASES: ReadonlyMap<string, readonly GradientCase[]> = new Map([
  ...ELEMENTWISE.filter((op) => !op.compares).map((op) => [op.name, elementwiseCases(op)] as const),
  ...Object.entries(OP_CASES).map((entry) => [entry[0], structuralCases(entry)] as const),
]);
