/** Comparison of numbers that were computed in different ways. */

import { inColumns } from "../core/columns.ts";
import { type DType, dtypeOfArray, isTypedArray, type TypedArray } from "../core/dtype.ts";
import { showShape } from "../core/errors.ts";
import { checkCount, NUMBER, optionReader, shown, TEXT } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import { tensor } from "../tensor/create.ts";
import type { NestedArray } from "../tensor/print.ts";
import { Tensor } from "../tensor/tensor.ts";
import { CheckError, showIndex, showNumber } from "./check_error.ts";

/** What can be compared. */
export type Comparable = Tensor | TypedArray | NestedArray | readonly NestedArray[];

/** Options of `assertClose`. */
export interface AssertCloseOptions {
  /** Tolerance relative to the expected value. Default: by element type. */
  rtol?: number;
  /** Absolute tolerance. Default: by element type. */
  atol?: number;
  /** Text in front of the error's message. */
  message?: string;
}

const readOptions = optionReader<AssertCloseOptions>({
  rtol: NUMBER,
  atol: NUMBER,
  message: TEXT,
});

/** Elements in row-major order; the type is null for plain numbers. */
interface Values {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType | null;
}

interface Tolerances {
  readonly rtol: number;
  readonly atol: number;
}

/** The defaults of `torch.testing.assert_close`. */
const TOLERANCES: Readonly<Record<DType, Tolerances>> = {
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  float64: { rtol: 1e-7, atol: 1e-7 },
  int32: { rtol: 0, atol: 0 },
  bool: { rtol: 0, atol: 0 },
};

/** How many differing elements a message shows. */
const SHOWN = 8;

function read(side: string, value: Comparable): Values {
  if (value instanceof Tensor) {
    const { shape, dtype } = value;
    value.storage.check("assertClose");
    return { data: value.detach().contiguous().data, shape, dtype };
  }
  if (isTypedArray(value)) {
    return { data: value, shape: [value.length], dtype: dtypeOfArray(value) };
  }
  if (typeof value === "number" || typeof value === "boolean" || Array.isArray(value)) {
    try {
      const { data, shape } = tensor(value, { dtype: "float64" });
      return { data, shape, dtype: null };
    } catch (cause) {
      const why = cause instanceof Error ? cause.message.replace(/^.*?: /, "") : String(cause);
      throw new TypeError(`Cannot compare: the ${side} side is not an array of numbers: ${why}`, {
        cause,
      });
    }
  }
  throw new TypeError(
    `Cannot compare: the ${side} side must be a tensor, a number, nested arrays or a typed array, ` +
      `got ${shown(value)}`,
  );
}

function checkTolerance(name: string, value: number): void {
  if (value >= 0 && value < Infinity) return;
  throw new RangeError(
    `Cannot compare: ${name} must be a non-negative finite number, got ${value}`,
  );
}

/** Distance of two numbers, 0 for equal ones, including NaN and infinities. */
function distance(a: number, e: number): number {
  if (a === e || (Number.isNaN(a) && Number.isNaN(e))) return 0;
  const difference = Math.abs(a - e);
  return Number.isNaN(difference) ? Infinity : difference;
}

function isClose(a: number, e: number, { rtol, atol }: Tolerances): boolean {
  const apart = distance(a, e);
  if (apart === 0) return true;
  return Number.isFinite(apart) && apart <= atol + rtol * Math.abs(e);
}

/** A table of the first elements that differ. */
function excerpt(
  indices: readonly number[],
  shape: Shape,
  actual: (i: number) => string,
  expected: (i: number) => string,
): string {
  const rows = [["index", "actual", "expected"]];
  for (const i of indices.slice(0, SHOWN)) rows.push([showIndex(i, shape), actual(i), expected(i)]);
  const lines = inColumns(rows, 0).map((line) => `  ${line}`);
  const rest = indices.length - SHOWN;
  if (rest > 0) lines.push(`  … and ${rest} more`);
  return lines.join("\n");
}

/** What is wrong with the values, or null. */
function difference(actual: Values, expected: Values, options: AssertCloseOptions): string | null {
  if (showShape(actual.shape) !== showShape(expected.shape)) {
    return `actual has shape ${showShape(actual.shape)}, expected has shape ${
      showShape(expected.shape)
    }`;
  }
  const dtype = actual.dtype ?? expected.dtype ?? "float64";
  if (dtype !== (expected.dtype ?? dtype)) {
    return `actual has dtype ${dtype}, expected has dtype ${expected.dtype}`;
  }
  const { rtol = TOLERANCES[dtype].rtol, atol = TOLERANCES[dtype].atol } = options;
  const a = (i: number) => actual.data[i] ?? NaN;
  const e = (i: number) => expected.data[i] ?? NaN;
  const absolute = (i: number) => distance(a(i), e(i));
  const relative = (i: number) => absolute(i) / Math.abs(e(i));
  const wrong: number[] = [];
  for (let i = 0; i < actual.data.length; i++) {
    if (!isClose(a(i), e(i), { rtol, atol })) wrong.push(i);
  }
  const [first] = wrong;
  if (first === undefined) return null;
  const greatest = (measure: (i: number) => number) =>
    wrong.reduce((best, i) => measure(i) > measure(best) ? i : best, first);
  const [worst, relativeWorst] = [greatest(absolute), greatest(relative)];
  const digits = dtype === "float32" ? 9 : 17;
  const show = (values: Values, i: number) => {
    const value = values.data[i] ?? NaN;
    return values.dtype === "float32" ? showNumber(value, digits) : String(value);
  };
  const allowed = `atol ${atol} + rtol ${rtol} · |expected|`;
  if (actual.shape.length === 0) {
    return `actual ${show(actual, 0)}, expected ${show(expected, 0)}: the difference is ${
      showNumber(absolute(0))
    } (relative ${showNumber(relative(0))}), more than ${allowed}`;
  }
  const at = (i: number) => showIndex(i, actual.shape);
  return `${wrong.length} of ${actual.data.length} elements differ by more than ${allowed}\n` +
    `Greatest absolute difference: ${showNumber(absolute(worst))} at ${at(worst)}\n` +
    `Greatest relative difference: ${showNumber(relative(relativeWorst))} at ${
      at(relativeWorst)
    }\n` +
    excerpt(wrong, actual.shape, (i) => show(actual, i), (i) => show(expected, i));
}

/**
 * Throws unless two tensors have the same shape and type and |actual − expected| ≤ atol + rtol ·
 * |expected| for each element. NaN is close to NaN, and an infinity to the same infinity. Follows
 * [torch.testing.assert_close](https://docs.pytorch.org/docs/stable/testing.html), with its default
 * tolerances: float32 rtol 1.3e-6 and atol 1e-5, float64 1e-7 and 1e-7, int32 and bool exact.
 *
 * Numbers and nested arrays take the type of the other side, or float64 if both sides are such. Typed
 * arrays have one dimension; a Uint8Array counts as bool.
 *
 * @param actual What was computed.
 * @param expected What it should be.
 * @throws {CheckError} If they differ: how many elements, by how much and where.
 * @throws {TypeError} If a side is neither a tensor nor an array of numbers.
 *
 * @example Tensors, arrays and numbers
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 * import { assertThrows } from "@std/assert";
 *
 * assertClose(tensor([0.1, 0.2]).add(0.1), [0.2, 0.3]);
 * assertClose(Math.fround(0.1), 0.1, { atol: 1e-8 });
 * assertThrows(() => assertClose(tensor([1, 2]), [1, 2.5]), Error, "1 of 2 elements differ");
 * ```
 */
export function assertClose(
  actual: Comparable,
  expected: Comparable,
  options?: AssertCloseOptions,
): void {
  checkCount("compare", arguments.length, 3);
  const { message, ...tolerances } = readOptions("compare", options);
  const { rtol, atol } = tolerances;
  if (rtol !== undefined) checkTolerance("rtol", rtol);
  if (atol !== undefined) checkTolerance("atol", atol);
  const problem = difference(read("actual", actual), read("expected", expected), tolerances);
  if (problem === null) return;
  const prefix = message === undefined ? "" : `${message}: `;
  throw new CheckError(`${prefix}Values are not close: ${problem}`);
}
