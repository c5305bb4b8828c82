/**
 * Small quadratic programs, as the weights of tasks need them. They are solved in plain numbers; what is
 * found is then put on the tape, so that it has derivatives.
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

/** The rows of a matrix as numbers, without its gradient. */
export function rowsOf(matrix: Tensor): Rows {
  return matrix.detach().toArray() as number[][];
}

/** The solution of a·x = b by Cholesky's factors, for a positive definite matrix. */
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

/** Rounds of the search for each unknown, of which it needs one or two. */
const ROUNDS = 10;

/**
 * The least of ½·zᵀ·(a + slack·I)·z − bᵀ·z over z ≥ 0, of a matrix whose diagonal is about 1. The slack
 * makes it the shortest of several solutions, nearly. Lawson and Hanson, "Solving least squares problems",
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
      // As far as all stay from 0 on; what then is 0 is bound again.
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

/** The inverses of symmetric matrices where they have one: what is below the slack counts as 0. */
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
