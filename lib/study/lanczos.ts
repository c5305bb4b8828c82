/** Lanczos' method for symmetric matrices that are given as linear maps. */

import { eigh } from "../ops/linalg/namespace.ts";
import { tensor, zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A space on which a matrix is tridiagonal. */
export interface Krylov {
  /** An orthonormal basis, in rows. */
  readonly basis: Tensor;
  /** The diagonal. */
  readonly diagonal: readonly number[];
  /** The off-diagonal, with one element less. */
  readonly beside: readonly number[];
}

/** The eigenvalues and eigenvectors of the tridiagonal matrix. */
export interface Ritz {
  /** The eigenvalues, in increasing order. */
  readonly values: readonly number[];
  /** The eigenvectors, in columns. */
  readonly vectors: readonly (readonly number[])[];
}

/** How a space is built. */
export interface Search {
  /** The largest number of vectors. */
  readonly steps: number;
  /** The relative rounding error of a vector's length. */
  readonly slack: number;
  /** Vectors to which all are orthogonal. */
  readonly found: readonly Tensor[];
  /** Whether the wanted eigenvalues are accurate enough, given the norm of the next vector. */
  readonly settled?: (small: Ritz, rest: number) => boolean;
}

/** The part of a vector that is orthogonal to the rows; done twice, to full precision. */
function apart(v: Tensor, rows: Tensor): Tensor {
  const once = (x: Tensor) => x.sub(rows.matmul(x).matmul(rows));
  return once(once(v));
}

/** The eigenvalues and eigenvectors of the matrix on the space. */
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

/** The Krylov space of a matrix and a vector, with full reorthogonalisation. */
export function krylov(
  product: (v: Tensor) => Tensor,
  start: Tensor,
  { steps, slack, found, settled }: Search,
): Krylov {
  const rows = zeros([found.length + steps, start.size], { dtype: "float64" });
  const put = (v: Tensor, i: number) => rows.at(i).copy_(v);
  found.forEach(put);
  const [diagonal, beside]: [number[], number[]] = [[], []];
  let scale = 0;
  let v = apart(start, rows.narrow(0, 0, found.length));
  v = v.div(v.norm());
  while (diagonal.length < steps) {
    put(v, found.length + diagonal.length);
    const image = product(v);
    const height = v.dot(image).item();
    diagonal.push(height);
    const rest = apart(image, rows.narrow(0, 0, found.length + diagonal.length));
    const length = rest.norm().item();
    scale = Math.max(scale, Math.abs(height), length);
    // The space is invariant, so its eigenvalues are those of the matrix.
    if (length <= slack * scale || diagonal.length === steps) break;
    if (settled?.(ritz({ diagonal, beside }), length)) break;
    beside.push(length);
    v = rest.div(length);
  }
  return { basis: rows.narrow(0, found.length, diagonal.length), diagonal, beside };
}
