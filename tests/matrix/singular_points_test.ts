/**
 * Points where a definition contains |x|, √x, a power or a quotient at 0 though the function is
 * smooth: zeros among the elements, and equal inputs. Where the value is finite, so are the first
 * and second derivatives, except of functions that have none.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  atan2,
  customFunction,
  fromTypedArray,
  grad,
  hessian,
  losses,
  norm,
  std,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { GRADIENT_CASES, type GradientCase } from "./gradient_cases.ts";
import type { Differentiable } from "../common/gradients.ts";
import { RULE_CASES } from "./rule_cases.ts";
import { valuesOf } from "../common/samples.ts";

/** Functions with an infinite derivative at 0 or 1, where they are finite. */
const INFINITE = ["sqrt", "pow", "asin", "acos"];

const CHANGES = {
  "all zeros": () => 0,
  "every second one zero": (x: number, i: number) => i % 2 === 0 ? 0 : x,
  "all ones": () => 1,
  "whole numbers of which some are equal": (x: number, i: number) =>
    i % 3 === 0 ? 2 : Math.round(x),
};

function changed(inputs: readonly Tensor[], change: (x: number, i: number) => number): Tensor[] {
  return inputs.map((x) =>
    x.dtype === "float64"
      ? fromTypedArray(Float64Array.from(valuesOf(x), change), x.shape).requiresGrad_()
      : x
  );
}

function isFinite({ data }: { data: ArrayLike<number> }): boolean {
  return Array.from(data).every(Number.isFinite);
}

/** The first derivative that is not finite at a point where the value is; null if there is none. */
function fault(fn: Differentiable, inputs: readonly Tensor[]): string | null {
  let outputs: readonly Tensor[];
  try {
    const y = fn(...inputs);
    outputs = (Array.isArray(y) ? y : [y]).filter((one: Tensor) => one.requiresGrad);
  } catch (error) {
    // For example, the matrix is singular.
    if (error instanceof RangeError) return null;
    throw error;
  }
  if (outputs.length === 0 || !outputs.every((y) => isFinite(y.contiguous()))) return null;
  const leaves = inputs.filter((x) => x.requiresGrad);
  const options = { createGraph: true, allowUnused: true } as const;
  const first = grad(outputs.map((y) => y.sum()), leaves, options);
  for (const g of first) if (g !== null && !isFinite(g.contiguous())) return "first derivative";
  const scalars = first.flatMap((g) => g?.requiresGrad ? [g.mul(1.5).sum()] : []);
  if (scalars.length === 0) return null;
  const second = grad(scalars, leaves, { allowUnused: true });
  return second.every((g) => g === null || isFinite(g.contiguous())) ? null : "second derivative";
}

const cases: readonly (readonly [op: string, one: GradientCase])[] = [
  ...[...GRADIENT_CASES].flatMap(([op, list]) => list.map((one) => [op, one] as const)),
  ...RULE_CASES.map((one) => [one.name, one] as const),
];

for (const [op, one] of cases) {
  if (INFINITE.includes(op)) continue;
  Deno.test(`derivatives at singular points: ${one.name}`, () => {
    for (const [what, change] of Object.entries(CHANGES)) {
      const found = fault(one.fn, changed(one.inputs(), change));
      assertEquals(found, null, `${one.name}, ${what}`);
    }
  });
}

Deno.test("a derivative that is not finite where the value is is noticed", () => {
  const zeros = () => [tensor([0, 1], { dtype: "float64", requiresGrad: true })];
  assertEquals(fault((x) => x.square().sqrt(), zeros()), "first derivative");
  const rooted = customFunction<[Tensor]>({
    forward: (context, x) => {
      context.save(x);
      return x.square();
    },
    backward: ({ saved: [x] }, g) => g.mul(x!.square().sqrt()).mul(x!.sign()).mul(2),
  });
  assertEquals(fault(rooted as Differentiable, zeros()), "second derivative");
  assertThrows(() =>
    fault(() => {
      throw new TypeError("no");
    }, zeros())
  );
  assert(cases.length > 400);
});

const f64 = (data: number[]) => tensor(data, { dtype: "float64" });

Deno.test("Huber is a parabola around its target, whatever the reduction", () => {
  for (const delta of [0.3, 1, 5]) {
    const at = hessian(
      (p: Tensor) => losses.huber(p, f64([0, 0, 1]), { delta, reduction: "sum" }),
      f64([0, 0.2, 1]),
    );
    assertEquals(at.toArray(), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
  }
});

Deno.test("norms of every order have gradients of 0 where the norm or an element is 0", () => {
  for (const p of [-Infinity, -2, -1, -0.5, 0, 1, 2, 2.5, 3, Infinity]) {
    for (const data of [[0, 4], [0, 0], [3, 0]]) {
      const x = f64(data).requiresGrad_();
      norm(x, { p }).backward();
      const g = valuesOf(x.grad!);
      assert(g.every(Number.isFinite), `p ${p} of ${data}: ${g}`);
      if (p < 0 || data[0] === data[1]) assertEquals(g.map(Math.abs), [0, 0], `p ${p} of ${data}`);
    }
  }
});

Deno.test("atan2 at the origin and std of equal numbers have the gradient 0", () => {
  const [a, b] = [f64([0]).requiresGrad_(), f64([0]).requiresGrad_()];
  const first = grad(atan2(a, b).sum(), [a, b], { createGraph: true });
  assertEquals(first.map((g) => Math.abs(g.item())), [0, 0]);
  const second = grad(first[0].add(first[1]).sum(), [a, b]);
  assertEquals(second.map((g) => Math.abs(g.item())), [0, 0]);
  const x = f64([3, 3, 3]).requiresGrad_();
  std(x).backward();
  assertEquals(valuesOf(x.grad!), [0, 0, 0]);
});
