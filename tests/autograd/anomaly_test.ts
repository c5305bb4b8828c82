import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  checkpoint,
  customFunction,
  detectAnomaly,
  GradError,
  nn,
  noGrad,
  randn,
  type Tensor,
  tensor,
  where,
} from "../../mod.ts";

function leaf(data: number | number[]): Tensor {
  return tensor(data, { dtype: "float64", requiresGrad: true });
}

/** The line, counted from 1, on which a text stands in this file for the first time. */
function lineOf(text: string): number {
  const lines = Deno.readTextFileSync(new URL(import.meta.url)).split("\n");
  return lines.findIndex((line) => line.includes(text)) + 1;
}

function assertFinds(fn: () => unknown, message: RegExp, mark: string): void {
  const error = assertThrows(() => detectAnomaly(fn), GradError);
  assertMatch(error.message, message);
  assertMatch(error.message, new RegExp(`anomaly_test\\.ts:${lineOf(mark)}:`));
}

Deno.test("detectAnomaly() names the op and the line that made the first NaN", () => {
  const x = leaf([-1, 2]);
  assertFinds(
    () => {
      const y = x.mul(2);
      const z = y.log(); // mark: log
      return z.add(1).sum();
    },
    /^Detected an anomaly: log made NaN \(shape \[2\]\) out of finite numbers, called at /,
    "// mark: log",
  );
  assertFinds(
    () => noGrad(() => x.div(0)), // mark: div
    /div made an infinity/,
    "// mark: div",
  );
  // An infinity that was there is no anomaly, but what makes NaN of it is.
  const infinite = tensor([Infinity, 1]);
  assertFinds(
    () => infinite.mul(2).sub(infinite), // mark: sub
    /sub made NaN/,
    "// mark: sub",
  );
});

Deno.test("detectAnomaly() names the op whose gradient goes wrong, and where it was called", () => {
  const x = leaf([0, 4]);
  assertFinds(
    () => {
      const y = x.sqrt(); // mark: sqrt
      const z = y.mul(3).sum();
      z.backward();
    },
    /the gradient of sqrt for input 0 has an infinity \(shape \[2\]\) where what came back to it/,
    "// mark: sqrt",
  );
  // The classic: a NaN behind a where that does not choose it.
  const y = leaf([0, 1]);
  assertFinds(
    () => {
      const root = y.square().sqrt(); // mark: root
      where(y.gt(0), root, 0).sum().backward();
    },
    /the gradient of sqrt for input 0 has NaN/,
    "// mark: root",
  );
  const outside = x.sqrt().sum();
  const error = assertThrows(() => detectAnomaly(() => outside.backward()), GradError);
  assertMatch(error.message, /sqrt was called at a line that ran before detectAnomaly$/);
});

Deno.test("detectAnomaly() sees into modules, custom functions and checkpoints", () => {
  const model = new nn.Linear(2, 2);
  noGrad(() => model.weight.fill_(Infinity));
  assertFinds(
    () => model.forward(tensor([[1, -1]])), // mark: linear
    /linear made NaN/,
    "// mark: linear",
  );
  const broken = customFunction({
    name: "broken",
    forward: (_, x) => x.mul(2),
    backward: (_, g) => g.div(0),
  });
  const x = leaf([1, 2]);
  assertFinds(
    () => {
      const y = broken(x); // mark: broken
      y.sum().backward();
    },
    /the gradient of broken for input 0 has an infinity/,
    "// mark: broken",
  );
  const zero = leaf([0]);
  assertFinds(
    () => checkpoint((x) => x.sqrt().sum(), zero).backward(), // mark: checkpoint
    /the gradient of (sqrt|checkpoint) for input 0 has an infinity/,
    "// mark: checkpoint",
  );
});

Deno.test("detectAnomaly() lets right computations and masks pass", () => {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
  const result = detectAnomaly(() => {
    const mask = tensor([[true, false]]);
    const loss = where(mask, model.forward(randn([5, 3])), -Infinity).softmax(1).sum();
    loss.backward();
    return loss.item();
  });
  assert(Math.abs(result - 5) < 1e-5);
  assert(model.parameters().every((parameter) => parameter.grad !== null));
});

Deno.test("detectAnomaly() ends with its function, after an error, and with its guard", () => {
  const wrong = () => tensor([0]).log().item();
  assertEquals(wrong(), -Infinity);
  assertThrows(() => detectAnomaly(wrong), GradError);
  assertEquals(wrong(), -Infinity);
  {
    using _ = detectAnomaly();
    assertThrows(wrong, GradError, "log made an infinity");
    detectAnomaly(() => 1);
    assertThrows(wrong, GradError, "log made an infinity");
  }
  assertEquals(wrong(), -Infinity);
  assertThrows(
    () => detectAnomaly(() => Promise.resolve(1)),
    GradError,
    "Cannot run detectAnomaly: the function returned a promise",
  );
});

Deno.test("detectAnomaly() looks at what hooks give", () => {
  const hooked = (hook: (g: Tensor) => Tensor | void) => () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = x.mul(2);
    y.registerHook(hook);
    y.sum().backward();
  };
  const words = "what a hook gave has an infinity (shape [2])";
  assertThrows(() => detectAnomaly(hooked((g) => g.div(0))), GradError, words);
  detectAnomaly(hooked((g) => g.mul(2)));
  detectAnomaly(hooked(() => {}));
});

Deno.test("detectAnomaly() looks at sums of gradients, of several paths and of several passes", () => {
  const words = "the sum of gradients has an infinity (shape [1])";
  const x = tensor([1e-10], { requiresGrad: true });
  const far = () => x.mul(3e38);
  assertThrows(
    () => detectAnomaly(() => far().sum().add(far().sum()).backward()),
    GradError,
    words,
  );
  assertThrows(
    () => detectAnomaly(() => far().mul(1).add(far().mul(1)).sum().backward()),
    GradError,
    words,
  );
  x.grad = null;
  detectAnomaly(() => far().sum().backward());
  assertThrows(() => detectAnomaly(() => far().sum().backward()), GradError, words);
  x.grad = null;
  detectAnomaly(() => far().sum().sub(far().sum()).backward());
});
