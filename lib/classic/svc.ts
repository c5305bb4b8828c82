/** Support vector machines of two classes. */

import { checkCount, kept, kind, oneOf, optionReader, POSITIVE } from "../core/options.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fitted, labelsOf, measuredTable, squaredDistance, type Table, tableOf } from "./inputs.ts";

/** Options of {@linkcode SVC}. */
export interface SVCOptions {
  /** What a violation costs, > 0: smaller is smoother. Default: 1. */
  c?: number;
  /** xᵀy, or exp(−gamma · ‖x − y‖²). Default: "rbf". */
  kernel?: "linear" | "rbf";
  /** Of "rbf": a number > 0, or "scale" for 1 / (D · variance of x). Default: "scale". */
  gamma?: number | "scale";
  /** How far the optimality conditions may be violated. Default: 1e-3. */
  tol?: number;
}

const readOptions = optionReader<SVCOptions>({
  c: POSITIVE,
  kernel: oneOf("linear", "rbf"),
  gamma: kind(
    'a positive number or "scale"',
    (value) => value === "scale" || POSITIVE.accepts(value),
  ),
  tol: POSITIVE,
});

type Kernel = (a: Table, i: number, b: Table, j: number) => number;

interface Machine {
  readonly support: Table;
  /** y · α of each support vector. */
  readonly weights: Float64Array;
  readonly indices: Int32Array;
  readonly bias: number;
  readonly kernel: Kernel;
}

function dot(a: Table, i: number, b: Table, j: number): number {
  let sum = 0;
  for (let column = 0; column < a.columns; column++) {
    sum += (a.values[i * a.columns + column] ?? 0) * (b.values[j * b.columns + column] ?? 0);
  }
  return sum;
}

/** 1 / (D · variance of all elements), or 1 where nothing varies. */
function scaled({ values, columns }: Table): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return variance === 0 ? 1 : 1 / (columns * variance);
}

/** Numbers of the kernel that are kept at most. */
const MOST_KEPT = 2 ** 25;
/** Steps at most, each of two examples. */
const MOST_STEPS = 1_000_000;

/** Curvatures below this are taken for it, as equal examples have none between them. */
const FLAT = 1e-12;

/**
 * Solves the dual problem by pairs of examples that violate its optimality most, the second chosen by
 * the decrease that a step of both promises (Fan, Chen and Lin, "Working set selection using second
 * order information", 2005).
 */
function solve(x: Table, signs: Int8Array, kernel: Kernel, c: number, tol: number) {
  const n = x.rows;
  const alpha = new Float64Array(n);
  // −y · gradient: what an example pulls the bias to.
  const pull = Float64Array.from(signs);
  const diagonal = new Float64Array(n).map((_, i) => kernel(x, i, x, i));
  const rows = new Map<number, Float64Array>();
  const row = (i: number) => {
    let found = rows.get(i);
    if (found === undefined) {
      const [oldest] = rows.keys();
      if (oldest !== undefined && (rows.size + 1) * n > MOST_KEPT) rows.delete(oldest);
      rows.set(i, found = new Float64Array(n).map((_, j) => kernel(x, i, x, j)));
    }
    return found;
  };
  const a = (i: number) => alpha[i] ?? 0;
  const up = (i: number) => signs[i] === 1 ? a(i) < c : a(i) > 0;
  const down = (i: number) => signs[i] === 1 ? a(i) > 0 : a(i) < c;
  let [highest, lowest] = [-Infinity, Infinity];
  for (let steps = 0;; steps++) {
    if (steps === MOST_STEPS) {
      throw new RangeError(
        `Cannot fit SVC: ${MOST_STEPS} steps do not lead to the margin; a smaller c, a larger tol or ` +
          "columns of less spread are needed",
      );
    }
    let first = -1;
    [highest, lowest] = [-Infinity, Infinity];
    for (let i = 0; i < n; i++) {
      const value = pull[i] ?? 0;
      if (up(i) && value > highest) [first, highest] = [i, value];
      if (down(i) && value < lowest) lowest = value;
    }
    if (highest - lowest < tol) break;
    const ofFirst = row(first);
    let [second, most, step] = [-1, 0, 0];
    for (let j = 0; j < n; j++) {
      const gap = highest - (pull[j] ?? 0);
      if (!down(j) || gap <= 0) continue;
      const curvature = Math.max(
        FLAT,
        (diagonal[first] ?? 0) + (diagonal[j] ?? 0) - 2 * (ofFirst[j] ?? 0),
      );
      if (gap * gap / curvature > most) {
        [second, most, step] = [j, gap * gap / curvature, gap / curvature];
      }
    }
    const ofSecond = row(second);
    step = Math.min(
      step,
      signs[first] === 1 ? c - a(first) : a(first),
      signs[second] === 1 ? a(second) : c - a(second),
    );
    const before = [a(first), a(second)];
    alpha[first] = a(first) + (signs[first] ?? 0) * step;
    alpha[second] = a(second) - (signs[second] ?? 0) * step;
    // Steps that rounding takes away lead nowhere: this is as near as numbers come.
    if (a(first) === before[0] && a(second) === before[1]) break;
    for (let k = 0; k < n; k++) {
      pull[k] = (pull[k] ?? 0) - step * ((ofFirst[k] ?? 0) - (ofSecond[k] ?? 0));
    }
  }
  const free = Array.from(alpha.keys()).filter((i) => a(i) > 0 && a(i) < c);
  const bias = free.length === 0
    ? (highest + lowest) / 2
    : free.reduce((sum, i) => sum + (pull[i] ?? 0), 0) / free.length;
  return { alpha, bias };
}

/**
 * A support vector machine of two classes: the widest margin between them, with violations at a cost.
 * Follows scikit-learn's `SVC` with labels 0 and 1.
 *
 * @example Two classes
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { SVC } from "@adjoint/ml/classic";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[-2, 0], [-1, 1], [1, 0], [2, 1]]);
 * const y = tensor([0, 0, 1, 1], { dtype: "int32" });
 * const machine = new SVC({ kernel: "linear" }).fit(x, y);
 * assertEquals(machine.predict(tensor([[-3, 0], [3, 0]])).toArray(), [0, 1]);
 * ```
 */
export class SVC {
  readonly #options: SVCOptions;
  #state: Machine | null = null;

  /**
   * Creates the method.
   *
   * @param options Cost, kernel and tolerance.
   */
  constructor(options?: SVCOptions) {
    checkCount("make SVC", arguments.length, 1);
    this.#options = kept(readOptions("make SVC", options));
  }

  /**
   * Finds the margin.
   *
   * @param x Examples [N, D].
   * @param y Their labels, int32 [N] of 0 and 1, both of which occur.
   */
  fit(x: Tensor, y: Tensor): this {
    checkCount("fit SVC", arguments.length, 2);
    const table = measuredTable("fit SVC", x);
    const labels = labelsOf("fit SVC", y, table);
    const classes = [...new Set(labels)].sort((a, b) => a - b);
    if (classes.length !== 2 || classes[1] !== 1) {
      throw new RangeError(
        `Cannot fit SVC: y must hold the labels 0 and 1, both of them, got ${classes.join(", ")}`,
      );
    }
    const { c = 1, kernel: name = "rbf", gamma = "scale", tol = 1e-3 } = this.#options;
    const width = gamma === "scale" ? scaled(table) : gamma;
    const kernel: Kernel = name === "linear"
      ? dot
      : (a, i, b, j) => Math.exp(-width * squaredDistance(a, i, b, j));
    const signs = Int8Array.from(labels, (label) => label === 1 ? 1 : -1);
    const { alpha, bias } = solve(table, signs, kernel, c, tol);
    const indices = Int32Array.from(Array.from(alpha.keys()).filter((i) => (alpha[i] ?? 0) > 0));
    const columns = table.columns;
    const values = new Float64Array(indices.length * columns);
    for (const [k, i] of indices.entries()) {
      values.set(table.values.subarray(i * columns, (i + 1) * columns), k * columns);
    }
    this.#state = {
      support: { rows: indices.length, columns, values },
      weights: Float64Array.from(indices, (i) => (alpha[i] ?? 0) * (signs[i] ?? 0)),
      indices,
      bias,
      kernel,
    };
    return this;
  }

  /** The examples of `fit` that carry the margin, by index, int32. */
  get supportIndices(): Tensor {
    const { indices } = fitted("read the support of SVC", this.#state);
    return fromTypedArray(indices.slice(), [indices.length]);
  }

  /** How far examples [N, D] lie on the side of class 1, [N]; 1 and −1 at the margin. */
  decisionFunction(x: Tensor): Tensor {
    checkCount("run SVC.decisionFunction", arguments.length, 1);
    return this.#decide("run SVC.decisionFunction", x);
  }

  /** The class of each of some examples [N, D], int32 [N]. */
  predict(x: Tensor): Tensor {
    checkCount("run SVC.predict", arguments.length, 1);
    return this.#decide("run SVC.predict", x).gt(0).to("int32");
  }

  #decide(call: string, x: Tensor): Tensor {
    const { support, weights, bias, kernel } = fitted(call, this.#state);
    const table = tableOf(call, x, support.columns);
    const values = new Float64Array(table.rows).map((_, i) =>
      weights.reduce((sum, weight, k) => sum + weight * kernel(table, i, support, k), bias)
    );
    return fromTypedArray(values, [table.rows]).to(x.dtype);
  }
}
