/** Functional steps of arrays, records and nested ones, and of modules by name. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  functionalCall,
  grad,
  gradOf,
  losses,
  nn,
  ones,
  optim,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { type OptimizerName, OPTIMIZERS, shapeOf, STEPS } from "./table.ts";

/** Two steps of a tree, as the numbers of its leaves. */
function walk<Tree>(name: OptimizerName, params: Tree, grads: Tree): Tree {
  const step = optim.functional[STEPS[name]] as optim.functional.FunctionalStep<object, object>;
  const { functional } = OPTIMIZERS[name];
  const first = step(params as Tensor[], grads as Tensor[], {}, functional);
  return step(first.params, grads as Tensor[], first.state, functional).params as Tree;
}

for (const name of Object.keys(OPTIMIZERS) as OptimizerName[]) {
  Deno.test(`functional ${STEPS[name]} of ${name} steps arrays, records and nested ones alike`, () => {
    const shape = shapeOf(OPTIMIZERS[name], 2);
    const leaf = (value: number) => tensor([value, -value]).reshape(shape);
    const [a, b, c] = walk(name, [1, 2, 3].map(leaf), [0.5, -1, 2].map(leaf));
    const params = { b: [leaf(2), { c: leaf(3) }] as const, a: leaf(1) };
    const grads = { a: leaf(0.5), b: [leaf(-1), { c: leaf(2) }] as const };
    // The places count, and not their order.
    const after = walk(name, params, { b: grads.b, a: grads.a });
    assertEquals(Object.keys(after), ["b", "a"]);
    assertEquals(after.a.toArray(), a!.toArray());
    assertEquals(after.b[0].toArray(), b!.toArray());
    assertEquals(after.b[1].c.toArray(), c!.toArray());
    assertEquals(walk(name, params, grads).a.toArray(), a!.toArray());
    assertEquals(walk(name, leaf(1), leaf(0.5)).toArray(), a!.toArray());
  });
}

Deno.test("the parameters of a functional step come back in the type in which they were given", () => {
  const { params } = optim.functional.sgd({ w: ones([1]), b: [ones([2])] }, {
    w: ones([1]),
    b: [ones([2])],
  });
  assertType<IsExact<typeof params, { w: Tensor; b: Tensor[] }>>(true);
  const { params: list } = optim.functional.sgd([ones([1])], [ones([1])]);
  assertType<IsExact<typeof list, Tensor[]>>(true);
});

Deno.test("an inner loop over a module's record of parameters can be trained through", () => {
  const model = new nn.Linear(2, 1);
  const [x, y] = [ones([3, 2]), zeros([3, 1])];
  const start: Record<string, Tensor> = Object.fromEntries(model.namedParameters());
  const loss = (params: Record<string, Tensor>) =>
    losses.mse(functionalCall(model, params, x) as Tensor, y);
  let params = start;
  let state: optim.functional.AdamState = {};
  for (let step = 0; step < 3; step++) {
    const grads = grad(loss(params), Object.values(params), { createGraph: true });
    const record = Object.fromEntries(Object.keys(params).map((key, i) => [key, grads[i]!]));
    ({ params, state } = optim.functional.adam(params, record, state, { lr: 0.1 }));
  }
  const meta = grad(loss(params), model.parameters());
  assertEquals(meta.map(({ shape }) => shape), [[1, 2], [1]]);
  assertEquals(meta.every((g) => g.isfinite().all().item() === 1), true);
  const plain = gradOf(loss)(start);
  const { params: stepped } = optim.functional.sgd(start, plain, {}, { lr: 0.5 });
  assertClose(stepped["bias"]!, start["bias"]!.sub(plain["bias"]!.mul(0.5)));
});

Deno.test("functional steps refuse gradients of another form", () => {
  const { sgd } = optim.functional;
  const params = { w: ones([2]), b: [ones([1])] };
  const wrong: [grads: unknown, says: string][] = [
    [{ w: ones([2]) }, "2 parameters need the same number of gradients, got 1"],
    [{ w: ones([2]), c: [ones([1])] }, "there is no gradient for the parameter b.0 among w,c.0"],
    [{ w: ones([2]), b: [ones([2])] }, "gradient b.0 must have the parameter's shape [1], got [2]"],
    [{ w: null, b: [ones([1])] }, "gradient w must be a tensor, got null"],
    [[ones([2]), ones([1])], "there is no gradient for the parameter w among 0,1"],
  ];
  for (const [grads, says] of wrong) {
    assertThrows(() => sgd(params, grads as Tensor[]), Error, says);
  }
  const none = { w: 1 } as unknown as { w: Tensor };
  assertThrows(() => sgd(none, none), TypeError, "params must be tensors, in arrays or records");
});
