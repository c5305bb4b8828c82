/** What JavaScript's own operators, JSON, copies and loops make of tensors. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  DeviceError,
  DTypeError,
  GradError,
  nn,
  noGrad,
  ones,
  optim,
  scope,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";

/** A tensor as code without types sees it. */
// deno-lint-ignore no-explicit-any
type Untyped = any;

type ErrorClass = abstract new (...given: never[]) => Error;

/** What each operator makes of a number beside 3, and of a tensor of that number. */
const OPERATORS: Readonly<Record<string, (x: Untyped) => unknown>> = {
  "x + 3": (x) => x + 3,
  "3 + x": (x) => 3 + x,
  "x - 3": (x) => x - 3,
  "x * 3": (x) => x * 3,
  "x / 3": (x) => x / 3,
  "x % 3": (x) => x % 3,
  "x ** 3": (x) => x ** 3,
  "-x": (x) => -x,
  "+x": (x) => +x,
  "x | 0": (x) => x | 0,
  "x < 3": (x) => x < 3,
  "x >= 3": (x) => x >= 3,
  "x == 3": (x) => x == 3,
  "x + x": (x) => x + x,
  "Number(x)": (x) => Number(x),
  "Math.max(x, 3)": (x) => Math.max(x, 3),
  "isNaN(x)": (x) => isNaN(x),
  '"loss " + x': (x) => "loss " + x,
};

const VALUES: readonly [title: string, x: () => Tensor, value: number][] = [
  ["a number", () => tensor(2.5), 2.5],
  ["one element", () => tensor([[3]], { dtype: "int32" }), 3],
  ["true", () => tensor(true), 1],
  ["NaN", () => tensor(NaN), NaN],
  ["a view", () => tensor([1, 2, 3]).at(1), 2],
];

/** Operators that make something else of a tensor than of its number. */
function differing(operators: typeof OPERATORS, x: Tensor, value: number): string[] {
  return Object.entries(operators).filter(([, run]) => !Object.is(run(x), run(value)))
    .map(([name]) => name);
}

for (const [title, x, value] of VALUES) {
  Deno.test(`operators see the number of a tensor of ${title}`, () => {
    assertEquals(differing(OPERATORS, x(), value), []);
  });
}

Deno.test("an operator that sees something else is found", () => {
  assertEquals(differing({ "typeof x": (x) => typeof x }, tensor(1), 1), ["typeof x"]);
});

/** Tensors that operators refuse, and how. */
const REFUSED: readonly [title: string, x: () => Tensor, error: ErrorClass, said: string][] = [
  ["two elements", () => tensor([1, 2]), TypeError, "of shape [2] as a number"],
  ["no element", () => zeros([0]), TypeError, "of shape [0] as a number"],
  ["a parameter", () => new nn.Parameter(ones([])), GradError, "x.item() is the number alone"],
  ["a recorded result", () => ones([]).requiresGrad_().mul(2), GradError, "gradient would be lost"],
  [
    "disposed memory",
    () => {
      const x = ones([]);
      x.dispose();
      return x;
    },
    DeviceError,
    "disposed",
  ],
];

for (const [title, x, error, said] of REFUSED) {
  Deno.test(`operators refuse a tensor of ${title}`, () => {
    for (const [name, run] of Object.entries(OPERATORS)) {
      const thrown = assertThrows(() => run(x()), Error, said, name);
      assert(thrown.constructor === error, `${name}: ${thrown}`);
      assertMatch(thrown.message, /^Cannot [^\n]*[^.\n]$/);
    }
    if (error === TypeError) assertThrows(() => Number(x()), TypeError, "x.add(y) for x + y");
  });
}

Deno.test("operators see the number of a recorded tensor under noGrad", () => {
  const loss = ones([]).requiresGrad_().mul(2) as Untyped;
  assertEquals(noGrad(() => [loss < 3, loss + 1]), [true, 3]);
});

Deno.test("a text of a tensor is what it prints", () => {
  for (const x of [tensor([1, 2]), tensor(1, { requiresGrad: true })]) {
    assertEquals([`${x}`, String(x)], [x.toString(), x.toString()]);
  }
});

Deno.test("JSON.stringify() writes the values and nothing else", () => {
  const secret = tensor([12345.678]);
  assertEquals(JSON.stringify(tensor([[1, 2], [3, 4.5]])), "[[1,2],[3,4.5]]");
  assertEquals(
    JSON.stringify({ loss: tensor(0.5), ok: tensor([true]) }),
    '{"loss":0.5,"ok":[true]}',
  );
  assertEquals(JSON.stringify(tensor([1], { requiresGrad: true }).mul(2)), "[2]");
  assertEquals(JSON.stringify(tensor([1, 2, 3]).slice(0, 1, 2)), "[2]");
  assertEquals(JSON.stringify(zeros([2, 0])), "[[],[]]");
  // JSON has no such numbers; what it has in their place is refused as data.
  const text = JSON.stringify(tensor([NaN, Infinity, 1]));
  assertEquals(text, "[null,null,1]");
  assertThrows(() => tensor(JSON.parse(text)), TypeError, "got null at data[0]");
  assertEquals(secret.item(), Math.fround(12345.678));
});

/** Ways to copy a tensor's properties, elements of other tensors among them. */
const COPIES: Readonly<Record<string, (x: Tensor) => unknown>> = {
  "structuredClone()": structuredClone,
  "structuredClone() of an object": (x) => structuredClone({ inner: [x] }),
  "structuredClone() of what was spread": (x) => structuredClone({ ...x }),
  "postMessage()": (x) => {
    const { port1, port2 } = new MessageChannel();
    try {
      port1.postMessage(x);
    } finally {
      port1.close();
      port2.close();
    }
  },
  "JSON.stringify() of what was spread": (x) => JSON.stringify({ ...x }),
};

for (const [name, copy] of Object.entries(COPIES)) {
  Deno.test(`${name} says what to send in place of a tensor`, () => {
    for (const x of [tensor([1, 2]), ones([1000]), ones([2]).requiresGrad_().mul(2)]) {
      const { message } = assertThrows(() => copy(x), Error);
      assertMatch(message, /^Cannot clone a tensor .*x\.toArray\(\)/);
    }
  });
}

Deno.test("scope() looks into what came from a device", () => {
  const x = scope(() => ones([1000]).requiresGrad_().to("cpu").mul(2));
  assertEquals(x.at(3).item(), 2);
});

Deno.test("a tensor without dimensions is no list", () => {
  const uses: (() => unknown)[] = [
    () => [...tensor(1)],
    () => {
      const [first] = tensor(1);
      return first;
    },
    () => Array.from(tensor(1)),
    () => Math.max(...tensor(1) as Untyped),
  ];
  for (const use of uses) assertThrows(use, TypeError, "its number is item()");
  assertEquals(Math.max(...tensor([1, 5, 3]) as Untyped), 5);
});

/** What is no gradient of two float32 numbers on the CPU. */
const NO_GRADIENTS: readonly [title: string, g: (p: Tensor) => unknown, error: ErrorClass][] = [
  ["a number", () => 5, TypeError],
  ["an array", () => [1, 1], TypeError],
  ["undefined", () => undefined, TypeError],
  ["text", () => "1", TypeError],
  ["something with a shape", () => ({ shape: [2] }), TypeError],
  ["a parameter", () => new nn.Parameter(ones([2])), GradError],
  ["a leaf that requires a gradient", () => ones([2]).requiresGrad_(), GradError],
  ["another shape", () => ones([2, 1]), ShapeError],
  ["a number without dimensions", () => ones([]), ShapeError],
  ["another floating type", () => ones([2], { dtype: "float64" }), DTypeError],
  ["integers", () => ones([2], { dtype: "int32" }), DTypeError],
];

function assertRefused(p: Tensor, g: unknown, error: ErrorClass): void {
  const before = p.grad;
  const thrown = assertThrows(() => p.grad = g as Tensor, Error);
  assert(thrown.constructor === error, `${thrown}`);
  assertMatch(thrown.message, /^Cannot set grad: [^\n]*[^.\n]$/);
  assert(p.grad === before);
}

Deno.test("a tensor that is its own gradient is refused by the step, which names itself", () => {
  const p = new nn.Parameter(ones([2]));
  p.grad = p;
  const step = () => new optim.SGD([p]).step();
  assertThrows(step, GradError, "Cannot run SGD: a parameter cannot be its own gradient");
});

for (const [title, g, error] of NO_GRADIENTS) {
  Deno.test(`grad refuses ${title} when it is set`, () => {
    const p = ones([2]).requiresGrad_();
    assertRefused(p, g(p), error);
    p.sum().backward();
    assertRefused(p, g(p), error);
    assertEquals(p.grad?.toArray(), [1, 1]);
  });
}

Deno.test("grad refuses what is disposed, and any for a tensor of integers", () => {
  const [p, g] = [ones([2]).requiresGrad_(), ones([2])];
  g.dispose();
  assertThrows(() => p.grad = g, DeviceError, "disposed");
  const integers = ones([2], { dtype: "int32" });
  assertRefused(integers, integers.clone(), DTypeError);
});

Deno.test("grad takes what fits, and forgets it again", () => {
  const p = ones([2]).requiresGrad_();
  const tracked = p.mul(2);
  for (const g of [ones([2]), p.detach(), zeros([2, 2]).at(":", 0), tracked]) {
    p.grad = g;
    assert(p.grad === g);
  }
  p.grad = null;
  assertEquals(p.grad, null);
  const kept = scope(() => {
    p.grad = ones([1000]).slice(0, 0, 2).mul(3);
    return 1;
  });
  assertEquals([kept, p.grad!.toArray()], [1, [3, 3]]);
});

Deno.test("requiresGrad refuses what is neither true nor false", () => {
  for (const wrong of [null, undefined, 1, "yes", {}]) {
    const x = ones([2]);
    const set = () => x.requiresGrad = wrong as unknown as boolean;
    assertThrows(set, TypeError, "Cannot set requiresGrad: it must be true or false");
    assertEquals(x.requiresGrad, false);
  }
});

Deno.test("tensors of another copy of the library are named as such", async () => {
  // The library under another address: its modules are loaded once more.
  const folder = await Deno.makeTempDir();
  const root = new URL("../../", import.meta.url);
  try {
    for (const name of ["lib", "target"]) {
      await Deno.symlink(new URL(name, root), `${folder}/${name}`);
    }
    for (const name of ["mod.ts", "deno.json"]) {
      await Deno.copyFile(new URL(name, root), `${folder}/${name}`);
    }
    const code = `
      const [own, other] = await Promise.all(Deno.args.map((path) => import(path)));
      const x = other.ones([2]);
      for (const use of [() => own.exp(x), () => own.ones([2]).add(x), () => own.tensor([x]),
        () => own.zerosLike(x), () => { own.ones([2]).grad = x; }]) {
        try { console.log("accepted", use()); } catch (e) { console.log(e.message); }
      }`;
    await Deno.writeTextFile(`${folder}/main.ts`, code);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        `${folder}/main.ts`,
        new URL("mod.ts", root).href,
        `file://${folder}/mod.ts`,
      ],
    }).output();
    const decoder = new TextDecoder();
    const lines = decoder.decode(stdout).trim().split("\n");
    assertEquals(lines.length, 5, decoder.decode(stderr));
    for (const line of lines) {
      assertMatch(line, /^Cannot .*got a tensor of another copy of the library/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
