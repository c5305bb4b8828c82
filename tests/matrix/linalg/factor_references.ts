/** Linear systems, determinants and Cholesky factors in float64, as simply as possible. */

import { build, expand, matmul, read } from "../../common/references.ts";
import { count, type Plain } from "../../common/samples.ts";

/** A matrix as rows. */
type Rows = readonly (readonly number[])[];

/** Applies a function to the matrices of a batch; it returns rows of the last extents. */
function batched(shape: readonly number[], fn: (...matrices: Rows[]) => Rows, ...xs: Plain[]) {
  const batch = shape.slice(0, -2);
  const stretched = xs.map((x) => expand(x, [...batch, ...x.shape.slice(-2)]));
  const matrixAt = ({ shape, data }: Plain, place: number): Rows => {
    const [rows, columns] = shape.slice(-2) as [number, number];
    const start = place * rows * columns;
    return Array.from(
      { length: rows },
      (_, row) => data.slice(start + row * columns, start + (row + 1) * columns),
    );
  };
  const data = Array.from(
    { length: count(batch) },
    (_, place) => fn(...stretched.map((x) => matrixAt(x, place))).flat(),
  ).flat();
  return { shape, data };
}

/** Gauss–Jordan: the solution of a·x = b, and the determinant of a. */
function eliminate(a: Rows, b: Rows): { solution: Rows; determinant: number } {
  const rows = a.map((row, i) => [...row, ...b[i]!]);
  let determinant = 1;
  for (let k = 0; k < rows.length; k++) {
    let pivot = k;
    for (let i = k; i < rows.length; i++) {
      if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    }
    if (pivot !== k) {
      [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
      determinant = -determinant;
    }
    const top = rows[k]!;
    determinant *= top[k]!;
    if (top[k] === 0) break;
    for (let i = 0; i < rows.length; i++) {
      const factor = rows[i]![k]! / top[k]!;
      if (i !== k) rows[i] = rows[i]!.map((x, j) => x - factor * top[j]!);
    }
  }
  return {
    solution: rows.map((row, k) => row.slice(a.length).map((x) => x / row[k]!)),
    determinant,
  };
}

/** The solution of a·x = b for matrices b. */
export function solve(a: Plain, b: Plain): Plain {
  return batched(matmul(a, b).shape, (a, b) => eliminate(a, b).solution, a, b);
}

/** Ones on the diagonals of matrices, of the shape of x. */
export function identityLike(x: Plain): Plain {
  return build(x.shape, (index) => Number(index.at(-1) === index.at(-2)));
}

/** A multiple of x, with a number added on the diagonals. */
export function shifted(x: Plain, factor: number, by: number): Plain {
  return build(
    x.shape,
    (index) => factor * read(x, index) + (index.at(-1) === index.at(-2) ? by : 0),
  );
}

/** Determinants. */
export function det(a: Plain): Plain {
  const batch = a.shape.slice(0, -2);
  const values = batched([...batch, 1, 1], (a) => [[eliminate(a, a).determinant]], a);
  return { shape: batch, data: values.data };
}

/** The lower triangular l with l·lᵀ = a. */
export function cholesky(a: Plain): Plain {
  return batched(a.shape, (a) => {
    const l: number[][] = a.map((row) => row.map(() => 0));
    a.forEach((row, i) => {
      for (let j = 0; j <= i; j++) {
        let rest = row[j]!;
        for (let k = 0; k < j; k++) rest -= l[i]![k]! * l[j]![k]!;
        l[i]![j] = i === j ? Math.sqrt(rest) : rest / l[j]![j]!;
      }
    });
    return l;
  }, a);
}

/** Gram–Schmidt for one matrix: q with orthogonal columns, and r with a positive diagonal. */
function orthogonalize(a: Rows): { q: Rows; r: Rows } {
  const [m, n] = [a.length, a[0]!.length];
  const columns: number[][] = [];
  const r = Array.from({ length: Math.min(m, n) }, () => new Array<number>(n).fill(0));
  for (let j = 0; j < n; j++) {
    let rest = a.map((row) => row[j]!);
    // Twice, to remove rounding errors.
    for (let turn = 0; turn < 2; turn++) {
      columns.slice(0, j).forEach((column, i) => {
        const share = column.reduce((sum, x, k) => sum + x * rest[k]!, 0);
        r[i]![j]! += share;
        rest = rest.map((x, k) => x - share * column[k]!);
      });
    }
    if (j >= m) continue;
    r[j]![j] = Math.hypot(...rest);
    columns.push(rest.map((x) => x / r[j]![j]!));
  }
  return { q: a.map((_, i) => columns.map((column) => column[i]!)), r };
}

/** Matrices as a product of an orthogonal one and a triangular one with a positive diagonal. */
export function qr(a: Plain): [q: Plain, r: Plain] {
  const [batch, [m, n]] = [a.shape.slice(0, -2), a.shape.slice(-2)];
  const k = Math.min(m!, n!);
  const factor = (shape: readonly number[], fn: (a: Rows) => Rows) => {
    const empty = count(a.shape) === 0;
    return empty
      ? { shape, data: new Array<number>(count(shape)).fill(0) }
      : { ...batched(a.shape, fn, a), shape };
  };
  return [
    factor([...batch, m!, k], (a) => orthogonalize(a).q),
    factor([...batch, k, n!], (a) => orthogonalize(a).r),
  ];
}

/**
 * Jacobi's method: rotations that eliminate the largest off-diagonal element, one after the other.
 */
function diagonalize(a: Rows): { values: number[]; vectors: Rows } {
  const n = a.length;
  const d = a.map((row) => [...row]);
  const v = a.map((row, i) => row.map((_, j) => Number(i === j)));
  for (let turn = 0; turn < 60 * n * n; turn++) {
    let [p, q, most] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        if (Math.abs(d[i]![j]!) > most) [p, q, most] = [j, i, Math.abs(d[i]![j]!)];
      }
    }
    if (most === 0) break;
    const angle = Math.atan2(2 * d[p]![q]!, d[q]![q]! - d[p]![p]!) / 2;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const turned = (x: number, y: number): [number, number] => [c * x - s * y, s * x + c * y];
    for (const row of [...d, ...v]) [row[p], row[q]] = turned(row[p]!, row[q]!);
    for (let k = 0; k < n; k++) [d[p]![k], d[q]![k]] = turned(d[p]![k]!, d[q]![k]!);
    if (most < 1e-300) break;
    [d[p]![q], d[q]![p]] = [0, 0];
  }
  const order = a.map((_, i) => i).sort((i, j) => d[i]![i]! - d[j]![j]!);
  const signs = order.map((j) => {
    const column = v.map((row) => row[j]!);
    const largest = Math.max(...column.map(Math.abs));
    return Math.sign(column.find((x) => Math.abs(x) >= largest / 2)!);
  });
  return {
    values: order.map((j) => d[j]![j]!),
    vectors: v.map((row) => order.map((j, i) => signs[i]! * row[j]!)),
  };
}

/** Eigenvalues in ascending order, and eigenvectors whose first large element is positive. */
export function eigh(a: Plain): [values: Plain, vectors: Plain] {
  const values = batched([...a.shape.slice(0, -1), 1], (a) => [diagonalize(a).values], a);
  return [
    { shape: a.shape.slice(0, -1), data: values.data },
    batched(a.shape, (a) => diagonalize(a).vectors, a),
  ];
}
