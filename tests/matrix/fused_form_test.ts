/**
 * The form of fused ops, tested on an internal one: several outputs, and the size of a recorded
 * pass.
 */

import { assert, assertEquals } from "@std/assert";
import { lastNodeId } from "../../lib/autograd/tape.ts";
import { fused, type Inputs } from "../../lib/ops/define/fused.ts";
import { huberError } from "../../lib/ops/loss/fused.ts";
import { assertClose } from "../../lib/testing/mod.ts";
import { grad, manualSeed, matmul, randn, sum, type Tensor, tensor, transpose } from "../../mod.ts";
import { checkGradients } from "../common/gradients.ts";

/**
 * Three products of a cotangent, an input and weights: the kernel of the backward pass of `linear`.
 */
function products([g, x, w]: Inputs): Tensor[] {
  return [matmul(g!, w!), matmul(transpose(g!, 0, 1), x!), sum(g!, 0)];
}

const threeProducts = fused<null>("threeProducts", {
  composite: products,
  kernel: "linear_grad",
  operands: ([g, x, w]) => [g!, g!, x!, w!],
  shapes: ([g, x, w]) => [x!.shape, w!.shape, [g!.shape[1]!]],
  parameters: () => ({ ints: [0] }),
  saves: "abc",
  outputs: 3,
});

function inputs(): [Tensor, Tensor, Tensor] {
  manualSeed(1);
  const make = (...shape: number[]) => randn(shape, { dtype: "float64", requiresGrad: true });
  return [make(3, 2), make(3, 4), make(2, 4)];
}

Deno.test("a fused op of several outputs equals its composite", () => {
  const given = inputs();
  threeProducts(given, null).forEach((y, i) => assertClose(y, products(given)[i]!));
  const empty = randn([0, 2], { dtype: "float64" });
  const none = threeProducts([empty, randn([0, 4], { dtype: "float64" }), given[2]], null);
  assertEquals(none.map(({ shape }) => shape), [[0, 4], [2, 4], [2]]);
});

Deno.test("a fused op of several outputs has gradients, also where some outputs are not used", () => {
  const uses: Record<string, readonly number[]> = {
    all: [0, 1, 2],
    "the first": [0],
    "the last two": [1, 2],
    "the last": [2],
  };
  for (const [name, used] of Object.entries(uses)) {
    const fn = (...given: Tensor[]) => {
      const ys = threeProducts(given, null);
      return used.map((i) => ys[i]!.square());
    };
    for (const how of [{ order: 1 }, { order: 1, recorded: true }, { order: 2 }] as const) {
      checkGradients(name, fn, inputs(), how);
    }
  }
});

Deno.test("a fused op of several outputs is right where its inputs depend on each other", () => {
  const [g] = inputs();
  const fn = (g: Tensor) => {
    const x = g.mul(2).pad([0, 2]);
    return threeProducts([g, x, transpose(g.pad([0, 1, 0, 0]), 0, 1).pad([0, 1]).at([0, 2])], null);
  };
  checkGradients("tied", (x) => fn(x), [g], { recorded: true });
  checkGradients("tied", (x) => fn(x), [g], { order: 2 });
});

Deno.test("a recorded pass through fused ops grows with their number, not with its square", () => {
  const nodes = (length: number) => {
    let x = tensor([0.5, -2], { dtype: "float64", requiresGrad: true });
    const start = x;
    for (let i = 0; i < length; i++) x = huberError(x, x.mul(0.5), "none", 1);
    const before = lastNodeId();
    grad(x.sum(), [start], { createGraph: true });
    return lastNodeId() - before;
  };
  const [short, long] = [nodes(20), nodes(80)];
  assert(long < 4.2 * short, `${short} nodes for 20 ops, ${long} for 80`);
  const runs = (length: number) => {
    const x = tensor([0.5], { dtype: "float64", requiresGrad: true });
    let count = 0;
    x.registerHook(() => void count++);
    let y: Tensor = x;
    for (let i = 0; i < length; i++) y = huberError(y, y.mul(0.5), "sum", 1);
    grad(y, [x], { createGraph: true });
    return count;
  };
  assertEquals([runs(1), runs(30)], [1, 1]);
});
