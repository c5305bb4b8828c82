/**
 * The Jacobian of a function twice over, from its tape and from differences, and what is wrong where
 * they disagree.
 */

import { Tensor } from "../tensor.ts";
import { grad } from "../autograd/backward.ts";
import { enableGrad } from "../autograd/tape.ts";
import { fromTypedArray, randn } from "../create.ts";
import { isFloat } from "../dtype.ts";
import { DTypeError } from "../errors.ts";
import type { RandomGenerator } from "../random.ts";
import type { Shape } from "../shape.ts";
import { CheckError, showIndex, showNumber, showPair } from "./check_error.ts";

/** Above this number of inputs or outputs, random projections of the Jacobian are compared. */
const FULL_LIMIT = 2000;

/** Random projections that are compared in place of a large Jacobian. */
const PROJECTIONS = 4;

/** Factor of the second, wider step that tells a kink from a curve. */
const WIDER = 16;

/** A function at a point, and what its parts are called. */
export interface Subject {
  /** What is checked, as the start of a sentence: `Gradient of f`. */
  readonly title: string;
  /** The function, from all inputs to all outputs. */
  readonly run: (inputs: readonly Tensor[]) => readonly Tensor[];
  /** The point. Inputs that require a gradient are checked. */
  readonly inputs: readonly Tensor[];
  /** What an input is called. */
  readonly inputName: (i: number) => string;
  /** What an output is called. */
  readonly outputName: (i: number) => string;
}

/** Step and tolerances. */
export interface Accuracy {
  /** Step of the differences. */
  readonly eps: number;
  /** Absolute tolerance. */
  readonly atol: number;
  /** Tolerance relative to the numeric value. */
  readonly rtol: number;
}

/** A tensor's place among the numbers of all inputs or outputs. */
interface Part {
  readonly name: string;
  readonly shape: Shape;
  readonly start: number;
  readonly size: number;
}

/** The function's value at a point, and the leaves that stand for the point. */
interface Evaluation {
  readonly leaves: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly values: Float64Array;
}

/** Differences along a direction, for every output. */
interface Slopes {
  readonly left: Float64Array;
  readonly right: Float64Array;
  readonly central: Float64Array;
  /** What rounding of the values may change in a slope. */
  readonly rounding: Float64Array;
}

/** An entry of the Jacobian, both ways. */
interface Entry {
  readonly row: number;
  readonly column: number;
  readonly analytic: number;
  readonly numeric: number;
  readonly kink: string;
}

/** An element; the loops stay inside the arrays. */
function get(array: Float64Array, i: number): number {
  return array[i] ?? NaN;
}

/** A copy of the elements in row-major order. */
export function elements(x: Tensor): Float64Array {
  return new Float64Array(x.detach().contiguous().data);
}

function layOut(tensors: readonly Tensor[], name: (i: number) => string): Part[] {
  let end = 0;
  return tensors.map(({ shape, size }, i) => {
    const start = end;
    end += size;
    return { name: name(i), shape, start, size };
  });
}

function place(parts: readonly Part[], flat: number): string {
  const part = parts.find(({ start, size }) => flat >= start && flat < start + size);
  return part === undefined
    ? "an empty tensor"
    : `${part.name}, index ${showIndex(flat - part.start, part.shape)}`;
}

function flatten(tensors: readonly Tensor[]): Float64Array {
  const flat = new Float64Array(tensors.reduce((size, x) => size + x.size, 0));
  let start = 0;
  for (const x of tensors) {
    flat.set(elements(x), start);
    start += x.size;
  }
  return flat;
}

/** What makes up the results of a function: a tensor or an array of them. */
export function asTensors(title: string, result: unknown): Tensor[] {
  const outputs: unknown[] = Array.isArray(result) ? result : [result];
  for (const output of outputs) {
    if (output instanceof Tensor) continue;
    throw new TypeError(
      `Cannot check the ${lower(title)}: the function must return a tensor or an array of ` +
        `tensors, got ${Deno.inspect(result)}`,
    );
  }
  return outputs as Tensor[];
}

function lower(title: string): string {
  return title.charAt(0).toLowerCase() + title.slice(1);
}

/** A function at a point, ready to be evaluated around it. */
class Probe {
  readonly subject: Subject;
  readonly accuracy: Accuracy;
  /** The checked inputs. */
  readonly inputs: readonly Part[];
  /** The floating outputs. */
  readonly outputs: readonly Part[];
  /** The numbers of the checked inputs. */
  readonly point: Float64Array;
  /** The value at the point. */
  readonly base: Evaluation;
  /** Whether a gradient has arrived at any input. */
  reached = false;

  constructor(subject: Subject, accuracy: Accuracy) {
    this.subject = subject;
    this.accuracy = accuracy;
    const numbers = subject.inputs.flatMap((input, i) => input.requiresGrad ? [i] : []);
    const checked = subject.inputs.filter((input) => input.requiresGrad);
    this.inputs = layOut(checked, (i) => subject.inputName(numbers[i] ?? i));
    this.point = flatten(checked);
    this.base = this.evaluate(this.point);
    this.outputs = layOut(this.base.outputs, subject.outputName);
  }

  /** Values at another point. Every evaluation has leaves of its own, so the inputs never change. */
  evaluate(point: Float64Array): Evaluation {
    const { subject } = this;
    const leaves: Tensor[] = [];
    const all = subject.inputs.map((input) => {
      const part = this.inputs[leaves.length];
      if (!input.requiresGrad || part === undefined) return input.detach();
      const data = point.slice(part.start, part.start + part.size);
      const leaf = fromTypedArray(data, part.shape, { requiresGrad: true });
      leaves.push(leaf);
      return leaf;
    });
    const outputs = enableGrad(() => subject.run(all)).filter(({ dtype }) => isFloat(dtype));
    outputs.forEach(({ dtype }, i) => {
      if (dtype === "float64") return;
      throw new DTypeError(
        `Cannot check the ${lower(subject.title)}: ${subject.outputName(i)} is ${dtype} though ` +
          "the inputs are float64, and differences need float64 throughout",
      );
    });
    return { leaves, outputs, values: flatten(outputs) };
  }

  /** Values at a point; the outputs must be those of the base. */
  values(point: Float64Array): Float64Array {
    const { values } = this.evaluate(point);
    if (values.length === this.base.values.length) return values;
    throw new CheckError(
      `${this.subject.title} cannot be checked: the outputs have ${this.base.values.length} ` +
        `elements at the point and ${values.length} within the step`,
    );
  }

  /** Gradient of the outputs' sum, weighted by a cotangent, with respect to the checked inputs. */
  analytic(cotangent: Float64Array): Float64Array {
    const result = new Float64Array(this.point.length);
    const roots: Tensor[] = [];
    const gradOutputs: Tensor[] = [];
    this.base.outputs.forEach((output, i) => {
      const part = this.outputs[i];
      if (part === undefined || !output.requiresGrad) return;
      const g = cotangent.slice(part.start, part.start + part.size);
      if (g.every((value) => value === 0)) return;
      roots.push(output);
      gradOutputs.push(fromTypedArray(g, part.shape));
    });
    if (roots.length === 0) return result;
    const options = { gradOutputs, retainGraph: true, allowUnused: true } as const;
    grad(roots, this.base.leaves, options).forEach((g, i) => {
      if (g === null) return;
      this.reached = true;
      result.set(elements(g), this.inputs[i]?.start ?? 0);
    });
    return result;
  }

  /** Differences along a direction. */
  slopes(direction: Float64Array, eps = this.accuracy.eps): Slopes {
    const { point, base } = this;
    const up = point.map((x, i) => x + eps * get(direction, i));
    const down = point.map((x, i) => x - eps * get(direction, i));
    // The steps that the numbers can really take, which rounding makes a little different from eps.
    let [square, upStep, downStep] = [0, 0, 0];
    direction.forEach((u, i) => {
      const x = get(point, i);
      square += u * u;
      upStep += u * (get(up, i) - x);
      downStep += u * (x - get(down, i));
    });
    [upStep, downStep] = [upStep / square, downStep / square];
    if (upStep === 0 || downStep === 0) {
      const column = direction.findIndex((u) => u !== 0);
      throw new CheckError(
        `${this.subject.title} cannot be checked at ${place(this.inputs, column)}: the step ` +
          `${eps} vanishes beside the value ${showNumber(get(point, column))}; give a larger eps`,
      );
    }
    const [high, low] = [this.values(up), this.values(down)];
    const at = (i: number): [number, number, number] => [
      get(low, i),
      get(base.values, i),
      get(high, i),
    ];
    return {
      left: low.map((l, i) => (at(i)[1] - l) / downStep),
      right: high.map((h, i) => (h - at(i)[1]) / upStep),
      central: high.map((h, i) => (h - at(i)[0]) / (upStep + downStep)),
      rounding: high.map((_, i) => Number.EPSILON * Math.max(...at(i).map(Math.abs)) / upStep),
    };
  }

  /** Allowed difference from a numeric value. */
  tolerance(numeric: number): number {
    return this.accuracy.atol + this.accuracy.rtol * Math.abs(numeric);
  }

  /** Whether two values are further apart than allowed. */
  differ(analytic: number, numeric: number): boolean {
    return !(Math.abs(analytic - numeric) <= this.tolerance(numeric));
  }

  /** What there is to say on a kink at an entry; empty if the function looks smooth there. */
  kink(slopes: Slopes, row: number, wider: () => Slopes): string {
    const [left, right] = [get(slopes.left, row), get(slopes.right, row)];
    const scale = Math.max(Math.abs(left), Math.abs(right));
    const gap = Math.abs(right - left);
    const allowed = Math.max(
      1000 * get(slopes.rounding, row),
      10 * this.tolerance(scale),
      1e-3 * scale,
    );
    if (!(gap > allowed)) return "";
    // The gap of a curve grows with the step, that of a kink does not.
    const wide = wider();
    if (!(Math.abs(get(wide.right, row) - get(wide.left, row)) < WIDER / 4 * gap)) return "";
    const shown = showPair(left, right);
    return `the point may lie at a kink: the one-sided slopes are ${shown[0]} and ${shown[1]}`;
  }

  /** What stands beside a wrong entry, beyond its values. */
  remarks(entry: Entry): string {
    let remarks = entry.kink === "" ? "" : `; ${entry.kink}`;
    if (!Number.isFinite(entry.numeric)) {
      remarks += "; the function is not finite within the step of the point";
    }
    const index = this.outputs.findIndex(({ start, size }) =>
      entry.row >= start && entry.row < start + size
    );
    const output = this.base.outputs[index];
    if (output !== undefined && !output.requiresGrad) {
      remarks += `; ${this.outputs[index]?.name} is on no tape`;
    }
    return remarks;
  }

  /** Both values of an entry, and the step. */
  showEntry({ analytic, numeric }: Entry): string {
    const shown = showPair(analytic, numeric);
    return `analytic ${shown[0]}, numeric ${shown[1]} with step ${this.accuracy.eps}`;
  }

  /** The tolerance that was missed. */
  showTolerance(): string {
    const { atol, rtol } = this.accuracy;
    return `more than atol ${atol} + rtol ${rtol} · |numeric| apart`;
  }
}

/** Refuses a function whose values change by themselves or are not finite. */
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
      }, and differences need finite values`,
    );
  }
}

/** Refuses a function that is differentiable, but in other tensors than its inputs. */
function checkReached(probe: Probe): void {
  if (probe.reached || !probe.base.outputs.some((output) => output.requiresGrad)) return;
  throw new CheckError(
    `${probe.subject.title} cannot be checked: the outputs depend on tensors that require a ` +
      "gradient, but on none of the inputs; give the tensors that it uses as inputs",
  );
}

function unit(size: number, i: number): Float64Array {
  const direction = new Float64Array(size);
  direction[i] = 1;
  return direction;
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
  for (let column = 0; column < columns; column++) {
    const direction = unit(columns, column);
    const slopes = probe.slopes(direction);
    let wide: Slopes | undefined;
    const wider = () => wide ??= probe.slopes(direction, WIDER * probe.accuracy.eps);
    for (const [row, gradient] of jacobian.entries()) {
      const [analytic, numeric] = [get(gradient, column), get(slopes.central, row)];
      const kink = probe.kink(slopes, row, wider);
      const entry = { row, column, analytic, numeric, kink };
      if (kink !== "") kinked ??= entry;
      if (!probe.differ(analytic, numeric)) continue;
      wrong++;
      const ratio = Math.abs(analytic - numeric) / probe.tolerance(numeric);
      const size = Number.isNaN(ratio) ? Infinity : ratio;
      if (worst === undefined || size > excess) [worst, excess] = [entry, size];
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
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * get(b, i), 0);
}

/** Compares the Jacobian along random directions, and looks for the element where it is wrong. */
function compareProjections(probe: Probe, generator: RandomGenerator): void {
  const [rows, columns] = [probe.base.values.length, probe.point.length];
  const normal = (size: number) => elements(randn([size], { dtype: "float64", generator }));
  for (let round = 0; round < PROJECTIONS; round++) {
    const cotangent = rows === 1 ? unit(1, 0) : normal(rows);
    const gradient = probe.analytic(cotangent);
    checkReached(probe);
    const random = normal(columns);
    // Both values along the direction, cut to the elements from start to end.
    const along = (start: number, end: number): { analytic: number; numeric: number } => {
      const direction = new Float64Array(columns);
      direction.set(random.subarray(start, end), start);
      return {
        analytic: dot(gradient, direction),
        numeric: dot(probe.slopes(direction).central, cotangent),
      };
    };
    for (const { name, start, size } of probe.inputs) {
      if (size === 0) continue;
      const whole = along(start, start + size);
      if (!probe.differ(whole.analytic, whole.numeric)) continue;
      let [from, to] = [start, start + size];
      while (to - from > 1) {
        const middle = Math.floor((from + to) / 2);
        const [first, second] = [along(from, middle), along(middle, to)];
        const gap = Math.abs(first.analytic - first.numeric);
        const other = Math.abs(second.analytic - second.numeric);
        // Written so that a NaN in either half is followed.
        if (Number.isNaN(gap) || gap >= other) to = middle;
        else from = middle;
      }
      const direction = unit(columns, from);
      const slopes = probe.slopes(direction);
      const row = slopes.central.reduce(
        (best, x, i, all) => Math.abs(x) > Math.abs(get(all, best)) ? i : best,
        0,
      );
      const wider = () => probe.slopes(direction, WIDER * probe.accuracy.eps);
      const entry = {
        row,
        column: from,
        analytic: get(gradient, from),
        numeric: dot(slopes.central, cotangent),
        kink: probe.kink(slopes, row, wider),
      };
      const outputs = rows === 1 ? place(probe.outputs, 0) : "a random combination of the outputs";
      throw new CheckError(
        `${probe.subject.title} is wrong along a random direction of ${name}, for ${outputs}: ${
          probe.showEntry({ ...entry, ...whole })
        }, ${probe.showTolerance()}; it is furthest off at ${place(probe.inputs, from)}: ${
          probe.showEntry(entry)
        }` + probe.remarks(entry),
      );
    }
  }
}

/**
 * Compares the gradients that a function's tape gives with central differences.
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
}
