/**
 * Factors of matrices larger than a block, and properties that the table of cases does not cover.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { kernelTable } from "../../../lib/ffi/library.ts";
import {
  type DType,
  eye,
  full,
  grad,
  linalg,
  ShapeError,
  type Tensor,
  tensor,
} from "../../../mod.ts";
import { checkGradients } from "../../common/gradients.ts";
import { sample, tensorOf } from "../../common/samples.ts";

/** Sizes below, at and above one block of 64, several blocks, and products on several threads. */
const SIZES = [63, 64, 65, 130, 300];

function randomMatrix(name: string, shape: readonly number[], dtype: DType): Tensor {
  return tensorOf(sample(name, shape, dtype, [-1, 1]), dtype);
}

/** The largest absolute element. */
function largest(x: Tensor): number {
  return x.abs().max().item();
}

/** Symmetric positive definite matrices with eigenvalues from 1 to about 4. */
function positive(n: number, dtype: DType, ...batch: number[]): Tensor {
  const x = randomMatrix(`positive ${n}`, [...batch, n, n], dtype);
  return x.matmul(x.mT).div(n / 2).add(eye(n, { dtype }));
}

/** Matrices far from symmetric, with off-diagonal pivots; the inverse is below 2. */
function regular(n: number, dtype: DType, ...batch: number[]): Tensor {
  const x = randomMatrix(`regular ${n}`, [...batch, n, n], dtype);
  return x.div(2 * Math.sqrt(n)).add(eye(n, { dtype })).roll(n >> 1, -2);
}

for (const dtype of ["float32", "float64"] as const) {
  const unit = dtype === "float32" ? 2 ** -24 : 2 ** -53;
  // Sums of n products that are below 16 and have random signs.
  const bound = (n: number) => 16 * unit * Math.sqrt(n) * 4;

  for (const n of SIZES) {
    Deno.test(`cholesky() of ${n} rows gives a ${dtype} factor`, () => {
      const a = positive(n, dtype);
      const l = linalg.cholesky(a);
      assertEquals(largest(l.triu({ diagonal: 1 })), 0);
      assert(l.diagonal().min().item() > 0);
      assert(largest(l.matmul(l.mT).sub(a)) < bound(n));
      const u = linalg.cholesky(a, { upper: true });
      assertEquals(largest(u.mT.sub(l)), 0);
    });

    Deno.test(`solve() and inv() of ${n} rows fulfil their equations in ${dtype}`, () => {
      const a = regular(n, dtype);
      const b = randomMatrix("right", [n, 70], dtype);
      assert(largest(a.matmul(linalg.solve(a, b)).sub(b)) < bound(n));
      assert(largest(linalg.solve(a, b.mT, { left: false }).matmul(a).sub(b.mT)) < bound(n));
      assert(largest(a.matmul(linalg.solve(a, b.at(":", 0))).sub(b.at(":", 0))) < bound(n));
      assert(largest(linalg.inv(a).matmul(a).sub(eye(n))) < bound(n));
    });

    Deno.test(`solveTriangular() of ${n} rows fulfils its equations in ${dtype}`, () => {
      const full = regular(n, dtype).roll(-(n >> 1), -2);
      const b = randomMatrix("right", [n, 70], dtype);
      for (const upper of [true, false]) {
        for (const unitriangular of [true, false]) {
          const part = upper ? full.triu() : full.tril();
          const diagonal = eye(n, { dtype });
          const t = unitriangular ? part.mul(diagonal.neg().add(1)).add(diagonal) : part;
          const options = { upper, unitriangular };
          const x = linalg.solveTriangular(full, b, options);
          assert(largest(t.matmul(x).sub(b)) < bound(n));
          const y = linalg.solveTriangular(full, b.mT, { ...options, left: false });
          assert(largest(y.matmul(t).sub(b.mT)) < bound(n));
        }
      }
    });
  }

  Deno.test(`det() of 65 rows is the product of squares of Cholesky's diagonal in ${dtype}`, () => {
    const a = positive(65, dtype);
    const half = linalg.cholesky(a).diagonal().log().sum().item();
    assert(Math.abs(Math.log(linalg.det(a).item()) - 2 * half) < bound(65));
    // Exchanging two rows changes only the sign.
    const order = Array.from({ length: 65 }, (_, i) => i).with(0, 64).with(64, 0);
    const exchanged = a.indexSelect(0, tensor(order, { dtype: "int32" }));
    assert(Math.abs(Math.log(-linalg.det(exchanged).item()) - 2 * half) < bound(65));
  });

  Deno.test(`each matrix of a batch is treated as if it were alone, in ${dtype}`, () => {
    for (const [n, batch] of [[3, 1000], [70, 5], [260, 2]] as const) {
      const [a, s] = [regular(n, dtype, batch), positive(n, dtype, batch)];
      const b = randomMatrix("right", [batch, n, 2], dtype);
      const upper = { upper: true };
      const whole = [
        linalg.cholesky(s),
        linalg.solve(a, b),
        linalg.det(a),
        linalg.solveTriangular(s, b, upper),
      ];
      for (const i of [0, 1, batch - 1]) {
        const alone = [
          linalg.cholesky(s.at(i)),
          linalg.solve(a.at(i), b.at(i)),
          linalg.det(a.at(i)),
          linalg.solveTriangular(s.at(i), b.at(i), upper),
        ];
        alone.forEach((y, k) => assertEquals(y.toArray(), whole[k]!.at(i).toArray()));
      }
    }
  });
}

Deno.test("gradients are right across the edge of a block", () => {
  const n = 66;
  const b = randomMatrix("right", [n, 2], "float64");
  checkGradients("cholesky", (a) => linalg.cholesky(a.add(a.mT)), [positive(n, "float64")]);
  checkGradients("solve", (a, b) => linalg.solve(a, b), [regular(n, "float64"), b]);
  const solved = (a: Tensor, b: Tensor) => linalg.solveTriangular(a, b, { upper: false });
  checkGradients("solveTriangular", solved, [positive(n, "float64"), b]);
  checkGradients("det", (a) => linalg.det(a).log(), [positive(n, "float64")]);
});

Deno.test("cholesky() reads one triangle, and its gradient is symmetric", () => {
  const a = positive(5, "float64");
  const noise = randomMatrix("noise", [5, 5], "float64");
  const wanted = linalg.cholesky(a).toArray();
  const lower = a.add(noise.triu({ diagonal: 1 }));
  assertEquals(linalg.cholesky(lower).toArray(), wanted);
  assertEquals(linalg.cholesky(lower.mT, { upper: true }).mT.toArray(), wanted);
  const leaf = lower.clone().requiresGrad_();
  const [gradient] = grad(linalg.cholesky(leaf), [leaf], { gradOutputs: noise });
  assert(largest(gradient.sub(gradient.mT)) < 1e-15);
});

Deno.test("solve() takes the largest pivot", () => {
  const a = tensor([[1e-20, 1], [1, 1]], { dtype: "float64" });
  assertEquals(linalg.solve(a, tensor([1, 2], { dtype: "float64" })).toArray(), [1, 1]);
});

Deno.test("solve() and det() pass a NaN on", () => {
  const a = full([3, 3], NaN);
  assertEquals(linalg.solve(a, tensor([1, 2, 3])).toArray(), [NaN, NaN, NaN]);
  assertEquals(linalg.det(a).item(), NaN);
  const below = tensor([[1, 2], [NaN, 3]]);
  assertEquals(linalg.det(below).item(), NaN);
});

Deno.test("solveTriangular() divides by a 0 on the diagonal", () => {
  const x = linalg.solveTriangular(tensor([[0]]), tensor([[2, -1, 0]]), { upper: true });
  assertEquals(x.toArray(), [[Infinity, -Infinity, NaN]]);
});

Deno.test("the two sides of a system may have different floating types", () => {
  const a = eye(2).mul(4);
  const b = tensor([[1], [2]], { dtype: "float64" });
  assertEquals(linalg.solve(a, b).dtype, "float64");
  assertEquals(linalg.solveTriangular(a, b, { upper: true }).dtype, "float64");
});

Deno.test("det() has three derivatives at a matrix of zeros", () => {
  // The third derivative with respect to a[0][0], a[1][1] and a[2][2] is the sign of the
  // permutation 0, 1, 2.
  const signs = [[[0, 1, 2], 1], [[1, 0, 2], -1], [[1, 2, 0], 1], [[0, 0, 1], 0]] as const;
  for (const [columns, sign] of signs) {
    const a = tensor([[0, 0, 0], [0, 0, 0], [0, 0, 0]], { requiresGrad: true });
    let y = linalg.det(a);
    columns.forEach((column, row) => {
      const [gradient] = grad(y, [a], { createGraph: true });
      y = gradient.at(row, column);
    });
    assertEquals(y.item(), sign);
  }
});

Deno.test("det() of many minors says that they are too many", () => {
  const a = tensor([0]).expand([300, 300]).clone().requiresGrad_();
  assertThrows(() => linalg.det(a).backward(), ShapeError, "linalg.det");
});

Deno.test("a backward pass uses the factors of the forward pass", () => {
  const number = kernelTable().findIndex(({ name }) => name === "lu");
  const a = regular(4, "float64").requiresGrad_();
  const b = randomMatrix("right", [4, 2], "float64").requiresGrad_();
  const y = linalg.solve(a, b).sum();
  const { backend } = a.storage;
  const { run } = backend;
  let factorizations = 0;
  backend.run = (kernel, ...rest) => {
    if (kernel === number) factorizations++;
    run(kernel, ...rest);
  };
  try {
    const gradients = grad(y, [a, b], { createGraph: true });
    grad(gradients.map((g) => g.square().sum()), [a, b]);
  } finally {
    backend.run = run;
  }
  assertEquals(factorizations, 0);
});
