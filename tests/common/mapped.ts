/**
 * Checks functions under `vmap` against a loop over the examples, and forward mode against reverse
 * mode: values, and derivatives of the first and second order, taken inside and outside.
 */

import { AssertionError } from "@std/assert";
import {
  eye,
  fromTypedArray,
  grad,
  gradOf,
  jvp,
  noGrad,
  ones,
  stack,
  type Tensor,
  vmap,
} from "../../mod.ts";
import type { Differentiable } from "./gradients.ts";
import { count, stream } from "./samples.ts";

/** Examples of a batch. */
const EXAMPLES = 3;

/** Elements of an output up to which its rows are tried. */
const ROWS = 100;

/** Rounding: a batch may be added up in another order. */
const ROUNDING = {
  float64: { rtol: 1e-9, atol: 1e-11 },
  float32: { rtol: 1e-4, atol: 1e-5 },
  int32: { rtol: 0, atol: 0 },
  bool: { rtol: 0, atol: 0 },
};

/** Which inputs are in the batch, and as which dimension; null for one that all examples share. */
export type Mapped = readonly (number | null)[];

/** Ways to map the inputs: all, as each of the dimensions, and each alone, as the first. */
export function waysToMap(inputs: readonly Tensor[]): Mapped[] {
  const rank = Math.max(...inputs.map(({ ndim }) => ndim));
  const together = Array.from(
    { length: rank + 1 },
    (_, dim) => inputs.map(({ ndim }) => Math.min(dim, ndim)),
  );
  const each = inputs.length === 1
    ? []
    : inputs.map((_, i) => inputs.map((_, k) => k === i ? 0 : null));
  return [...together, ...each];
}

/** Weights of either sign, so that no element is lost and none stands for another. */
function weights(name: string, x: Tensor): Tensor {
  const next = stream(name);
  const list = Float64Array.from({ length: count(x.shape) }, () => next() - 0.5 || 1);
  return fromTypedArray(list, x.shape).to({ dtype: x.dtype });
}

function weighed(name: string, outputs: readonly Tensor[]): Tensor | null {
  const floats = outputs.filter((y) => y.dtype === "float64" || y.dtype === "float32");
  return floats.map((y, i) => y.mul(weights(`${name} ${i}`, y)).sum())
    .reduce((sum: Tensor | null, y) => sum === null ? y : sum.add(y), null);
}

function listOf(y: Tensor | readonly Tensor[]): readonly Tensor[] {
  return Array.isArray(y) ? y : [y as Tensor];
}

/** Examples of an input: scaled, or in another order of rows where they are positions or truths. */
function examplesOf(x: Tensor): Tensor[] {
  return Array.from({ length: EXAMPLES }, (_, i) => {
    if (x.dtype === "float64") return x.mul(1 - i / 16);
    return i === 1 && x.ndim > 0 ? x.flip(x.ndim - 1) : x;
  });
}

/** The batches of a call, and a loop over them. */
interface Batches {
  readonly inputs: readonly Tensor[];
  readonly mapped: Mapped;
}

function batchesOf(inputs: readonly Tensor[], mapped: Mapped): Batches {
  return {
    inputs: inputs.map((x, i) => {
      const dim = mapped[i]!;
      return dim === null ? x : stack(examplesOf(x), dim);
    }),
    mapped,
  };
}

function example({ inputs, mapped }: Batches, i: number): Tensor[] {
  return inputs.map((x, k) => {
    const dim = mapped[k]!;
    return dim === null ? x : x.narrow(dim, i, 1).squeeze(dim);
  });
}

type Run = (inputs: readonly Tensor[]) => readonly Tensor[];

/** A function over a batch, by `vmap` and by a loop. */
function bothWays(run: Run, mapped: Mapped): { batched: Run; looped: Run } {
  return {
    batched: (inputs) =>
      vmap((...own: Tensor[]) => [...run(own)], { inDims: mapped })(...inputs) as Tensor[],
    looped: (inputs) => {
      const each = Array.from(
        { length: EXAMPLES },
        (_, i) => run(example({ inputs, mapped }, i)),
      );
      return each[0]!.map((_, k) => stack(each.map((outputs) => outputs[k]!)));
    },
  };
}

function difference(what: string, actual: Tensor, wanted: Tensor): void {
  const fail = (reason: string) => {
    throw new AssertionError(`${what}: ${reason}\n${actual}\n${wanted}`);
  };
  if (actual.shape.join() !== wanted.shape.join()) {
    fail(`shape ${actual.shape}, not ${wanted.shape}`);
  }
  if (actual.dtype !== wanted.dtype) fail(`${actual.dtype}, not ${wanted.dtype}`);
  const { rtol, atol } = ROUNDING[wanted.dtype];
  const [a, b] = [actual, wanted].map((x) => x.detach().contiguous().data);
  for (let i = 0; i < a!.length; i++) {
    const [x, y] = [a![i]!, b![i]!];
    if (Object.is(x, y) || x === y) continue;
    if (!(Math.abs(x - y) <= atol + rtol * Math.abs(y))) fail(`element ${i} is ${x}, not ${y}`);
  }
}

function differences(what: string, actual: readonly Tensor[], wanted: readonly Tensor[]): void {
  if (actual.length !== wanted.length) {
    throw new AssertionError(`${what}: ${actual.length} results, not ${wanted.length}`);
  }
  actual.forEach((y, i) => difference(`${what}, result ${i}`, y, wanted[i]!));
}

/** The inputs that can be differentiated. */
function floating(inputs: readonly Tensor[]): number[] {
  return inputs.flatMap(({ dtype }, i) => dtype === "float64" ? [i] : []);
}

/** Derivatives of a run as a function of its inputs: of the order asked for, with zeros for none. */
function derivatives(run: Run, order: 1 | 2): Run {
  return (inputs) => {
    const where = floating(inputs);
    const own = inputs.map((x, i) => where.includes(i) ? x.detach().requiresGrad_() : x);
    const points = where.map((i) => own[i]!);
    let found: readonly Tensor[] = run(own);
    for (let k = 1; k <= order; k++) {
      const value = weighed(`order ${k}`, found);
      const on = value !== null && value.requiresGrad;
      const gradients = on
        ? grad(value, points, { createGraph: k < order, allowUnused: true })
        : points.map(() => null);
      found = gradients.map((g, i) => g ?? points[i]!.detach().mul(0));
    }
    return found.map((g) => g.detach());
  };
}

/** The same by the transform, for use inside of a mapped function. */
function innerDerivatives(run: Run, inputs: readonly Tensor[], order: 1 | 2): Run {
  const argnums = floating(inputs);
  let found = (...own: Tensor[]): readonly Tensor[] => run(own);
  for (let k = 1; k <= order; k++) {
    const before = found;
    const value = (...own: Tensor[]) => {
      const weighedOutputs = weighed(`order ${k}`, before(...own));
      // The derivative of what is no function of floats is 0.
      return weighedOutputs ?? own[argnums[0]!]!.mul(0).sum();
    };
    found = gradOf(value, { argnums }) as unknown as typeof found;
  }
  return (own) => found(...own);
}

/** What a loop gives; null where the numbers leave the range. */
function valuesOf(run: () => readonly Tensor[]): readonly Tensor[] | null {
  try {
    return noGrad(run);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Whether a refusal says that an output is the same for all examples, and one is. */
function isSame(message: string, outputs: readonly Tensor[]): boolean {
  const output = /: output (\d+) .* depends on no input that is mapped/.exec(message)?.[1];
  if (output === undefined) return false;
  const y = outputs[Number(output)]!;
  return y.eq(y.narrow(0, 0, 1)).all().item() === 1;
}

/** Checks a function under `vmap` against the loop. Refusals to map are thrown on. */
export function checkMapped(
  name: string,
  fn: Differentiable,
  inputs: readonly Tensor[],
  orders: readonly (0 | 1 | 2)[] = [0, 1, 2],
): void {
  const run: Run = (own) => listOf(fn(...own));
  for (const mapped of waysToMap(inputs)) {
    const batches = batchesOf(inputs, mapped);
    const what = `${name}, mapped ${JSON.stringify(mapped)}`;
    if (orders.includes(0)) {
      const { batched, looped } = bothWays(run, mapped);
      const wanted = valuesOf(() => looped(batches.inputs));
      // Numbers that an op refuses, as an overflow, it refuses in the loop too.
      if (wanted === null) continue;
      try {
        differences(what, noGrad(() => batched(batches.inputs)), wanted);
      } catch (error) {
        if (!(error instanceof TypeError) || !isSame(error.message, wanted)) throw error;
        continue;
      }
    }
    if (floating(inputs).length === 0) continue;
    for (const order of [1, 2] as const) {
      if (!orders.includes(order)) continue;
      const outside = bothWays(run, mapped);
      differences(
        `${what}, order ${order} outside`,
        derivatives(outside.batched, order)(batches.inputs),
        derivatives(outside.looped, order)(batches.inputs),
      );
      const inside = bothWays(innerDerivatives(run, inputs, order), mapped);
      differences(
        `${what}, order ${order} inside`,
        inside.batched(batches.inputs),
        inside.looped(batches.inputs),
      );
    }
  }
}

/** A direction for each floating input. */
function directionsOf(inputs: readonly Tensor[]): Tensor[] {
  return floating(inputs).map((i) => weights(`direction ${i}`, inputs[i]!));
}

/** Checks forward mode against reverse mode: of the function, of its gradient, and many at once. */
export function checkForward(name: string, fn: Differentiable, inputs: readonly Tensor[]): void {
  const where = floating(inputs);
  const points = where.map((i) => inputs[i]!);
  const directions = directionsOf(inputs);
  const at = (own: readonly Tensor[]) => {
    const all = [...inputs];
    where.forEach((i, k) => all[i] = own[k]!);
    return all;
  };
  const runs: Record<string, Run> = {
    "the function": (own) => listOf(fn(...at(own))).filter(({ dtype }) => dtype === "float64"),
    "its gradient": (own) => {
      const value = weighed("value", listOf(fn(...at(own))));
      if (value === null || !value.requiresGrad) return [];
      const gradients = grad(value, own, { createGraph: true, allowUnused: true });
      return gradients.filter((g) => g !== null);
    },
  };
  for (const [what, run] of Object.entries(runs)) {
    const [outputs, forward] = jvp((...own: Tensor[]) => [...run(own)], points, directions);
    const rows = reverse(run, points, directions);
    differences(`${name}: forward mode of ${what}`, forward as Tensor[], rows);
    differences(
      `${name}: values in forward mode of ${what}`,
      outputs as Tensor[],
      [
        ...run(points.map((x) => x.detach().requiresGrad_())),
      ].map((y) => y.detach()),
    );
  }
}

/** J·t by reverse mode: the gradient of J'v by v, in the direction t. */
function reverse(run: Run, points: readonly Tensor[], directions: readonly Tensor[]): Tensor[] {
  const own = points.map((x) => x.detach().requiresGrad_());
  const outputs = run(own);
  return outputs.map((y) => {
    const zeros = y.detach().mul(0);
    const v = zeros.isnan().any().item() === 1
      ? ones(y.shape, { dtype: y.dtype }).requiresGrad_()
      : zeros.requiresGrad_();
    if (!y.requiresGrad) return v.detach().mul(0);
    const rows = grad(y, own, {
      gradOutputs: v,
      createGraph: true,
      allowUnused: true,
    });
    const sum = rows.map((row, i) => row === null ? null : row.mul(directions[i]!).sum())
      .filter((part) => part !== null).reduce((a, b) => a.add(b));
    if (!sum.requiresGrad) return v.detach().mul(0);
    return grad(sum, [v], { allowUnused: true })[0] ?? v.detach().mul(0);
  });
}

/** Checks that many backward passes at once are those passes. */
export function checkRows(name: string, fn: Differentiable, inputs: readonly Tensor[]): void {
  const where = floating(inputs);
  const points = where.map((i) => inputs[i]!);
  const run = (...own: Tensor[]) => {
    const all = [...inputs];
    where.forEach((i, k) => all[i] = own[k]!);
    return listOf(fn(...all)).filter(({ dtype }) => dtype === "float64");
  };
  const atOnce = vjpOfUnits(run, points);
  atOnce.forEach((rows, i) => {
    const own = points.map((x) => x.detach().requiresGrad_());
    const y = run(...own)[i]!;
    if (!y.requiresGrad || y.size === 0 || y.size > ROWS) return;
    const each = Array.from({ length: y.size }, (_, place) => {
      const seed = new Float64Array(y.size);
      seed[place] = 1;
      return grad(y, own, {
        gradOutputs: fromTypedArray(seed, y.shape),
        retainGraph: true,
        allowUnused: true,
      });
    });
    const wanted = own.map((x, k) => stack(each.map((row) => row[k] ?? x.detach().mul(0))));
    differences(`${name}: rows of output ${i}`, rows, wanted);
  });
}

/** For each output the gradients along all unit cotangents at once, as a first dimension. */
function vjpOfUnits(run: (...own: Tensor[]) => readonly Tensor[], points: readonly Tensor[]) {
  const own = points.map((x) => x.detach().requiresGrad_());
  return run(...own).map((y) => {
    if (!y.requiresGrad || y.size === 0 || y.size > ROWS) return [];
    const units = eye(y.size, { dtype: "float64" }).reshape([y.size, ...y.shape]);
    const rows = vmap((seed: Tensor) => {
      const found = grad(y, own, { gradOutputs: seed, retainGraph: true, allowUnused: true });
      // What y does not depend on, no batch is in.
      return found.map((g, k) => (g ?? own[k]!.detach().mul(0)).add(seed.sum().mul(0)));
    });
    return rows(units) as unknown as Tensor[];
  });
}
