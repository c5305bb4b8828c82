/** The op matrix of elementwise ops: each op of the registry × type × sample × check. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as adjoint from "../../../mod.ts";
import {
  type DType,
  DTypeError,
  full,
  grad,
  noGrad,
  ShapeError,
  Tensor,
  tensor,
  zeros,
} from "../../../mod.ts";
import { assertRefuses } from "../bad_input.ts";
import { checkGradients, checkSecondGradients } from "../../common/gradients.ts";
import { assertTensor, failure, near, TOLERANCES, type Trial } from "../../common/compare.ts";
import {
  columns,
  laidOut,
  LAYOUTS,
  type Plain,
  plainOf,
  sample,
  show,
  tensorOf,
  valuesOf,
} from "../../common/samples.ts";
import { elementwiseErrors } from "./error_cases.ts";
import {
  BINARY,
  type Call,
  ELEMENTWISE,
  type Elementwise,
  resultType,
  takesBool,
  UNARY,
} from "../../common/elementwise.ts";
import { expected, samplesFor, slopes, smoothSamples } from "./points.ts";

const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];
const FLOATS: readonly DType[] = ["float32", "float64"];

/** Scalars, single elements, lengths around a tile of 256, and one for several threads. */
const SHAPES = [[], [1], [5], [2, 3], [3, 1, 4], [0], [300], [70_001]];

/** Pairs of shapes that broadcast. */
const PAIRS = [
  [[2, 3], [3]],
  [[2, 1], [1, 3]],
  [[], [4]],
  [[4], []],
  [[3, 1, 2], [4, 1]],
  [[2, 0], [1]],
  [[1, 1], [3]],
] as const;

/** Shapes in the name of a test. */
function shapesOf(inputs: readonly { shape: readonly number[] }[]): string {
  return inputs.map(({ shape }) => show(shape)).join(" and ");
}

function checkForward(op: Elementwise, dtype: DType, inputs: readonly Plain[]): void {
  const tensors = inputs.map((input) => tensorOf(input, dtype));
  const type = resultType(op, dtype);
  if (type === null) {
    assertThrows(() => op.call(...tensors), DTypeError, `Cannot compute ${op.name}: `);
    return;
  }
  const trial = { name: `${op.name}() of ${shapesOf(inputs)}`, dtype, inputs };
  assertTensor(trial, op.call(...tensors), expected(op, inputs), type, TOLERANCES[type]);
}

for (const op of ELEMENTWISE) {
  for (const dtype of DTYPES) {
    for (const shape of SHAPES) {
      Deno.test(`${op.name}() ${dtype} forward ${show(shape)}`, () => {
        checkForward(op, dtype, samplesFor(op, shape, dtype));
      });
    }
  }
}

for (const op of BINARY) {
  for (const dtype of DTYPES) {
    Deno.test(`${op.name}() ${dtype} broadcasts`, () => {
      for (const pair of PAIRS) {
        checkForward(op, dtype, pair.map((shape, i) => sample(`${i}`, shape, dtype, op.domain)));
      }
    });
  }

  Deno.test(`${op.name}() takes a number on either side`, () => {
    for (const dtype of [...FLOATS, "int32"] as const) {
      // 2 has its own branch in pow; 0.7 turns int32 into float32.
      for (const number of [2, 3, 0.7]) {
        const x = sample("beside", [2, 3], dtype, op.domain);
        const beside = { shape: [], data: [dtype === "float32" ? Math.fround(number) : number] };
        const common = dtype === "int32" && !Number.isInteger(number) ? "float32" : dtype;
        const type = resultType(op, common)!;
        const t = tensorOf(x, dtype);
        const tolerance = TOLERANCES[type];
        if (common !== dtype) beside.data[0] = Math.fround(number);
        const check = (y: Tensor, name: string, inputs: Plain[]) =>
          assertTensor({ name, dtype, inputs }, y, expected(op, inputs), type, tolerance);
        check(op.call(t, number), `${op.name}() with a number on the right`, [x, beside]);
        check(op.call(number, t), `${op.name}() with a number on the left`, [beside, x]);
      }
    }
  });

  Deno.test(`${op.name}() promotes types`, () => {
    const order: readonly DType[] = ["bool", "int32", "float32", "float64"];
    for (const [i, low] of order.entries()) {
      for (const high of order.slice(i + 1)) {
        const [a, b] = [sample("a", [3], low, op.domain), sample("b", [3], high, op.domain)];
        const type = resultType(op, high)!;
        const [x, y] = [tensorOf(a, low), tensorOf(b, high)];
        const what = `${op.name}() of ${low} and ${high}`;
        const check = (y: Tensor, inputs: Plain[]) => {
          const trial = { name: what, dtype: high, inputs };
          assertTensor(trial, y, expected(op, inputs), type, TOLERANCES[type]);
        };
        check(op.call(x, y), [a, b]);
        check(op.call(y, x), [b, a]);
        // A tensor without dimensions changes the type only if its kind of number is higher.
        const scalar = tensorOf({ shape: [], data: [b.data[0]!] }, high);
        const category = low === "float32" ? low : high;
        assertEquals(op.call(x, scalar).dtype, resultType(op, category), `${what} without dims`);
        assertEquals(op.call(scalar, x).dtype, resultType(op, category), `${what} without dims`);
      }
    }
  });
}

for (const op of ELEMENTWISE) {
  for (const layout of LAYOUTS) {
    Deno.test(`${op.name}() of ${layout} inputs is that of contiguous ones`, () => {
      for (const dtype of DTYPES) {
        if (resultType(op, dtype) === null) continue;
        for (const shape of [[4, 5], [2, 3, 4], [7, 60]]) {
          const inputs = samplesFor(op, shape, dtype);
          const dense = inputs.map((input) => tensorOf(input, dtype));
          const wanted = op.call(...dense);
          const check = (given: Tensor[], which: string) => {
            const name = `${op.name}() of ${show(shape)}, ${which} ${layout}`;
            const trial = { name, dtype, inputs };
            assertTensor(trial, op.call(...given), plainOf(wanted), wanted.dtype);
          };
          const moved = inputs.map((input) => laidOut(input, dtype, layout));
          moved.forEach((x, i) => check(dense.with(i, x), `input ${i}`));
          check(moved, "all");
        }
      }
    });
  }

  Deno.test(`${op.name}() of expanded inputs is that of contiguous ones`, () => {
    for (const [from, to] of [[[3, 1], [3, 4]], [[1, 5], [6, 5]], [[], [2, 300]]] as const) {
      const dtype = "float32";
      const inputs = samplesFor(op, from, dtype).map((input) => tensorOf(input, dtype).expand(to));
      const wanted = op.call(...inputs.map((x) => x.clone()));
      const name = `${op.name}() of ${show(from)} expanded to ${show(to)}`;
      const trial = { name, dtype, inputs: inputs.map(plainOf) } as const;
      assertTensor(trial, op.call(...inputs), plainOf(wanted), wanted.dtype);
    }
  });

  Deno.test(`${op.name}() gives the same bits on any number of threads`, () => {
    const before = adjoint.getThreads();
    const inputs = samplesFor(op, [70_001], "float32").map((input) => tensorOf(input, "float32"));
    try {
      const results = [1, 2, 7].map((threads) => {
        adjoint.setThreads(threads);
        return op.call(...inputs).data;
      });
      assertEquals(results[1], results[0]);
      assertEquals(results[2], results[0]);
    } finally {
      adjoint.setThreads(before);
    }
  });

  Deno.test(`${op.name}() writes nothing beside its result`, () => {
    for (const size of [1, 3, 5, 64, 127, 300]) {
      const around = sample("around", [3 * size], "float32", op.domain);
      const whole = tensorOf(around, "float32");
      const inputs = Array.from({ length: op.arity }, () => whole.slice(0, size, 2 * size));
      // Small results share memory with their neighbours.
      const before = full([7], 12.5, { dtype: op.compares ? "bool" : "float32" });
      const y = op.call(...inputs);
      const after = zeros([7], { dtype: y.dtype });
      assertEquals(valuesOf(before), new Array(7).fill(op.compares ? 1 : 12.5));
      assertEquals(valuesOf(after), new Array(7).fill(0));
      assertTensor(`input of ${op.name}()`, whole, around, "float32");
      whole.slice(0, size, 2 * size).copy_(y);
      const data = around.data.toSpliced(size, size, ...valuesOf(y));
      assertTensor(`copy of ${op.name}()`, whole, { shape: [3 * size], data }, "float32");
    }
  });

  Deno.test(`${op.name}() is a function and a method, and records neither under noGrad`, () => {
    const inputs = samplesFor(op, [2, 3], "float64").map((input) =>
      tensorOf(input, "float64").requiresGrad_()
    );
    const y = op.call(...inputs);
    const method = (inputs[0] as unknown as Record<string, Call>)[op.name]!;
    const trial = (name: string) =>
      ({ name: `${op.name}() ${name}`, dtype: "float64", inputs: inputs.map(plainOf) }) as const;
    const ours = method.apply(inputs[0], inputs.slice(1));
    assertTensor(trial("as a method"), ours, plainOf(y), y.dtype);
    const registered = op.registered(...inputs);
    assertTensor(trial("as registered"), registered, plainOf(y), y.dtype, TOLERANCES.float64);
    assertEquals(y.requiresGrad, !op.compares);
    assertEquals(noGrad(() => op.call(...inputs)).requiresGrad, false);
    assertEquals(op.call(...inputs.map((x) => x.detach())).requiresGrad, false);
  });

  Deno.test(`${op.name}() refuses bad input`, () => assertRefuses(op.name, elementwiseErrors(op)));
}

for (const op of BINARY) {
  Deno.test(`${op.name}() says in its error which shapes do not broadcast`, () => {
    const error = assertThrows(() => op.call(zeros([2, 3]), zeros([4])), ShapeError);
    assertEquals([error.name, error.shapes], ["ShapeError", [[2, 3], [4]]]);
  });

  Deno.test(`${op.name}() of bool is logical or refused`, () => {
    const [a, b] = [tensor([true, true, false]), tensor([true, false, false])];
    if (op.compares || takesBool(op) || !op.integers) {
      const inputs = [plainOf(a), plainOf(b)];
      const trial = { name: `${op.name}()`, dtype: "bool", inputs } as const;
      const type = resultType(op, "bool")!;
      assertTensor(trial, op.call(a, b), expected(op, inputs), type, TOLERANCES[type]);
    } else {
      assertThrows(() => op.call(a, b), DTypeError, op.name);
    }
  });
}

// Products that are not exact in float64 are left out, as the reference is inexact there.
const INTEGERS = [-(2 ** 31), -65536, -3, -1, 0, 1, 2, 46341, 65536, 2 ** 31 - 1];

for (const op of ELEMENTWISE.filter((op) => op.integers && !op.compares)) {
  Deno.test(`${op.name}() of int32 wraps`, () => {
    const { ref } = op.sampling;
    const tuples = op.arity === 1
      ? INTEGERS.map((a) => [a])
      : INTEGERS.flatMap((a) => INTEGERS.map((b) => [a, b]));
    const exact = tuples.filter((inputs) => Number.isSafeInteger(ref(...inputs)));
    const inputs = columns(op.arity, exact);
    const y = op.call(...inputs.map((input) => tensorOf(input, "int32")));
    const trial = { name: `${op.name}() of whole numbers`, dtype: "int32", inputs } as const;
    // As int32 the exact result is taken modulo 2^32.
    const data = exact.map((inputs) => ref(...inputs));
    assertTensor(trial, y, { shape: [exact.length], data }, "int32");
  });
}

const SPECIAL_PAIRS = [0, 1, -1, 2.5, Infinity, -Infinity, NaN];

/** Where ECMAScript differs from IEEE 754, which the kernels and PyTorch follow: 1^∞ is 1. */
function differs(name: string, [a, b]: readonly number[]): boolean {
  return name === "pow" && Math.abs(a!) === 1 && !Number.isFinite(b);
}

for (const op of ELEMENTWISE) {
  for (const dtype of FLOATS) {
    Deno.test(`${op.name}() ${dtype} of special values`, () => {
      const tuples = op.arity === 1
        ? (op.sampling.special ?? []).map((x) => [x])
        : SPECIAL_PAIRS.flatMap((a) => SPECIAL_PAIRS.map((b) => [a, b]));
      const tried = tuples.filter((inputs) => !differs(op.name, inputs));
      const inputs = columns(op.arity, tried);
      const y = op.call(...inputs.map((input) => tensorOf(input, dtype)));
      const trial = { name: `${op.name}() of special values`, dtype, inputs };
      const type = resultType(op, dtype)!;
      assertTensor(
        trial,
        y,
        expected(op, inputs),
        type,
        (value, wanted) =>
          Number.isFinite(wanted) && !Number.isInteger(wanted)
            ? near(value, wanted, TOLERANCES[dtype])
            // The sign of zero is undetermined where two zeros of unlike sign meet.
            : Object.is(value, wanted) || (value === 0 && wanted === 0 && op.arity === 2),
      );
    });
  }
}

const DIFFERENTIABLE = ELEMENTWISE.filter((op) => !op.compares);

for (const op of DIFFERENTIABLE) {
  for (const shape of [[], [1], [0], [2, 3], [3, 1, 4], [300]]) {
    const inputs = () =>
      smoothSamples(op, ...new Array<number[]>(op.arity).fill(shape)).map((plain) =>
        tensorOf(plain, "float64")
      );
    const name = `${op.name}() of ${show(shape)}`;
    Deno.test(`${op.name}() float64 gradcheck ${show(shape)}`, () => {
      checkGradients(name, op.call, inputs());
    });
    Deno.test(`${op.name}() float64 gradgradcheck ${show(shape)}`, () => {
      checkSecondGradients(name, op.call, inputs());
    });
  }

  Deno.test(`${op.name}() float64 gradcheck of permuted and stepped inputs`, () => {
    const shapes = new Array<number[]>(op.arity).fill([3, 4]);
    const inputs = smoothSamples(op, ...shapes).map((plain) => tensorOf(plain, "float64"));
    const moved = (...xs: Tensor[]) =>
      op.call(...xs.map((x) => x.transpose(0, 1).slice(0, 1, 4, 2)));
    const name = `${op.name}() of permuted and stepped inputs`;
    checkGradients(name, moved, inputs);
    checkSecondGradients(name, moved, inputs);
  });

  Deno.test(`${op.name}() float32 gradients are those of float64`, () => {
    const points = smoothSamples(op, ...new Array<number[]>(op.arity).fill([2, 300]));
    const [single, double] = FLOATS.map((dtype) => {
      const inputs = points.map((plain) => tensorOf(plain, dtype).requiresGrad_());
      return grad(op.call(...inputs).sum(), inputs);
    });
    single!.forEach((gradient, i) => {
      // Rules take up to four roundings, and differences such as 1 − y² lose a few bits.
      const tolerance = { rtol: 3e-5, atol: 3e-6 };
      const name = `gradient ${i} of ${op.name}()`;
      const trial = { name, dtype: "float32", inputs: points } as const;
      assertTensor(trial, gradient, plainOf(double![i]!), "float32", tolerance);
    });
  });

  Deno.test(`${op.name}() gradients of a long input are those of its parts`, () => {
    const points = smoothSamples(op, ...new Array<number[]>(op.arity).fill([70_001]));
    const whole = points.map((plain) => tensorOf(plain, "float32").requiresGrad_());
    const gradients = grad(op.call(...whole).sum(), whole);
    for (const [start, end] of [[0, 50], [32_760, 32_790], [69_990, 70_001]] as const) {
      const inputs = points.map(({ data }) => (
        { shape: [end - start], data: data.slice(start, end) }
      ));
      const parts = inputs.map((part) => tensorOf(part, "float32").requiresGrad_());
      grad(op.call(...parts).sum(), parts).forEach((gradient, i) => {
        const name = `gradient ${i} of ${op.name}(), elements ${start} to ${end}`;
        const part = gradients[i]!.slice(0, start, end);
        assertTensor({ name, dtype: "float32", inputs }, part, plainOf(gradient), "float32");
      });
    }
  });
}

for (const op of DIFFERENTIABLE.filter((op) => op.arity === 2)) {
  Deno.test(`${op.name}() float64 gradcheck of broadcast inputs`, () => {
    for (const pair of PAIRS) {
      const inputs = smoothSamples(op, ...pair).map((plain) => tensorOf(plain, "float64"));
      const name = `${op.name}() of ${shapesOf(inputs)}`;
      checkGradients(name, op.call, inputs);
      checkSecondGradients(name, op.call, inputs);
    }
  });

  Deno.test(`${op.name}() float64 gradcheck beside a number`, () => {
    const [x] = smoothSamples(op, [2, 3], []).map((plain) => tensorOf(plain, "float64"));
    for (const number of [2, 3, 0.7]) {
      for (const fn of [(x: Tensor) => op.call(x, number), (x: Tensor) => op.call(number, x)]) {
        checkGradients(`${op.name}() beside ${number}`, fn, [x!]);
        checkSecondGradients(`${op.name}() beside ${number}`, fn, [x!]);
      }
    }
  });

  Deno.test(`${op.name}() gives each input a gradient of its own type and shape`, () => {
    const a = tensorOf(sample("a", [2, 3], "float32", op.domain), "float32").requiresGrad_();
    const b = tensorOf(sample("b", [3], "float64", op.domain), "float64").requiresGrad_();
    for (const [x, y] of [[a, b], [b, a]] as const) {
      const gradients = grad(op.call(x, y).sum(), [a, b]);
      assertEquals(gradients.map(({ dtype }) => dtype), ["float32", "float64"]);
      assertEquals(gradients.map(({ shape }) => shape), [[2, 3], [3]]);
    }
    const whole = tensor([1, 2, 3], { dtype: "int32" });
    assertEquals(grad(op.call(a, whole).sum(), [a])[0].shape, [2, 3]);
  });
}

for (const op of DIFFERENTIABLE.filter((op) => op.flat)) {
  Deno.test(`${op.name}() has a gradient of exact zeros`, () => {
    for (const dtype of FLOATS) {
      const inputs = samplesFor(op, [2, 3], dtype);
      const leaves = inputs.map((plain) => tensorOf(plain, dtype).requiresGrad_());
      const trial = { name: `a gradient of ${op.name}()`, dtype, inputs };
      for (const gradient of grad(op.call(...leaves).sum(), leaves)) {
        assertTensor(trial, gradient, { shape: [2, 3], data: new Array(6).fill(0) }, dtype);
      }
    }
  });
}

/** Points at which a finite derivative, or one on each side, must give a finite gradient. */
function edges(op: Elementwise): number[][] {
  if (op.arity === 1) {
    const special = (op.sampling.special ?? []).filter(Number.isFinite);
    return [...special, ...op.sampling.kinks ?? [], ...op.domain].map((x) => [x]);
  }
  const points = [0, 1, -1, 2, 0.5];
  return points.flatMap((a) => points.map((b) => [a, b]));
}

for (const op of DIFFERENTIABLE) {
  Deno.test(`${op.name}() has finite gradients where its derivative is finite`, () => {
    let checked = 0;
    for (const point of edges(op)) {
      const inputs = point.map((x) => tensor([x], { dtype: "float64", requiresGrad: true }));
      const first = grad(op.call(...inputs).sum(), inputs, { createGraph: true });
      const gradients = first.map((g) => g.item());
      point.forEach((x, i) => {
        const sides = slopes((moved) => op.sampling.ref(...point.with(i, moved)), x);
        if (sides === null) return;
        checked++;
        const [low, high] = sides.toSorted((a, b) => a - b);
        const gradient = gradients[i]!;
        // At a kink any slope between those of the two sides is a subgradient.
        const wrong = (part: string, came: number, wanted: string) => {
          const given = inputs.map(plainOf);
          const trial: Trial = { name: `${op.name}()`, dtype: "float64", inputs: given };
          return failure(trial, { part, device: "cpu", at: 0, shape: [1], came, wanted });
        };
        const inside = gradient >= low! - 1e-3 * (1 + Math.abs(low!)) &&
          gradient <= high! + 1e-3 * (1 + Math.abs(high!));
        if (!inside) throw wrong(`the gradient of input ${i}`, gradient, `${low} to ${high}`);
        if (op.arity > 1 || !first[i]!.requiresGrad) return;
        const second = grad(first[i]!.sum(), inputs)[0]!.item();
        if (!Number.isFinite(second)) throw wrong("the second gradient", second, "a finite one");
      });
    }
    assert(checked > 0);
  });
}

Deno.test("registeredOps() has a public function and a method for every elementwise op", () => {
  assert(UNARY.length > 0 && BINARY.length > 0);
  for (const { name, call } of ELEMENTWISE) {
    assertStrictEquals(typeof call, "function", name);
    assertStrictEquals(typeof Reflect.get(Tensor.prototype, name), "function", name);
  }
});

Deno.test("no op narrows a float64 without dimensions on its way beside integers", () => {
  const whole = tensor([16_777_217, 3], { dtype: "int32" });
  const wide = tensor(0.1, { dtype: "float64" });
  const ops = { lerp: (a: Tensor, b: Tensor) => adjoint.lerp(a, b, 0.25), xlogy: adjoint.xlogy };
  for (const [name, op] of Object.entries(ops)) {
    for (const [a, b] of [[whole, wide], [wide, whole]] as const) {
      const same = op(a.to("float64"), b.to("float64"));
      assertEquals(op(a, b).dtype, "float64", name);
      assertEquals(op(a, b).toArray(), same.toArray(), name);
    }
  }
});
