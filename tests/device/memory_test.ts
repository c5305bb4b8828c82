/** Memory that others hold is never written, memory that nobody holds is used again, within bounds. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { engine } from "../../lib/core/engine.ts";
import {
  customFunction,
  detectAnomaly,
  empty,
  enableGrad,
  fromTypedArray,
  grad,
  isGradEnabled,
  losses,
  memoryStats,
  nn,
  noGrad,
  ones,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";

const N = 1000;

/** Ways to get an array that a tensor lies in, each with how the tensor may give its memory back. */
const HELD: Record<string, () => { array: ArrayLike<number>; end: () => void }> = {
  "an adopted array, disposed": () => {
    const array = new Float32Array(N);
    return { array, end: () => fromTypedArray(array, [N]).dispose() };
  },
  "an adopted array, in a scope": () => {
    const array = new Float32Array(N);
    return { array, end: () => scope(() => void fromTypedArray(array, [N]).add(1)) };
  },
  "data, disposed": () => {
    const x = zeros([N]);
    return { array: x.data, end: () => x.dispose() };
  },
  "data that was read inside a scope": () => {
    let array!: ArrayLike<number>;
    scope(() => void (array = zeros([N]).data));
    return { array, end: () => {} };
  },
  "data of a view, disposed": () => {
    const x = zeros([2, N]);
    return { array: x.at(0).data, end: () => x.dispose() };
  },
  "a gradient that was read, forgotten": () => {
    const x = zeros([N], { requiresGrad: true });
    x.mul(0).sum().backward();
    const array = x.grad!.data;
    return { array, end: () => x.grad = null };
  },
  "a cotangent that a hook kept": () => {
    const x = zeros([N], { requiresGrad: true });
    let kept!: Tensor;
    const y = x.mul(1);
    y.registerHook((g) => void (kept = g));
    y.mul(0).mul(1).sum().backward();
    return { array: kept.data, end: () => {} };
  },
  "a cotangent that a custom backward kept": () => {
    let kept!: Tensor;
    const same = customFunction<[Tensor]>({
      forward: (_, x) => x.clone(),
      backward: (_, g) => kept = g,
    });
    same(zeros([N], { requiresGrad: true })).mul(0).mul(1).sum().backward();
    return { array: kept.data, end: () => {} };
  },
};

for (const [name, make] of Object.entries(HELD)) {
  Deno.test(`memory that somebody holds is not written: ${name}`, () => {
    const { array, end } = make();
    end();
    const others = Array.from({ length: 8 }, () => ones([N]));
    scope(() => void ones([N]).mul(7).add(ones([N])));
    assert(Array.from(array).every((x) => x === 0), "the array has changed");
    assert(others.every((x) => valuesOf(x).every((value) => value === 1)));
  });
}

Deno.test("memory that nobody holds is used again", () => {
  const x = zeros([N]);
  const before = memoryStats().freeBytes;
  x.dispose();
  assertEquals(memoryStats().freeBytes - before, 4 * N);
  ones([N]);
  assertEquals(memoryStats().freeBytes, before);
});

Deno.test("free lists hold a bounded number of bytes and let go of what was used least recently", () => {
  const most = 2 ** 29;
  const size = 2 ** 22;
  scope(() => {
    for (let i = 0; i < 300; i++) zeros([size + 64 * i]);
  });
  assert(memoryStats().freeBytes <= most, `${memoryStats().freeBytes} bytes are parked`);
  // A new size finds its place, and is found again.
  const before = memoryStats().freeBytes;
  zeros([size + 1]).dispose();
  const parked = memoryStats().freeBytes;
  assert(parked <= most && parked > before - 2 * 4 * size);
  zeros([size + 1]);
  assertEquals(memoryStats().freeBytes, parked - 4 * (size + 1));
});

Deno.test("what is parked is counted where lists were emptied before others are let go of", () => {
  const make = (first: number) =>
    Array.from({ length: 40 }, (_, i) => empty([2 ** 22 + 64 * (first + i)]));
  scope(() => void make(1000));
  const held = make(1000);
  scope(() => void make(2000));
  held.push(...make(2000));
  assert(memoryStats().freeBytes >= 0, `${memoryStats().freeBytes} bytes are parked`);
  assertEquals(held.length, 80);
});

Deno.test("gradients that are handed out share no memory, whatever the pass", () => {
  const graphs: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
    sum: (a, b) => a.add(b),
    "of views": (a, b) => a.reshape([2]).add(b.reshape([2])),
    difference: (a, b) => a.sub(b.neg()),
    "a sum and its parts": (a, b) => a.add(b).add(a.mul(0)),
  };
  for (const [name, fn] of Object.entries(graphs)) {
    for (const createGraph of [false, true]) {
      const [a, b] = [0, 1].map(() => tensor([1, 2], { requiresGrad: true })) as [Tensor, Tensor];
      const c = fn(a, b);
      const list = grad(c.square().sum(), [a, b, c], { createGraph });
      list.forEach((g, i) => {
        const others = list.filter((_, j) => j !== i).map(valuesOf);
        noGrad(() => g.detach().fill_(99));
        assertEquals(list.filter((_, j) => j !== i).map(valuesOf), others, name);
        assertStrictEquals(g.data.length, 2);
      });
      a.add(b).square().sum().backward({ createGraph });
      noGrad(() => a.grad!.detach().zero_());
      assertEquals(valuesOf(b.grad!), [4, 8]);
    }
  }
});

Deno.test("a hook that writes into its gradient changes no other one", () => {
  const [a, b] = [0, 1].map(() => tensor([1, 2], { requiresGrad: true })) as [Tensor, Tensor];
  a.registerHook((g) => void noGrad(() => g.zero_()));
  a.add(b).square().sum().backward();
  assertEquals([valuesOf(a.grad!), valuesOf(b.grad!)], [[0, 0], [4, 8]]);
});

Deno.test("gradients given as gradOutputs, and those of the outputs themselves, are copies", () => {
  const x = tensor([1, 2], { requiresGrad: true });
  const v = tensor([3, 4]);
  const [g] = grad(x.add(0), [x], { gradOutputs: v });
  g.zero_();
  assertEquals(valuesOf(v), [3, 4]);
  const [own] = grad(x, [x], { gradOutputs: v });
  own.zero_();
  assertEquals(valuesOf(v), [3, 4]);
});

Deno.test("memory that may shrink or be written by others is copied when it is adopted", () => {
  const resizable = new ArrayBuffer(16, { maxByteLength: 32 });
  const shared = new SharedArrayBuffer(16);
  for (const buffer of [resizable, shared]) {
    const array = new Float32Array(buffer).fill(2);
    const x = fromTypedArray(array, [4]);
    array.fill(5);
    assertEquals(valuesOf(x), [2, 2, 2, 2]);
  }
  const x = fromTypedArray(new Float32Array(resizable), [4]);
  resizable.resize(4);
  assertEquals(x.sum().item(), 20);
  const gone = new Float32Array(4);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  assertThrows(() => fromTypedArray(gone, [0]), TypeError, "was transferred");
});

Deno.test("an array that lies about its length or its type is read as it is", () => {
  const lying = new Float32Array(4);
  Object.defineProperty(lying, "length", { value: 1e8 });
  Object.defineProperty(lying, "byteLength", { value: 4e8 });
  assertThrows(() => fromTypedArray(lying, [1e8]).sum(), RangeError);
  const handed = ones([4]);
  Object.defineProperty(handed.data, "byteLength", { value: 4e8 });
  assertEquals(handed.add(1).sum().item(), 8);
  const disguised = Object.setPrototypeOf(new Float32Array(4), Float64Array.prototype);
  assertEquals(fromTypedArray(disguised, [4]).dtype, "float32");
});

Deno.test("copies between tensors over one buffer, and onto themselves, are right", () => {
  const buffer = new Float32Array([1, 2, 3, 4, 5]);
  const [low, high] = [
    fromTypedArray(buffer.subarray(0, 4), [4]),
    fromTypedArray(buffer.subarray(1), [4]),
  ];
  high.copy_(low);
  assertEquals([...buffer], [1, 1, 2, 3, 4]);
  low.copy_(low);
  assertEquals([...buffer], [1, 1, 2, 3, 4]);
});

Deno.test("an overflow of the stack leaves the modes as they were", () => {
  const before = { ...engine };
  const ways: Record<string, (fn: () => unknown) => unknown> = {
    scope,
    noGrad,
    enableGrad,
    detectAnomaly,
    "nested passes": (fn) => {
      const deep = customFunction<[Tensor]>({
        forward: (_, x) => x.clone(),
        backward: (_, g) => (fn(), g),
      });
      enableGrad(() => deep(ones([2], { requiresGrad: true })).sum().backward());
    },
  };
  for (const [name, way] of Object.entries(ways)) {
    const deeper = (): unknown => way(deeper);
    assertThrows(deeper, RangeError, undefined, name);
    assertEquals({ ...engine }, before, name);
  }
  const x = ones([N]);
  scope(() => {});
  assertEquals(x.sum().item(), N);
  assert(isGradEnabled());
});

Deno.test("an error inside a pass leaves marks and modes as they were", () => {
  const x = tensor(2, { dtype: "float64", requiresGrad: true });
  const other = tensor(1, { dtype: "float64", requiresGrad: true });
  const failing = customFunction<[Tensor]>({
    forward: (_, y) => y.clone(),
    backward: (_, g) => {
      const inner = enableGrad(() => x.mul(2));
      assertThrows(() => grad(inner, [other]));
      assertThrows(() => grad(inner.mul(2).sum(), [x], { gradOutputs: [ones([3])] }));
      assertThrows(() =>
        scope(() => {
          throw new Error("meant");
        })
      );
      return g;
    },
  });
  failing(x.square()).mul(5).add(x.mul(2)).backward();
  assertEquals(x.grad?.item(), 22);
  assertEquals([engine.pass, engine.recording, engine.scope], [0, true, null]);
});

Deno.test("guards end in the order in which they were opened, or say why not", () => {
  for (const open of [noGrad, enableGrad, detectAnomaly] as (() => Disposable)[]) {
    const [a, b] = [open(), open()];
    assertThrows(() => a[Symbol.dispose](), Error, "a guard that was opened later is still open");
    b[Symbol.dispose]();
    b[Symbol.dispose]();
    a[Symbol.dispose]();
    assertEquals([engine.recording, engine.watcher, engine.guard], [true, null, null]);
  }
  const outer = noGrad();
  assertThrows(
    () => scope(() => outer[Symbol.dispose]()),
    Error,
    "it was opened outside of the function that is running",
  );
  outer[Symbol.dispose]();
  let left!: Disposable;
  scope(() => void (left = noGrad()));
  assert(isGradEnabled());
  left[Symbol.dispose]();
  assert(isGradEnabled());
});

Deno.test("gradients made in a scope last as long as they are a leaf's", () => {
  const layer = new nn.Linear(N, 2);
  const [x, y] = [randn([4, N]), zeros([4, 2])];
  const step = () => losses.mse(layer.forward(x), y).backward();
  scope(step);
  const kept = layer.weight.grad!;
  scope(() => layer.forward(x));
  assertEquals(kept.shape, [2, N]);
  assert(Number.isFinite(kept.sum().item()));
  scope(() => {
    layer.weight.grad = null;
    step();
  });
  assertThrows(() => kept.sum(), ReferenceError, "scope()");
  // A gradient from outside of scopes belongs to whoever has read it.
  layer.zeroGrad();
  step();
  const own = layer.weight.grad!;
  scope(() => layer.weight.grad = null);
  assert(Number.isFinite(own.sum().item()));
});
