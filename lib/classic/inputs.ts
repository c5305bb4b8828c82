/** What the classical methods read of tensors, and what they must have read before they answer. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkKind, TENSOR } from "../core/options.ts";
import { firstOutside } from "../tensor/bounds.ts";
import { elementsOf } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A table of numbers, a row for each example. */
export interface Table {
  readonly rows: number;
  readonly columns: number;
  /** By rows. */
  readonly values: Float64Array;
}

const FINITE = { low: -Number.MAX_VALUE, high: Number.MAX_VALUE, ends: false, slack: 0 };

/** Reads examples: a tensor [N, D] of finite numbers. */
export function tableOf(call: string, x: Tensor, columns?: number): Table {
  checkKind(call, "x", x, TENSOR);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`Cannot ${call}: x must be floating, got ${x.dtype}; use to("float32")`);
  }
  const [rows = 0, found = 0] = x.shape;
  if (x.ndim !== 2 || rows === 0 || found === 0 || (columns !== undefined && found !== columns)) {
    const needed = columns === undefined
      ? "[N, D], neither of them 0"
      : `[N, ${columns}] as in fit`;
    throw new ShapeError(
      `Cannot ${call}: x must have the shape ${needed}, got ${showShape(x.shape)}`,
      [x.shape],
    );
  }
  const values = new Float64Array(elementsOf(x, call));
  const odd = firstOutside(x, FINITE);
  if (odd !== null) {
    const place = `[${Math.floor(odd.place / found)}, ${odd.place % found}]`;
    throw new RangeError(`Cannot ${call}: x must be finite, got ${odd.value} at ${place}`);
  }
  return { rows, columns: found, values };
}

/** Magnitudes whose squares and sums of squares stay in the range of numbers. */
const [LEAST, MOST] = [1e-100, 1e100];

/** The same, for methods that square distances: what is far too large or too small is refused. */
export function measuredTable(call: string, x: Tensor, columns?: number): Table {
  const table = tableOf(call, x, columns);
  const largest = x.detach().abs().max().item();
  if (largest === 0 || (largest >= LEAST && largest <= MOST)) return table;
  throw new RangeError(
    `Cannot ${call}: the largest magnitude of x must lie between ${LEAST} and ${MOST}, got ` +
      `${largest}; scale x first`,
  );
}

/** Reads non-negative labels of classes: an int32 tensor [N], one for each row of a table. */
export function labelsOf(call: string, y: Tensor, { rows }: Table): Int32Array {
  checkKind(call, "y", y, TENSOR);
  if (y.dtype !== "int32") {
    throw new DTypeError(`Cannot ${call}: y must hold int32 labels, got ${y.dtype}`);
  }
  if (y.ndim !== 1 || y.size !== rows) {
    throw new ShapeError(
      `Cannot ${call}: y must have the shape [${rows}] as x has rows, got ${showShape(y.shape)}`,
      [y.shape],
    );
  }
  const labels = new Int32Array(elementsOf(y, call));
  const odd = labels.findIndex((label) => label < 0);
  if (odd >= 0) {
    throw new RangeError(
      `Cannot ${call}: labels must be 0 or more, got ${labels[odd]} at [${odd}]`,
    );
  }
  return labels;
}

/** What was fitted, or an error that says that nothing was. */
export function fitted<T>(call: string, state: T | null): T {
  if (state === null) throw new TypeError(`Cannot ${call}: call fit first`);
  return state;
}

/** The squared distance of a row of one table to a row of another. */
export function squaredDistance(a: Table, i: number, b: Table, j: number): number {
  let sum = 0;
  for (let column = 0; column < a.columns; column++) {
    const apart = (a.values[i * a.columns + column] ?? 0) - (b.values[j * b.columns + column] ?? 0);
    sum += apart * apart;
  }
  return sum;
}

/** The place of the smallest of some numbers. */
export function argmin(count: number, value: (i: number) => number): number {
  let best = 0;
  let least = Infinity;
  for (let i = 0; i < count; i++) {
    const found = value(i);
    if (found < least) [best, least] = [i, found];
  }
  return best;
}
