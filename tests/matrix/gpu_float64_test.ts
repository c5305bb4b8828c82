/**
 * Every op in float64 on the GPU: within a few units in the last place of the CPU, or refused with
 * a reason.
 */

import { assert, assertEquals } from "@std/assert";
import { DeviceError, type DType, grad, Tensor, tensor, where } from "../../mod.ts";
import { assertTensor, type Tolerance, type Trial } from "../common/compare.ts";
import { ELEMENTWISE, type Elementwise } from "../common/elementwise.ts";
import { laidOut, LAYOUTS, plainOf, sample, show, tensorOf } from "../common/samples.ts";
import { float64Test, supportsFloat64 } from "../tools/gpu_float64.ts";
import { inputsOf, type OpCase } from "./cases.ts";
import { IN_PLACE_CASES } from "./copy/inplace_cases.ts";
import { samplesFor, smoothSamples, specialInputs } from "./elementwise/points.ts";
import { ABSENT } from "./gpu_absent.ts";
import { agreesInFloat64, DIFFERENCES_FLOAT64 } from "./gpu_float64_differences.ts";
import { OP_CASES } from "./op_cases.ts";

const dtype = "float64";
const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];
/** The allowed difference of sums, and of results of several steps. */
const SUMMED: Tolerance = { rtol: 1e-13, atol: 1e-13 };
function moved(x: Tensor): Tensor {
  return x.to({ device: "gpu" });
}

/** Compares a result on the GPU with that of the CPU. */
function same(trial: Trial, ours: Tensor, cpu: Tensor, tolerance: Tolerance): void {
  assertEquals([ours.device, cpu.device], ["gpu", "cpu"]);
  const floats = cpu.dtype === "float64" || cpu.dtype === "float32";
  assertTensor(trial, ours, plainOf(cpu), cpu.dtype, floats ? tolerance : undefined);
}

/** Whether a call is refused because there is no program. */
function isRefused(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    assert(error instanceof DeviceError, String(error));
    return true;
  }
}

/** Compares values, at many points and at special ones. */
function compareValues(op: Elementwise): void {
  const agrees = agreesInFloat64(op.name);
  const samples = [[], [0], [5], [1001]].map((shape) => samplesFor(op, shape, dtype));
  for (const inputs of [...samples, specialInputs(op, dtype)]) {
    const tensors = inputs.map((input) => tensorOf(input, dtype));
    const trial = { name: `${op.name}() of ${show(inputs[0]!.shape)}`, dtype, inputs } as const;
    const [ours, cpu] = [op.call(...tensors.map(moved)), op.call(...tensors)];
    assertEquals([ours.device, cpu.device], ["gpu", "cpu"]);
    assertTensor(trial, ours, plainOf(cpu), cpu.dtype, agrees);
  }
}

/** Compares gradients of two orders. */
function compareGradients(op: Elementwise): void {
  const points = smoothSamples(op, ...new Array<number[]>(op.arity).fill([2, 3]));
  const weights = tensor([[0.3, -1, 0.7], [1.1, 0.2, -0.4]], { dtype });
  const run = (leaves: Tensor[], weights: Tensor) => {
    leaves.forEach((leaf) => leaf.requiresGrad_());
    const first = grad(op.call(...leaves).mul(weights).sum(), leaves, { createGraph: true });
    const total = first.map((g) => g.mul(weights).sum()).reduce((a, b) => a.add(b));
    const second = total.requiresGrad ? grad(total, leaves, { allowUnused: true }) : [];
    return [...first, ...second];
  };
  const inputs = points.map((input) => tensorOf(input, dtype));
  const ours = run(inputs.map((x) => moved(x).detach()), moved(weights));
  const wanted = run(inputs.map((x) => x.detach()), weights);
  assertEquals(ours.map((g) => g === null), wanted.map((g) => g === null));
  ours.forEach((g, i) => {
    const trial: Trial = { name: `gradient ${i} of ${op.name}()`, dtype, inputs: points };
    if (g !== null) same(trial, g.detach(), wanted[i]!.detach(), { rtol: 1e-12, atol: 1e-12 });
  });
}

Deno.test("other numbers of float64 than those that are known are noticed", () => {
  const agrees = (op: string, came: number, wanted: number) => agreesInFloat64(op)(came, wanted, 0);
  assert(agrees("mul", 0.1, 0.1) && !agrees("mul", 0.1 + 2 ** -56, 0.1));
  assert(agrees("div", 1 + 2 ** -51, 1) && !agrees("div", 1 + 3 * 2 ** -52, 1));
  assert(agrees("exp", 1 + 2 ** -49, 1) && !agrees("exp", 1 + 9 * 2 ** -52, 1));
  assert(agrees("exp", 0, 2 ** -1030) && !agrees("exp", 0, 2 ** -1020));
  assert(!agrees("exp", Infinity, 1e308) && !agrees("exp", -0, 0) && !agrees("exp", NaN, 1));
  const known = new Set(ELEMENTWISE.map(({ name }) => name));
  assertEquals(
    DIFFERENCES_FLOAT64.flatMap(({ ops = [] }) => ops).filter((op) => !known.has(op)),
    [],
  );
});

for (const op of ELEMENTWISE) {
  float64Test(`${op.name}() float64 equals the CPU`, () => {
    assert(supportsFloat64(op.name));
    compareValues(op);
    if (!op.compares) compareGradients(op);
  });
}

float64Test("float64 of strided inputs equals the CPU, and where() too", () => {
  for (const layout of LAYOUTS) {
    const plain = [sample("a", [4, 5], dtype), sample("b", [4, 5], dtype)];
    const [a, b] = plain.map((input) => laidOut(input, dtype, layout));
    const trial = { name: `add() of ${layout}`, dtype, inputs: plain } as const;
    const [x, y] = [a!, b!].map((t) => moved(t.contiguous()));
    same(trial, x!.transpose(0, 1).add(y!.transpose(0, 1)), a!.add(b!).transpose(0, 1), {
      rtol: 0,
    });
    const chosen = where(x!.gt(y!).slice(1, 1, 4), x!.slice(1, 1, 4), y!.slice(1, 1, 4));
    same(trial, chosen, a!.maximum(b!).slice(1, 1, 4), { rtol: 0 });
  }
});

float64Test("to() casts between all types", () => {
  for (const from of DTYPES) {
    const x = tensor([-1.5, 0, 0.3, 2.9, 1e300, -3e9], { dtype }).to({ dtype: from });
    for (const to of DTYPES) {
      if (to === "int32" && from.startsWith("float")) continue;
      const trial: Trial = { name: `to() ${to}`, dtype: from, inputs: [plainOf(x)] };
      same(trial, moved(x).to({ dtype: to }), x.to({ dtype: to }), { rtol: 0 });
    }
  }
  const x = tensor([-1.5, 0, 0.3, 2.9, 1e6 + 0.75], { dtype });
  const trial: Trial = { name: "to() int32", dtype, inputs: [plainOf(x)] };
  same(trial, moved(x).to({ dtype: "int32" }), x.to({ dtype: "int32" }), { rtol: 0 });
});

/**
 * Programs of convolutions take long to compile for a software GPU, so a few cases represent all.
 */
function casesOf(name: string, cases: readonly OpCase[]): readonly OpCase[] {
  const typed = cases.filter((one) => (one.dtypes ?? [dtype]).includes(dtype));
  return name.startsWith("conv") ? typed.slice(0, 2) : typed;
}

for (const [name, cases] of Object.entries({ ...OP_CASES, ...IN_PLACE_CASES })) {
  const absent = name in ABSENT;
  float64Test(`${name}() float64 ${absent ? "says that there is none" : "equals the CPU"}`, () => {
    for (const one of casesOf(name, cases)) {
      const inputs = inputsOf(one, dtype);
      const listed = (y: Tensor | readonly Tensor[]) => y instanceof Tensor ? [y] : y;
      const run = () => listed(one.call(...inputs.map(moved)));
      // Some cases run, as they need nothing that is missing.
      if (absent && isRefused(run)) continue;
      const wanted = listed(one.call(...inputs));
      const trial = { name: `${name}() ${one.name}`, dtype, inputs: inputs.map(plainOf) } as const;
      run().forEach((y, i) => same(trial, y, wanted[i]!, SUMMED));
    }
  });
}
