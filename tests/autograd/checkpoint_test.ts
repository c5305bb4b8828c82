import { assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  checkpoint,
  grad,
  GradError,
  manualSeed,
  matmul,
  nn,
  noGrad,
  rand,
  randn,
  RandomGenerator,
  scope,
  type Tensor,
  tensor,
  testing,
} from "../../mod.ts";

const { assertClose, checkGradients } = testing;
const FLOAT64 = { dtype: "float64" } as const;

function leaf(data: number | number[]): Tensor {
  return tensor(data, { dtype: "float64", requiresGrad: true });
}

function sample(shape: number[], seed: number): Tensor {
  const generator = new RandomGenerator(seed);
  return randn(shape, { dtype: "float64", generator, requiresGrad: true });
}

Deno.test("checkpoint() gives the values and gradients of its function", () => {
  const w = sample([3, 3], 1);
  const block = (x: Tensor) => matmul(x, w).tanh().mul(x).exp();
  const [x, y] = [sample([2, 3], 2), sample([2, 3], 2)];
  const kept = block(x);
  const again = checkpoint(block, y);
  assertEquals(again.toArray(), kept.toArray());
  kept.square().sum().backward();
  const gradient = w.grad!.clone();
  w.grad = null;
  again.square().sum().backward();
  assertClose(y.grad!, x.grad!, { rtol: 1e-12 });
  assertClose(w.grad!, gradient, { rtol: 1e-12 });
});

Deno.test("checkpoint() is differentiated to any order, in inputs and in what is closed over", () => {
  checkGradients((x, w) => {
    const scaled = w.mul(x.sum());
    return checkpoint((x) => matmul(x, scaled).tanh().mul(scaled.sum()), x.mul(2));
  }, [[2, 2], [2, 2]]);
  const x = leaf(2);
  let y = checkpoint((x) => x.pow(4).mul(x), x);
  for (let order = 0; order < 3; order++) [y] = grad(y, [x], { createGraph: true });
  assertEquals(y.item(), 60 * 4);
});

Deno.test("checkpoint() keeps nothing but its inputs", () => {
  const [x, w] = [sample([4], 3), sample([4], 4)];
  const y = checkpoint((x) => x.mul(w).tanh().exp().sum(), x);
  assertEquals(y.node!.savedTensors(), []);
  assertEquals(new Set(y.node!.parents), new Set([x.node, w.node]));
});

Deno.test("checkpoint() runs its function once more, and only in backward", () => {
  let calls = 0;
  const x = leaf(3);
  const y = checkpoint((x) => {
    calls++;
    return x.square();
  }, x);
  assertEquals(calls, 1);
  y.backward({ retainGraph: true });
  assertEquals([calls, x.grad?.item()], [2, 6]);
  y.backward();
  assertEquals([calls, x.grad?.item()], [3, 12]);
  assertThrows(() => y.backward(), GradError, "the tape of checkpoint was used up");
});

Deno.test("checkpoint() leaves alone what came before its inputs", () => {
  const x = leaf(2);
  const before = x.square();
  let seen = 0;
  before.registerHook(() => void seen++);
  const y = checkpoint((h) => h.mul(before).add(h), before);
  // d/dx (x⁴ + x²)
  y.backward();
  assertEquals(x.grad?.item(), 36);
  assertEquals(seen, 1);
});

Deno.test("checkpoint() of a long chain of blocks, each of the one before", () => {
  const w = leaf(1.001);
  const chain = (step: (h: Tensor) => Tensor) => {
    let h = leaf(1).mul(1);
    for (let i = 0; i < 2000; i++) h = step(h);
    return grad(h, [w])[0].item();
  };
  const block = (h: Tensor) => h.mul(w).tanh().add(h.mul(1e-3));
  assertClose(chain((h) => checkpoint(block, h)), chain(block), { rtol: 1e-10 });
});

Deno.test("checkpoint() repeats random numbers and goes on after them", () => {
  const x = leaf([1, 2, 3, 4, 5, 6, 7, 8]);
  const noisy = (x: Tensor) => x.mul(rand([8], { dtype: "float64" }));
  manualSeed(5);
  const y = checkpoint(noisy, x);
  const next = rand([2]).toArray();
  y.sum().backward();
  assertClose(x.grad!, y.detach().div(x.detach()), { rtol: 1e-12 });
  const after = rand([2]).toArray();
  assertNotEquals(after, next);
  manualSeed(5);
  rand([8], { dtype: "float64" });
  assertEquals([rand([2]).toArray(), rand([2]).toArray()], [next, after]);
});

/** Functions that draw numbers: from the default stream, from others, and after seeding them. */
const own = new RandomGenerator(8);
const DRAWING: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  "the default stream": (x) => x.mul(rand([8], FLOAT64)),
  "a generator": (x) => x.mul(rand([8], { ...FLOAT64, generator: own })),
  "both, alternately": (x) =>
    x.mul(rand([8], { ...FLOAT64, generator: own })).mul(rand([8], FLOAT64))
      .mul(rand([8], { ...FLOAT64, generator: own })),
  "a generator that it seeds": (x) =>
    x.mul(rand([8], { ...FLOAT64, generator: own.manualSeed(3) })),
  "a generator in a checkpoint inside": (x) =>
    checkpoint((x) => x.mul(rand([8], { ...FLOAT64, generator: own })), x),
  "nothing, but seeds the default stream": (x) => {
    manualSeed(11);
    return x.mul(2);
  },
};

for (const [title, noisy] of Object.entries(DRAWING)) {
  Deno.test(`checkpoint() of a function that draws from ${title} repeats the numbers`, () => {
    const x = leaf([1, 2, 3, 4, 5, 6, 7, 8]);
    const stream = manualSeed(4);
    const y = checkpoint(noisy, x);
    const states = [own.state, stream.state];
    y.sum().backward();
    assertClose(x.grad!, y.detach().div(x.detach()), { rtol: 1e-12 });
    // The second run takes no numbers from what comes next.
    assertEquals([own.state, stream.state], states);
  });
}

Deno.test("checkpoint() works within checkpoint() and around modules", () => {
  const block = new nn.Sequential(new nn.Linear(3, 4), new nn.Dropout(0.5), new nn.Linear(4, 3));
  const x = randn([5, 3]);
  const run = (f: (x: Tensor) => Tensor) => {
    manualSeed(1);
    block.zeroGrad();
    f(x).square().sum().backward();
    return block.parameters().map((parameter) => parameter.grad!.clone());
  };
  const twice = (x: Tensor) => block.forward(block.forward(x));
  const expected = run(twice);
  const nested = run((x) =>
    checkpoint((x) => checkpoint((x) => block.forward(x), block.forward(x)), x)
  );
  nested.forEach((g, i) => assertClose(g, expected[i]!, { rtol: 1e-6 }));
});

Deno.test("checkpoint() gives several outputs, some of which nothing depends on", () => {
  const [a, b] = [leaf(2), leaf(3)];
  const { product, rest: [sum, constant] } = checkpoint(
    (a, b) => ({ product: a.mul(b), rest: [a.add(b), a.detach()] as const }),
    a,
    b,
  );
  assertEquals(constant.requiresGrad, false);
  assertEquals(grad(product, [a, b], { retainGraph: true }).map((g) => g.item()), [3, 2]);
  assertEquals(grad(sum, [a], { retainGraph: true })[0].item(), 1);
  assertEquals(grad(sum.mul(product), [a])[0].item(), 6 + 15);
  // What is given back unchanged.
  const same = checkpoint((a) => a, a);
  assertEquals(grad(same.mul(5), [a])[0].item(), 5);
});

Deno.test("checkpoint() records nothing where nothing is tracked", () => {
  const x = leaf(2);
  assertEquals(noGrad(() => checkpoint((x) => x.square(), x)).requiresGrad, false);
  assertEquals(checkpoint((x) => x.square(), x.detach()).node, null);
  assertStrictEquals(checkpoint((x, n) => x.mul(n), x, 3).item(), 6);
});

Deno.test("checkpoint() keeps its inputs when a scope ends", () => {
  const x = leaf([1, 2]);
  const y = scope(() => checkpoint((h) => h.mul(h), x.mul(3)).sum());
  y.backward();
  assertEquals(x.grad?.toArray(), [18, 36]);
});

Deno.test("checkpoint() notices changed inputs and a function that does something else", () => {
  const [x, other] = [leaf(2), leaf(5)];
  const constant = tensor(3, { dtype: "float64" });
  const y = checkpoint((x, c) => x.mul(c), x, constant);
  constant.fill_(4);
  assertThrows(
    () => y.backward(),
    GradError,
    "Cannot run backward: an input of checkpoint was changed in place since",
  );
  let factor = x;
  const z = checkpoint((x) => x.mul(factor), x);
  factor = other;
  assertThrows(
    () => z.backward(),
    GradError,
    "Cannot run backward: the function of checkpoint did not do the same when it ran again",
  );
  assertThrows(
    () => checkpoint(() => 5),
    TypeError,
    "Cannot run checkpoint: the function must return a tensor",
  );
});

Deno.test("checkpoint() of large tensors, whose memory the passes use again", () => {
  const w = sample([128, 128], 8);
  const block = (x: Tensor) => matmul(x, w).tanh().add(x).mul(x.exp());
  const run = (f: (x: Tensor) => Tensor) => {
    const x = sample([128, 128], 9);
    const kept: Tensor[] = [];
    const z = f(f(x.mul(0.1)).mul(0.1));
    z.registerHook((g) => void kept.push(g));
    const [first] = grad(z.square().mean(), [x], { createGraph: true });
    const [second, ofWeight] = grad(first.square().sum(), [x, w]);
    assertEquals(kept.map((g) => g.sum().shape), [[], []]);
    return [z, first, second, ofWeight];
  };
  const [expected, actual] = [run(block), run((x) => checkpoint(block, x))];
  actual.forEach((y, i) => assertClose(y, expected[i]!, { rtol: 1e-9, atol: 1e-14 }));
  const stashed: Tensor[] = [];
  const stashing = (x: Tensor) => {
    const y = block(x);
    stashed.push(y);
    return y.mul(2);
  };
  checkpoint(stashing, sample([128, 128], 9)).sum().backward();
  // What the function puts aside when it runs again is the user's.
  assertClose(stashed[1]!, stashed[0]!, { rtol: 0 });
});

Deno.test("checkpoint() notices a leaf that was changed in place, as what it stands for does", () => {
  const uses: Record<string, (x: Tensor, w: Tensor) => Tensor> = {
    "a leaf that is closed over": (x, w) => checkpoint((x) => x.mul(w).exp(), x),
    "a leaf that is handed in": (x, w) => checkpoint((x, w) => x.mul(w).exp(), x, w),
    "a leaf in a record": (x, w) => checkpoint((x, { w }) => x.mul(w).exp(), x, { w }),
    "a leaf of a checkpoint in another": (x, w) =>
      checkpoint((x) => checkpoint((x) => x.mul(w), x).exp(), x),
    "no checkpoint": (x, w) => x.mul(w).exp(),
  };
  for (const [name, use] of Object.entries(uses)) {
    const [x, w] = [sample([2], 1), sample([2], 2)];
    const y = use(x, w).sum();
    noGrad(() => w.zero_());
    assertThrows(() => y.backward(), GradError, "changed in place since", name);
  }
  const [x, w] = [sample([2], 1), sample([2], 2)];
  const y = checkpoint((x) => x.mul(w).exp(), x).sum();
  noGrad(() => sample([2], 2).zero_());
  y.backward();
});

Deno.test("checkpoint() refuses a second run that gives others than the first", () => {
  const runs: Record<string, readonly ((x: Tensor) => Tensor | Tensor[])[]> = {
    "another shape": [(x) => x.exp(), (x) => x.sum()],
    "another type": [(x) => x.exp(), (x) => x.exp().to("float32")],
    "fewer": [(x) => [x.exp(), x.sin()], (x) => [x.exp()]],
    "more": [(x) => [x.exp()], (x) => [x.exp(), x.sin()]],
    "no tape": [(x) => x.exp(), (x) => x.detach().exp()],
  };
  for (const [name, [first, second]] of Object.entries(runs)) {
    let calls = 0;
    const x = sample([2], 1);
    const y = checkpoint((x) => (calls++ === 0 ? first! : second!)(x), x);
    const [whole] = [y].flat();
    assertThrows(() => whole!.sum().backward(), GradError, "did not do the same", name);
  }
});
