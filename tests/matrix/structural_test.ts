/** The op matrix of structural ops: each case of the table × type × layout × check. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import * as linear from "../../lib/ops/linalg/namespace.ts";
import * as ops from "../../lib/ops/mod.ts";
import { registeredOps } from "../../lib/ops/registry.ts";
import * as adjoint from "../../mod.ts";
import {
  type DType,
  fromTypedArray,
  getThreads,
  grad,
  setThreads,
  type Tensor,
} from "../../mod.ts";
import { assertRefuses } from "./bad_input.ts";
import { DTYPES, inputsOf, isDifferentiable, type OpCase, plainInputs, typesOf } from "./cases.ts";
import { IN_PLACE_CASES } from "./copy/inplace_cases.ts";

import { checkGradients, checkSecondGradients } from "../common/gradients.ts";
import { opOf } from "../common/op_names.ts";
import { ERROR_CASES, OP_CASES, ROOMS } from "./op_cases.ts";
import * as reference from "../common/references.ts";
import { assertTensor, type Tolerance } from "../common/compare.ts";
import { laidOut, LAYOUTS, type Plain, sample, tensorOf } from "../common/samples.ts";

function listed<T>(one: T | readonly T[]): readonly T[] {
  return Array.isArray(one) ? one : [one as T];
}

/** The largest term of a sum: a product of two elements. */
const LARGEST = 9;

/**
 * Rounding errors of n random terms grow with √n. Equal terms err to the same side: up to 64 of
 * them are added in the type of the elements, each with an error of half a unit.
 */
function toleranceFor(terms: number, dtype: DType, equal = false): Tolerance {
  if (terms === 0) return { rtol: 0 };
  const unit = { float64: 2 ** -53, float32: 2 ** -24, int32: 0, bool: 0 }[dtype];
  const roundings = equal ? Math.min(terms, 64) / 2 * terms : 8 * Math.sqrt(terms);
  return { rtol: 8 * unit, atol: unit * roundings * LARGEST };
}

function check(
  name: string,
  one: OpCase,
  dtype: DType,
  inputs: readonly Plain[],
  tensors: readonly Tensor[],
  equal = false,
): void {
  const actual = listed(one.call(...tensors));
  const wanted = listed(one.reference(...inputs));
  assertEquals(actual.length, wanted.length, `${name}(): number of results`);
  const results = listed(one.results?.(dtype) ?? dtype);
  actual.forEach((y, i) => {
    const type = results[i] ?? results[0]!;
    const tolerance = toleranceFor(one.terms ?? 0, type, equal);
    assertTensor({ name, dtype, inputs }, y, wanted[i]!, type, tolerance);
  });
}

const CASES = Object.entries(OP_CASES) as [string, readonly OpCase[]][];

for (const [name, cases] of [...CASES, ...Object.entries(IN_PLACE_CASES)]) {
  for (const one of cases) {
    for (const dtype of one.dtypes ?? DTYPES) {
      Deno.test(`${name}() ${dtype} forward ${one.name}`, () => {
        const plain = plainInputs(one, dtype);
        const types = typesOf(one, dtype);
        const tensors = plain.map((input, i) => tensorOf(input, types[i]!));
        check(`${name}() ${one.name}`, one, dtype, plain, tensors);
      });
    }

    Deno.test(`${name}() of inputs that lie otherwise ${one.name}`, () => {
      const dtype = one.dtypes?.[0] ?? "float32";
      const plain = plainInputs(one, dtype);
      const types = typesOf(one, dtype);
      for (const layout of LAYOUTS) {
        const tensors = plain.map((input, i) => laidOut(input, types[i]!, layout));
        check(`${name}() ${one.name}, ${layout}`, one, dtype, plain, tensors);
      }
      // Stretched inputs have other elements: one entry, repeated along the first dimension.
      const thin = one.inputs.map((input, i) => {
        const { shape } = input;
        if (input.dtype !== undefined || shape.length === 0 || shape[0] === 0) return null;
        return reference.take(plain[i]!, 0, [0]);
      });
      const tensors = thin.map((first, i) =>
        first === null
          ? tensorOf(plain[i]!, types[i]!)
          : tensorOf(first, types[i]!).expand(plain[i]!.shape)
      );
      const stretched = thin.map((first, i) =>
        first === null ? plain[i]! : reference.expand(first, plain[i]!.shape)
      );
      check(`${name}() ${one.name}, expanded`, one, dtype, stretched, tensors, true);
    });

    if (!isDifferentiable(one)) continue;
    const differentiable = typesOf(one, "float64").map((type) => type === "float64");
    const points = () => inputsOf(one, "float64");

    Deno.test(`${name}() float64 gradcheck ${one.name}`, () => {
      checkGradients(`${name}() ${one.name}`, one.call, points());
    });

    Deno.test(`${name}() float64 gradgradcheck ${one.name}`, () => {
      checkSecondGradients(`${name}() ${one.name}`, one.call, points());
    });

    Deno.test(`${name}() float64 gradcheck of permuted inputs ${one.name}`, () => {
      const back = (x: Tensor) => x.permute(x.shape.map((_, i) => x.ndim - 1 - i));
      const call = (...xs: Tensor[]) =>
        one.call(...xs.map((x, i) => differentiable[i] ? back(x) : x));
      const inputs = points().map((x, i) => differentiable[i] ? back(x).clone() : x);
      checkGradients(`${name}() ${one.name}, permuted`, call, inputs);
    });
  }
}

for (const [name, cases] of CASES) {
  Deno.test(`${name}() records under grad mode only`, () => {
    for (const one of cases) {
      const differentiable = isDifferentiable(one);
      const tensors = inputsOf(one, "float64");
      for (const x of tensors) if (x.dtype === "float64") x.requiresGrad_();
      for (const y of listed(one.call(...tensors))) {
        if (y.dtype !== "float64") assertEquals(y.requiresGrad, false, one.name);
        else if (differentiable) assertEquals(y.requiresGrad, true, one.name);
      }
      // Ops that have nothing to do return the input, which requires a gradient.
      for (const y of listed(adjoint.noGrad(() => one.call(...tensors)))) {
        if (!tensors.includes(y)) assertEquals(y.requiresGrad, false, one.name);
      }
    }
  });

  Deno.test(`${name}() refuses bad input`, () => {
    assert(cases.length > 0);
    assertRefuses(name, ERROR_CASES[name as keyof typeof OP_CASES]);
  });
}

Deno.test("OP_CASES has every public op that the registry does not try", () => {
  const elementwise = registeredOps().filter((op) => op.arity !== undefined).map((op) => op.name);
  const structural = [
    ...Object.keys(ops).filter((name) => !elementwise.includes(name)),
    ...Object.keys(linear).map((name) => `linalg.${name}`),
  ];
  assertEquals(Object.keys(OP_CASES).toSorted(), structural.toSorted());
});

Deno.test("no op has cases in two rooms", () => {
  for (const table of ["CASES", "ERRORS"] as const) {
    const names = Object.values(ROOMS).flatMap((room) => Object.keys(room[table]));
    assertEquals(names.toSorted(), [...new Set(names)].toSorted());
  }
});

Deno.test("every structural op is exported by the library", () => {
  const homes = { ...ops, linalg: linear };
  for (const [name] of CASES) {
    const [first, second] = name.split(".");
    const one: object = Reflect.get(homes, first!);
    assertStrictEquals(opOf(name), second === undefined ? one : Reflect.get(one, second));
  }
});

Deno.test("the ops of linalg stand in their namespace alone", () => {
  const outside = new Set<unknown>(Object.values(adjoint));
  assertEquals(Object.values(linear).filter((op) => outside.has(op)), []);
});

Deno.test("where() gives the side that was not chosen zeros whatever the cotangent", () => {
  const [a, b] = [[1, 2, 3], [4, 5, 6]].map((data) =>
    fromTypedArray(Float64Array.from(data), [3]).requiresGrad_()
  );
  const chosen = fromTypedArray(Uint8Array.of(1, 0, 1), [3]);
  const gradOutputs = fromTypedArray(Float64Array.of(Infinity, NaN, 2), [3]);
  const gradients = grad(adjoint.where(chosen, a!, b!), [a!, b!], { gradOutputs });
  assertEquals(gradients.map((g) => g.toArray()), [[Infinity, 0, 2], [0, NaN, 0]]);
});

Deno.test("where() is a method of the tensor that is chosen where the condition holds", () => {
  const x = fromTypedArray(Float64Array.of(1, 2, 3), [3]);
  assertEquals(x.where(x.gt(1), 0).toArray(), [0, 2, 3]);
  assertEquals(x.where(x.gt(1), x.neg()).toArray(), [-1, 2, 3]);
});

const BIG = sample("big", [270, 300], "float32");
const LOWER = { upper: false };

/** Symmetric positive definite matrices. */
function gram(x: Tensor): Tensor {
  return x.matmul(x.mT).add(adjoint.eye(x.shape.at(-2)!));
}

for (const dtype of ["float32", "float64"] as const) {
  const run: [string, (x: Tensor) => Tensor][] = [
    ["sum() of all", (x) => x.sum()],
    ["sum() over rows", (x) => x.sum(0)],
    ["sum() over columns", (x) => x.sum(1)],
    ["sum() of a permuted tensor", (x) => x.transpose(0, 1).sum()],
    ["mean() of all", (x) => x.mean()],
    ["matmul()", (x) => x.matmul(x.transpose(0, 1))],
    ["softmax()", (x) => x.softmax(0)],
    ["logsumexp()", (x) => x.logsumexp(1)],
    ["linalg.cholesky()", (x) => adjoint.linalg.cholesky(gram(x))],
    ["linalg.cholesky() of a batch", (x) => adjoint.linalg.cholesky(gram(x.reshape([-1, 9, 10])))],
    ["linalg.inv()", (x) => adjoint.linalg.inv(gram(x))],
    ["linalg.inv() of a batch", (x) => adjoint.linalg.inv(gram(x.reshape([-1, 9, 10])))],
    ["linalg.det() of a batch", (x) => adjoint.linalg.det(gram(x.reshape([-1, 9, 10])))],
    ["cdist()", (x) => adjoint.cdist(x, x.neg())],
    ["cdist() toward its points", (x) => {
      const a = x.detach().requiresGrad_();
      return grad(adjoint.cdist(a, x.neg(), { p: 3 }).sum(), [a])[0];
    }],
    ["linalg.qr()", (x) => adjoint.linalg.qr(x).r],
    ["linalg.qr() of a batch", (x) => adjoint.linalg.qr(x.reshape([-1, 9, 10])).q],
    [
      "linalg.eigh() of a batch",
      (x) => adjoint.linalg.eigh(x.reshape([-1, 10, 9]).slice(1, 0, 9)).eigenvectors,
    ],
    ["linalg.solveTriangular()", (x) => adjoint.linalg.solveTriangular(gram(x), x, LOWER)],
    ["clone() of a permuted tensor", (x) => x.transpose(0, 1).clone()],
    [
      "conv2d()",
      (x) => adjoint.conv2d(x.reshape([1, 10, 90, 90]), x.slice(1, 0, 90).reshape([30, 10, 9, 9])),
    ],
    ["conv2d() toward its weight", (x) => {
      const weight = x.slice(1, 0, 3).reshape([9, 10, 3, 3]).detach().requiresGrad_();
      return grad(adjoint.conv2d(x.reshape([3, 10, 50, 54]), weight).sum(), [weight])[0];
    }],
    [
      "convTranspose1d()",
      (x) =>
        adjoint.convTranspose1d(x.reshape([3, 10, 2700]), x.slice(1, 0, 7).reshape([10, 27, 7]), {
          stride: 3,
        }),
    ],
  ];
  for (const [name, fn] of run) {
    Deno.test(`${name} gives the same ${dtype} bits on any number of threads`, () => {
      const before = getThreads();
      const x = tensorOf(BIG, dtype);
      try {
        const [one, two, seven] = [1, 2, 7].map((threads) => {
          setThreads(threads);
          return fn(x).data;
        });
        assertEquals(two, one);
        assertEquals(seven, one);
      } finally {
        setThreads(before);
      }
    });
  }
}

for (const dtype of DTYPES) {
  Deno.test(`sum() ${dtype} of 81000 elements`, () => {
    const plain = {
      ...BIG,
      data: BIG.data.map((value) => dtype === "bool" ? Number(value > 0) : value),
    };
    const x = tensorOf(plain, dtype === "int32" ? "float32" : dtype).to({ dtype });
    const data = dtype === "int32" ? plain.data.map(Math.trunc) : plain.data;
    const type = dtype === "bool" ? "int32" : dtype;
    for (const dims of [undefined, 0, 1]) {
      const trial = { name: `sum() over ${dims}`, dtype, inputs: [{ ...plain, data }] };
      const wanted = reference.reduce({ ...plain, data }, dims, false, reference.total);
      const tolerance = toleranceFor(BIG.data.length / wanted.data.length, type);
      assertTensor(trial, x.sum(dims), wanted, type, tolerance);
      const turned = x.transpose(0, 1).contiguous().transpose(0, 1);
      assertTensor(trial, turned.sum(dims), wanted, type, tolerance);
    }
  });
}

/** Whether a change of one tensor is visible in the other. */
function shares(x: Tensor, y: Tensor): boolean {
  const before = JSON.stringify(y.toArray());
  x.copy_(x.neg().sub(100));
  return JSON.stringify(y.toArray()) !== before;
}

const VIEWS: [string, (x: Tensor) => Tensor][] = [
  ["reshape()", (x) => x.reshape([4, 3])],
  ["permute()", (x) => x.permute([1, 0])],
  ["transpose()", (x) => x.transpose(0, 1)],
  ["expand()", (x) => x.expand([2, 3, 4])],
  ["unsqueeze()", (x) => x.unsqueeze(0)],
  ["squeeze()", (x) => x.unsqueeze(1).squeeze(1)],
  ["flatten()", (x) => x.flatten()],
  ["slice()", (x) => x.slice(1, 1, 4, 2)],
  ["at() with an integer", (x) => x.at(1)],
  ["at() with ranges", (x) => x.at([0, 2], [1, 4, 2])],
  ["at() with a new axis", (x) => x.at(null, ":", 1)],
  ["view()", (x) => x.view([4, 3])],
  ["unflatten()", (x) => x.unflatten(1, [2, 2])],
  ["mT", (x) => x.mT],
  ["broadcastTo()", (x) => x.broadcastTo([1, 3, 4])],
  ["narrow()", (x) => x.narrow(1, 1, 2)],
  ["split()", (x) => x.split(2, 1)[0]!],
  ["chunk()", (x) => x.chunk(2)[0]!],
  ["unbind()", (x) => x.unbind(1)[0]!],
  ["diagonal()", (x) => x.diagonal()],
  ["diagonal() of a transposed tensor", (x) => x.transpose(0, 1).diagonal(1)],
  ["diagonal() of columns by rows", (x) => x.diagonal({ offset: -1, dim1: 1, dim2: 0 })],
  ["detach()", (x) => x.detach()],
  ["contiguous() of a contiguous tensor", (x) => x.contiguous()],
  [
    "reshape() of a permuted tensor that keeps its runs",
    (x) => x.reshape([3, 2, 2]).permute([1, 2, 0]).reshape([4, 3]),
  ],
];

for (const [name, view] of VIEWS) {
  Deno.test(`${name} is a view`, () => {
    const x = fromTypedArray(Float64Array.from({ length: 12 }, (_, i) => i), [3, 4]);
    assert(shares(x, view(x)));
    // Elements that are repeated in memory cannot be written.
    if (name !== "expand()") assert(shares(view(x), x));
  });
}

const COPIES: [string, (x: Tensor) => Tensor][] = [
  ["clone()", (x) => x.clone()],
  ["reshape() of a permuted tensor", (x) => x.transpose(0, 1).reshape([12])],
  ["reshape() of a stepped slice", (x) => x.slice(1, 0, 4, 3).reshape([3, 2]).reshape([6])],
  ["contiguous() of a permuted tensor", (x) => x.transpose(0, 1).contiguous()],
  ["flatten() of a stretched tensor", (x) => x.slice(0, 0, 1).expand([3, 4]).flatten()],
  ["at() with positions", (x) => x.at(fromTypedArray(Int32Array.of(0, 1, 2), [3]))],
  ["indexSelect()", (x) => x.indexSelect(0, fromTypedArray(Int32Array.of(0, 1, 2), [3]))],
  ["repeat() once", (x) => x.repeat([1, 1])],
  ["repeat() of an extent of 1", (x) => x.slice(0, 0, 1).repeat([2, 1])],
  ["roll() by nothing", (x) => x.roll(0, 0)],
  ["flip() of nothing", (x) => x.flip([])],
  ["unfold()", (x) => x.unfold(1, 2, 2)],
  ["diagonal() of a part of the columns", (x) => x.slice(1, 0, 3).diagonal()],
  ["tril() of everything", (x) => x.tril({ diagonal: 4 })],
  ["pad() by nothing", (x) => x.pad([0, 0])],
];

for (const [name, copy] of COPIES) {
  Deno.test(`${name} is a copy`, () => {
    const x = fromTypedArray(Float64Array.from({ length: 12 }, (_, i) => i), [3, 4]);
    assert(!shares(copy(x), x));
    assert(!shares(x, copy(x)));
  });
}

Deno.test("reshape() copies exactly when no strides would do", () => {
  const shapes = [[2, 3, 4], [4, 3, 2], [6, 4], [4, 6], [2, 12], [24], [2, 2, 6], [3, 8], [1, 24], [
    2,
    1,
    3,
    4,
  ]];
  const plain = sample("strides", [2, 3, 4], "float64");
  const views = [
    tensorOf(plain, "float64"),
    ...[[0, 2, 1], [1, 0, 2], [2, 1, 0], [1, 2, 0]].map((dims) =>
      tensorOf(plain, "float64").permute(dims)
    ),
    laidOut(plain, "float64", "stepped"),
    tensorOf(sample("row", [3, 4], "float64"), "float64").expand([2, 3, 4]),
    tensorOf(sample("column", [2, 3, 1], "float64"), "float64").expand([2, 3, 4]),
  ];
  for (const x of views) {
    for (const shape of shapes) {
      const y = x.reshape(shape);
      assertEquals(y.toArray(), x.clone().reshape(shape).toArray(), `[${x.strides}] to [${shape}]`);
      // A view with these strides exists if elements are evenly spaced along each dimension.
      const places = tensorOf({ shape: x.shape, data: placesOf(x) }, "float64").reshape(shape);
      assertEquals(y.storage === x.storage, isRegular(places), `[${x.strides}] to [${shape}]`);
    }
  }
});

Deno.test("windows of maxPool1d() that gaps lead past the input have no gradient", () => {
  const x = adjoint.tensor([[2, 1, 3]], { requiresGrad: true });
  const y = adjoint.maxPool1d(x, 2, { dilation: 4, padding: 2, stride: 1 });
  assertEquals(y.toArray(), [[3, -Infinity, 2]]);
  y.sum().backward();
  assertEquals(x.grad?.toArray(), [[1, 0, 1]]);
});

/** The positions in memory of a tensor's elements, in order. */
function placesOf(x: Tensor): readonly number[] {
  return reference.build(
    x.shape,
    (index) => index.reduce((sum, i, k) => sum + i * x.strides[k]!, 0),
  ).data;
}

/** Whether elements are evenly spaced along each dimension. */
function isRegular(places: Tensor): boolean {
  const plain = { shape: places.shape, data: Array.from(places.data) };
  const steps = plain.shape.map((extent, axis) =>
    extent < 2
      ? 0
      : reference.read(plain, plain.shape.map((_, i) => Number(i === axis))) - plain.data[0]!
  );
  const even = reference.build(
    plain.shape,
    (index) => index.reduce((sum, i, k) => sum + i * steps[k]!, plain.data[0]!),
  );
  return even.data.every((place, i) => place === plain.data[i]);
}
