/** State of optimizers and modules: it is checked before anything changes, and what fits is taken. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  type DType,
  nn,
  ones,
  optim,
  randn,
  RandomGenerator,
  Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import {
  groupFaults,
  leafOf,
  loadFaults,
  type MakeOptimizer,
  moduleFaults,
  OPTIMIZERS,
  plain,
  stepFaults,
} from "./state.ts";
import { shapeOf } from "../optim/table.ts";

for (const [name, make] of OPTIMIZERS) {
  Deno.test(`${name} refuses options that are set to what they must not be`, () => {
    assertEquals(groupFaults(make), []);
  });

  Deno.test(`${name} makes a step for all parameters or for none`, () => {
    assertEquals(stepFaults(make), []);
  });

  Deno.test(`${name} loads a state that fits, or nothing of it`, () => {
    assertEquals(loadFaults(make), []);
  });
}

/** Checks nothing, and takes what it is given at once. */
class Careless extends optim.SGD {
  override step(): void {
    for (const { params, lr } of this.paramGroups) {
      for (const p of params) {
        p.detach().copy_(p.detach().sub(p.grad!.mul(lr)));
      }
    }
  }
  override loadStateDict(state: ReturnType<optim.SGD["stateDict"]>): void {
    Object.assign(this.paramGroups[0]!, state.groups[0]);
  }
}

Deno.test("an optimizer that checks nothing is found", () => {
  const make: MakeOptimizer = (params) => new Careless(params, { momentum: 0.9 });
  const faults = {
    group: groupFaults(make),
    step: stepFaults(make),
    load: loadFaults(make),
  };
  const needed: [keyof typeof faults, RegExp][] = [
    ["group", /^maximize = text was accepted/],
    ["group", /^an unknown option was accepted/],
    ["step", /^a parameter that is disposed was found when the first parameter had changed/],
    ["step", /^a gradient that is disposed was found when the first parameter had changed/],
    ["load", /^state dict\.groups\.0\.maximize text was accepted/],
    ["load", /^state dict\.groups\.0 with an entry too many was accepted/],
    ["load", /^state dict\.state left out was accepted/],
  ];
  for (const [kind, line] of needed) {
    assert(faults[kind].some((fault) => line.test(fault)), `${line}\n${faults[kind].join("\n")}`);
  }
});

class Tied extends nn.Module {
  first = new nn.Linear(2, 2);
  rows = [[new nn.Linear(2, 2, { bias: false })], [new nn.ReLU()]];
  last = this.first;
  count = new nn.Buffer(zeros([3]));
  override forward(x: Tensor): Tensor {
    return this.last.forward(this.rows[0]![0]!.forward(this.first.forward(x)));
  }
}

Deno.test("Module.loadStateDict() takes a state that fits, or nothing of it", () => {
  assertEquals(moduleFaults(() => new Tied()), []);
});

Deno.test("a module that loads value by value is found", () => {
  class Careless extends Tied {
    override loadStateDict(state: nn.StateDict): nn.LoadResult {
      for (const [key, x] of Object.entries(this.stateDict())) x.copy_(state[key]!);
      return { missing: [], unexpected: [] };
    }
  }
  const faults = moduleFaults(() => new Careless());
  for (const line of [/^count: number was accepted/, /^something beside count was accepted/]) {
    assert(faults.some((fault) => line.test(fault)), `${line}\n${faults.join("\n")}`);
  }
});

Deno.test("a weight in two places has two names, and is loaded under both, the last one staying", () => {
  const module = new Tied();
  const names = [
    "count",
    "first.weight",
    "first.bias",
    "rows.0.0.weight",
    "last.weight",
    "last.bias",
  ];
  const state = module.stateDict();
  assertEquals(Object.keys(state), names);
  assertStrictEquals(state["first.weight"], state["last.weight"]);
  assertEquals(module.parameters().length, 3);
  assertEquals(module.namedParameters({ removeDuplicate: false }).length, 5);
  module.loadStateDict({ ...state, "first.weight": zeros([2, 2]), "last.weight": ones([2, 2]) });
  assertEquals(module.first.weight.toArray(), [[1, 1], [1, 1]]);
  const { "last.weight": _, ...partly } = state;
  assertThrows(() => module.loadStateDict(partly), TypeError, "missing keys last.weight");
});

Deno.test("Module.loadStateDict() exchanges tensors of the module itself", () => {
  class Two extends nn.Module {
    a = new nn.Parameter(ones([2]));
    b = new nn.Parameter(zeros([2]));
    override forward(x: Tensor): Tensor {
      return x.add(this.a).sub(this.b);
    }
  }
  const module = new Two();
  const { a, b } = module.stateDict();
  module.loadStateDict({ a: b!, b: a! });
  assertEquals([module.a.toArray(), module.b.toArray()], [[0, 0], [1, 1]]);
});

Deno.test("a module that holds itself is refused by all that lists modules", () => {
  class Ring extends nn.Module {
    inner: nn.Module[] = [];
    override forward(x: Tensor): Tensor {
      return x;
    }
  }
  const ring = new Ring();
  ring.inner.push(new nn.Sequential(ring));
  const calls: (() => unknown)[] = [
    () => ring.modules(),
    () => ring.parameters(),
    () => ring.stateDict(),
    () => ring.train(),
    () => ring.apply(() => {}),
    () => ring.toString(),
  ];
  for (const call of calls) {
    assertThrows(
      call,
      TypeError,
      'Cannot list the modules: the one called "inner.0.0" contains itself',
    );
  }
});

/** Leaves that lie in memory in some way, all of shape [3, 2]. */
const LAYOUTS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  transposed: (x) => x.transpose(0, 1).contiguous().transpose(0, 1),
  "every second row": (x) => zeros([6, 2], { dtype: x.dtype }).at([0, 6, 2]).copy_(x),
  "a part of the columns": (x) => zeros([3, 5], { dtype: x.dtype }).narrow(1, 2, 2).copy_(x),
  "behind others": (x) => zeros([5, 2], { dtype: x.dtype }).narrow(0, 2, 3).copy_(x),
};

for (const [name, make] of OPTIMIZERS) {
  for (const [layout, lay] of Object.entries(LAYOUTS)) {
    Deno.test(`${name} changes a leaf that lies ${layout} as any other`, () => {
      const x = randn([3, 2], { dtype: "float64", generator: new RandomGenerator(1) });
      const [own, laid] = [leafOf(x.clone()), leafOf(lay(x.clone()))];
      const around = laid.detach();
      assertEquals(around.strides.join() === own.strides.join(), layout === "behind others");
      for (const optimizer of [make([own]), make([laid])]) {
        for (let step = 0; step < 3; step++) optimizer.step();
      }
      assertClose(around, own.detach(), { rtol: 1e-15, atol: 0 });
    });
  }

  Deno.test(`${name} goes on where its module is given another type`, () => {
    for (const [from, to] of [["float64", "float32"], ["float32", "float64"]] as const) {
      const moved = new nn.ParameterList([ones(shapeOf(make, 3), { dtype: from })]);
      const own = make([leafOf(moved.at(0))]);
      own.step();
      moved.to(to);
      const twin = leafOf(moved.at(0).detach().clone());
      const other = make([twin]);
      other.loadStateDict(own.stateDict() as never);
      leafOf(moved.at(0));
      for (const optimizer of [own, other]) optimizer.step();
      const [state, wanted] = [own, other].map((optimizer) => plain(optimizer.stateDict()));
      assertEquals(state, wanted);
      assertEquals(plain(moved.at(0)), plain(twin));
    }
  });

  Deno.test(`${name} casts a loaded state to the types of its parameters`, () => {
    for (const [from, to] of [["float64", "float32"], ["float32", "float64"]] as const) {
      const three = (dtype: DType) => ones(shapeOf(make, 3), { dtype });
      const source = make([leafOf(three(from))]);
      source.step();
      const p = leafOf(three(to));
      const optimizer = make([p]);
      optimizer.loadStateDict(source.stateDict() as never);
      const { state } = optimizer.stateDict() as { state: Record<string, unknown>[] };
      const types = Object.values(state[0]!).filter((value) => value instanceof Tensor)
        .map(({ dtype }) => dtype);
      assert(types.every((dtype) => dtype === to), types.join());
      optimizer.step();
      const twin = leafOf(three(to));
      const own = make([twin]);
      own.step();
      twin.detach().copy_(three(to));
      own.step();
      assertClose(p.detach(), twin.detach(), { rtol: 1e-6, atol: 0 });
    }
  });
}

Deno.test("a momentum that is switched on later starts its velocity there, as in PyTorch", () => {
  const p = tensor([1], { dtype: "float64", requiresGrad: true });
  const optimizer = new optim.SGD([p], { lr: 0.1, dampening: 0.5 });
  p.grad = tensor([1], { dtype: "float64" });
  optimizer.step();
  optimizer.paramGroups[0]!.momentum = 0.9;
  const before = p.item();
  optimizer.step();
  // The first velocity is the gradient, without dampening.
  assertClose(p.item(), before - 0.1, { rtol: 1e-15, atol: 0 });
  const state = optimizer.stateDict();
  optimizer.paramGroups[0]!.momentum = 0;
  optimizer.loadStateDict(state);
  assertEquals(optimizer.paramGroups[0]!.momentum, 0.9);
});

Deno.test("options that are arrays belong to one group alone", () => {
  const betas: [number, number] = [0.8, 0.9];
  const first = new optim.Adam([leafOf(ones([1]))]);
  const second = new optim.Adam([leafOf(ones([1]))], { betas });
  Reflect.set(first.paramGroups[0]!.betas, 0, 0.1);
  Reflect.set(second.paramGroups[0]!.betas, 0, 0.2);
  Reflect.set(second.stateDict().groups[0]!.betas, 0, 0.3);
  assertEquals(new optim.Adam([leafOf(ones([1]))]).paramGroups[0]!.betas, [0.9, 0.999]);
  assertEquals([second.paramGroups[0]!.betas, betas], [[0.2, 0.9], [0.8, 0.9]]);
});

Deno.test("forward hooks run in their order and leave in any, as in a list", () => {
  const generator = new RandomGenerator(5);
  const draw = (n: number) => generator.words(1)[0]! % n;
  for (let round = 0; round < 50; round++) {
    const layer = new nn.ReLU();
    const original = layer.forward;
    const log: number[] = [];
    const registered: { id: number; remove: () => void }[] = [];
    const removed: (() => void)[] = [];
    for (let step = 0; step < 30; step++) {
      const action = draw(4);
      if (action <= 1) {
        const id = step;
        registered.push({
          id,
          remove: layer.registerForwardHook((_, __, y) => {
            log.push(id);
            return y.mul(3).add(id);
          }),
        });
      } else if (action === 2 && registered.length > 0) {
        const [gone] = registered.splice(draw(registered.length), 1);
        gone!.remove();
        removed.push(gone!.remove);
      } else if (removed.length > 0) {
        removed[draw(removed.length)]!();
      }
      log.length = 0;
      const expected = registered.reduce((y, { id }) => y * 3 + id, 2);
      const output = layer.forward(tensor([2], { dtype: "float64" })).item();
      assertEquals(log, registered.map(({ id }) => id));
      assertEquals(output, expected);
      assertEquals(layer.forward === original, registered.length === 0);
    }
  }
});

Deno.test("forward hooks stay when forward itself is replaced, and go without taking it along", () => {
  const layer = new nn.ReLU();
  const remove = layer.registerForwardHook((_, __, y) => y.add(1));
  layer.forward = (x) => x.mul(10);
  assertEquals(layer.forward(tensor([2])).item(), 21);
  remove();
  assertEquals(layer.forward(tensor([2])).item(), 20);
});
