/**
 * Small quadratic programs, for the weights of tasks. They are solved in plain numbers; the solution
 * is then put on the tape, so that it has derivatives.
 */

import { noGrad } from "../autograd/tape.ts";
import { largest } from "../core/lists.ts";
import { where } from "../ops/mod.ts";
import { eigh } from "../ops/linalg/namespace.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The rows of a symmetric matrix. */
export type Rows = readonly (readonly number[])[];

/** Σᵢ aᵢ·bᵢ. */
export function inner(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

/** A product of a matrix with a vector. */
export function image(a: Rows, x: readonly number[]): number[] {
  return a.map((row) => inner(row, x));
}

/** The rows of a matrix as plain numbers, off the tape. */
export function rowsOf(matrix: Tensor): Rows {
  return matrix.detach().toArray() as number[][];
}

/** The solution of a·x = b by a Cholesky factorization, for a positive definite matrix. */
export function solved(a: Rows, b: readonly number[]): number[] {
  const factor: number[][] = [];
  const forward: number[] = [];
  for (const [i, row] of a.entries()) {
    const own: number[] = [];
    for (const [j, above] of factor.entries()) {
      own.push(((row[j] ?? 0) - inner(own, above)) / (above[j] ?? 1));
    }
    own.push(Math.sqrt(Math.max((row[i] ?? 0) - inner(own, own), Number.MIN_VALUE)));
    factor.push(own);
    forward.push(((b[i] ?? 0) - inner(own, forward)) / (own[i] ?? 1));
  }
  const x = forward.map(() => 0);
  for (let i = x.length - 1; i >= 0; i--) {
    const below = factor.reduce(
      (sum, row, k) => k > i ? sum + (row[i] ?? 0) * (x[k] ?? 0) : sum,
      0,
    );
    x[i] = ((forward[i] ?? 0) - below) / (factor[i]?.[i] ?? 1);
  }
  return x;
}

/** The most rounds of the search for each unknown; one or two usually suffice. */
const ROUNDS = 10;

/**
 * The z with the least ½·zᵀ·(a + slack·I)·z − bᵀ·z over z ≥ 0, of a matrix whose diagonal is about 1. The slack
 * picks nearly the shortest of several solutions. Lawson and Hanson, "Solving least squares problems",
 * 1974, chapter 23.
 */
export function nonNegative(a: Rows, b: readonly number[], slack: number): number[] {
  const raised = a.map((row, i) => row.map((value, j) => i === j ? value + slack : value));
  const least = 1e-14 * largest(b.map(Math.abs));
  let z = b.map(() => 0);
  let free: number[] = [];
  for (let round = 0; round < ROUNDS * b.length; round++) {
    const pull = image(raised, z).map((value, i) => free.includes(i) ? 0 : (b[i] ?? 0) - value);
    const most = largest(pull);
    if (!(most > least)) break;
    free.push(pull.indexOf(most));
    for (;;) {
      const part = free.map((i) => free.map((j) => raised[i]?.[j] ?? 0));
      const trial = z.map(() => 0);
      solved(part, free.map((i) => b[i] ?? 0)).forEach((value, k) => trial[free[k] ?? 0] = value);
      // Goes only as far as all stay at least 0; what reaches 0 is bound again.
      const stops = free.map((i) => {
        const [from = 0, to = 0] = [z[i], trial[i]];
        return to > 0 ? 1 : from > 0 ? from / (from - to) : 0;
      });
      const share = Math.min(1, ...stops);
      z = z.map((from, i) => from + share * ((trial[i] ?? 0) - from));
      if (share === 1) break;
      const bound = free.filter((_, k) => (stops[k] ?? 0) <= share);
      for (const i of bound) z[i] = 0;
      free = free.filter((i) => !bound.includes(i));
    }
  }
  return z;
}

/** Pseudoinverses of symmetric matrices: eigenvalues below the slack count as 0. */
export function pseudoInverse(a: Tensor, slack: number): Tensor {
  return noGrad(() => {
    const { eigenvalues: values, eigenvectors: vectors } = eigh(a.detach());
    const counts = values.abs().gt(10 * slack);
    const inverted = where(counts, where(counts, values, 1).reciprocal(), 0);
    return vectors.mul(inverted.unsqueeze(-2)).matmul(vectors.mT);
  });
}

/** Steps that a solution takes on the tape, one for each order of gradient. */
const ORDERS = 3;

/**
 * A solution x [K, N] of equations, found without the tape, as a function of what the residual is made
 * of. Newton's steps with the inverse of the equations' derivative [K, N, N] held fixed change next to
 * nothing in x; but where x has the right derivatives up to one order, the next one has one more.
 */
export function onTape(x: Tensor, inverse: Tensor, residual: (x: Tensor) => Tensor): Tensor {
  let found = x;
  for (let order = 0; order < ORDERS; order++) {
    const step = inverse.matmul(residual(found).unsqueeze(-1)).squeeze(-1);
    found = found.sub(step);
  }
  return found;
}
