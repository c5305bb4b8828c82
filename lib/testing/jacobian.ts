/**
 * Compares the Jacobian of a function from its tape with that from finite differences.
 */

import type { RandomGenerator } from "../core/random.ts";
import { CheckError, showNumber, showPair } from "./check_error.ts";
import {
  type Accuracy,
  type Entry,
  get,
  normal,
  type Pair,
  place,
  Probe,
  type Slopes,
  type Subject,
  WIDER,
} from "./probe.ts";

/** Above this number of inputs or outputs, only random projections of the Jacobian are compared. */
const FULL_LIMIT = 2000;

/** How many random projections are compared. */
const PROJECTIONS = 4;

/** Refuses a function whose values change from call to call, or are not finite. */
function checkValues(probe: Probe): void {
  const { subject, base, outputs } = probe;
  const again = probe.values(probe.point);
  const changed = base.values.findIndex((value, i) => !Object.is(value, get(again, i)));
  if (changed !== -1) {
    const shown = showPair(get(base.values, changed), get(again, changed));
    throw new CheckError(
      `${subject.title} cannot be checked: the function is not deterministic, as two evaluations ` +
        `at the same point gave ${shown[0]} and ${shown[1]} at ${place(outputs, changed)}`,
    );
  }
  const bad = base.values.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) {
    throw new CheckError(
      `${subject.title} cannot be checked: the value is ${get(base.values, bad)} at ${
        place(outputs, bad)
      }, but differences need finite values; pass inputs within the domain of the function`,
    );
  }
}

/** Refuses a function that depends on tensors that require a gradient, but not on its inputs. */
function checkReached(probe: Probe): void {
  if (probe.reached || !probe.base.outputs.some((output) => output.requiresGrad)) return;
  throw new CheckError(
    `${probe.subject.title} cannot be checked: the outputs depend on tensors that require a ` +
      "gradient, but on none of the inputs; pass the tensors that it uses as inputs",
  );
}

function unit(size: number, i: number): Float64Array {
  const direction = new Float64Array(size);
  direction[i] = 1;
  return direction;
}

/**
 * Whether two values are apart by more than rounding, and a wider difference moves by less than that:
 * what a curve adds grows with the step, a slope stays.
 */
function lasts(apart: number, rounding: number, moves: () => number): boolean {
  return apart > 1000 * rounding && Math.abs(moves()) < 0.1 * apart;
}

/** The error where values agree by `atol` alone, and not to a tenth of the largest. */
function refusedBySize(
  probe: Probe,
  what: string,
  size: number,
  where: string,
  pair: Pair,
): CheckError {
  return new CheckError(
    `${probe.subject.title} cannot be checked with atol ${probe.accuracy.atol}, beside which the ` +
      `largest ${what}, ${showNumber(size)}, is small; it disagrees ${where}: ${
        probe.showEntry(pair)
      }; pass a smaller atol`,
  );
}

/** Compares every entry of the Jacobian. */
function compareFully(probe: Probe): void {
  const [rows, columns] = [probe.base.values.length, probe.point.length];
  const jacobian = Array.from({ length: rows }, (_, row) => probe.analytic(unit(rows, row)));
  if (rows > 0) checkReached(probe);
  let wrong = 0;
  let excess = 0;
  let worst: Entry | undefined;
  let kinked: Entry | undefined;
  let small: Entry | undefined;
  let [size, gap] = [0, 0];
  for (let column = 0; column < columns; column++) {
    const direction = unit(columns, column);
    const slopes = probe.slopes(direction);
    let wide: Slopes | undefined;
    const wider = () => wide ??= probe.slopes(direction, WIDER * probe.accuracy.eps);
    for (const [row, gradient] of jacobian.entries()) {
      const analytic = get(gradient, column);
      const numeric = slopes.central(row);
      const kink = probe.kink(slopes, row, wider);
      const wrongHere = probe.differ(analytic, numeric);
      size = Math.max(size, Math.abs(analytic), Math.abs(numeric));
      const apart = Math.abs(analytic - numeric);
      if (
        apart > gap && lasts(apart, slopes.rounding(row), () => wider().central(row) - numeric)
      ) {
        [small, gap] = [{ row, column, analytic, numeric, kink }, apart];
      }
      if (kink === "" && !wrongHere) continue;
      const entry = { row, column, analytic, numeric, kink };
      if (kink !== "") kinked ??= entry;
      if (!wrongHere) continue;
      wrong++;
      const ratio = Math.abs(analytic - numeric) / probe.tolerance(numeric);
      const over = Number.isNaN(ratio) ? Infinity : ratio;
      if (worst === undefined || over > excess) [worst, excess] = [entry, over];
    }
  }
  const where = ({ row, column }: Entry) =>
    `at ${place(probe.inputs, column)}, for ${place(probe.outputs, row)}`;
  if (worst !== undefined) {
    const count = wrong > 1 ? `; ${wrong} of ${rows * columns} entries are wrong` : "";
    throw new CheckError(
      `${probe.subject.title} is wrong ${where(worst)}: ${probe.showEntry(worst)}, ` +
        probe.showTolerance() + count + probe.remarks(worst),
    );
  }
  if (kinked !== undefined) {
    throw new CheckError(
      `${probe.subject.title} cannot be checked ${where(kinked)}: ${kinked.kink} (${
        probe.showEntry(kinked)
      }); move the input away from it`,
    );
  }
  if (small !== undefined && gap > 0.1 * size) {
    throw refusedBySize(probe, "entry", size, where(small), small);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * get(b, i), 0);
}

/** The element between start and end whose slope differs most, found by halving. */
function furthest(along: (start: number, end: number) => Pair, start: number, end: number): number {
  let [from, to] = [start, end];
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    const [first, second] = [along(from, middle), along(middle, to)];
    const gap = Math.abs(first.analytic - first.numeric);
    const other = Math.abs(second.analytic - second.numeric);
    // A NaN in either half is followed.
    if (Number.isNaN(gap) || gap >= other) to = middle;
    else from = middle;
  }
  return from;
}

/** Compares the Jacobian along random directions, and finds the element where it differs most. */
function compareProjections(probe: Probe, generator: RandomGenerator): void {
  const [rows, columns] = [probe.base.values.length, probe.point.length];
  let small: readonly [where: string, pair: Pair] | undefined;
  let [size, gap] = [0, 0];
  for (let round = 0; round < PROJECTIONS; round++) {
    const cotangent = rows === 1 ? unit(1, 0) : normal([rows], generator);
    const gradient = probe.analytic(cotangent);
    checkReached(probe);
    const random = normal([columns], generator);
    // Both slopes along the direction, limited to the elements from start to end.
    const along = (start: number, end: number) => {
      const direction = new Float64Array(columns);
      direction.set(random.subarray(start, end), start);
      const slopes = probe.slopes(direction);
      const pair = { analytic: dot(gradient, direction), numeric: slopes.dot(cotangent) };
      return { direction, slopes, ...pair };
    };
    const outputs = rows === 1 ? place(probe.outputs, 0) : "a random combination of the outputs";
    for (const { name, start, size: count } of probe.inputs) {
      if (count === 0) continue;
      const whole = along(start, start + count);
      const where = `along a random direction of ${name}, for ${outputs}`;
      const { analytic, numeric, direction: whence } = whole;
      if (!probe.differ(analytic, numeric)) {
        size = Math.max(size, Math.abs(analytic), Math.abs(numeric));
        const apart = Math.abs(analytic - numeric);
        const moves = () =>
          probe.slopes(whence, WIDER * probe.accuracy.eps).dot(cotangent) - numeric;
        if (apart > gap && lasts(apart, whole.slopes.roundingOf(cotangent), moves)) {
          [small, gap] = [[where, whole], apart];
        }
        continue;
      }
      const from = furthest(along, start, start + count);
      const direction = unit(columns, from);
      const slopes = probe.slopes(direction);
      const row = slopes.steepest();
      const wider = () => probe.slopes(direction, WIDER * probe.accuracy.eps);
      const entry = {
        row,
        column: from,
        analytic: get(gradient, from),
        numeric: slopes.dot(cotangent),
        kink: probe.kink(slopes, row, wider),
      };
      throw new CheckError(
        `${probe.subject.title} is wrong ${where}: ${
          probe.showEntry(whole)
        }, ${probe.showTolerance()}; it is furthest off at ${place(probe.inputs, from)}: ${
          probe.showEntry(entry)
        }` + probe.remarks(entry),
      );
    }
  }
  if (small !== undefined && gap > 0.1 * size) {
    throw refusedBySize(probe, "slope along a random direction", size, ...small);
  }
}

/** Compares the gradient of a recorded pass, as for higher orders, with that of a plain one. */
function compareRecorded(probe: Probe, generator: RandomGenerator): void {
  const rows = probe.base.values.length;
  const cotangent = rows === 1 ? unit(1, 0) : normal([rows], generator);
  const plain = probe.analytic(cotangent);
  const recorded = probe.analytic(cotangent, true);
  const wrong = plain.findIndex((value, i) => probe.differ(get(recorded, i), value));
  if (wrong === -1) return;
  const shown = showPair(get(recorded, wrong), get(plain, wrong));
  throw new CheckError(
    `${probe.subject.title} is wrong in a recorded pass (createGraph) at ${
      place(probe.inputs, wrong)
    }: ${shown[0]}, where a plain pass gives ${shown[1]}`,
  );
}

/**
 * Compares the gradients from a function's tape with central differences, and with those of a
 * recorded pass.
 *
 * @throws {CheckError} If they differ, if the function changes from call to call, is not finite, or
 * has a kink at the point.
 */
export function checkJacobian(
  subject: Subject,
  accuracy: Accuracy,
  generator: RandomGenerator,
): void {
  const probe = new Probe(subject, accuracy);
  checkValues(probe);
  if (probe.point.length <= FULL_LIMIT && probe.base.values.length <= FULL_LIMIT) {
    compareFully(probe);
  } else {
    compareProjections(probe, generator);
  }
  compareRecorded(probe, generator);
}
