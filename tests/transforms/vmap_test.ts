/** `vmap` with everything around and inside of it: nested, with gradients, hooks, modules, random numbers. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  checkpoint,
  customFunction,
  detectAnomaly,
  functionalCall,
  grad,
  GradError,
  gradOf,
  hessian,
  jacobian,
  losses,
  manualSeed,
  nn,
  noGrad,
  ones,
  perSampleGrad,
  rand,
  randint,
  randn,
  RandomGenerator,
  randperm,
  ShapeError,
  stack,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "../../mod.ts";
import { assertClose } from "../../lib/testing/mod.ts";

const F64 = { dtype: "float64" } as const;
const I32 = { dtype: "int32" } as const;

function normal(seed: number, ...shape: number[]): Tensor {
  return randn(shape, { ...F64, generator: new RandomGenerator(seed) });
}

/** Rows of a batch. */
function rows(x: Tensor): Tensor[] {
  return [...x];
}

Deno.test("vmap() takes the batch from any dimension and puts it into any", () => {
  const [a, b] = [normal(1, 4, 3), normal(2, 3, 2)];
  const outer = (x: Tensor, y: Tensor) => x.unsqueeze(1).mul(y.unsqueeze(0));
  const mapped = vmap(outer, { inDims: [-1, 0], outDims: -1 })(a, b);
  assertEquals(mapped.shape, [4, 2, 3]);
  const wanted = stack([0, 1, 2].map((i) => outer(a.at(":", i), b.at(i))), 2);
  assertEquals(mapped.toArray(), wanted.toArray());
  const two = vmap((x: Tensor) => ({ sum: x.sum(), same: x }), { outDims: [0, 1] })(b);
  assertEquals([two.sum.shape, two.same.shape], [[3], [2, 3]]);
});

Deno.test("vmap() nests, and batches stay apart", () => {
  const [x, y] = [normal(3, 3, 4), normal(4, 5, 4)];
  const pairs = vmap((a: Tensor) => vmap((b: Tensor) => a.mul(b).sum().mul(a.at(0)))(y))(x);
  const wanted = stack(rows(x).map((a) => stack(rows(y).map((b) => a.mul(b).sum().mul(a.at(0))))));
  assertClose(pairs, wanted);
  // The outer batch alone, inside of the inner one.
  const lone = vmap((a: Tensor) => vmap((b: Tensor) => b.mul(0).sum().add(a.square().sum()))(y))(x);
  assertClose(lone, stack(rows(x).map((a) => a.square().sum().expand([5]))));
});

Deno.test("vmap() and gradients go into each other in every order", () => {
  const [x, w] = [normal(5, 3, 4), normal(6, 4, 2)];
  const loss = (w: Tensor, x: Tensor) => x.matmul(w).tanh().square().sum();
  const each = rows(x).map((row) => gradOf(loss)(w, row));
  const inside = vmap(gradOf(loss), { inDims: [null, 0] })(w, x);
  assertClose(inside, stack(each));
  const outside = gradOf((w: Tensor) => vmap((row: Tensor) => loss(w, row))(x).sum())(w);
  assertClose(outside, stack(each).sum(0));
  // A gradient of gradients through both.
  const sharp = (w: Tensor) => vmap((row: Tensor) => gradOf(loss)(w, row).square().sum())(x).sum();
  const looped = (w: Tensor) =>
    stack(rows(x).map((row) => gradOf(loss)(w, row).square().sum())).sum();
  assertClose(gradOf(sharp)(w), gradOf(looped)(w));
  const hessians = vmap((row: Tensor) => hessian((w: Tensor) => loss(w, row), w))(x);
  assertClose(hessians, stack(rows(x).map((row) => hessian((w: Tensor) => loss(w, row), w))));
  const jacobians = vmap((row: Tensor) => jacobian((w: Tensor) => row.matmul(w).tanh(), w))(x);
  assertClose(
    jacobians,
    stack(rows(x).map((row) => jacobian((w: Tensor) => row.matmul(w).tanh(), w))),
  );
});

Deno.test("backward() inside vmap() adds up over the examples, and grad() refuses what they share", () => {
  const [x, w] = [normal(7, 3, 2), normal(8, 2).requiresGrad_()];
  vmap((row: Tensor) => {
    const y = row.mul(w).sum();
    y.backward();
    return y.detach();
  })(x);
  assertClose(w.grad!, x.sum(0));
  const shared = () => vmap((row: Tensor) => grad(row.mul(w).sum(), [w])[0])(x);
  assertThrows(shared, GradError, "input 0 (shape [2]) is shared by all examples");
  const own = vmap((row: Tensor) => {
    const leaf = row.detach().requiresGrad_();
    leaf.square().sum().backward();
    return leaf.grad!;
  })(x);
  assertClose(own, x.mul(2));
});

Deno.test("noGrad(), hooks and detectAnomaly() work inside of vmap()", () => {
  const x = normal(9, 3, 2).requiresGrad_();
  const part = (row: Tensor) => noGrad(() => row.square()).mul(row).sum();
  assertClose(grad(vmap(part)(x).sum(), [x])[0], x.detach().square());
  const seen: (readonly number[])[] = [];
  const hooked = (row: Tensor) => {
    const y = row.mul(3);
    y.registerHook((g) => {
      seen.push(g.shape);
      return g.mul(2);
    });
    return y.sum();
  };
  assertClose(grad(vmap(hooked)(x).sum(), [x])[0], tensor(6, F64).expand([3, 2]));
  assertEquals(seen, [[2]]);
  const error = assertThrows(
    () => detectAnomaly(() => vmap((row: Tensor) => row.sub(row).log().sum())(x)),
    GradError,
  );
  assertMatch(error.message, /log made an infinity/);
});

Deno.test("checkpoint(), custom functions and modules work inside of vmap()", () => {
  const x = normal(10, 3, 2);
  const kept = vmap((row: Tensor) => checkpoint((r: Tensor) => r.exp().sum(), row));
  const leaf = x.detach().requiresGrad_();
  kept(leaf).sum().backward();
  assertClose(leaf.grad!, x.exp());
  assertClose(
    vmap(gradOf((row: Tensor) => checkpoint((r: Tensor) => r.exp().sum(), row)))(x),
    x.exp(),
  );

  let calls = 0;
  const spec = {
    name: "cube",
    forward: (context: { save: (...tensors: Tensor[]) => void }, x: Tensor) => {
      calls++;
      context.save(x);
      return x.pow(3);
    },
    backward: (context: { saved: readonly Tensor[] }, g: Tensor) =>
      g.mul(context.saved[0]!.square()).mul(3),
  };
  const cube = customFunction(spec);
  assertClose(vmap((row: Tensor) => cube(row))(x), x.pow(3));
  assertEquals(calls, 3);
  assertClose(vmap(gradOf((row: Tensor) => cube(row).sum()))(x), x.square().mul(3));
  const seen: unknown[] = [];
  const ruled = customFunction({
    ...spec,
    vmap: (info, x: Tensor) => {
      seen.push(info);
      return cube(x);
    },
  });
  calls = 0;
  assertClose(vmap((row: Tensor) => ruled(row))(x), x.pow(3));
  assertEquals([calls, seen], [1, [{ batchSize: 3, inDims: [0] }]]);
  assertClose(
    jacobian((x: Tensor) => cube(x), x.at(0)),
    jacobian((x: Tensor) => x.pow(3), x.at(0)),
  );

  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 3));
  const params = Object.fromEntries(
    model.namedParameters().map(([name, p]) => [name, p.detach().to("float64")]),
  );
  const labels = tensor([0, 2, 1], { dtype: "int32" });
  const loss = (p: Record<string, Tensor>, x: Tensor, label: Tensor) =>
    losses.crossEntropy(functionalCall(model, p, x), label);
  const found = perSampleGrad(loss)(params, x, labels);
  for (let i = 0; i < 3; i++) {
    const one = gradOf(loss)(params, x.at(i), labels.at(i));
    for (const [name, g] of Object.entries(one)) assertClose(found[name]!.at(i), g);
  }
  const small = x.to("float32");
  assertClose(vmap((row: Tensor) => model.forward(row))(small), model.forward(small));
  // Many models at once: an ensemble.
  const doubled = Object.fromEntries(
    Object.entries(params).map(([name, p]) => [name, stack([p, p.mul(2)])]),
  );
  const ensemble = vmap(
    (p: Record<string, Tensor>, x: Tensor) => functionalCall(model, p, x),
    { inDims: [0, null] },
  )(doubled, x);
  assertClose(ensemble.at(0), functionalCall(model, params, x));
});

Deno.test("random numbers under vmap() are refused, the same, or different, as was said", () => {
  const x = zeros([4, 3]);
  const draws = {
    rand: (row: Tensor) => row.add(rand([3])),
    randn: (row: Tensor) => row.add(randn([3])),
    randint: (row: Tensor) => row.add(randint(0, 1 << 30, [3]).to("float32")),
    randperm: (row: Tensor) => row.add(randperm(3).to("float32")).add(rand([])),
    dropout: (row: Tensor) => nn.functional.dropout(row.add(1), { p: 0.5 }).add(rand([])),
  };
  for (const [name, draw] of Object.entries(draws)) {
    const error = assertThrows(() => vmap(draw)(x), TypeError);
    assertMatch(error.message, /Cannot run rand\w* under vmap: it draws random numbers, called at/);
    const distinct = (y: Tensor) => new Set(rows(y).map((row) => row.toArray().toString())).size;
    assertEquals(distinct(vmap(draw, { randomness: "same" })(x)), 1, name);
    assertEquals(distinct(vmap(draw, { randomness: "different" })(x)), 4, name);
  }
  const nested = vmap(
    (row: Tensor) => vmap((v: Tensor) => v.add(rand([])), { randomness: "different" })(row),
    { randomness: "same" },
  )(x);
  assertEquals(new Set(nested.flatten().toArray() as number[]).size, 3);
});

Deno.test("chunks give what all examples give at once", () => {
  const x = normal(11, 7, 2);
  const fn = (row: Tensor) => row.exp().cumsum(0);
  for (const chunk of [1, 2, 3, 7, 100]) {
    assertClose(vmap(fn, { chunk })(x), vmap(fn)(x));
    assertClose(
      perSampleGrad((w: Tensor, row: Tensor) => w.mul(row).exp().sum(), { chunk })(x.at(0), x),
      perSampleGrad((w: Tensor, row: Tensor) => w.mul(row).exp().sum())(x.at(0), x),
    );
    const point = normal(12, 2, 3);
    const y = (p: Tensor) => p.matmul(p.mT).sin();
    assertClose(jacobian(y, point, { chunk }), jacobian(y, point));
    assertClose(hessian((p) => y(p).sum(), point, { chunk }), hessian((p) => y(p).sum(), point));
  }
  for (const chunk of [0, -1]) {
    assertThrows(() => vmap(fn, { chunk }), RangeError, "chunk must be a positive integer");
  }
});

Deno.test("an in-place change works on an example's own tensor, and is refused on a shared one", () => {
  const x = normal(13, 3, 2);
  const own = vmap((row: Tensor) => {
    const y = row.clone();
    noGrad(() => y.setAt([0], 5));
    return noGrad(() => y.copy_(y.mul(2)));
  })(x);
  assertClose(own, stack([tensor([10, 10, 10], F64), x.at(":", 1).mul(2)], 1));
  const total = zeros([2], F64);
  const shared = () => vmap((row: Tensor) => noGrad(() => total.copy_(total.add(row))))(x);
  const error = assertThrows(shared, GradError);
  assertMatch(
    error.message,
    /in place under vmap: all examples share it .* called at .*vmap_test\.ts/,
  );
  assertEquals(total.toArray(), [0, 0]);
});

/** In-place changes of an example's tensor of shape [2, 3]: with positions, masks and values of each kind. */
const CHANGES: Readonly<Record<string, (y: Tensor, at: Tensor, value: Tensor) => void>> = {
  "a number at an integer": (y) => y.setAt([1], 5),
  "an example's value at a range": (y, _, value) => y.setAt([":", [0, 2]], value.slice(0, 0, 2)),
  "a number at shared positions": (y) => y.setAt([":", tensor([2, 0], I32)], 5),
  "an example's value at shared positions": (y, _, value) =>
    y.setAt([0, tensor([2, 0, 0], I32)], value),
  "a number at an example's positions": (y, at) => y.setAt([":", at], 5),
  "an example's value at its positions": (y, at, value) => y.setAt([1, at], value.slice(0, 0, 2)),
  "a shared value at an example's positions": (y, at) =>
    y.setAt([at.sub(1).relu().to({ dtype: "int32" })], tensor([7, 8, 9], F64)),
  "pairs of positions": (y, at, value) => y.setAt([tensor([0, 1], I32), at], value.slice(0, 0, 2)),
  "a shared mask": (y) => y.setAt([tensor([[true, false, true], [false, true, false]])], 5),
};

for (const [title, change] of Object.entries(CHANGES)) {
  Deno.test(`setAt() under vmap does what it does for each example: ${title}`, () => {
    const [x, values] = [normal(15, 4, 2, 3), normal(16, 4, 3)];
    const places = tensor([[0, 1], [2, 2], [1, 0], [2, 1]], I32);
    const run = (y: Tensor, at: Tensor, value: Tensor) => {
      const own = y.clone();
      noGrad(() => change(own, at, value));
      return own;
    };
    const [all, alone] = [
      vmap(run)(x, places, values),
      (i: number) => [x, places, values].map((t) => t.at(i)),
    ];
    const wanted = stack([0, 1, 2, 3].map((i) => run(...alone(i) as [Tensor, Tensor, Tensor])));
    assertEquals(all.toArray(), wanted.toArray());
    const nested = vmap((y: Tensor) => vmap(run)(y, places, values))(stack([x, x.mul(2)]));
    assertEquals(nested.at(0).toArray(), wanted.toArray());
  });
}

Deno.test("setAt() at an example's positions is refused on a tensor that all examples share", () => {
  const shared = zeros([3], F64);
  const places = tensor([[0, 1], [2, 2]], I32);
  const write = (at: Tensor) => noGrad(() => shared.setAt([at], 1));
  assertThrows(() => vmap(write)(places), GradError, "all examples share it");
  assertEquals(shared.toArray(), [0, 0, 0]);
});

Deno.test("vmap() refuses batches that differ, outputs that no example changes, and promises", () => {
  const x = normal(14, 3, 2);
  const message = (run: () => unknown, type: new (message: string) => Error, part: string) => {
    assertThrows(run, type, part);
    // The engine is as before.
    assertEquals(vmap((row: Tensor) => row.sum())(x).shape, [3]);
  };
  message(
    () => vmap((a, b) => a.add(b))(x, normal(1, 4, 2)),
    ShapeError,
    "one size in all arguments, got 3, 4",
  );
  message(
    () => vmap((_: Tensor) => zeros([2]))(x),
    TypeError,
    "output 0 (shape [2]) depends on no input",
  );
  message(
    () => vmap(((row: Tensor) => Promise.resolve(row)) as unknown as (row: Tensor) => Tensor)(x),
    TypeError,
    "returned a promise",
  );
  message(
    () => vmap((row: Tensor) => [row, row], { outDims: [0] })(x),
    TypeError,
    "2 outputs need as many outDims, got 1",
  );
});

Deno.test("what is kept of an example after vmap() is no tensor to be read", () => {
  const x = normal(15, 3, 2);
  let kept: Tensor | undefined;
  vmap((row: Tensor) => kept = row.mul(2))(x);
  assertThrows(() => kept!.toArray(), TypeError, "under vmap");
  assertMatch(`${kept}`, /one of 3 examples under vmap/);
});

Deno.test("views stay views under vmap()", () => {
  const x = normal(16, 3, 4, 2);
  let storage: unknown;
  const y = vmap((row: Tensor) => {
    const view = row.mT.at(0).unsqueeze(0);
    storage = view.storage;
    return view;
  })(x);
  assert(storage === x.storage && y.storage === x.storage);
});

Deno.test("the same random numbers are the same in all chunks, of every stream, and nested", () => {
  const own = new RandomGenerator(3);
  const draw = (row: Tensor) =>
    row.mul(0).add(rand([2])).add(randn([2], { generator: own })).add(rand([2]));
  const rows = zeros([5, 2]);
  const distinct = (y: Tensor) => new Set((y.toArray() as number[][]).map(String)).size;
  for (const chunk of [1, 2, 3, 5, 9]) {
    manualSeed(1);
    assertEquals(distinct(vmap(draw, { randomness: "same", chunk })(rows)), 1, `chunk ${chunk}`);
    const after = rand([1]).item();
    manualSeed(1);
    draw(rows.at(0));
    assertEquals(after, rand([1]).item(), "what was drawn is used up once");
    const nested = vmap(
      (row: Tensor) => vmap(draw, { randomness: "same", chunk: 1 })(rows).add(row),
      { randomness: "same", chunk },
    )(rows);
    assertEquals(distinct(nested.reshape([25, 2])), 1, `nested, chunk ${chunk}`);
    assertEquals(distinct(vmap(draw, { randomness: "different", chunk })(rows)), 5);
  }
  const gradients = perSampleGrad((w: Tensor, x: Tensor) => w.mul(x.add(rand([2]))).sum(), {
    randomness: "same",
    chunk: 2,
  })(ones([2]), rows);
  assertEquals(distinct(gradients), 1);
});
