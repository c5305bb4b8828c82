import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { nn, optim, type Tensor, tensor } from "../../mod.ts";

function leaf(data: number[]): Tensor {
  return tensor(data, { dtype: "float64", requiresGrad: true });
}

Deno.test("optim.SGD on a quadratic gives x·(1 − η·λ)ⁿ", () => {
  const x = leaf([2]);
  const optimizer = new optim.SGD([x], { lr: 0.1 });
  for (let step = 0; step < 10; step++) {
    optimizer.zeroGrad();
    x.square().mul(1.5).sum().backward();
    optimizer.step();
  }
  assertAlmostEquals(x.item(), 2 * 0.7 ** 10, 1e-15);
});

Deno.test("Optimizer refuses what is no parameter", () => {
  const x = leaf([1]);
  assertThrows(() => new optim.SGD([]), RangeError, "there are no parameters");
  assertThrows(() => new optim.SGD([tensor([1])]), TypeError, "must be a leaf");
  assertThrows(() => new optim.SGD([x.mul(2)]), TypeError, "must be a leaf");
  assertThrows(() => new optim.SGD([x, x]), RangeError, "two groups");
  assertThrows(() => optim.functional.sgd([x], []), RangeError, "the same number of gradients");
});

Deno.test("a parameter can be in one group only, whichever way its group came and went", () => {
  const [a, b, c] = [leaf([1]), leaf([2]), leaf([3])];
  const rows: Readonly<Record<string, [(edited: optim.SGD) => void, refused: boolean]>> = {
    "given to the constructor": [() => {}, true],
    "added": [(edited) => {
      edited.paramGroups.length = 0;
      edited.addParamGroup({ params: [a] });
    }, true],
    "put there by hand": [(edited) => {
      edited.paramGroups.splice(0, 1, { ...edited.paramGroups[1]!, params: [a] });
    }, true],
    "taken away by hand": [(edited) => {
      edited.paramGroups.shift();
    }, false],
  };
  assertThrows(() => new optim.SGD([{ params: [a] }, { params: [a] }]), RangeError, "two groups");
  for (const [way, [edit, refused]] of Object.entries(rows)) {
    const optimizer = new optim.SGD([{ params: [a] }, { params: [b] }]);
    edit(optimizer);
    optimizer.addParamGroup({ params: [c] });
    const add = () => optimizer.addParamGroup({ params: [a] });
    if (refused) assertThrows(add, RangeError, "two groups", way);
    else add();
  }
});

Deno.test("making an optimizer reads no group again for each further one", () => {
  let reads = 0;
  class Counted extends optim.SGD {
    override addParamGroup(group: Parameters<optim.SGD["addParamGroup"]>[0]): void {
      super.addParamGroup(group);
      const own = this.paramGroups.at(-1)!;
      const { params } = own;
      Object.defineProperty(own, "params", { get: () => (reads++, params) });
    }
  }
  const made = new Counted(Array.from({ length: 50 }, () => ({ params: [leaf([1])] })));
  assertEquals([made.paramGroups.length, reads], [50, 0]);
});

Deno.test("Optimizer.zeroGrad() forgets, so that gradients do not add up over steps", () => {
  const model = new nn.Linear(2, 1);
  const optimizer = new optim.SGD(model.parameters());
  model.forward(tensor([[1, 2]])).sum().backward();
  assertEquals(model.weight.grad?.toArray(), [[1, 2]]);
  optimizer.zeroGrad();
  assertEquals(model.weight.grad, null);
});
