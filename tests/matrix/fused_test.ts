/** Fused ops equal their composites, in values and gradients, recorded or not. */

import {
  assert,
  assertEquals,
  AssertionError,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { linear, linearComposite } from "../../lib/ops/linalg/linear.ts";
import { huberError, rowCrossEntropy, squaredError } from "../../lib/ops/loss/fused.ts";
import { registeredOps } from "../../lib/ops/registry.ts";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  grad,
  losses,
  manualSeed,
  nn,
  noGrad,
  randn,
  ShapeError,
  type Tensor,
  tensor,
} from "../../mod.ts";
import { assertTensor } from "../common/compare.ts";
import { count, laidOut, plainOf, tensorOf } from "../common/samples.ts";
import { plainInputs, typesOf } from "./cases.ts";
import { FUSED_CASES } from "./fused_cases.ts";
import type { Function, FusedCase } from "./fused_form.ts";

type Float = "float32" | "float64";

/** Tolerances for the rounding errors of products of 784 terms. */
const CLOSE = {
  float32: { rtol: 1e-4, atol: 1e-4 },
  float64: { rtol: 1e-11, atol: 1e-12 },
} as const;

/** The layout of the inputs, whether the pass is recorded, and which inputs have a gradient. */
interface Way {
  readonly layout: "dense" | "permuted";
  readonly recorded: boolean;
  readonly needs: readonly boolean[];
}

/** The size of an input from which a case is tested in few ways. */
const LARGE = 20_000;

/** All ways to test a case; for a large one only those where every input has a gradient. */
function waysOf({ inputs }: FusedCase): Way[] {
  const large = inputs.some(({ shape }) => count(shape) > LARGE);
  const choices = inputs.reduce<boolean[][]>((lists, { dtype }) => {
    const choice = dtype !== undefined ? [false] : large ? [true] : [true, false];
    return lists.flatMap((list) => choice.map((need) => [...list, need]));
  }, [[]]);
  return choices.filter((needs) => needs.includes(true)).flatMap((needs) =>
    (["dense", "permuted"] as const).flatMap((layout) =>
      [false, true].map((recorded): Way => ({ layout, recorded, needs }))
    )
  );
}

/** The value of a function, and its gradients for a cotangent. */
function run(fn: Function, inputs: readonly Tensor[], { recorded, needs }: Way): Tensor[] {
  const given = inputs.map((x, i) => needs[i] ? x.detach().requiresGrad_() : x);
  const y = fn(...given);
  const weights = Array.from({ length: y.size }, (_, i) => Math.cos(i));
  const gradOutputs = tensorOf({ shape: y.shape, data: weights }, y.dtype);
  const leaves = given.filter((_, i) => needs[i]);
  return [y, ...grad(y, leaves, { gradOutputs, createGraph: recorded })];
}

/** Compares a fused op with its composite in one way. */
function compare(op: string, one: FusedCase, dtype: Float, way: Way): void {
  const inputs = plainInputs(one, dtype);
  const types = typesOf(one, dtype);
  const tensors = inputs.map((plain, i) =>
    way.layout === "dense" ? tensorOf(plain, types[i]!) : laidOut(plain, types[i]!, way.layout)
  );
  const truth = run(one.composite, tensors, way);
  run(one.fused, tensors, way).forEach((x, i) => {
    const part = i === 0 ? "" : `, gradient ${i - 1}`;
    const how = `${way.layout}, ${way.recorded ? "recorded" : "not recorded"}${part}`;
    const trial = { name: `${op}() of ${one.name}, ${how}`, dtype, inputs };
    assertTensor(trial, x, plainOf(truth[i]!), dtype, CLOSE[dtype]);
  });
}

Deno.test("every fused op has cases", () => {
  const fused = registeredOps().filter(({ kind }) => kind === "fused").map(({ name }) => name);
  assertEquals(Object.keys(FUSED_CASES).toSorted(), fused.toSorted());
});

for (const [op, cases] of Object.entries(FUSED_CASES)) {
  for (const one of cases) {
    for (const dtype of ["float32", "float64"] as const) {
      Deno.test(`${op}() ${dtype} equals its composite ${one.name}`, () => {
        for (const way of waysOf(one)) compare(op, one, dtype, way);
      });
    }
  }
}

Deno.test("a fused op that is off in one element, or in one gradient of one way, is noticed", () => {
  const [, one] = FUSED_CASES.mse!;
  const [whole] = waysOf(one!);
  const there = plainInputs(one!, "float64").map(({ data }) => data[2]).join(" and ");
  const nudge = tensor([0, 0, 1e-9, 0, 0, 0, 0], { dtype: "float64" });
  const check = (fused: Function, way: Partial<Way>) =>
    compare("mse", { ...one!, fused }, "float64", { ...whole!, ...way });
  const noticed = (fused: Function, way: Partial<Way>, how: string) => {
    const { message } = assertThrows(() => check(fused, way), AssertionError);
    const name =
      `mse() of [7] and [7] each, ${how} on cpu, float64: the result at element 2 of [7]`;
    assertStringIncludes(message, name);
    assertStringIncludes(message, `where the inputs are ${there}`);
  };
  noticed((p, t) => one!.composite(p!, t!).add(nudge), {}, "dense, not recorded");
  const tilted: Function = (p, t) => one!.composite(p!, t!).add(t!.sub(t!.detach()).mul(nudge));
  const way = { needs: [false, true], recorded: true, layout: "permuted" } as const;
  noticed(tilted, way, "permuted, recorded, gradient 0");
  check(tilted, { needs: [true, false] });
});

Deno.test("linear() keeps the dimensions before the last", () => {
  const [x, w, b] = [randn([2, 3, 4]), randn([5, 4]), randn([5])];
  const y = linear(x, w, b);
  assertEquals(y.shape, [2, 3, 5]);
  assertClose(y, linearComposite(x, w, b), { atol: 1e-5 });
  assertEquals(linear(randn([4]), w, null).shape, [5]);
  assertEquals(linear(randn([0, 4]), w, b).shape, [0, 5]);
  assertThrows(() => linear(randn([2, 3]), w, b), ShapeError, "matmul");
});

Deno.test("mse() and huber() treat NaN and infinity as PyTorch's do", () => {
  const p = tensor([NaN, Infinity, -Infinity, 1e20], { requiresGrad: true });
  const run = (loss: typeof squaredError, createGraph: boolean) => {
    const each = loss(p, tensor([0, 0, 0, 0]), "none", 1);
    const [gradient] = grad(each.sum(), [p], { createGraph });
    return [each.toArray(), gradient.toArray()];
  };
  const large = Math.fround(1e20);
  for (const recorded of [false, true]) {
    assertEquals(run(squaredError, recorded), [
      [NaN, Infinity, Infinity, Infinity],
      [NaN, Infinity, -Infinity, 2 * large],
    ]);
    assertEquals(run(huberError, recorded), [
      [NaN, Infinity, Infinity, large],
      [NaN, 1, -1, 1],
    ]);
  }
});

Deno.test("Sequential computes a linear layer and its activation in one pass, with equal bits", () => {
  manualSeed(4);
  const [first, second] = [new nn.Linear(5, 7), new nn.Linear(7, 2)];
  const x = randn([3, 5]);
  for (const activation of [new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid()]) {
    const fused = new nn.Sequential(first, activation, second, activation, activation);
    const each = [first, activation, second, activation, activation]
      .reduce<Tensor>((x, layer) => layer.forward(x), x);
    assertEquals(fused.forward(x).toArray(), each.toArray());
  }
});

Deno.test("Sequential leaves a layer alone whose forward was replaced", () => {
  class Doubled extends nn.Linear {
    override forward(x: Tensor): Tensor {
      return super.forward(x).mul(2);
    }
  }
  const layer = new Doubled(2, 2);
  const x = randn([1, 2]);
  const expected = layer.forward(x).relu().toArray();
  assertEquals(new nn.Sequential(layer, new nn.ReLU()).forward(x).toArray(), expected);
});

Deno.test("rowCrossEntropy() is finite for large logits, and NaN only where the input is", () => {
  const logits = tensor([[1e4, -1e4], [-1e30, 0], [NaN, 0]], { requiresGrad: true });
  const each = rowCrossEntropy(logits, tensor([1, 0, 0], { dtype: "int32" }));
  assertEquals(each.detach().at([0, 2]).toArray(), [2e4, Math.fround(1e30)]);
  assert(Number.isNaN(each.at(2).item()));
  each.sum().backward();
  assertEquals(logits.grad!.at([0, 2]).toArray(), [[1, -1], [-1, 1]]);
});

Deno.test("losses.crossEntropy() refuses labels out of range before the kernel", () => {
  const logits = randn([2, 3]);
  const labels = tensor([0, 3], { dtype: "int32" });
  assertThrows(() => losses.crossEntropy(logits, labels), RangeError, "label 3 at index 1");
  assertThrows(() => rowCrossEntropy(logits, labels), RangeError, "index 3");
  assertEquals(
    noGrad(() => losses.crossEntropy(logits, tensor([0, 2], { dtype: "int32" }))).requiresGrad,
    false,
  );
});
