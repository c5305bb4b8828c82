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

Deno.test("Optimizer.zeroGrad() forgets, so that gradients do not add up over steps", () => {
  const model = new nn.Linear(2, 1);
  const optimizer = new optim.SGD(model.parameters());
  model.forward(tensor([[1, 2]])).sum().backward();
  assertEquals(model.weight.grad?.toArray(), [[1, 2]]);
  optimizer.zeroGrad();
  assertEquals(model.weight.grad, null);
});
