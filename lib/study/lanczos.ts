/** Lanczos' method for symmetric matrices that are given as maps of vectors. */

import { eigh } from "../ops/linalg/namespace.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A space of vectors on which a matrix is tridiagonal. */
export interface Krylov {
  /** Orthonormal vectors. */
  readonly basis: readonly Tensor[];
  /** The diagonal. */
  readonly diagonal: readonly number[];
  /** What is beside it, one less. */
  readonly beside: readonly number[];
}

/** The eigenvalues and eigenvectors of the tridiagonal matrix. */
export interface Ritz {
  /** The eigenvalues, growing. */
  readonly values: readonly number[];
  /** The eigenvectors, in the columns. */
  readonly vectors: readonly (readonly number[])[];
}

/** How a space is made. */
export interface Search {
  /** How many vectors it has at most. */
  readonly steps: number;
  /** Which part of a vector's length is rounding. */
  readonly slack: number;
  /** Vectors to which all are at right angles. */
  readonly found: readonly Tensor[];
  /** Whether the eigenvalues that are sought are good enough, by the length of what comes next. */
  readonly settled?: (small: Ritz, rest: number) => boolean;
}

/** The part of a vector that is at right angles to others; done twice, it is so to all digits. */
function apart(v: Tensor, others: readonly Tensor[]): Tensor {
  let rest = v;
  for (let i = 0; i < 2; i++) {
    for (const q of others) rest = rest.sub(q.mul(q.dot(rest)));
  }
  return rest;
}

/** The eigenvalues and eigenvectors of the matrix on a space. */
export function ritz({ diagonal, beside }: Pick<Krylov, "diagonal" | "beside">): Ritz {
  const rows = diagonal.map((value, i) =>
    diagonal.map((_, j) => {
      if (i === j) return value;
      return Math.abs(i - j) === 1 ? beside[Math.min(i, j)] ?? 0 : 0;
    })
  );
  const { eigenvalues, eigenvectors } = eigh(tensor(rows, { dtype: "float64" }));
  return {
    values: eigenvalues.toArray() as number[],
    vectors: eigenvectors.toArray() as number[][],
  };
}

/** The space that products with a matrix make of a vector, with full reorthogonalisation. */
export function krylov(
  call: string,
  product: (v: Tensor) => Tensor,
  start: Tensor,
  { steps, slack, found, settled }: Search,
): Krylov {
  const basis: Tensor[] = [];
  const [diagonal, beside]: [number[], number[]] = [[], []];
  let scale = 0;
  let v = apart(start, found);
  v = v.div(v.norm());
  while (basis.length < steps) {
    basis.push(v);
    const image = product(v);
    const height = v.dot(image).item();
    if (!Number.isFinite(height)) throw new RangeError(`Cannot ${call}: the Hessian is not finite`);
    diagonal.push(height);
    const rest = apart(image, [...found, ...basis]);
    const length = rest.norm().item();
    scale = Math.max(scale, Math.abs(height), length);
    // Nothing new comes, so that the eigenvalues are those of the matrix.
    if (length <= slack * scale || basis.length === steps) break;
    if (settled?.(ritz({ diagonal, beside }), length)) break;
    beside.push(length);
    v = rest.div(length);
  }
  return { basis, diagonal, beside };
}
