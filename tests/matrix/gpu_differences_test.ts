/**
 * The comparison of the GPU with the CPU at special points notices errors; tested without a GPU.
 */

import { assert, assertEquals, AssertionError, assertThrows } from "@std/assert";
import { assertTensor, near } from "../common/compare.ts";
import { type Plain, tensorOf } from "../common/samples.ts";
import { ELEMENTWISE } from "../common/elementwise.ts";
import { specialInputs } from "./elementwise/points.ts";
import { agreesAt, DIFFERENCES, NORMAL_NUMBERS } from "./gpu_differences.ts";

/** Compares a formula in float32 with the exact function, as the matrix does. */
function compare(
  name: string,
  formula: (...inputs: number[]) => number,
  ref: (...inputs: number[]) => number,
  inputs: readonly Plain[],
): void {
  const [ours, wanted] = [formula, ref].map((fn) => ({
    shape: inputs[0]!.shape,
    data: inputs[0]!.data.map((_, i) => fn(...inputs.map(({ data }) => data[i]!))),
  }));
  const trial = { name: `${name}() of special values`, dtype: "float32", inputs } as const;
  const agrees = agreesAt(name, inputs);
  assertTensor(trial, tensorOf(ours!, "float32"), wanted!, "float32", agrees);
}

Deno.test("a formula that leaves the range between its steps is noticed at pairs of extremes", () => {
  const { fround, hypot, sqrt } = Math;
  const inputs = specialInputs(
    { arity: 2, sampling: { ref: hypot }, domain: [-3, 3] },
    "float32",
  );
  compare("hypot", hypot, hypot, inputs);
  const naive = (a: number, b: number) => sqrt(fround(fround(a * a) + fround(b * b)));
  const fault = assertThrows(() => compare("hypot", naive, hypot, inputs), AssertionError);
  assertEquals(
    fault.message,
    "hypot() of special values on cpu, float32: the result at element 2 of [625] is 0, expected " +
      "1.0000000031710769e-30, where the inputs are 0 and 1.0000000031710769e-30",
  );
  const large = inputs.map(({ shape, data }) => ({ shape, data: data.map(absOrLarge) }));
  assertThrows(
    () => compare("hypot", naive, hypot, large),
    AssertionError,
    "is Infinity, expected",
  );
});

function absOrLarge(x: number): number {
  return Math.abs(x) < 1 ? 1 : x;
}

Deno.test("other numbers than those that are known are noticed where a difference is known", () => {
  const at = (...point: number[]) => point.map((x) => ({ shape: [1], data: [x] }));
  const agrees = (op: string, point: number[], came: number, wanted: number) =>
    agreesAt(op, at(...point))(came, wanted, 0);
  assert(!agrees("lgamma", [2], 1e-7, 0));
  assert(!agrees("log", [1], 1e-7, 0));
  assert(agrees("atan2", [1, 2], 0.463647 * (1 + 2 ** -16), 0.463647));
  assert(!agrees("sin", [1e30], -1, Math.sin(1e30)));
  assert(agrees("mul", [1e-30, 1e-10], 0, 1e-40));
  assert(!agrees("mul", [1e-30, 1e-7], 0, 1e-37));
  assert(!agrees("mul", [-0, 1], 0, -0));
  assert(!agrees("mul", [1e30, 1e30], 3.4e38, Infinity));
});

Deno.test("a normal number of a cosine as inexact as the language allows is noticed", () => {
  const [u, v] = [0.3, 0.1];
  const radius = Math.sqrt(-2 * Math.log(1 - u));
  const wanted = radius * Math.cos(2 * Math.PI * v);
  assert(near(Math.fround(wanted), wanted, NORMAL_NUMBERS));
  assert(!near(radius * (Math.cos(2 * Math.PI * v) + 2 ** -11), wanted, NORMAL_NUMBERS));
  assert(!near(radius * Math.cos(2 * Math.PI * (v + 2 ** -18)), wanted, NORMAL_NUMBERS));
});

Deno.test("the ops of which differences are known are there", () => {
  const names = new Set(ELEMENTWISE.map(({ name }) => name));
  assertEquals(DIFFERENCES.flatMap(({ ops = [] }) => ops).filter((name) => !names.has(name)), []);
});
