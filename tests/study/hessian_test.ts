/** Traces, spectra and eigenvectors of Hessians, against those that are known and those of dense ones. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  cat,
  hessian,
  linalg,
  nn,
  randn,
  RandomGenerator,
  study,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { flatHessian, lossOf, network } from "./network.ts";

const float64 = { dtype: "float64" } as const;

/** ½·xᵀ·A·x with given eigenvalues in random directions. */
function quadratic(eigenvalues: readonly number[]) {
  const generator = new RandomGenerator(1);
  const { length } = eigenvalues;
  const { q } = linalg.qr(randn([length, length], { ...float64, generator }));
  const a = q.mul(tensor([...eigenvalues], float64)).matmul(q.transpose(0, 1));
  const fn = (x: Tensor) => x.mul(a.matmul(x)).sum().mul(0.5).add(x.sum());
  return { fn, a, at: randn([length], { ...float64, generator }) };
}

const VALUES = [-3, -0.5, 0, 0, 0.1, 1, 2, 2, 7];

Deno.test("hessianTrace() is within its error of the trace, and exact for a diagonal", () => {
  const { fn, at } = quadratic(VALUES);
  const found = study.hessianTrace(fn, at, { probes: 200 });
  const samples = found.samples.toArray() as number[];
  assertEquals(samples.length, 200);
  assert(Math.abs(found.trace - 8.6) < 3 * found.standardError, `${found.trace}`);
  // √(2·ΣA²) of each sample at most.
  assert(found.standardError < Math.sqrt(2 * 67.26 / 200));
  const mean = samples.reduce((a, b) => a + b) / 200;
  const spread = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 199;
  assertAlmostEquals(found.standardError, Math.sqrt(spread / 200), 1e-12);
  assertEquals(study.hessianTrace(fn, at, { probes: 200 }).samples.toArray(), samples);
  assert(study.hessianTrace(fn, at, { probes: 200, seed: 1 }).trace !== found.trace);
  const diagonal = study.hessianTrace((x) => x.pow(3).sum(), tensor([1, 2, 3], float64));
  assertEquals([diagonal.trace, diagonal.standardError], [36, 0]);
});

Deno.test("topEigenvectors() finds both ends, and eigenvalues that stand twice", () => {
  const { fn, a, at } = quadratic(VALUES);
  const wanted = {
    largest: [7, 2, 2, 1],
    smallest: [-3, -0.5, 0, 0],
    magnitude: [7, -3, 2, 2],
  } as const;
  for (const [which, values] of Object.entries(wanted)) {
    const options = { count: 4, which: which as keyof typeof wanted, tol: 1e-10 };
    const { eigenvalues, eigenvectors, residuals } = study.topEigenvectors(fn, at, options);
    assertClose(tensor([...eigenvalues], float64), tensor([...values], float64), { atol: 1e-9 });
    eigenvectors.forEach((v, i) => {
      const off = a.matmul(v).sub(v.mul(eigenvalues[i]!)).norm().item();
      assert(off < 1e-8 && Math.abs(off - residuals[i]!) < 1e-12, `${off}`);
      assertAlmostEquals(v.norm().item(), 1, 1e-12);
      eigenvectors.slice(0, i).forEach((u) => assertAlmostEquals(u.dot(v).item(), 0, 1e-10));
    });
  }
  // Too few steps show in the residual.
  const early = study.topEigenvectors(fn, at, { steps: 2 });
  assert(early.residuals[0]! > 0.01 && early.eigenvalues[0]! < 7);
  const all = study.topEigenvectors(fn, at, { count: 9 });
  assertClose(tensor([...all.eigenvalues]), tensor(VALUES.toReversed()), { atol: 1e-6 });
});

Deno.test("hessianSpectrum() has the eigenvalues as nodes, with their shares as weights", () => {
  const { fn, at } = quadratic(VALUES);
  const found = study.hessianSpectrum(fn, at, {
    probes: 400,
    steps: 9,
    points: 1001,
    width: 0.02,
  });
  assertEquals(found.size, 9);
  assertAlmostEquals(found.least, -3, 1e-9);
  assertAlmostEquals(found.largest, 7, 1e-9);
  const share = new Map<number, number>();
  const [nodes, weights, places, value] = [
    found.nodes,
    found.weights,
    found.density.at,
    found.density.value,
  ].map((x) => x.toArray() as number[]) as [number[], number[], number[], number[]];
  nodes.forEach((node, i) => {
    const value = VALUES.find((value) => Math.abs(value - node) < 1e-6);
    assert(value !== undefined, `${node}`);
    share.set(value, (share.get(value) ?? 0) + weights[i]!);
  });
  for (const [value, weight] of share) {
    const wanted = VALUES.filter((other) => other === value).length / 9;
    assertAlmostEquals(weight, wanted, 0.04);
  }
  const step = places[1]! - places[0]!;
  const mean = value.reduce((sum, x, i) => sum + x * places[i]! * step, 0);
  assertAlmostEquals(value.reduce((sum, x) => sum + x * step, 0), 1, 1e-3);
  // The mean of the density is that of the nodes, and near to that of the eigenvalues.
  assertAlmostEquals(mean, nodes.reduce((sum, x, i) => sum + x * weights[i]!, 0), 1e-3);
  assertAlmostEquals(mean, 8.6 / 9, 0.15);
});

Deno.test("hessianSpectrum() keeps its vectors at right angles where plain Lanczos would not", () => {
  // A gap like this makes copies of the largest eigenvalue without reorthogonalisation.
  const values = [...Array.from({ length: 99 }, (_, i) => i / 99), 1e4];
  const { fn, at } = quadratic(values);
  const { nodes } = study.hessianSpectrum(fn, at, { steps: 100, probes: 1 });
  assertEquals(nodes.gt(100).sum().item(), 1);
  assertClose(nodes, tensor(values, float64), { atol: 1e-7, rtol: 1e-10 });
});

Deno.test("the instruments agree with the dense Hessian of a network", () => {
  const { model, x, y } = network();
  const fn = (model: nn.Module) => lossOf(model, x, y);
  const dense = flatHessian(model, x, y);
  const { eigenvalues } = linalg.eigh(dense);
  const wanted = eigenvalues.toArray() as number[];
  const top = study.topEigenvectors(fn, model, { count: 3, tol: 1e-9 });
  assertClose(
    tensor([...top.eigenvalues], float64),
    tensor(wanted.slice(-3).toReversed(), float64),
    { rtol: 1e-8, atol: 1e-9 },
  );
  const v = top.eigenvectors[0]!;
  assertEquals(Object.keys(v), ["0.weight", "0.bias", "2.weight", "2.bias"]);
  const flat = cat(Object.values(v).map((part) => part.flatten()));
  assert(dense.matmul(flat).sub(flat.mul(top.eigenvalues[0]!)).norm().item() < 1e-7);
  const { least, largest, size } = study.hessianSpectrum(fn, model, { steps: 100, probes: 1 });
  assertEquals(size, dense.shape[0]);
  assertAlmostEquals(largest, wanted.at(-1)!, 1e-8);
  assertAlmostEquals(least, wanted[0]!, 1e-8);
  const { trace, standardError } = study.hessianTrace(fn, model, { probes: 100 });
  const exact = wanted.reduce((a, b) => a + b);
  assert(Math.abs(trace - exact) < 4 * standardError, `${trace}, ${exact} ± ${standardError}`);
});

Deno.test("instruments take float32, one number, arguments in arrays and records", () => {
  const at = { a: tensor([1, 2]), b: [tensor(3)] };
  const fn = ({ a, b }: typeof at) => a.square().sum().mul(b[0]!).add(b[0]!.pow(3));
  const { eigenvalues, eigenvectors } = study.topEigenvectors(fn, at, { count: 3 });
  const dense = hessian(
    (x) => fn({ a: x.narrow(0, 0, 2), b: [x.at(2)] }),
    tensor([1, 2, 3], float64),
  );
  const wanted = linalg.eigh(dense).eigenvalues.flip(0);
  assertClose(tensor([...eigenvalues], float64), wanted, { rtol: 1e-5 });
  assertEquals(eigenvectors[0]!.b[0]!.dtype, "float32");
  const two = (a: Tensor, b: Tensor) => a.mul(b).sum().add(a.square().sum());
  const { trace, standardError } = study.hessianTrace(two, [tensor([1, 2]), tensor([3, 4])]);
  assert(Math.abs(trace - 4) < 3 * standardError);
  assertEquals(study.topEigenvectors((x) => x.pow(2), tensor(5)).eigenvalues, [2]);
  // A function that is straight has the Hessian 0.
  const straight = study.hessianSpectrum((x: Tensor) => x.sum(), zeros([3]));
  assertEquals([straight.least, straight.largest], [0, 0]);
  assertAlmostEquals(
    straight.density.value.at(50).item(),
    1 / (0.01 * Math.sqrt(2 * Math.PI)),
    1e-6,
  );
});

Deno.test("instruments of the Hessian refuse what they cannot work on", () => {
  const square = (x: Tensor) => x.square().sum();
  const at = tensor([1, 2]);
  const model = new nn.Linear(2, 1);
  const constant = () => square(model.weight);
  const wrong: [run: () => unknown, says: string][] = [
    [
      () => study.hessianTrace((x) => x, at),
      "must return one floating number as a tensor, got float32",
    ],
    [() => study.hessianTrace(() => 1 as unknown as Tensor, at), "as a tensor, got 1"],
    [
      () => study.hessianTrace(constant, model.parameters()),
      "does not depend on its argument",
    ],
    [() => study.hessianTrace(() => tensor(1), at), "does not depend on its argument"],
    [
      () => study.hessianTrace(square, tensor([1], { dtype: "int32" })),
      "must be float32 or float64",
    ],
    [() => study.hessianTrace(square, at, { probes: 1 }), "probes must be at least 2, got 1"],
    [
      () => study.hessianTrace((m) => square(m.weight), model.requiresGrad_(false)),
      "with parameters",
    ],
    [
      () => study.hessianSpectrum(square, at, { width: 0 }),
      "width must be positive and finite, got 0",
    ],
    ...[study.hessianTrace, study.hessianSpectrum, study.topEigenvectors].map((
      instrument,
    ): [() => unknown, string] => [
      () => instrument((x: Tensor) => x.log().sum(), tensor([1, 0])),
      "the Hessian is not finite",
    ]),
    [
      () => study.topEigenvectors(square, at, { count: 3 }),
      "count must be at most 2, the number of eigenvalues, got 3",
    ],
    [() => study.topEigenvectors(square, at, { tol: NaN }), "tol must be at least 0, got NaN"],
  ];
  for (const [run, says] of wrong) {
    const { message } = assertThrows(run, Error);
    assert(message.includes(says), message);
    assert(message.startsWith("Cannot compute study."), message);
  }
});
