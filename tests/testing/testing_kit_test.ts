// Each check of gradients and values must be able to fail, and says why when it does.
import {
  customFunction,
  grad,
  isGradEnabled,
  manualSeed,
  noGrad,
  rand,
  type Tensor,
  tensor,
  where,
  zeros,
} from "@adjoint/ml";
import {
  assertClose,
  CheckError,
  checkGradients,
  gradcheck,
  gradgradcheck,
} from "@adjoint/ml/testing";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

/** Asserts the whole message of a failed check. */
function assertFails(check: () => void, message: string): void {
  assertEquals(assertThrows(check, CheckError).message, message);
}

/** Asserts a part of the message of a failed check. */
function assertFailsWith(check: () => void, part: string): void {
  assertStringIncludes(assertThrows(check, CheckError).message, part);
}

function leaf(data: number[] | number[][] | number): Tensor {
  return tensor(data, { dtype: "float64", requiresGrad: true });
}

function softHuber(pred: Tensor, target: Tensor): Tensor {
  return pred.sub(target).square().add(1).sqrt().sub(1).mean();
}

/** Half of the gradient of x² is missing. */
function halved(x: Tensor): Tensor {
  return x.mul(x.detach());
}

/** x³ with its slope as a constant: the first gradient is right, the second is lost. */
function flatCube(x: Tensor): Tensor {
  const at = x.detach();
  return at.mul(at).mul(at).add(x.sub(at).mul(at.square().mul(3)));
}

/** x³ whose slope is 3x·x₀: the first gradient is right, the second is 3x in place of 6x. */
function halfCube(x: Tensor): Tensor {
  const at = x.detach();
  // The rest brings the value to x³ for no gradient.
  const part = x.square().mul(at).mul(1.5);
  return part.add(at.pow(3).sub(part.detach()));
}

Deno.test("gradcheck() accepts right gradients", () => {
  gradcheck(softHuber, [[8, 3], [8, 3]]);
  gradcheck((x) => x.square(), [leaf([[1, -2], [3, 0.5]])]);
  gradcheck((a, b) => [a.matmul(b), a.sum(0)], [[2, 3], [3, 4]]);
  gradcheck((x) => x.exp(), [[]]);
  gradcheck((x) => x.mul(2), [[0, 3]]);
  gradcheck((x) => x.detach().mul(0).add(1), [[2]]);
  // The square at 0 is a curve, not a kink.
  gradcheck((x) => x.square(), [leaf([0])], { atol: 0 });
});

Deno.test("gradcheck() accepts a loss with options and a module", () => {
  function huber(pred: Tensor, target: Tensor, { delta = 1 }: { delta?: number } = {}): Tensor {
    const r = pred.sub(target).abs();
    return where(r.le(delta), r.square().mul(0.5), r.sub(delta / 2).mul(delta)).mean();
  }
  class Scaled {
    readonly weight = tensor([2, 3], { requiresGrad: true });
    forward(x: Tensor): Tensor {
      return x.mul(this.weight);
    }
  }
  checkGradients(huber, [[4, 2], [4, 2]]);
  checkGradients(new Scaled(), [[3, 2]]);
});

Deno.test("gradcheck() finds a gradient that is half of what it should be", () => {
  assertFails(
    () => gradcheck(halved, [leaf([0.5, 1.5, -1])]),
    "Gradient of halved is wrong at input 0, index [1], for output 0, index [1]: analytic 1.5, " +
      "numeric 3 with step 0.000001, more than atol 0.00001 + rtol 0.001 · |numeric| apart; " +
      "3 of 9 entries are wrong",
  );
  assertFailsWith(
    () => gradcheck((a, b) => halved(a).add(b).sum(), [leaf([2]), leaf([1])], { name: "mine" }),
    "Gradient of mine is wrong at input 0, index [0], for output 0, index []: analytic 2, numeric 4",
  );
  assertFailsWith(
    () => gradcheck((a: Tensor, b: Tensor) => [a, halved(b)], [leaf([2]), leaf([[1, 3]])]),
    "Gradient of the function is wrong at input 1, index [0, 1], for output 1, index [0, 1]: " +
      "analytic 3, numeric 6",
  );
});

Deno.test("gradcheck() finds a gradient that is lost on the way", () => {
  assertFailsWith(
    () => gradcheck((x) => x.detach().mul(2), [leaf([1])]),
    "analytic 0, numeric 2 with step 0.000001, more than atol 0.00001 + rtol 0.001 · |numeric| " +
      "apart; output 0 is on no tape",
  );
});

Deno.test("gradcheck() names a kink", () => {
  assertFails(
    () => gradcheck((x) => x.abs(), [leaf([1, 0])], { name: "abs" }),
    "Gradient of abs cannot be checked at input 0, index [1], for output 0, index [1]: the point " +
      "may lie at a kink: the one-sided slopes are -1 and 1 (analytic 0, numeric 0 with step " +
      "0.000001); move the input away from it",
  );
  assertFails(
    () => gradcheck((x) => x.relu(), [leaf(0)], { name: "relu" }),
    "Gradient of relu is wrong at input 0, index [], for output 0, index []: analytic 0, numeric " +
      "0.5 with step 0.000001, more than atol 0.00001 + rtol 0.001 · |numeric| apart; the point " +
      "may lie at a kink: the one-sided slopes are 0 and 1",
  );
  // A wrong gradient away from a kink is no kink, however curved the function.
  const error = assertThrows(() => gradcheck((x) => halved(x.mul(1e4)), [leaf([1])]), CheckError);
  assert(!error.message.includes("kink"), error.message);
});

Deno.test("gradcheck() finds a function that changes from call to call", () => {
  let calls = 0;
  assertFails(
    () =>
      gradcheck(function counting(x) {
        return x.mul(++calls);
      }, [leaf([1, 2])]),
    "Gradient of counting cannot be checked: the function is not deterministic, as two " +
      "evaluations at the same point gave 1 and 2 at output 0, index [0]",
  );
});

Deno.test("gradcheck() finds values that are not finite", () => {
  assertFails(
    () =>
      gradcheck(function root(x) {
        return x.sqrt();
      }, [leaf([4, -1])]),
    "Gradient of root cannot be checked: the value is NaN at output 0, index [1], but differences " +
      "need finite values; pass inputs within the domain of the function",
  );
  assertFailsWith(
    () => gradcheck((x) => x.sqrt(), [leaf([0])]),
    "analytic Infinity, numeric NaN with step 0.000001, more than atol 0.00001 + rtol 0.001 · " +
      "|numeric| apart; the function is not finite within the step of the point",
  );
  assertFailsWith(
    () => gradcheck((x) => x.add(1), [leaf([1e12])]),
    "cannot be checked at input 0, index [0]: the step 0.000001 vanishes beside the value " +
      "1000000000000; pass a larger eps",
  );
});

Deno.test("gradcheck() finds a function of other tensors than its inputs", () => {
  const w = leaf([1]);
  assertFailsWith(
    () => gradcheck((x) => w.square().mul(x.detach()), [[1]]),
    "the outputs depend on tensors that require a gradient, but on none of the inputs",
  );
});

Deno.test("gradcheck() refuses what it cannot check", () => {
  const single = tensor([1], { requiresGrad: true });
  assertThrows(
    () => gradcheck((x) => x.exp(), [single]),
    TypeError,
    "Cannot run gradcheck: input 0 is float32, which has too few digits for differences; use " +
      'float64, as in x.to({ dtype: "float64" })',
  );
  assertThrows(
    () => gradcheck((x) => x.to({ dtype: "float32" }), [[2]]),
    TypeError,
    "Cannot check the gradient of the function: output 0 is float32 though the inputs are float64",
  );
  assertThrows(
    () => gradcheck((x) => x.exp(), [tensor([1], { dtype: "float64" })]),
    Error,
    "Cannot run gradcheck: none of the inputs requires a gradient",
  );
  assertThrows(
    () => gradcheck((x) => x.gt(0), [[2]], { name: "positive" }),
    TypeError,
    "Cannot run gradcheck: positive must give a floating tensor, got bool",
  );
  assertThrows(
    () => gradcheck((x) => x.sum().item() as unknown as Tensor, [[2]]),
    TypeError,
    "the function must return a tensor or an array of tensors, got ",
  );
  assertThrows(
    () => gradcheck((x) => x, [[2.5]]),
    TypeError,
    "Cannot run gradcheck: input 0 must be a tensor or a shape, got [ 2.5 ]",
  );
  assertThrows(() => gradcheck((x) => x, [[2]], { eps: 0 }), RangeError, "eps must be a positive");
  assertThrows(
    () => gradcheck((x) => x, [[2]], { atol: -1 }),
    RangeError,
    "atol must be a non-negative number",
  );
});

Deno.test("gradcheck() leaves no trace", () => {
  const x = leaf([1, 2]);
  const y = leaf([3, 4]);
  y.square().sum().backward();
  manualSeed(1);
  const next = rand([2]).toArray();
  manualSeed(1);
  noGrad(() => {
    gradcheck((a, b) => a.mul(b), [x, y]);
    gradgradcheck((a, b) => a.mul(b), [x, y]);
    gradcheck((a) => a.square(), [[3]]);
    assertEquals(isGradEnabled(), false);
  });
  assertThrows(() => gradcheck(halved, [x]));
  assertEquals(isGradEnabled(), true);
  assertEquals([x.grad, y.grad?.toArray()], [null, [6, 8]]);
  assertEquals([x.toArray(), y.toArray()], [[1, 2], [3, 4]]);
  assertEquals(rand([2]).toArray(), next);
});

Deno.test("gradcheck() checks inputs that require a gradient, and only those", () => {
  const labels = tensor([1, 0], { dtype: "int32" });
  const fixed = tensor([2, 3], { dtype: "float64" });
  gradcheck((x, index, c) => x.gather(0, index).mul(c.mul(c.detach())), [[2], labels, fixed]);
  const product = leaf([1, 2]).mul(3);
  gradcheck((x) => x.square(), [product]);
  assertFailsWith(() => gradcheck(halved, [product]), "analytic 6, numeric 12");
  assertFailsWith(() => gradcheck((_, x) => halved(x), [fixed, [2]]), "is wrong at input 1");
});

Deno.test("gradcheck() makes the same samples for a seed, and none near zero", () => {
  const seen: number[][] = [];
  const keep = (x: Tensor) => {
    seen.push(x.toArray() as number[]);
    return x.mul(1);
  };
  gradcheck(keep, [[50]], { seed: 3 });
  const [first] = seen.splice(0);
  gradcheck(keep, [[50]], { seed: 3 });
  const [again] = seen.splice(0);
  gradcheck(keep, [[50]], { seed: 4 });
  const [other] = seen;
  assertEquals(again, first);
  assert(other?.[0] !== first?.[0]);
  assert(first?.every((value) => Math.abs(value) >= 0.1));
  assert(first?.some((value) => value < 0) && first.some((value) => value > 0));
});

Deno.test("gradcheck() checks large inputs along random directions", () => {
  gradcheck((x) => x.tanh().mean(), [[60, 50]]);
  gradcheck((x, y) => x.mul(y), [[3000], [1]]);
  // One element of 3000 is wrong, at a position that must be found.
  const mask = zeros([60, 50], { dtype: "float64" }).setAt([17, 31], 1);
  const spoilt = (x: Tensor) => where(mask.gt(0), halved(x), x.square()).sum();
  const message = assertThrows(() => gradcheck(spoilt, [[60, 50]]), CheckError).message;
  assertStringIncludes(
    message,
    "Gradient of spoilt is wrong along a random direction of input 0, for output 0, index []: ",
  );
  assertStringIncludes(message, "; it is furthest off at input 0, index [17, 31]: analytic ");
  assertFailsWith(
    () => gradcheck((x) => halved(x).mul(2), [[3000]]),
    "along a random direction of input 0, for a random combination of the outputs: ",
  );
});

Deno.test("gradgradcheck() accepts right second gradients", () => {
  gradgradcheck(softHuber, [[8, 3], [8, 3]]);
  gradgradcheck((a, b) => [a.matmul(b), a.exp()], [[2, 3], [3, 2]]);
  // Flat or linear: the second gradient is zero, whether or not there is a tape.
  gradgradcheck((x) => x.sign(), [[3]]);
  gradgradcheck((x) => x.mul(3), [[3]]);
  gradgradcheck((x, y) => [x.square(), y.detach()], [[2], [2]]);
  // A function that differentiates inside can itself be checked twice.
  checkGradients((x) => {
    const inner = grad(x.pow(3).sum(), [x], { createGraph: true });
    return inner[0].sum();
  }, [[2]]);
});

Deno.test("gradgradcheck() finds a second gradient that is lost", () => {
  gradcheck(flatCube, [[2, 2]]);
  const message = assertThrows(() => gradgradcheck(flatCube, [leaf(2)]), CheckError).message;
  assertStringIncludes(
    message,
    "Second gradient of flatCube is wrong at input 0, index [], for the first gradient of input 0, " +
      "index []: analytic 0, numeric ",
  );
});

Deno.test("gradgradcheck() finds a second gradient that is half of what it should be", () => {
  gradcheck(halfCube, [[2, 2]]);
  const message = assertThrows(() => gradgradcheck(halfCube, [leaf(2)]), CheckError).message;
  const [, analytic, numeric] = message.match(/analytic (\S+), numeric (\S+) /) ?? [];
  assertClose(Number(analytic) * 2, Number(numeric), { rtol: 1e-4 });
  assertThrows(
    () => checkGradients(halfCube, [[2]]),
    CheckError,
    "Second gradient of halfCube is wrong",
  );
  checkGradients(halfCube, [[2]], { order: 1 });
});

Deno.test("checkGradients() accepts right third gradients", () => {
  checkGradients(softHuber, [[2, 3], [2, 3]], { order: 3 });
  checkGradients((a, b) => [a.matmul(b), a.exp()], [[2, 3], [3, 2]], { order: 3 });
  // Flat, linear or quadratic: the third gradient is zero, whether or not there is a tape.
  for (const fn of [(x: Tensor) => x.sign(), (x: Tensor) => x.mul(3), (x: Tensor) => x.square()]) {
    checkGradients(fn, [[3]], { order: 3 });
  }
  checkGradients((x, y) => [x.pow(4), y.detach().mul(0)], [[2], [2]], { order: 3 });
});

Deno.test("checkGradients() finds a third gradient that is lost", () => {
  // x⁴ as its parabola at the point: value, first and second gradient are right.
  function parabola(x: Tensor): Tensor {
    const at = x.detach();
    const away = x.sub(at);
    const curve = away.square().mul(at.square().mul(6));
    return at.pow(4).add(away.mul(at.pow(3).mul(4))).add(curve);
  }
  checkGradients(parabola, [[2, 2]]);
  const check = () => checkGradients(parabola, [leaf(2)], { order: 3 });
  const message = assertThrows(check, CheckError).message;
  assertStringIncludes(
    message,
    "Third gradient of parabola is wrong at input 0, index [], for the second gradient of input " +
      "0, index []: analytic 0, numeric ",
  );
});

Deno.test("checkGradients() finds a rule of third order that is off by 1 %", () => {
  const rule = (name: string, of: (x: Tensor) => Tensor, slope: (x: Tensor) => Tensor) =>
    customFunction({
      name,
      forward: (context, x) => {
        context.save(x);
        return of(x);
      },
      backward: ({ saved: [x] }, g) => x === undefined ? null : g.mul(slope(x)),
    });
  const third = rule("third", (x) => x.sin().neg(), (x) => x.cos().mul(-1.01));
  const second = rule("second", (x) => x.cos(), third);
  const sine = rule("sine", (x) => x.sin(), second);
  checkGradients(sine, [[2, 2]], { order: 2 });
  const check = () => checkGradients(sine, [[2, 2]], { order: 3, name: "sine" });
  assertFailsWith(check, "Third gradient of sine is wrong at input 0, index [");
  assertThrows(
    () => checkGradients(sine, [[2]], { order: 4 as 3 }),
    RangeError,
    "order must be 1, 2 or 3, got 4",
  );
});

Deno.test("checkGradients() names a kink of the second gradient", () => {
  // Its second gradient is |x|.
  const bent = (x: Tensor) => x.square().mul(x.abs()).div(6);
  checkGradients(bent, [leaf([0])]);
  assertFailsWith(
    () => checkGradients(bent, [leaf([0])], { order: 3, name: "bent" }),
    "the point may lie at a kink: the one-sided slopes are ",
  );
});

Deno.test("gradgradcheck() names a kink of the first gradient", () => {
  const huber = (x: Tensor) => {
    const size = x.abs();
    return where(size.le(1), x.square().mul(0.5), size.sub(0.5)).sum();
  };
  gradcheck(huber, [leaf([1])]);
  assertFailsWith(
    () => gradgradcheck(huber, [leaf([1])]),
    "the point may lie at a kink: the one-sided slopes are ",
  );
});

Deno.test("gradgradcheck() says that there is no first gradient", () => {
  assertFails(
    () =>
      gradgradcheck(function cut(x) {
        return x.detach();
      }, [[2]]),
    "Second gradient of cut cannot be checked: no output is on a tape, so there is no first " +
      "gradient",
  );
  assertThrows(
    () => gradgradcheck((x) => x, [tensor([1], { requiresGrad: true })]),
    TypeError,
    "Cannot run gradgradcheck: input 0 is float32",
  );
});

Deno.test("assertClose() accepts what is close", () => {
  assertClose(tensor([1, 2]), [1, 2]);
  assertClose(tensor([1]), tensor([1.000011]));
  assertClose([[1, 2], [3, 4]], tensor([[1, 2], [3, 4]], { dtype: "float64" }));
  assertClose(new Float32Array([1, 2]), tensor([1, 2]));
  assertClose(tensor([NaN, Infinity, -Infinity]), [NaN, Infinity, -Infinity]);
  assertClose(tensor([true, false]), [true, false]);
  assertClose(tensor(3), 3);
  assertClose(1, 1 + 1e-7);
  assertClose(10, 11, { atol: 1 });
  assertClose(10, 11, { rtol: 0.1 });
  assertClose(tensor([[1, 2], [3, 4]]).transpose(0, 1), [[1, 3], [2, 4]]);
  assertClose(zeros([0, 2]), zeros([0, 2]));
});

Deno.test("assertClose() shows how many elements differ, by how much and where", () => {
  assertFails(
    () => assertClose(tensor([[1, 2, 3], [4, 5, 6]]), [[1, 2.5, 3], [4, 5, 60]]),
    `Values are not close: 2 of 6 elements differ by more than atol 0.00001 + rtol 0.0000013 · |expected|
Greatest absolute difference: 54 at [1, 2]
Greatest relative difference: 0.9 at [1, 2]
   index  actual  expected
  [0, 1]       2       2.5
  [1, 2]       6        60`,
  );
  assertFails(
    () => assertClose(tensor([0.1, 100], { dtype: "float64" }), [0.2, 101], { message: "Huber" }),
    `Huber: Values are not close: 2 of 2 elements differ by more than atol 1e-7 + rtol 1e-7 · |expected|
Greatest absolute difference: 1 at [1]
Greatest relative difference: 0.5 at [0]
  index  actual  expected
    [0]     0.1       0.2
    [1]     100       101`,
  );
  assertFails(
    () => assertClose(1, 1.5),
    "Values are not close: actual 1, expected 1.5: the difference is 0.5 (relative 0.3333333), " +
      "more than atol 1e-7 + rtol 1e-7 · |expected|",
  );
  assertFails(
    () => assertClose(tensor([1, NaN, Infinity]), [1, 1, -Infinity]),
    `Values are not close: 2 of 3 elements differ by more than atol 0.00001 + rtol 0.0000013 · |expected|
Greatest absolute difference: Infinity at [1]
Greatest relative difference: Infinity at [1]
  index    actual   expected
    [1]       NaN          1
    [2]  Infinity  -Infinity`,
  );
});

Deno.test("assertClose() shortens what it shows", () => {
  const message = assertThrows(() => assertClose(zeros([100]), Array(100).fill(1)), CheckError)
    .message;
  const lines = message.split("\n");
  assertEquals(lines.length, 13);
  assertEquals(lines.at(-2), "    [7]       0         1");
  assertEquals(lines.at(-1), "  … and 92 more");
});

Deno.test("assertClose() keeps types, shapes and exact integers apart", () => {
  assertFails(
    () => assertClose(tensor([1, 2]), [[1, 2]]),
    "Values are not close: actual has shape [2], expected has shape [1, 2]",
  );
  assertFails(
    () => assertClose(tensor([1, 2]), tensor([1, 2], { dtype: "float64" })),
    "Values are not close: actual has dtype float32, expected has dtype float64",
  );
  assertFailsWith(
    () => assertClose(tensor([100000], { dtype: "int32" }), [100001]),
    "1 of 1 elements differ by more than atol 0 + rtol 0 · |expected|",
  );
  assertFailsWith(() => assertClose(tensor([1]), tensor([1.00002])), "1 of 1 elements differ");
  assertFailsWith(() => assertClose(1, 1 + 3e-7), "the difference is 3e-7");
  assertThrows(
    () => assertClose(1, 1, { atol: NaN }),
    RangeError,
    "atol must be a non-negative finite number",
  );
  assertThrows(
    () => assertClose([[1], [1, 2]], 1),
    TypeError,
    "Cannot compare: the actual side is not an array of numbers: nested arrays must be of equal length",
  );
  assertThrows(
    () => assertClose(1, "1" as unknown as number),
    TypeError,
    "Cannot compare: the expected side must be a tensor, a number, nested arrays or a typed " +
      'array, got "1"',
  );
});
