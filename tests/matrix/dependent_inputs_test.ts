/**
 * Inputs that depend on each other, or are the same: gradients are right in plain and recorded
 * passes, to the second order, and a leaf's hook runs once.
 */

import { assert, assertEquals, AssertionError, assertThrows } from "@std/assert";
import { grad, type Tensor } from "../../mod.ts";
import { atSaved } from "../common/planted_functions.ts";
import { GRADIENT_CASES, type GradientCase } from "./gradient_cases.ts";
import { checkGradients, type Differentiable, type GradientOptions } from "../common/gradients.ts";
import { RULE_CASES } from "./rule_cases.ts";
import { valuesOf } from "../common/samples.ts";

/** How strongly a free input moves the others. */
const SHARE = 0.5;

/** Ops that jump where both inputs are equal. */
const JUMPS = ["remainder"];

/** A function of one tensor, made from a function of several, at a point. */
interface Tied {
  readonly name: string;
  readonly fn: Differentiable;
  readonly point: Tensor;
  readonly options?: GradientOptions;
}

/** One input is free, and moves the others by a share of its mean, without changing the point. */
function following({ name, fn, options }: GradientCase, inputs: Tensor[], free: number): Tied {
  const point = inputs[free]!;
  const start = valuesOf(point).reduce((sum, x) => sum + x, 0) / point.size;
  const tied = (x: Tensor) => {
    const moved = x.mean().sub(start).mul(SHARE);
    return fn(
      ...inputs.map((other, i) =>
        i === free ? x : other.dtype === "float64" ? other.add(moved) : other
      ),
    );
  };
  return { name: `${name} where input ${free} moves the others`, fn: tied, point, ...options };
}

/** The same tensor in two places. */
function twice({ name, fn, options }: GradientCase, inputs: Tensor[], [a, b]: number[]): Tied {
  const point = inputs[a!]!;
  const tied = (x: Tensor) => fn(...inputs.map((other, i) => i === a || i === b ? x : other));
  return { name: `${name} with one tensor as inputs ${a} and ${b}`, fn: tied, point, ...options };
}

/** The ways to tie the inputs of a case. */
function tiedForms(op: string, one: GradientCase): Tied[] {
  const inputs = one.inputs();
  const floats = inputs.flatMap(({ dtype, size }, i) => dtype === "float64" && size > 0 ? [i] : []);
  if (floats.length < 2) return [];
  const ends = [floats[0]!, floats.at(-1)!];
  const same = JSON.stringify(inputs[ends[0]!]!.shape) === JSON.stringify(inputs[ends[1]!]!.shape);
  return [
    ...ends.map((free) => following(one, inputs, free)),
    ...(same && !JUMPS.includes(op) ? [twice(one, inputs, ends)] : []),
  ];
}

const CHECKS: readonly GradientOptions[] = [
  { order: 1 },
  { order: 1, recorded: true },
  { order: 2, projected: true },
];

function check({ name, fn, point, options }: Tied): void {
  for (const how of CHECKS) checkGradients(name, fn, [point], { ...options, ...how });
  const leaf = point.detach().clone().requiresGrad_();
  let runs = 0;
  leaf.registerHook(() => void runs++);
  const y = fn(leaf);
  const outputs = (Array.isArray(y) ? y : [y]).filter((one: Tensor) => one.requiresGrad);
  const gradOutputs = outputs.map((one: Tensor) => one.detach().mul(0).add(1));
  grad(outputs, [leaf], { gradOutputs, createGraph: true, allowUnused: true });
  assert(runs <= 1, `${name}: the hook of a leaf ran ${runs} times`);
}

const cases: (readonly [op: string, one: GradientCase])[] = [
  ...[...GRADIENT_CASES].flatMap(([op, list]) => list.map((one) => [op, one] as const)),
  ...RULE_CASES.map((one) => [one.name, one] as const),
];

const tried = cases.map(([op, one]) => ({ one, tied: tiedForms(op, one) }))
  .filter(({ tied }) => tied.length > 0);

for (const { one, tied } of tried) {
  Deno.test(`gradients of dependent inputs: ${one.name}`, () => tied.forEach(check));
}

Deno.test("dependent inputs are tried for every op of two floating inputs, and some fused ones", () => {
  const names = tried.map(({ one }) => one.name.split("(")[0]!);
  for (const op of ["mul", "atan2", "matmul", "layerNorm", "mse", "huber", "linear", "lerp"]) {
    assert(names.includes(op), `${op} is not tried`);
  }
  assert(tried.length > 100, `only ${tried.length} cases`);
});

Deno.test("a rule that differentiates its saved tensors themselves is noticed", () => {
  const free = (a: Tensor, b: Tensor) => atSaved(a, b);
  const [, one] = cases.find(([op]) => op === "sub")!;
  checkGradients("free", free, one.inputs(), { recorded: true });
  const forms = tiedForms("sub", { ...one, fn: free as Differentiable });
  assertEquals(forms.length, 3);
  for (const form of forms) assertThrows(() => check(form), AssertionError);
});
