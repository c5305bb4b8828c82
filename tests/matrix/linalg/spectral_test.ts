/**
 * Orthogonal factors, eigenvalues and conjugate gradients: properties that the table of cases does
 * not cover.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type DType,
  eye,
  full,
  grad,
  GradError,
  hvp,
  linalg,
  noGrad,
  type Tensor,
  tensor,
  zeros,
} from "../../../mod.ts";
import { checkGradients } from "../../common/gradients.ts";
import { sample, tensorOf } from "../../common/samples.ts";

const FLOAT64 = { dtype: "float64" } as const;

function randomMatrix(name: string, shape: readonly number[], dtype: DType): Tensor {
  return tensorOf(sample(name, shape, dtype, [-1, 1]), dtype);
}

function symmetric(n: number, dtype: DType, ...batch: number[]): Tensor {
  const x = randomMatrix(`symmetric ${n}`, [...batch, n, n], dtype);
  return x.add(x.mT);
}

/** The largest absolute element. */
function largest(x: Tensor): number {
  return x.abs().max().item();
}

for (const dtype of ["float32", "float64"] as const) {
  const unit = dtype === "float32" ? 2 ** -24 : 2 ** -53;
  // Products of rows of n elements below 2, with a few roundings each.
  const bound = (n: number) => 16 * unit * Math.sqrt(n) * 4;

  for (const [m, n] of [[7, 7], [9, 8], [8, 17], [100, 60], [40, 130]] as const) {
    Deno.test(`qr() of ${m} by ${n} elements gives orthogonal ${dtype} factors of the matrix`, () => {
      const a = randomMatrix(`${m} by ${n}`, [m, n], dtype);
      for (const mode of ["reduced", "complete"] as const) {
        const { q, r } = linalg.qr(a, { mode });
        assert(largest(q.matmul(r).sub(a)) < bound(n));
        assert(largest(q.mT.matmul(q).sub(eye(q.shape[1]!))) < bound(m));
        assertEquals(r.tril(-1).ne(0).sum().item(), 0);
      }
    });
  }

  for (const n of [7, 8, 33, 100]) {
    Deno.test(`eigh() of ${n} rows diagonalises the ${dtype} matrix`, () => {
      const a = symmetric(n, dtype);
      const { eigenvalues, eigenvectors: v } = linalg.eigh(a);
      assert(largest(a.matmul(v).sub(v.mul(eigenvalues))) < bound(n) * 4);
      assert(largest(v.mT.matmul(v).sub(eye(n))) < bound(n));
      assertEquals(eigenvalues.diff().lt(0).sum().item(), 0);
    });
  }

  Deno.test(`qr() and eigh() treat each ${dtype} matrix of a batch as if it were alone`, () => {
    for (const [n, batch] of [[3, 1000], [20, 40]] as const) {
      const a = symmetric(n, dtype, batch);
      const all = [...Object.values(linalg.qr(a)), ...Object.values(linalg.eigh(a))];
      for (const i of [0, 1, batch - 1]) {
        const alone = [
          ...Object.values(linalg.qr(a.at(i))),
          ...Object.values(linalg.eigh(a.at(i))),
        ];
        alone.forEach((y, k) => assertEquals(y.toArray(), all[k]!.at(i).toArray()));
      }
    }
  });

  Deno.test(`qr() and eigh() of ${dtype} matrices near the ends of the range only scale`, () => {
    const a = symmetric(5, dtype);
    const [{ q, r }, { eigenvalues, eigenvectors }] = [linalg.qr(a), linalg.eigh(a)];
    for (const size of dtype === "float32" ? [2 ** 120, 2 ** -120] : [2 ** 1000, 2 ** -1000]) {
      const [factors, spectrum] = [linalg.qr(a.mul(size)), linalg.eigh(a.mul(size))];
      assertEquals(factors.q.toArray(), q.toArray());
      assertEquals(factors.r.div(size).toArray(), r.toArray());
      assertEquals(spectrum.eigenvectors.toArray(), eigenvectors.toArray());
      assertEquals(spectrum.eigenvalues.div(size).toArray(), eigenvalues.toArray());
    }
  });
}

Deno.test("qr() has LAPACK's signs, and leaves what is triangular as it is", () => {
  const a = tensor([[3, 1], [4, 2]]);
  assert(linalg.qr(a).r.at(0, 0).item() < 0);
  const r = tensor([[1, 2], [0, 3]]);
  const factors = linalg.qr(r);
  assertEquals([factors.q.toArray(), factors.r.toArray()], [eye(2).toArray(), r.toArray()]);
});

Deno.test("qr() of dependent columns has an orthogonal q", () => {
  const { q, r } = linalg.qr(tensor([[1, 2], [1, 2], [1, 2]], FLOAT64));
  assert(largest(q.mT.matmul(q).sub(eye(2))) < 1e-15);
  assert(Math.abs(r.at(1, 1).item()) < 1e-15);
  const nothing = linalg.qr(zeros([2, 2]));
  assertEquals([nothing.q.toArray(), nothing.r.toArray()], [[[1, 0], [0, 1]], [[0, 0], [0, 0]]]);
});

Deno.test("complete qr() of more rows than columns says that it has no gradient", () => {
  const a = randomMatrix("tall", [3, 2], "float64").requiresGrad_();
  const { r } = linalg.qr(a, { mode: "complete" });
  assertThrows(() => r.sum().backward(), GradError, "linalg.qr");
});

Deno.test("qr() has right gradients where only one factor is used", () => {
  for (const shape of [[3, 3], [3, 2], [2, 3]]) {
    const a = randomMatrix(`one factor ${shape}`, shape, "float64").mul(0.2).add(
      eye(3).slice(0, 0, shape[0]!).slice(1, 0, shape[1]!),
    );
    for (const part of ["q", "r"] as const) {
      for (const order of [1, 2] as const) {
        checkGradients(`qr() ${part}`, (x) => linalg.qr(x)[part], [a.clone()], { order });
      }
    }
  }
});

Deno.test("eigh() reads one triangle, and its gradient is symmetric", () => {
  const a = symmetric(4, "float64");
  const noise = randomMatrix("noise", [4, 4], "float64");
  const wanted = Object.values(linalg.eigh(a)).map((y) => y.toArray());
  const lower = a.add(noise.triu(1));
  assertEquals(Object.values(linalg.eigh(lower)).map((y) => y.toArray()), wanted);
  const upper = Object.values(linalg.eigh(lower.mT, { uplo: "U" }));
  assertEquals(upper.map((y) => y.toArray()), wanted);
  const leaf = lower.clone().requiresGrad_();
  const { eigenvectors } = linalg.eigh(leaf);
  const [gradient] = grad(eigenvectors, [leaf], { gradOutputs: noise });
  assert(largest(gradient.sub(gradient.mT)) < 1e-14);
  // The other triangle does not affect the gradient, of the second order either.
  const clean = a.clone().requiresGrad_();
  const second = (x: Tensor) => {
    const { eigenvectors: v } = linalg.eigh(x);
    const [g] = grad(v, [x], { gradOutputs: noise, createGraph: true });
    return grad(g.square().sum(), [x])[0];
  };
  assert(largest(second(leaf).sub(second(clean))) < 1e-9 * largest(second(clean)));
});

/** What factors multiply to again, the part of the matrix that counts, and the gradient of that. */
const PRODUCTS: Readonly<
  Record<string, { product: (a: Tensor) => Tensor; part: (weights: Tensor) => Tensor }>
> = {
  "q·r": {
    product: (a) => {
      const { q, r } = linalg.qr(a);
      return q.matmul(r);
    },
    part: (weights) => weights,
  },
  "v·λ·vᵀ": {
    product: (a) => {
      const { eigenvalues, eigenvectors: v } = linalg.eigh(a);
      return v.mul(eigenvalues).matmul(v.mT);
    },
    part: (weights) => weights.add(weights.mT).mul(0.5),
  },
};

/** Symmetric matrices, with what rounding may add to their gradients of the first and second order. */
const MATRICES: Readonly<Record<string, { a: Tensor; first: number; second: number }>> = {
  "random": { a: symmetric(4, "float64"), first: 1e-13, second: 1e-13 },
  "of numbers far apart": {
    a: tensor([[1e8, 1], [1, 3e-8]], FLOAT64),
    first: 1e-12,
    second: 1e-7,
  },
  "Hilbert's": {
    a: tensor(
      Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => 1 / (i + j + 1))),
      FLOAT64,
    ),
    first: 1e-9,
    second: 1e-7,
  },
  // Close to it the factors turn arbitrarily fast, so there is no second order to speak of.
  "of rank 1": { a: tensor([[1, 2, 3], [2, 4, 6], [3, 6, 9]], FLOAT64), first: 1e-8, second: NaN },
};

for (const [title, { product, part }] of Object.entries(PRODUCTS)) {
  Deno.test(`${title} is linear in the matrix: its gradients say so, also near singular ones`, () => {
    for (const [name, { a, first, second }] of Object.entries(MATRICES)) {
      const leaf = a.clone().requiresGrad_();
      const weights = randomMatrix(name, a.shape, "float64");
      const [g] = grad(product(leaf), [leaf], { gradOutputs: weights, createGraph: true });
      assert(largest(g.sub(part(weights))) < first, `${name}: ${g}`);
      if (Number.isNaN(second)) continue;
      const [h] = grad(g, [leaf], { gradOutputs: randomMatrix("second", a.shape, "float64") });
      assert(largest(h) < second, `${name}, second order: ${h}`);
    }
  });
}

Deno.test("factors that were changed in place since are noticed by the gradients that read them", () => {
  const parts: Readonly<Record<string, (a: Tensor) => [read: Tensor, y: Tensor]>> = {
    "eigenvalues": (a) => {
      const { eigenvalues, eigenvectors } = linalg.eigh(a);
      return [eigenvalues, eigenvectors];
    },
    "r": (a) => {
      const { q, r } = linalg.qr(a);
      return [r, q];
    },
  };
  for (const [name, of] of Object.entries(parts)) {
    const [read, y] = of(symmetric(3, "float64").requiresGrad_());
    noGrad(() => read.fill_(1));
    assertThrows(() => y.sum().backward(), GradError, "changed in place since", name);
  }
});

Deno.test("eigh() of equal eigenvalues has a gradient by them, and none by the eigenvectors", () => {
  const a = eye(3, FLOAT64).mul(2).requiresGrad_();
  const { eigenvalues, eigenvectors } = linalg.eigh(a);
  assertEquals(eigenvalues.toArray(), [2, 2, 2]);
  const [byValues] = grad(eigenvalues.sum(), [a], { retainGraph: true });
  assertEquals(byValues.toArray(), eye(3).toArray());
  const weights = randomMatrix("weights", [3, 3], "float64");
  const [byVectors] = grad(eigenvectors.mul(weights).sum(), [a]);
  assertEquals(byVectors.isfinite().all().item(), 0);
});

Deno.test("eigh() settles where eigenvalues are clustered, and for a matrix of zeros", () => {
  const n = 40;
  const values = tensor(
    Array.from({ length: n }, (_, i) => 1 + Math.floor(i / 10) * 1e-12),
    FLOAT64,
  );
  const { q } = linalg.qr(randomMatrix("basis", [n, n], "float64"));
  const a = q.mul(values).matmul(q.mT);
  const { eigenvalues, eigenvectors: v } = linalg.eigh(a);
  assert(largest(eigenvalues.sub(values)) < 1e-14);
  assert(largest(v.mT.matmul(v).sub(eye(n))) < 1e-14);
  assertEquals(linalg.eigh(zeros([3, 3])).eigenvectors.toArray(), eye(3).toArray());
});

/** A symmetric positive definite matrix, also as a function that counts its calls. */
function counted(n: number): { a: Tensor; apply: linalg.LinearOperator; calls: () => number } {
  const x = randomMatrix("definite", [n, n], "float64");
  const a = x.matmul(x.mT).add(eye(n)).requiresGrad_();
  let calls = 0;
  const apply = (v: Tensor) => {
    calls++;
    return a.matmul(v);
  };
  return { a, apply, calls: () => calls };
}

Deno.test("eigh() settles for matrices of low rank", () => {
  for (const [rows, rank] of [[40, 3], [200, 40], [200, 1]] as const) {
    const factor = randomMatrix(`low rank ${rank}`, [rows, rank], "float64");
    const x = factor.matmul(factor.mT);
    const { eigenvalues, eigenvectors } = linalg.eigh(x);
    const back = eigenvectors.mul(eigenvalues).matmul(eigenvectors.mT);
    assert(back.sub(x).abs().max().item() < 1e-12 * rows, `${rows} ${rank}`);
  }
});

Deno.test("cg() of a matrix and of a function are the solution, with its gradients", () => {
  const { a, apply } = counted(12);
  const b = randomMatrix("right", [12], "float64").requiresGrad_();
  const weights = randomMatrix("weights", [12], "float64");
  const found = [linalg.cg(a, b), linalg.cg(apply, b), linalg.solve(a, b)].map((x) => [
    x,
    ...grad(x, [a, b], { gradOutputs: weights }),
  ]);
  for (const other of found.slice(0, 2)) {
    other.forEach((y, i) => assert(largest(y.sub(found[2]![i]!)) < 1e-9));
  }
});

Deno.test("cg() takes a product for each different eigenvalue, none where it begins at the end", () => {
  const scale = tensor([1, 1, 2, 2, 5, 5], FLOAT64);
  let calls = 0;
  const apply = (v: Tensor) => {
    calls++;
    return v.mul(scale);
  };
  const b = randomMatrix("right", [6], "float64");
  const x = linalg.cg(apply, b, { tol: 1e-10 });
  assert(largest(x.sub(b.div(scale))) < 1e-9);
  // Three calls, and those that are recorded.
  assert(calls <= 3 + 3, `${calls} products`);
  calls = 0;
  linalg.cg(apply, b, { x0: b.div(scale), tol: 1e-10 });
  assert(calls <= 1 + 3, `${calls} products`);
});

Deno.test("a backward pass of cg() solves once more, and not for each order", () => {
  const { apply, calls, a } = counted(12);
  const b = randomMatrix("right", [12], "float64").requiresGrad_();
  const x = linalg.cg(apply, b);
  const forward = calls();
  grad(x.sum(), [a, b]);
  const back = calls() - forward;
  assert(back > 0 && back <= forward + 2, `${forward} products forward, ${back} back`);
});

Deno.test("few steps of cg() give an approximation, which is better the more there are", () => {
  const { a } = counted(12);
  const b = randomMatrix("right", [12], "float64");
  const right = linalg.solve(a, b);
  const away = [0, 2, 4, 8, 12].map((maxIterations) =>
    linalg.cg(a, b, { maxIterations }).sub(right).norm().item()
  );
  assertEquals(away[0], right.norm().item());
  away.slice(1).forEach((error, i) => assert(error < away[i]!, `${away}`));
});

Deno.test("cg() solves systems with the Hessian of a function", () => {
  const centre = tensor([1, -2, 0.5], FLOAT64).requiresGrad_();
  const loss = (x: Tensor) => x.sub(centre).square().square().sum().add(x.square().sum());
  const point = tensor([0.5, 1, 2], FLOAT64);
  const b = tensor([1, 2, 3], FLOAT64);
  const apply = (v: Tensor) => hvp(loss, [point], [v])[1][0]!;
  const x = linalg.cg(apply, b);
  const curvature = point.sub(centre).square().mul(12).add(2);
  assert(largest(x.sub(b.div(curvature))) < 1e-10);
  // Through the Hessian to the tensors that the function uses.
  const [g] = grad(x.sum(), [centre]);
  const [wanted] = grad(b.div(curvature).sum(), [centre]);
  assert(largest(g.sub(wanted)) < 1e-10);
});

Deno.test("cg() passes a NaN on", () => {
  assertEquals(linalg.cg(eye(2), tensor([1, NaN])).isnan().any().item(), 1);
  assertEquals(linalg.cg(full([2, 2], NaN), tensor([1, 2])).isnan().any().item(), 1);
});
