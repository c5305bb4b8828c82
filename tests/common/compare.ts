/** Comparison of results, and what a check says when it fails. */

import { assertEquals, AssertionError } from "@std/assert";
import type { DType, Tensor } from "../../mod.ts";
import { asType, count, type Plain, show, valuesOf } from "./samples.ts";

/** A call that is checked. */
export interface Trial {
  /** The op, and which sample and layout it is tried with. */
  readonly name: string;
  /** Type of the inputs. */
  readonly dtype: DType;
  /** What it was given. */
  readonly inputs: readonly Plain[];
}

/** A number that is not what it should be. */
export interface Wrong {
  /** What it is part of. Default: the result. */
  readonly part?: string;
  /** The device that it was computed on. */
  readonly device: string;
  /** Its flat index, or in words how it was made of several elements. */
  readonly at: number | string;
  /** Shape of what it is part of. */
  readonly shape: readonly number[];
  readonly came: number;
  /** What was wanted: a number, or words. */
  readonly wanted: number | string;
}

/** Elements that a message shows of an input which has none at the place. */
const SHOWN = 8;

function text(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** The element of an input that meets an index of a result; null where they don't broadcast. */
function elementAt(input: Plain, at: number, shape: readonly number[]): number | null {
  const missing = shape.length - input.shape.length;
  let [place, step, rest] = [0, 1, at];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const index = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
    const extent = input.shape[axis - missing] ?? 1;
    if (extent !== 1 && extent !== shape[axis]) return null;
    place += extent === 1 ? 0 : index * step;
    step *= extent;
  }
  return missing < 0 ? null : input.data[place]!;
}

/** What an input had at a place, or the beginning of it. */
function inputText(input: Plain, { at, shape }: Wrong): string {
  const element = typeof at === "number" ? elementAt(input, at, shape) : null;
  if (element !== null) return text(element);
  const beginning = input.data.slice(0, SHOWN).map(text).join(", ");
  return `${show(input.shape)} of ${beginning}${input.data.length > SHOWN ? ", …" : ""}`;
}

/** The error of a check that fails, with all that tells where. */
export function failure(trial: Trial | string, wrong: Wrong): AssertionError {
  const { part = "the result", device, at, shape, came, wanted } = wrong;
  const [what, inputs] = typeof trial === "string"
    ? [`${trial} on ${device}`, []]
    : [`${trial.name} on ${device}, ${trial.dtype}`, trial.inputs];
  const place = typeof at === "number" ? `at element ${at} of ${show(shape)}` : at;
  const given = inputs.map((input) => inputText(input, wrong)).join(" and ");
  return new AssertionError(
    `${what}: ${part} ${place} is ${text(came)}, expected ` +
      (typeof wanted === "number" ? text(wanted) : wanted) +
      (given === "" ? "" : `, where the inputs are ${given}`),
  );
}

/** What two numbers may differ by. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol?: number;
}

/** How far a kernel may be from its reference: a few units in the last place. */
export const TOLERANCES: Readonly<Record<DType, Tolerance>> = {
  float32: { rtol: 1e-6 },
  float64: { rtol: 1e-14 },
  int32: { rtol: 0 },
  bool: { rtol: 0 },
};

/** Whether two numbers agree; NaN with NaN, infinities exactly. */
export function near(value: number, wanted: number, { rtol, atol = 0 }: Tolerance): boolean {
  if (Number.isNaN(wanted) || !Number.isFinite(wanted) || !Number.isFinite(value)) {
    return Object.is(value, wanted);
  }
  return Math.abs(value - wanted) <= atol + rtol * Math.abs(wanted);
}

/** What decides whether an element is right; it sees which one it is. */
export type Agrees = (value: number, wanted: number, at: number) => boolean;

/** Fails unless shape, type and all elements agree, on whatever device. */
export function assertTensor(
  trial: Trial | string,
  actual: Tensor,
  expected: Plain,
  dtype: DType,
  tolerance: Tolerance | Agrees = { rtol: 0 },
): void {
  const { device, shape } = actual;
  const what = typeof trial === "string" ? trial : trial.name;
  assertEquals(shape, expected.shape, `${what} on ${device}: shape`);
  assertEquals(actual.dtype, dtype, `${what} on ${device}: type`);
  const values = valuesOf(actual.to({ device: "cpu" }));
  assertEquals(values.length, count(shape), `${what} on ${device}: number of elements`);
  const agrees = typeof tolerance === "function"
    ? tolerance
    : (value: number, wanted: number) => near(value, wanted, tolerance);
  values.forEach((came, at) => {
    const wanted = asType(expected.data[at]!, dtype);
    if (!agrees(came, wanted, at)) throw failure(trial, { device, at, shape, came, wanted });
  });
}
