/** A function around a point: its values, its gradients, and how they are shown. */

import { grad } from "../autograd/backward.ts";
import { enableGrad } from "../autograd/tape.ts";
import { isFloat } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { shown } from "../core/options.ts";
import type { RandomGenerator } from "../core/random.ts";
import type { Shape } from "../core/shape.ts";
import { fromTypedArray } from "../tensor/create.ts";
import { randn } from "../tensor/rand.ts";
import { Tensor } from "../tensor/tensor.ts";
import { CheckError, showIndex, showNumber, showPair } from "./check_error.ts";

/** Factor of the wider step that distinguishes a kink from curvature. */
export const WIDER = 16;

/** A function at a point, and the names of its parts. */
export interface Subject {
  /** What is checked, as the beginning of a sentence: `Gradient of f`. */
  readonly title: string;
  /** The function, from all inputs to all outputs. */
  readonly run: (inputs: readonly Tensor[]) => readonly Tensor[];
  /** The point. Inputs that require a gradient are checked. */
  readonly inputs: readonly Tensor[];
  /** The name of an input. */
  readonly inputName: (i: number) => string;
  /** The name of an output. */
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

/** The range of a tensor's elements among those of all inputs or outputs. */
export interface Part {
  readonly name: string;
  readonly shape: Shape;
  readonly start: number;
  readonly size: number;
}

/** The function's value at a point, and the leaves that hold the point. */
export interface Evaluation {
  readonly leaves: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly values: Float64Array;
}

/** The outputs on both sides of the point along a direction, and the distances. */
export class Slopes {
  readonly #low: Float64Array;
  readonly #base: Float64Array;
  readonly #high: Float64Array;
  readonly #down: number;
  readonly #up: number;

  constructor(
    low: Float64Array,
    base: Float64Array,
    high: Float64Array,
    down: number,
    up: number,
  ) {
    this.#low = low;
    this.#base = base;
    this.#high = high;
    this.#down = down;
    this.#up = up;
  }

  /** The slope below the point. */
  left(row: number): number {
    return (get(this.#base, row) - get(this.#low, row)) / this.#down;
  }

  /** The slope above the point. */
  right(row: number): number {
    return (get(this.#high, row) - get(this.#base, row)) / this.#up;
  }

  /** The slope around the point. */
  central(row: number): number {
    return (get(this.#high, row) - get(this.#low, row)) / (this.#up + this.#down);
  }

  /** The error of a slope by rounding of the values. */
  rounding(row: number): number {
    const size = Math.max(Math.abs(get(this.#low, row)), Math.abs(get(this.#high, row)));
    return Number.EPSILON * size / this.#up;
  }

  /** The central slope of the outputs' sum, weighted by a cotangent. */
  dot(cotangent: Float64Array): number {
    return cotangent.reduce((sum, weight, row) => sum + weight * this.central(row), 0);
  }

  /** What rounding of the values may change in that. */
  roundingOf(cotangent: Float64Array): number {
    return cotangent.reduce((sum, weight, row) => sum + Math.abs(weight) * this.rounding(row), 0);
  }

  /** The output that changes most. */
  steepest(): number {
    let best = 0;
    for (let row = 1; row < this.#base.length; row++) {
      if (Math.abs(this.central(row)) > Math.abs(this.central(best))) best = row;
    }
    return best;
  }
}

/** A slope, from the tape and from differences. */
export interface Pair {
  readonly analytic: number;
  readonly numeric: number;
}

/** An entry of the Jacobian, from the tape and from differences. */
export interface Entry extends Pair {
  readonly row: number;
  readonly column: number;
  readonly kink: string;
}

/** An element, which must exist. */
export function get(array: Float64Array, i: number): number {
  return array[i] ?? NaN;
}

/** A copy of the elements in row-major order. */
export function elements(x: Tensor): Float64Array {
  return new Float64Array(x.detach().to({ device: "cpu" }).contiguous().data);
}

/** Normally distributed numbers, for the elements of a shape. */
export function normal(shape: Shape, generator: RandomGenerator): Float64Array {
  return elements(randn(shape, { dtype: "float64", generator }));
}

function layOut(tensors: readonly Tensor[], name: (i: number) => string): Part[] {
  let end = 0;
  return tensors.map(({ shape, size }, i) => {
    const start = end;
    end += size;
    return { name: name(i), shape, start, size };
  });
}

/** The name of an element of the inputs or outputs: its tensor and its index. */
export function place(parts: readonly Part[], flat: number): string {
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

/** The results of a function, a tensor or an array of them, as an array. */
export function asTensors(title: string, result: unknown): Tensor[] {
  const outputs: unknown[] = Array.isArray(result) ? result : [result];
  for (const output of outputs) {
    if (output instanceof Tensor) continue;
    throw new TypeError(
      `Cannot check the ${lower(title)}: the function must return a tensor or an array of ` +
        `tensors, got ${shown(result)}`,
    );
  }
  return outputs as Tensor[];
}

function lower(title: string): string {
  return title.charAt(0).toLowerCase() + title.slice(1);
}

/** A function at a point, ready to be evaluated around it. */
export class Probe {
  readonly subject: Subject;
  readonly accuracy: Accuracy;
  /** The checked inputs. */
  readonly inputs: readonly Part[];
  /** The floating outputs. */
  readonly outputs: readonly Part[];
  /** The elements of the checked inputs. */
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

  /** Values at another point. Every evaluation gets its own copies, so the inputs never change. */
  evaluate(point: Float64Array): Evaluation {
    const { subject } = this;
    const leaves: Tensor[] = [];
    const all = subject.inputs.map((input) => {
      const part = this.inputs[leaves.length];
      if (!input.requiresGrad || part === undefined) return input.detach().clone();
      const data = point.slice(part.start, part.start + part.size);
      const { device } = input;
      const leaf = fromTypedArray(data, part.shape, { device, requiresGrad: true });
      leaves.push(leaf);
      return leaf;
    });
    const versions = all.map(({ storage }) => storage.version);
    const outputs = enableGrad(() => subject.run(all)).filter(({ dtype }) => isFloat(dtype));
    const changed = all.findIndex(({ storage }, i) => storage.version !== versions[i]);
    if (changed !== -1) {
      throw new CheckError(
        `${subject.title} cannot be checked: the function changes ${
          subject.inputName(changed)
        } in ` +
          "place; let it change a copy (x.clone()) instead",
      );
    }
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

  /**
   * Gradient of the outputs' sum, weighted by a cotangent, with respect to the checked inputs.
   *
   * @param createGraph Whether the pass is recorded; ops may then use another rule.
   */
  analytic(cotangent: Float64Array, createGraph = false): Float64Array {
    const result = new Float64Array(this.point.length);
    const roots: Tensor[] = [];
    const gradOutputs: Tensor[] = [];
    this.base.outputs.forEach((output, i) => {
      const part = this.outputs[i];
      if (part === undefined || !output.requiresGrad) return;
      const g = cotangent.slice(part.start, part.start + part.size);
      if (g.every((value) => value === 0)) return;
      roots.push(output);
      gradOutputs.push(fromTypedArray(g, part.shape, { device: output.device }));
    });
    if (roots.length === 0) return result;
    const options = { gradOutputs, createGraph, retainGraph: true, allowUnused: true } as const;
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
    // The steps actually taken, which differ from eps by rounding.
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
          `${eps} vanishes beside the value ${showNumber(get(point, column))}; pass a larger eps`,
      );
    }
    return new Slopes(this.values(down), base.values, this.values(up), downStep, upStep);
  }

  /** Allowed difference from a numeric value. */
  tolerance(numeric: number): number {
    return this.accuracy.atol + this.accuracy.rtol * Math.abs(numeric);
  }

  /** Whether two values are further apart than allowed. */
  differ(analytic: number, numeric: number): boolean {
    return !(Math.abs(analytic - numeric) <= this.tolerance(numeric));
  }

  /** A remark about a kink at an entry; empty if the function looks smooth there. */
  kink(slopes: Slopes, row: number, wider: () => Slopes): string {
    const [left, right] = [slopes.left(row), slopes.right(row)];
    const scale = Math.max(Math.abs(left), Math.abs(right));
    const gap = Math.abs(right - left);
    const allowed = Math.max(10 * this.tolerance(scale), 1e-3 * scale);
    if (!(gap > allowed && gap > 1000 * slopes.rounding(row))) return "";
    // The gap grows with the step for curvature, but not for a kink.
    const wide = wider();
    if (!(Math.abs(wide.right(row) - wide.left(row)) < WIDER / 4 * gap)) return "";
    const shown = showPair(left, right);
    return `the point may lie at a kink: the one-sided slopes are ${shown[0]} and ${shown[1]}`;
  }

  /** Further remarks about a wrong entry. */
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
  showEntry({ analytic, numeric }: Pair): string {
    const shown = showPair(analytic, numeric);
    return `analytic ${shown[0]}, numeric ${shown[1]} with step ${this.accuracy.eps}`;
  }

  /** The tolerance that was missed. */
  showTolerance(): string {
    const { atol, rtol } = this.accuracy;
    return `more than atol ${atol} + rtol ${rtol} · |numeric| apart`;
  }
}
