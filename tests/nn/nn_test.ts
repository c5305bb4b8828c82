import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import {
  DTypeError,
  functionalCall,
  manualSeed,
  nn,
  ones,
  rand,
  ShapeError,
  stackModuleState,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";

class Net extends nn.Module {
  selfAttn = new nn.Linear(2, 3);
  blocks = [new nn.Linear(3, 3, { bias: false }), new nn.ReLU()];
  runningMean = new nn.Buffer(zeros([3]));
  #hidden = new nn.Linear(1, 1);
  override forward(x: Tensor): Tensor {
    return this.blocks.reduce((y: Tensor, block) => block.forward(y), this.selfAttn.forward(x))
      .sub(this.runningMean).mul(this.#hidden.outFeatures);
  }
}

Deno.test("Module.stateDict() has PyTorch's keys, and #private members are invisible", () => {
  assertEquals(Object.keys(new Net().stateDict()), [
    "running_mean",
    "self_attn.weight",
    "self_attn.bias",
    "blocks.0.weight",
  ]);
  const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(4, 2), new nn.ReLU());
  assertEquals(Object.keys(net.stateDict()), ["1.weight", "1.bias"]);
});

Deno.test("a buffer that does not persist is all that a buffer is, but no part of the state", () => {
  class Masked extends nn.Module {
    mask = new nn.Buffer(ones([2]), { persistent: false });
    kept = new nn.Buffer(ones([2]), { persistent: true });
    override forward(x: Tensor): Tensor {
      return x.mul(this.mask);
    }
  }
  for (const made of [new Masked(), new Masked().copy(), new Masked().to("float64")]) {
    const net = new nn.Sequential(made);
    assertEquals(Object.keys(net.stateDict()), ["0.kept"]);
    assertEquals(net.loadStateDict({ "0.kept": ones([2]) }), { missing: [], unexpected: [] });
    assertEquals(net.namedBuffers().map(([name]) => name), ["0.mask", "0.kept"]);
    assertEquals(made.mask.dtype, made.kept.dtype);
    const own = { "0.mask": tensor([2, 3]) };
    assertEquals(functionalCall(net, own, ones([2])).toArray(), [2, 3]);
  }
});

Deno.test("Module.parameters() gives each parameter once", () => {
  class Tied extends nn.Module {
    a = new nn.Linear(2, 2);
    b = this.a;
    override forward(x: Tensor): Tensor {
      return this.b.forward(this.a.forward(x));
    }
  }
  assertEquals(new Tied().parameters().length, 2);
  assertEquals(new Net().parameters().length, 3);
  assertEquals(new Net().buffers().length, 1);
});

Deno.test("two tensors that are spelled alike are refused wherever tensors have names", () => {
  class Alike extends nn.Module {
    aB: nn.Parameter | nn.Buffer;
    a_b: nn.Parameter | nn.Buffer;
    constructor(kind: typeof nn.Parameter | typeof nn.Buffer) {
      super();
      [this.aB, this.a_b] = [new kind(ones([1])), new kind(ones([1]))];
    }
    override forward(x: Tensor): Tensor {
      return x.mul(this.aB).mul(this.a_b);
    }
  }
  const [learned, kept] = [new Alike(nn.Parameter), new Alike(nn.Buffer)];
  const state = 'Cannot make a state dict: two tensors are called "a_b"';
  const list = 'Cannot list the tensors of Alike: two tensors are called "a_b"';
  const inside = 'Cannot list the tensors of Sequential: two tensors are called "0.a_b"';
  const cases: readonly (readonly [run: () => unknown, says: string])[] = [
    [() => learned.stateDict(), state],
    [() => learned.parameters(), list],
    [() => learned.namedParameters({ removeDuplicate: false }), list],
    [() => new nn.Sequential(kept).buffers(), inside],
    [() => functionalCall(learned, { a_b: ones([1]) }, ones([1])), list],
    [() => stackModuleState([kept, kept]), list],
  ];
  for (const [run, says] of cases) assertEquals(assertThrows(run, TypeError).message, says);
});

Deno.test("Module.loadStateDict() copies all or nothing", () => {
  const [a, b] = [new Net(), new Net()];
  b.loadStateDict(a.stateDict());
  const x = rand([4, 2]);
  assertEquals(b.forward(x).toArray(), a.forward(x).toArray());
  const weight = b.selfAttn.weight.toArray();
  const state = {
    ...a.stateDict(),
    "self_attn.weight": zeros([3, 2]),
    "blocks.0.weight": ones([1]),
  };
  const error = assertThrows(() => b.loadStateDict(state), ShapeError);
  assertEquals(
    error.message,
    'Cannot load the state: "blocks.0.weight" has shape [3, 3], the state [1]',
  );
  assertEquals(b.selfAttn.weight.toArray(), weight);
  const partial = { "self_attn.weight": zeros([3, 2]), other: ones([1]) };
  assertThrows(
    () => b.loadStateDict(partial),
    TypeError,
    "missing keys running_mean, self_attn.bias, blocks.0.weight, unexpected keys other",
  );
  assertEquals(b.loadStateDict(partial, { strict: false }), {
    missing: ["running_mean", "self_attn.bias", "blocks.0.weight"],
    unexpected: ["other"],
  });
  assertEquals(b.selfAttn.weight.toArray(), zeros([3, 2]).toArray());
});

Deno.test("Module.loadStateDict() takes a rename", () => {
  const layer = new nn.Linear(1, 1, { bias: false });
  layer.loadStateDict({ "old.weight": ones([1, 1]) }, { rename: (key) => `old.${key}` });
  assertEquals(layer.weight.item(), 1);
});

Deno.test("Module.train() and eval() reach all modules; apply() goes innermost first", () => {
  const net = new nn.Sequential(new nn.Dropout(), new nn.Sequential(new nn.Dropout()));
  net.eval();
  assertEquals(net.modules().map((module) => module.training), [false, false, false, false]);
  assertEquals(net.train().training, true);
  const seen: string[] = [];
  net.apply((module) => seen.push(module.constructor.name));
  assertEquals(seen, ["Dropout", "Dropout", "Sequential", "Sequential"]);
});

Deno.test("Module.requiresGrad_() freezes, zeroGrad() forgets", () => {
  const layer = new nn.Linear(2, 1);
  layer.forward(ones([1, 2])).sum().backward();
  assertEquals(layer.weight.grad?.toArray(), [[1, 1]]);
  layer.zeroGrad();
  assertEquals(layer.weight.grad, null);
  layer.requiresGrad_(false);
  assertEquals(layer.forward(ones([1, 2])).requiresGrad, false);
});

Deno.test("Module.registerForwardHook() acts on its instance until it is taken away", () => {
  const layer = new nn.ReLU();
  const remove = layer.registerForwardHook((_, [x], y) => y.add(x));
  assertEquals(layer.forward(tensor([2])).item(), 4);
  assertEquals(new nn.ReLU().forward(tensor([2])).item(), 2);
  remove();
  assertEquals(layer.forward(tensor([2])).item(), 2);
});

Deno.test("Module.toString() shows the tree", () => {
  const net = new nn.Sequential(new nn.Linear(4, 2), new nn.Dropout(0.1));
  assertEquals(
    net.toString(),
    "Sequential(\n  (0): Linear(4, 2, { bias: true })\n  (1): Dropout(0.1)\n)",
  );
  assertMatch(Deno.inspect(net), /^Sequential\(/);
});

Deno.test("an error of shapes names the path of the layer in nets in nets", () => {
  const inner = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.Conv1d(5, 1, 1));
  const net = new nn.Sequential(new nn.Flatten(), inner);
  assertThrows(
    () => net.forward(ones([2, 5])),
    ShapeError,
    "Cannot compute Linear in 1.0: the last",
  );
  assertThrows(() => net.forward(ones([2, 4])), ShapeError, "Cannot compute conv1d in 1.2: ");
});

Deno.test("Linear starts uniform in ±1/√in", () => {
  manualSeed(3);
  const layer = new nn.Linear(100, 400);
  for (const x of [layer.weight, layer.bias]) {
    const values = Array.from(x.data);
    assertEquals(values.every((value) => Math.abs(value) <= 0.1), true);
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    // A uniform distribution on ±b has variance b²/3.
    assertEquals(Math.abs(variance / (0.01 / 3) - 1) < 0.15, true);
  }
});

Deno.test("Linear computes y = W·x + b, by hand for 2×3", () => {
  const layer = new nn.Linear(3, 2);
  layer.loadStateDict({ weight: tensor([[1, 2, 3], [4, 5, 6]]), bias: tensor([0.5, -0.5]) });
  assertEquals(layer.forward(tensor([1, 0, -1])).toArray(), [-1.5, -2.5]);
  assertEquals(layer.forward(ones([2, 4, 3])).shape, [2, 4, 2]);
  assertThrows(() => layer.forward(ones([4])), ShapeError, "the last dimension must be 3");
});

Deno.test("nn.functional.linear() has first and second gradients", () => {
  const fn = (x: Tensor, w: Tensor, b: Tensor) => nn.functional.linear(x, w, { bias: b }).tanh();
  gradcheck(fn, [[3, 4], [2, 4], [2]]);
  gradgradcheck(fn, [[3, 4], [2, 4], [2]]);
});

Deno.test("Dropout keeps the mean in training and is the identity in evaluation", () => {
  manualSeed(5);
  const layer = new nn.Dropout(0.25);
  const x = ones([100, 100]);
  const y = layer.forward(x);
  const values = new Set(y.data);
  assertEquals([...values].sort(), [0, Math.fround(1 / 0.75)]);
  assertClose(y.mean(), tensor(1), { atol: 0.03 });
  layer.eval();
  assertEquals(layer.forward(x), x);
  assertEquals(nn.functional.dropout(x, { p: 1 }).sum().item(), 0);
  assertThrows(() => new nn.Dropout(1.5), RangeError, "probability");
});

Deno.test("Dropout passes the gradient to what it kept", () => {
  const x = ones([50]).requiresGrad_();
  const y = new nn.Dropout(0.5).forward(x);
  y.sum().backward();
  assertEquals(x.grad!.toArray(), y.toArray());
});

Deno.test("Parameter is a leaf that requires a gradient, of floating type", () => {
  const p = new nn.Parameter(ones([2]));
  assertEquals([p.requiresGrad, p.isLeaf, p.shape], [true, true, [2]]);
  assertEquals(new nn.Parameter(ones([2]), { requiresGrad: false }).requiresGrad, false);
  assertThrows(() => new nn.Parameter(tensor([1], { dtype: "int32" })), DTypeError, "int32");
});

Deno.test("activations as modules equal the ops", () => {
  const x = tensor([-1, 0.5, 2]);
  assertEquals(new nn.Tanh().forward(x).toArray(), x.tanh().toArray());
  assertEquals(new nn.Sigmoid().forward(x).toArray(), x.sigmoid().toArray());
  assertEquals(new nn.Softplus().forward(x).toArray(), x.softplus().toArray());
  assertEquals(nn.functional.relu(x).toArray(), [0, 0.5, 2]);
  assertEquals(nn.functional.softmax(x, 0).toArray(), x.softmax(0).toArray());
  assertEquals(nn.functional.logSoftmax(x, 0).toArray(), x.logSoftmax(0).toArray());
});

Deno.test("nn.init writes what it says", () => {
  manualSeed(1);
  const x = zeros([200, 100]);
  const spread = () => Math.sqrt(x.square().mean().item());
  nn.init.kaimingNormal_(x);
  assertClose(tensor(spread()), tensor(Math.sqrt(2 / 100)), { rtol: 0.05 });
  nn.init.kaimingUniform_(x);
  assertClose(tensor(spread()), tensor(Math.sqrt(2 / 100)), { rtol: 0.05 });
  nn.init.xavierUniform_(x);
  assertClose(tensor(spread()), tensor(Math.sqrt(2 / 300)), { rtol: 0.05 });
  nn.init.xavierNormal_(x);
  assertClose(tensor(spread()), tensor(Math.sqrt(2 / 300)), { rtol: 0.05 });
  nn.init.normal_(x, 3, 0.1);
  assertClose(x.mean(), tensor(3), { atol: 0.01 });
  nn.init.constant_(x, 7);
  assertEquals([x.min().item(), x.max().item()], [7, 7]);
  assertThrows(() => nn.init.kaimingUniform_(zeros([3])), ShapeError, "two dimensions");
  assertNotEquals(nn.init.uniform_(zeros([3])).toArray(), [0, 0, 0]);
});
