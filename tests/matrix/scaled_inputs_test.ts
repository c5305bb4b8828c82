/**
 * Intermediate values that overflow or underflow though the result is ordinary: a homogeneous
 * function of scaled inputs is the scaled function, and so is its gradient.
 */

import { assert, AssertionError, assertThrows } from "@std/assert";
import {
  atan2,
  cumprod,
  type DType,
  grad,
  layerNorm,
  lerp,
  linalg,
  mean,
  norm,
  prod,
  std,
  type Tensor,
  tensor,
  variance,
} from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";

/** A function with f(s·x) = sᵏ·f(x). */
interface Homogeneous {
  readonly name: string;
  readonly fn: (...inputs: Tensor[]) => Tensor;
  readonly inputs: readonly (readonly number[])[];
  readonly degree: number;
}

const LIST = [3, -1, 2, 5, -4];

const FUNCTIONS: readonly Homogeneous[] = [
  { name: "mean", fn: (x) => mean(x!), inputs: [LIST], degree: 1 },
  {
    name: "mean over a dimension",
    fn: (x) => mean(x!.reshape([1, 5]), 1),
    inputs: [LIST],
    degree: 1,
  },
  { name: "std", fn: (x) => std(x!), inputs: [LIST], degree: 1 },
  {
    name: "std over columns",
    fn: (x) => std(x!.unsqueeze(1).expand([-1, 9]), 0),
    inputs: [LIST],
    degree: 1,
  },
  ...[-Infinity, -2, -1, 0.5, 1, 2, 3, 7, Infinity].map((p) => ({
    name: `norm of order ${p}`,
    fn: (x: Tensor) => norm(x, { p }),
    inputs: [LIST],
    degree: 1,
  })),
  {
    name: "norm over columns",
    fn: (x) => norm(x!.unsqueeze(1).expand([-1, 9]), { dim: 0 }),
    inputs: [LIST],
    degree: 1,
  },
  { name: "linalg.norm", fn: (x) => linalg.norm(x!.reshape([5, 1])), inputs: [LIST], degree: 1 },
  { name: "atan2", fn: (a, b) => atan2(a!, b!), inputs: [LIST, [1, 2, -3, 4, 5]], degree: 0 },
  ...[0, 0.25, 0.5, 0.75, 1].map((weight) => ({
    name: `lerp by ${weight}`,
    fn: (a: Tensor, b: Tensor) => lerp(a, b, weight),
    inputs: [LIST, [-3, 2, 2, -5, 4]],
    degree: 1,
  })),
  {
    name: "lerp by a tensor",
    fn: (a, b) => lerp(a!, b!, tensor([0, 0.25, 0.5, 0.75, 1], { dtype: a!.dtype })),
    inputs: [LIST, [-3, 2, 2, -5, 4]],
    degree: 1,
  },
  { name: "layerNorm", fn: (x) => layerNorm(x!, [5], { eps: 0 }), inputs: [LIST], degree: 0 },
];

/** Powers of two, which scale without rounding, near the ends of each type. */
const SCALES: Readonly<Record<"float32" | "float64", readonly number[]>> = {
  float32: [2 ** 100, 2 ** 120, 2 ** -100],
  float64: [2 ** 900, 2 ** 1000, 2 ** -900],
};

const TOLERANCES = { float32: 1e-5, float64: 1e-13 };

/** Values and gradients, as plain numbers. */
function evaluate({ fn, inputs }: Homogeneous, dtype: DType, scale: number): number[][] {
  const leaves = inputs.map((data) =>
    tensor(data.map((x) => x * scale), { dtype, requiresGrad: true })
  );
  const y = fn(...leaves);
  const gradients = grad(y, leaves, { gradOutputs: y.detach().mul(0).add(1) });
  return [y, ...gradients].map(valuesOf);
}

function check(one: Homogeneous, dtype: "float32" | "float64"): void {
  const expected = evaluate(one, dtype, 1);
  for (const scale of SCALES[dtype]) {
    evaluate(one, dtype, scale).forEach((values, part) => {
      const factor = scale ** (part === 0 ? one.degree : one.degree - 1);
      values.forEach((value, i) => {
        const right = expected[part]![i]!;
        // Gradients of degree −1 at huge inputs may underflow themselves.
        const away = Math.abs(value / factor - right);
        const size = Math.max(Math.abs(right), 1e-3);
        if (away <= TOLERANCES[dtype] * size) return;
        const what = part === 0 ? "value" : `gradient of input ${part - 1}`;
        throw new AssertionError(
          `${one.name}, ${dtype}, scaled by ${scale}: ${what} ${i} is ${
            value / factor
          }, not ${right}`,
        );
      });
    });
  }
}

for (const one of FUNCTIONS) {
  for (const dtype of ["float32", "float64"] as const) {
    Deno.test(`scaled inputs: ${one.name}, ${dtype}`, () => check(one, dtype));
  }
}

Deno.test("a square that leaves the range is noticed", () => {
  const fn = (x: Tensor) => x.square().sum().sqrt();
  const naive = { name: "naive norm", fn, inputs: [LIST], degree: 1 };
  assertThrows(() => check(naive, "float32"), AssertionError, "naive norm");
  assertThrows(() => check(naive, "float64"), AssertionError, "naive norm");
});

Deno.test("products are right whose factors leave the range together", () => {
  for (const [dtype, big] of [["float32", 2 ** 100], ["float64", 2 ** 900]] as const) {
    const factors = [big, 1 / big, big, 1 / big, 3];
    const together = [big, big, 1 / big, 1 / big, 3];
    const orders = [factors, together, together.toReversed(), [big, 1 / big, big, 1 / big]]
      .flatMap((order) => [order, order.toSorted((a, b) => a - b)]);
    for (const order of orders) {
      const x = tensor(order, { dtype, requiresGrad: true });
      const y = prod(x);
      const right = order.includes(3) ? 3 : 1;
      assert(y.item() === right, `prod of ${order} is ${y.item()}`);
      const [g] = grad(y, [x]);
      valuesOf(g).forEach((value, i) =>
        assert(value * order[i]! === right, `gradient of ${order}`)
      );
    }
    const running = valuesOf(cumprod(tensor(factors, { dtype }), 0));
    assert(running.join() === [big, 1, big, 1, 3].join(), `cumprod is ${running}`);
    const matrix = tensor(factors, { dtype }).unsqueeze(1).mul(
      tensor(factors.map((_, i) => factors.map((_, j) => Number(i === j))), { dtype }),
    );
    assert(linalg.det(matrix).item() === 3, `det is ${linalg.det(matrix).item()}`);
  }
});

Deno.test("variances of numbers that are large beside their differences keep their digits", () => {
  for (const n of [2, 3, 10, 1000, 10000]) {
    for (const base of [1e6, 1e7]) {
      const x = tensor(Array.from({ length: n }, (_, i) => base + i % 2));
      const share = Math.floor(n / 2) / n;
      const right = share * (1 - share);
      const found = variance(x, 0, { correction: 0 }).item();
      assert(Math.abs(found - right) < 1e-5, `of ${n} numbers beside ${base}: ${found}`);
    }
  }
});
