/** Linear systems, determinants and Cholesky factors in float64, as plainly as possible. */

import { build, expand, matmul, read } from "../../common/references.ts";
import { count, type Plain } from "../../common/samples.ts";

/** A matrix as rows. */
type Rows = readonly (readonly number[])[];

/** Applies a function to the matrices at each place of a batch; it gives rows of the last extents. */
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

/** Gauss and Jordan: the solution of a·x = b, and the determinant of a. */
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

/** The lower l with l·lᵀ = a. */
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
