/** The life of a module: it is moved, copied, watched, and holds others in lists. */

import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  DTypeError,
  functionalCall,
  grad,
  losses,
  nn,
  ones,
  optim,
  rand,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "../../mod.ts";

/** A net with a tied weight, statistics and layers in a list. */
class Net extends nn.Module {
  embed = new nn.Linear(3, 3);
  layers = new nn.ModuleList([new nn.Linear(3, 3), new nn.Linear(3, 3)]);
  norm = new nn.BatchNorm1d(3);
  scales = new nn.ParameterDict({ scale: ones([3]) });
  decode = new nn.Linear(3, 3);
  weights = [this.embed.weight];
  calls = 0;
  override forward(x: Tensor): Tensor {
    this.calls++;
    let y = this.embed.forward(x);
    for (const layer of this.layers) y = layer.forward(y).tanh();
    return this.norm.forward(y).mul(this.scales.get("scale")!).matmul(this.weights[0]!);
  }
}

Deno.test("Module.to() changes parameters in place, so that an optimizer goes on", () => {
  const net = new Net();
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
  const before = net.stateDict();
  assertEquals(net.to("float64"), net);
  for (const [name, x] of Object.entries(net.stateDict())) {
    assertEquals(x.dtype, name.endsWith("tracked") ? "int32" : "float64", name);
    assertEquals(x.toArray(), before[name]!.toArray(), name);
  }
  assertEquals(net.weights[0], net.embed.weight);
  const x = rand([4, 3], { dtype: "float64" });
  net.forward(x).square().sum().backward();
  const weight = net.embed.weight.detach().clone();
  optimizer.step();
  assertNotEquals(net.embed.weight.toArray(), weight.toArray());
  assertEquals(net.embed.weight.grad!.dtype, "float64");
});

Deno.test("Module.to() takes gradients along, and keeps what is as it is asked for", () => {
  const layer = new nn.Linear(2, 1);
  layer.forward(ones([1, 2])).sum().backward();
  const { storage } = layer.weight;
  layer.to({ device: "cpu", dtype: "float32" });
  assertEquals(layer.weight.storage, storage);
  layer.to({ dtype: "float64" });
  assertEquals([layer.weight.grad!.dtype, layer.weight.grad!.toArray()], ["float64", [[1, 1]]]);
  const frozen = new nn.Linear(2, 1).requiresGrad_(false).to("float64");
  assertEquals(frozen.weight.requiresGrad, false);
});

Deno.test("Module.to() refuses whole numbers, and changes nothing then", () => {
  const layer = new nn.Linear(2, 1);
  assertThrows(() => layer.to("int32"), DTypeError, "must be float32 or float64, got int32");
  assertEquals(layer.weight.dtype, "float32");
});

Deno.test("Module.copy() shares nothing, and keeps what is tied tied", () => {
  const net = new Net();
  net.forward(rand([4, 3])).sum().backward();
  net.decode.requiresGrad_(false);
  net.decode.eval();
  const copy = net.copy();
  assertEquals([copy.constructor, copy.calls, copy.toString()], [Net, 1, net.toString()]);
  assertEquals(copy.weights[0], copy.embed.weight);
  const [one, other] = [net, copy].map((x) => x.stateDict());
  assertEquals(Object.keys(other!), Object.keys(one!));
  for (const [name, x] of Object.entries(one!)) {
    assertEquals(other![name]!.toArray(), x.toArray(), name);
    assertNotEquals(other![name]!.storage, x.storage, name);
  }
  assertEquals(copy.embed.weight.grad!.toArray(), net.embed.weight.grad!.toArray());
  assertEquals([copy.decode.training, copy.decode.weight.requiresGrad], [false, false]);
  nn.init.zeros_(copy.embed.weight);
  assertNotEquals(net.embed.weight.toArray(), copy.embed.weight.toArray());
  const x = rand([4, 3]);
  assertEquals(copy.forward(x).toArray(), zeros([4, 3]).toArray());
  assertEquals(net.calls, 1);
});

Deno.test("every layer has a copy that computes the same, on its own", () => {
  const layers: [nn.Module, Tensor][] = [
    [new nn.Conv2d(1, 2, 3, { padding: 1, paddingMode: "reflect" }), rand([1, 1, 4, 4])],
    [new nn.ConvTranspose1d(1, 2, 2), rand([1, 1, 4])],
    [new nn.GroupNorm(1, 2), rand([2, 2, 2])],
    [new nn.InstanceNorm1d(2), rand([2, 2])],
    [new nn.BatchNorm1d(2), rand([2, 2])],
    [new nn.RMSNorm(2), rand([2, 2])],
    [new nn.Embedding(3, 2), tensor([0, 2], { dtype: "int32" })],
    [new nn.Fold([2, 2], 1), rand([1, 1, 4])],
    [new nn.Sequential(new nn.Linear(2, 2), new nn.PReLU()), rand([1, 2])],
    [new nn.Hardtanh({ maxVal: 2 }), rand([2])],
    [new nn.AdaptiveAvgPool1d(2), rand([1, 3])],
  ];
  for (const [layer, x] of layers) {
    const wanted = layer.copy().forward(x).toArray();
    assertEquals(layer.forward(x).toArray(), wanted, String(layer));
  }
});

/** A module with a member that nothing outside of it sees. */
class Closed extends nn.Module {
  readonly #factor: number;
  linear = new nn.Linear(2, 2);
  constructor(factor: number) {
    super();
    this.#factor = factor;
  }
  override forward(x: Tensor): Tensor {
    return this.linear.forward(x).mul(this.#factor);
  }
}

class Open extends Closed {
  constructor(readonly factor: number) {
    super(factor);
  }
  protected override blank(): nn.AnyModule {
    return new Open(this.factor);
  }
}

Deno.test("Module.copy() refuses private members, unless a class makes instances with them", () => {
  assertThrows(
    () => new nn.Sequential(new Closed(2)).copy(),
    TypeError,
    "Cannot run copy: Closed has #private members, so it needs a method blank()",
  );
  const own = new Open(3);
  const tied = [own.linear, own];
  class Holder extends nn.Module {
    parts = tied;
    override forward(x: Tensor): Tensor {
      return own.forward(x);
    }
  }
  const copy = new Holder().copy();
  const [linear, open] = copy.parts as [nn.Linear, Open];
  assertEquals([open.linear, open.factor], [linear, 3]);
  assertNotEquals(open.linear.weight, own.linear.weight);
  const x = ones([1, 2]);
  assertEquals(open.forward(x).toArray(), own.forward(x).toArray());
});

Deno.test("Module.copy() refuses an instance of another class, and the module itself", () => {
  class Inheriting extends Open {}
  class Lazy extends Open {
    protected override blank(): nn.AnyModule {
      return this;
    }
  }
  assertThrows(
    () => new Inheriting(1).copy(),
    TypeError,
    "Cannot run copy: blank() of Inheriting must return a new Inheriting, got Open",
  );
  assertThrows(
    () => new Lazy(1).copy(),
    TypeError,
    "Cannot run copy: blank() of Lazy must return a new Lazy, got itself",
  );
});

Deno.test("losses have copies", () => {
  const [p, t] = [tensor([[2, 1]]), tensor([[0, 4]])];
  const pair = new losses.HuberLoss({ delta: 2 }).plus(new losses.MSELoss().times(2));
  assertEquals(pair.copy().forward(p, t).item(), pair.forward(p, t).item());
  const tasks = new losses.MultiTaskLossWithUncertainty(2, { kind: "regression", clamp: [-1, 1] });
  assertEquals(tasks.copy().forward([p, t].map((x) => x.sum())).item(), 3.5);
  const adaptive = new losses.AdaptiveLogSoftmaxWithLoss(2, 4, [1, 2]);
  const classes = tensor([3], { dtype: "int32" });
  const found = [adaptive, adaptive.copy()].map((one) => one.forward(p, classes).loss.item());
  assertEquals(found[1], found[0]);
  const ppo = new losses.PPOSequenceLoss({ clipEpsilon: 0.1 });
  const [one, other] = [ppo, ppo.copy()].map((x) => x.forward(p, t, p, t, p, t).loss.item());
  assertEquals(other, one);
});

Deno.test("Module.copy() keeps what is learned and what is frozen, of every class of tensor", () => {
  class Three extends nn.Module {
    learned = new nn.Parameter(ones([1]));
    frozen = new nn.Parameter(ones([1]), { requiresGrad: false });
    buffer = new nn.Buffer(ones([1]));
    sought = new nn.Buffer(ones([1])).requiresGrad_();
    plain = ones([1], { requiresGrad: true });
    override forward(x: Tensor): Tensor {
      return x;
    }
  }
  const { learned, frozen, buffer, sought, plain } = new Three().copy();
  const all = [learned, frozen, buffer, sought, plain];
  assertEquals(all.map((x) => x.requiresGrad), [true, false, false, true, true]);
  assertEquals([sought instanceof nn.Buffer, plain instanceof nn.Buffer], [true, false]);
});

Deno.test("Module.copy() leaves hooks behind", () => {
  const layer = new nn.ReLU();
  layer.registerForwardHook((_, __, y) => y.mul(2));
  assertEquals([layer, layer.copy()].map((x) => x.forward(ones([1])).item()), [2, 1]);
});

Deno.test("hooks run in order around forward, and each can be taken away, in its own turn too", () => {
  const layer = new nn.ReLU();
  const seen: string[] = [];
  const removeFirst = layer.registerForwardPreHook((_, [x]) => {
    seen.push("before");
    return [x.add(1)];
  });
  const removeOnce = layer.registerForwardPreHook(() => {
    seen.push("once");
    removeOnce();
  });
  layer.registerForwardHook((module, [x], y) => {
    seen.push(`after ${module === layer} ${x.item()}`);
    return y.mul(10);
  });
  assertEquals(layer.forward(ones([1])).item(), 20);
  assertEquals(seen, ["before", "once", "after true 2"]);
  removeFirst();
  removeFirst();
  assertEquals(layer.forward(ones([1])).item(), 10);
  assertEquals(seen.slice(3), ["after true 1"]);
  const wrong = layer.registerForwardPreHook((() => ones([1])) as unknown as () => void);
  assertThrows(() => layer.forward(ones([1])), TypeError, "an array of inputs or nothing");
  wrong();
  assertEquals(layer.forward(ones([1])).item(), 10);
  const late = layer.registerForwardHook((async () => {}) as unknown as () => void);
  assertThrows(
    () => layer.forward(ones([1])),
    TypeError,
    "returned a promise, and a hook must be done when it returns",
  );
  late();
  assertEquals(layer.forward(ones([1])).item(), 10);
});

Deno.test("backward hooks see the gradients of inputs and outputs, and may replace the former", () => {
  const layer = new nn.Bilinear(2, 2, 1, { bias: false });
  layer.loadStateDict({ weight: tensor([[[1, 2], [3, 4]]]) });
  const seen: unknown[] = [];
  const remove = layer.registerFullBackwardHook((module, gradInputs, gradOutputs) => {
    seen.push(module === layer, ...[...gradInputs, ...gradOutputs].map((g) => g?.toArray()));
    return gradInputs.map((g) => g && g.mul(2));
  });
  const [a, b] = [tensor([1, 0]), tensor([0, 1])].map((x) => x.requiresGrad_());
  layer.forward(a!, b!).mul(3).sum().backward();
  assertEquals(seen, [true, [6, 12], [3, 6], [3]]);
  assertEquals([a!.grad, b!.grad].map((g) => g!.toArray()), [[12, 24], [6, 12]]);
  assertEquals(layer.weight.grad!.toArray(), [[[0, 3], [0, 0]]]);
  remove();
  layer.forward(a!, b!).sum().backward();
  assertEquals(seen.length, 4);
});

Deno.test("backward hooks run once where no input has a gradient, with null for each", () => {
  const layer = new nn.Linear(2, 1);
  const seen: unknown[] = [];
  layer.registerFullBackwardHook((_, gradInputs, [gradOutput]) => {
    seen.push(gradInputs, gradOutput?.toArray());
  });
  layer.forward(ones([1, 2])).sum().backward();
  assertEquals(seen, [[null], [[1]]]);
  layer.eval().requiresGrad_(false).forward(ones([1, 2]));
  assertEquals(seen.length, 2);
});

Deno.test("backward hooks leave second derivatives, and vmap, as they are", () => {
  const layer = new nn.Tanh();
  layer.registerFullBackwardHook(() => {});
  const x = tensor([0.3], { dtype: "float64" }).requiresGrad_();
  const [first] = grad(layer.forward(x).sum(), [x], { createGraph: true });
  const [second] = grad(first!.sum(), [x]);
  const t = Math.tanh(0.3);
  assertClose(second!, [-2 * t * (1 - t * t)], { rtol: 1e-12 });
  const rows = rand([3, 2]);
  assertClose(vmap((row: Tensor) => layer.forward(row))(rows), rows.tanh());
});

Deno.test("lists and dictionaries name their members as PyTorch does, and functionalCall sees them", () => {
  const net = new Net();
  const names = Object.keys(net.stateDict());
  assertEquals(names.filter((name) => /layers|scales/.test(name)), [
    "layers.0.weight",
    "layers.0.bias",
    "layers.1.weight",
    "layers.1.bias",
    "scales.scale",
  ]);
  const x = rand([4, 3]);
  const none = functionalCall(net.eval(), { "scales.scale": zeros([3]) }, x);
  assertEquals(none.toArray(), zeros([4, 3]).toArray());
  assertNotEquals(net.forward(x).toArray(), none.toArray());
});

Deno.test("lists take modules, dictionaries names without points", () => {
  const list = new nn.ModuleList([new nn.ReLU()]);
  assertEquals(list.push(new nn.Tanh()), list);
  assertEquals([...list].map(String), ["ReLU()", "Tanh()"]);
  assertEquals([list.length, list.at(-1).toString()], [2, "Tanh()"]);
  assertThrows(() => list.at(2), RangeError, "no item 2 among the 2");
  assertThrows(() => list.push(ones([1]) as never), TypeError, "item 0 must be a module");
  assertMatch(String(list), /^ModuleList\(\n {2}\(0\): ReLU\(\)/);
  const dict = new nn.ModuleDict({ a: new nn.ReLU() });
  assertThrows(() => dict.set("a.b", new nn.ReLU()), RangeError, "contain a dot");
  assertThrows(() => dict.set("", new nn.ReLU()), RangeError, "contain a dot");
  assertEquals([dict.has("a"), dict.has("toString"), dict.get("toString")], [
    true,
    false,
    undefined,
  ]);
  assertEquals([dict.delete("a"), dict.delete("a"), [...dict]], [true, false, []]);
});

Deno.test("lists of parameters keep parameters and make them of tensors", () => {
  const own = new nn.Parameter(ones([2]));
  const list = new nn.ParameterList([own, zeros([1])]);
  assertEquals([list.at(0), list.at(1).requiresGrad], [own, true]);
  assertEquals(list.parameters().length, 2);
  assertThrows(() => new nn.ParameterList([3 as never]), TypeError, "item 0 must be a tensor");
  assertThrows(() => new nn.ParameterList(ones([2]) as never), TypeError, "must be in an array");
});
