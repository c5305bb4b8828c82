/** What a careless caller hands to the testing kit: it is refused by name, and no check lets it pass. */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { checkGradients, checkLoss, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import { assertClose, CheckError } from "../../lib/testing/mod.ts";
import { losses, nn, noGrad, ones, rand, randn, type Tensor, tensor } from "../../mod.ts";

const leaf = (data: number[]) => tensor(data, { dtype: "float64", requiresGrad: true });

/** A tensor whose elements are set, as a function must not do with its inputs. */
function set(x: Tensor): Tensor {
  noGrad(() => x.detach().fill_(7));
  return x;
}

function disposed(): Tensor {
  const x = leaf([1]);
  x.dispose();
  return x;
}

type Pair = (pred: Tensor, target: Tensor) => Tensor;
const mse: Pair = (pred, target) => pred.sub(target).square().mean();

/** Calls that fail, and the message. */
const REFUSED: Readonly<Record<string, readonly [call: () => unknown, says: RegExp]>> = {
  "gradcheck of a function that changes its input": [
    () => gradcheck((x) => set(x).square(), [[3]]),
    /^Gradient of the function cannot be checked: the function changes input 0 in place; let it/,
  ],
  "gradcheck of one that changes it afterwards": [
    () =>
      gradcheck((x) => {
        const y = x.mul(2);
        set(x);
        return y;
      }, [[3]]),
    /the function changes input 0 in place/,
  ],
  "gradcheck of one that changes a tensor beside": [
    () => gradcheck((x, y) => x.mul(set(y)), [[3], ones([3], { dtype: "float64" })]),
    /the function changes input 1 in place/,
  ],
  "gradgradcheck of such a function": [
    () => gradgradcheck((x, y) => x.square().mul(set(y)), [[3], ones([3], { dtype: "float64" })]),
    /the function changes input 1 in place/,
  ],
  "gradcheck with a tolerance that takes 0 for right": [
    () => gradcheck((x) => x.square(), [[3]], { rtol: 1 }),
    /^Cannot run gradcheck: rtol must be below 1, as a gradient of 0 is then close to any other, got 1$/,
  ],
  "gradcheck of a disposed tensor": [
    () => gradcheck((x) => x, [disposed()]),
    /^Cannot run gradcheck: a tensor has been disposed/,
  ],
  "gradcheck of a function that gives a record": [
    () => gradcheck(((x: Tensor) => ({ x })) as never, [[2]]),
    /^Cannot check the gradient of the function: [^\n]* got \{ x: [^\n]*$/,
  ],
  "a class of losses": [
    () => checkLoss(losses.HuberLoss as never),
    /^Cannot run checkLoss: the loss must be a function or a module, got the class HuberLoss, not an object made with new$/,
  ],
  "a loss that changes its target": [
    () => checkLoss((pred, target) => mse(pred, set(target))),
    /^the loss changes the target in place; let it change a copy/,
  ],
  "a loss that changes its prediction": [
    () => checkLoss((pred, target) => mse(set(pred), target)),
    /^the loss changes the prediction in place/,
  ],
  "a loss that draws numbers": [
    () => checkLoss((pred, target) => mse(pred, target).add(rand([])), { name: "noisy" }),
    /^noisy is not deterministic: two calls at one point gave [\d.]+ and [\d.]+$/,
  ],
  "a loss that drops out, in any order": [
    () => {
      const dropout = new nn.Dropout(0.5);
      checkLoss((pred, target) => mse(dropout.forward(pred), target), {
        permutationInvariant: false,
      });
    },
    /is not deterministic/,
  ],
  "a loss at NaN": [
    () => checkLoss(mse, { finiteAt: [NaN] }),
    /finiteAt must be an array of numbers that are not NaN, got \[ NaN \]$/,
  ],
  "assertClose with a tolerance that nothing exceeds": [
    () => assertClose(1, 2, { atol: Infinity }),
    /^Cannot compare: atol must be a non-negative finite number, got Infinity$/,
  ],
  "assertClose of a disposed tensor": [
    () => assertClose(disposed(), [1]),
    /^Cannot run assertClose: a tensor has been disposed/,
  ],
};

for (const [name, [call, says]] of Object.entries(REFUSED)) {
  Deno.test(`${name}: refused`, () => {
    assertMatch(assertThrows(call, Error).message, says);
  });
}

Deno.test("gradcheck leaves the tensors beside its inputs as they were", () => {
  const beside = tensor([1, 2, 3], { dtype: "float64" });
  assertThrows(() => gradcheck((x, y) => x.mul(set(y)), [[3], beside]), CheckError);
  assertEquals(beside.toArray(), [1, 2, 3]);
});

Deno.test("checkLoss makes a target of the shape that the prediction has", () => {
  checkLoss(mse, { pred: () => randn([5, 2]) });
});

/** Half of a gradient, at any size of the function. */
const halved = (scale: number) => (x: Tensor) => x.mul(x.detach()).mul(scale);

/** Functions whose gradients are smaller than the tolerance, and right. */
const SMALL: Readonly<Record<string, readonly [fn: (x: Tensor) => Tensor, point: number[]]>> = {
  "a small square": [(x) => x.square().mul(1e-7), [1, 2, -3]],
  "a small square beside a large number": [(x) => x.square().mul(1e-7).add(1e3), [1, 2, -3]],
  "a sum of shares, which is 1": [(x) => x.softmax(0).sum(), [1, 2, -3]],
  "a cube at 0": [(x) => x.pow(3), [0, 0]],
  "a power of six at 0": [(x) => x.pow(6), [0, 1e-3]],
  "a product with 0": [(x) => x.mul(0), [1, 2]],
  "the end of a sigmoid": [(x) => x.sigmoid(), [-14, 15, 20]],
};

Deno.test("gradcheck finds a wrong factor in gradients that are smaller than its tolerance", () => {
  for (const scale of [1, 1e-3, 1e-5, 1e-6, 1e-7, 1e-8]) {
    assertThrows(() => gradcheck(halved(scale), [[4]]), CheckError);
  }
  const { message } = assertThrows(() => gradcheck(halved(1e-7), [[4]]), CheckError);
  assertMatch(
    message,
    /cannot be checked with atol 0\.00001, beside which the largest entry, [\d.e-]+, is small; it/,
  );
  gradcheck(halved(0), [[4]]);
  const third = (x: Tensor) => x.square().mul(x.detach()).mul(1e-6);
  assertThrows(() => gradgradcheck(third, [[4]]), CheckError);
  for (const [fn, point] of Object.values(SMALL)) checkGradients(fn, [leaf(point)], { order: 3 });
});

Deno.test("gradcheck finds it along random directions too", () => {
  for (const scale of [1e-3, 1e-6, 1e-8, 1e-10]) {
    for (const fn of [halved(scale), (x: Tensor) => halved(scale)(x).mean()]) {
      assertThrows(() => gradcheck(fn, [[3000]]), CheckError);
    }
  }
  const { message } = assertThrows(() => gradcheck(halved(1e-9), [[3000]]), CheckError);
  assertMatch(
    message,
    /the largest slope along a random direction, [\d.e-]+, is small; it disagrees along a random dir/,
  );
  const third = (x: Tensor) => x.square().mul(x.detach()).mul(1e-9);
  assertThrows(() => gradgradcheck(third, [[3000]]), CheckError);
  for (const [fn, point] of Object.values(SMALL)) {
    const many = leaf(Array.from({ length: 3000 }, (_, i) => point[i % point.length]!));
    checkGradients(fn, [many], { order: 3 });
    checkGradients((x) => fn(x).mean(), [many], { order: 3 });
  }
});
