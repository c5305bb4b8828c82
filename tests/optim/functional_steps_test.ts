/** Functional steps of optimizers: values and derivatives, also where gradients are 0 or very large. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose, CheckError, gradcheck } from "../../lib/testing/mod.ts";
import { grad, ones, optim, type Tensor, tensor, zeros } from "../../mod.ts";
import { variantsOf } from "./checks.ts";
import { type OptimizerName, OPTIMIZERS, shapeOf, STEPS } from "./table.ts";

type Step = (params: Tensor[], grads: Tensor[], state: object) => {
  params: Tensor[];
  state: object;
};

/** Steps whose curvature at a gradient of 0 is small enough for differences. */
const SMOOTH = (Object.keys(OPTIMIZERS) as OptimizerName[]).flatMap((name) => {
  const { functional, smooth, matrices = false, rule: { keeps } } = OPTIMIZERS[name];
  const byShape = Object.values(keeps).some((keeping) => typeof keeping === "object");
  const shapes = [...(matrices ? [] : [[4]]), ...(matrices || byShape ? [[2, 2]] : [])];
  return Object.entries(smooth).map(([title, options]): [string, number[][], Step] => [
    `${STEPS[name]} ${title}`,
    shapes,
    (...args) => optim.functional[STEPS[name]](...args, { lr: 0.1, ...functional, ...options }),
  ]);
});

/** The parameter after as many steps as there are gradients. */
function walk(step: Step, p: Tensor, gradients: readonly Tensor[]): Tensor {
  let params = [p];
  let state: object = {};
  for (const g of gradients) ({ params, state } = step(params, [g], state));
  return params[0]!;
}

const f64 = (data: number[]) => tensor(data, { dtype: "float64", requiresGrad: true });

/** Gradients of seven steps; each unit is dead in some, or in all. */
const GRADIENTS: readonly number[][] = [
  [0, 0.5, 0, -1],
  [0, 0, 0.7, 2],
  [0, 0.3, 0, 0],
  [0, -0.4, 1, 0.2],
  [0, 0.2, 0, 0],
  [0, 0, 0.6, -0.7],
  [0, 1, 0.2, 0.3],
];

for (const [name, shapes, step] of SMOOTH) {
  Deno.test(`functional ${name} is differentiable where gradients are 0, over 1 to 7 steps`, () => {
    for (const [steps, shape] of [1, 2, 3, 7].flatMap((n) => shapes.map((s) => [n, s] as const))) {
      const gradients = GRADIENTS.slice(0, steps).map(f64);
      const p = f64([1, -1, 0.5, 0]);
      const shaped = (x: Tensor) => x.reshape(shape);
      const fn = (q: Tensor, ...gs: Tensor[]) => walk(step, shaped(q), gs.map(shaped));
      gradcheck(fn, [p, ...gradients]);
      const first = grad(fn(p, ...gradients).square().sum(), [p, ...gradients], {
        createGraph: true,
      });
      const sum = first.reduce((total, g) => total.add(g.square().sum()), zeros([]));
      for (const g of grad(sum, [p, ...gradients], { allowUnused: true })) {
        assert(g === null || g.isfinite().all().item() === 1);
      }
    }
  });
}

/** Whether the derivatives of a loss behind four steps are finite, by the gradients. */
function isTame(
  step: Step,
  dtype: "float32" | "float64",
  { large = 1e20, ...row }: { readonly large?: number; readonly matrices?: true } = {},
): boolean {
  const leaf = (data: number[]) =>
    tensor(data, { dtype }).reshape(shapeOf(row, 3)).detach().requiresGrad_();
  const gradients = [[0, 0, 0], [0, large, -large], [large, 0, 1], [0, 1, -large]].map(leaf);
  const p = leaf([1, -1, 0.5]);
  const loss = walk(step, p, gradients).square().sum();
  return grad(loss, [p, ...gradients], { allowUnused: true }).every((g) =>
    g === null || g.isfinite().all().item() === 1
  );
}

for (const name of Object.keys(OPTIMIZERS) as OptimizerName[]) {
  Deno.test(`functional ${STEPS[name]} of ${name} has finite derivatives where gradients are 0 or very large`, () => {
    for (const options of variantsOf(name)) {
      const step: Step = (...args) =>
        optim.functional[STEPS[name]](...args, { ...OPTIMIZERS[name].functional, ...options });
      for (const dtype of ["float32", "float64"] as const) {
        assert(isTame(step, dtype, OPTIMIZERS[name]), `${dtype} with ${JSON.stringify(options)}`);
      }
    }
  });
}

Deno.test("a step whose derivative is not finite at a gradient of 0 or 1e20 would be found", () => {
  const step = (change: (g: Tensor) => Tensor): Step => ([p], [g]) => ({
    params: [p!.sub(change(g!))],
    state: {},
  });
  assert(isTame(step((g) => g), "float32"));
  assert(!isTame(step((g) => g.square().sqrt()), "float64"));
  assert(!isTame(step((g) => g.square().mul(0)), "float32"));
});

Deno.test("the derivative of Adam's first step at a gradient of 0 is −lr/eps", () => {
  const g = f64([0, 0]);
  const options = { lr: 0.1, eps: 1e-8 };
  const { params: [next] } = optim.functional.adam([f64([1, 1])], [g], {}, options);
  assertClose(grad(next!.sum(), [g])[0], [-1e7, -1e7], { rtol: 1e-12, atol: 0 });
});

Deno.test("a step that takes the root of 0 as it is would be found", () => {
  const naive: Step = ([p], [g]) => ({
    params: [p!.sub(g!.mul(0.1).div(g!.square().sqrt().add(0.5)))],
    state: {},
  });
  const fn = (p: Tensor, g: Tensor) => walk(naive, p, [g]);
  assertThrows(() => gradcheck(fn, [f64([1, 1]), f64([0, 0.5])]), CheckError, "analytic NaN");
});

Deno.test("functional Adam makes a first step of lr whose gradient squares beyond float32", () => {
  for (const size of [1e-18, 1, 1e19, 1e20, 5e20]) {
    const [p, g] = [ones([2]), tensor([size, -size])];
    const { params: [next] } = optim.functional.adam([p], [g], {}, { lr: 0.1, eps: 1e-30 });
    assertClose(next!, [0.9, 1.1], { rtol: 1e-6, atol: 0 });
  }
});

Deno.test("functional steps refuse gradients and states that do not fit the parameters", () => {
  const [p, g] = [[ones([2])], [ones([2])]];
  const state = { step: 1, means: g, squares: g };
  const { sgd, adam } = optim.functional;
  const calls: [call: () => unknown, part: string][] = [
    [() => sgd(p, [null as unknown as Tensor]), "gradient 0 must be a tensor, got null"],
    [() => sgd(p, [ones([1])]), "gradient 0 must have the parameter's shape [2], got [1]"],
    [() => sgd(p, [tensor([1, 2], { dtype: "int32" })]), "must be float32 or float64"],
    [() => sgd(p, g, { lr: 1 } as object), "as in sgd(params, grads, {}, { lr })"],
    [() => adam(p, g, { betas: 1 } as object), "as in adam(params, grads, {}, { lr })"],
    [() => sgd(p, g, { buffers: [] }), "the state has 0 buffers for 1 parameters"],
    [() => sgd(p, g, { buffers: [ones([3])] }), "buffers[0] must have the parameter's shape"],
    [() => adam(p, g, { step: 3 }), "the state must be {} or what the last step returned"],
    [() => adam(p, g, { ...state, step: -1 }), "with a step from 0"],
    [() => adam(p, g, { buffers: g } as object), 'no option "buffers" among step, means, squares'],
    [() => sgd(p, g, {}, { lr: -1 }), "lr must lie in [0, ∞), got -1"],
    [() => adam(p, g, {}, { betas: [0.9, 1] }), "betas[1] must lie in [0, 1), got 1"],
  ];
  for (const [call, part] of calls) {
    const { message } = assertThrows(call, Error, part);
    assertEquals(/^Cannot run optim\.functional\.(sgd|adam): /.test(message), true, message);
  }
});
