/**
 * Rounding errors, simulated: how far float32 may lead a program from its float64 twin. A watcher sees
 * every result inside every op, also of a backward pass, and moves those of its elements that float32
 * does not hold by a few units of float32's last place. What a program makes of that shows how much
 * each value, each decision and each gradient depends on rounding, whatever the ops. The method is that
 * of J. Vignes, "A stochastic arithmetic for reliable scientific computation" (1993), with two
 * differences: numbers that float32 holds stay as they are, so that exact computations stay exact, and
 * the error is a function of the number (of its significant digits), as real rounding is, so that equal
 * numbers stay equal.
 */

import type { Watcher } from "../../lib/autograd/tape.ts";
import { engine } from "../../lib/core/engine.ts";
import { elementsOf } from "../../lib/ops/copy/copy.ts";
import { fromTypedArray, type Tensor } from "../../mod.ts";

/** Error of one rounding, relative: two to four units in the last place of float32. */
const SINGLE = 2 ** -22;
/** The same of programs that have nothing but float64. */
const DOUBLE = 2 ** -50;

/** Views: their elements were rounded when they were made. */
const VIEWS: ReadonlySet<string> = new Set(["reshape", "permute", "expand", "slice"]);

/** Products of elements of some tensors, how many of them a sum adds up, and what it is divided by. */
type Terms = readonly (readonly [count: number, factors: readonly Tensor[], divisor?: number])[];

type Sum = (size: number, ...inputs: Tensor[]) => Terms;

/** A convolution, or what leads back from one, and its bias. */
const products: Sum = (_, a, b, ...bias) => [
  [Math.min(a!.size, b!.size), [a!, b!]],
  ...bias.map((added) => [1, [added]] as const),
];

/** A pool, or what leads back from one: an element adds up a channel at most. */
const windowed: Sum = (_, x) => [[x!.size / (x!.shape[0]! * x!.shape[1]!), [x!]]];

/** Kernels that add up, by the names of their rules. */
const SUMS: Readonly<Record<string, Sum>> = {
  sum: (size, x) => [[x!.size / size, [x!]]],
  mean: (size, x) => [[x!.size / size, [x!], x!.size / size]],
  cumsum: (_, x) => [[x!.size, [x!]]],
  matmul: (_, a, b) => [[a!.shape.at(-1)!, [a!, b!]]],
  scatterAdd: (_, x, __, source) => [[1, [x!]], [source!.size, [source!]]],
  sumPool: windowed,
  sumPoolInput: windowed,
  ...Object.fromEntries(
    [1, 2, 3].flatMap((dims) => [`conv${dims}d`, `convTranspose${dims}d`, `conv${dims}dToWeight`])
      .map((name) => [name, products]),
  ),
};

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** A tensor's largest element, and how many binary places its elements need. */
function extent({ storage: { array, base, size } }: Tensor): { largest: number; places: number } {
  let largest = 0;
  let places = 0;
  for (let i = base; i < base + size; i++) {
    const value = Math.abs(array[i]!);
    if (!Number.isFinite(value)) continue;
    if (value > largest) largest = value;
    while (places < 64 && !Number.isInteger(value * 2 ** places)) places += 4;
  }
  return { largest, places };
}

/** Simulates the rounding of float32 in computations in float64. */
export class Rounding implements Watcher {
  readonly #salt: number;
  readonly #single: boolean;
  readonly #unit: number;

  /**
   * Creates the object.
   *
   * @param salt Which of the many ways to round; 0 for the nearest number of float32.
   * @param single Whether float32 occurs in the program; else only float64's own errors are meant.
   */
  constructor(salt: number, single: boolean) {
    this.#salt = Math.imul(salt, 0x9e3779b1);
    this.#single = single;
    this.#unit = salt === 0 ? 0 : single ? SINGLE : DOUBLE;
  }

  /** A number from -1 to 1 that depends on the significant digits only, or on a place too. */
  #noise(value: number, place = 0): number {
    double[0] = value;
    let h = Math.imul(words[0]! ^ this.#salt, 0x85ebca6b) ^
      Math.imul((words[1]! & 0xfffff) + this.#salt + place, 0xc2b2ae35);
    h = Math.imul(h ^ h >>> 15, 0x2c1b3c6d);
    h = Math.imul(h ^ h >>> 13, 0x297a2d39);
    h ^= h >>> 16;
    return (h | 0) / 2 ** 31;
  }

  /** Rounds the result of an op. */
  made(name: string, y: Tensor, inputs: readonly Tensor[]): void {
    if (VIEWS.has(name) || y.dtype === "int32" || y.dtype === "bool") return;
    const { storage: { array, base, size } } = y;
    for (let i = base; i < base + size; i++) {
      const value = array[i]!;
      if (Math.fround(value) === value || Number.isNaN(value)) continue;
      const moved = value * (1 + this.#unit * this.#noise(value));
      array[i] = this.#single ? Math.fround(moved) : moved;
    }
    if (this.#unit > 0) this.#lose(name, y, inputs);
  }

  /** Adds what is lost inside of sums, which depends on their terms: also where two are equal. */
  #lose(name: string, { storage: { array, base, size } }: Tensor, inputs: readonly Tensor[]): void {
    const terms = SUMS[name]?.(size, ...inputs);
    const loss = terms === undefined ? 0 : this.#unit * lossOf(terms);
    // Gradients of one tensor are added in an order that depends on what is copied on the way.
    const [a, b] = name === "add" && engine.pass !== 0
      ? inputs.map((x) => elementsOf(x, "test"))
      : [];
    if (terms !== undefined) {
      // In which order terms are added decides the sign of a zero, and so the side of a pole.
      for (let i = base; i < base + size; i++) {
        if (array[i] === 0) array[i] = this.#noise(1, i - base) < 0 ? -0 : 0;
      }
    }
    if (loss === 0 && (a?.length !== size || b?.length !== size)) return;
    for (let i = 0; i < size; i++) {
      const most = loss || this.#unit * Math.max(Math.abs(a![i]!), Math.abs(b![i]!));
      const moved = array[base + i]! + most * this.#noise(most, i);
      array[base + i] = this.#single ? Math.fround(moved) : moved;
    }
  }

  /** A matrix as a solver sees it, whose roundings are those of a matrix nearby. */
  nearby(x: Tensor): Tensor {
    const loss = this.#unit * extent(x).largest;
    const moved = Float64Array.from({ length: x.size }, (_, i) => loss * this.#noise(loss, i));
    return x.add(fromTypedArray(moved, x.shape));
  }

  /** Gradients are made by ops, whose results are rounded. */
  differentiated(): void {}
}

/** What a sum may lose beside the rounding of its result; 0 where all partial sums are exact. */
function lossOf(terms: Terms): number {
  let [bound, places, loss] = [0, 0, 0];
  for (const [count, factors, divisor = 1] of terms) {
    const extents = factors.map(extent);
    const most = extents.reduce((product, { largest }) => product * largest, count);
    bound += most;
    // The errors of many additions grow as a random walk does.
    loss += most * Math.max(1, Math.sqrt(count) / 8) / divisor;
    places = Math.max(places, extents.reduce((sum, factor) => sum + factor.places, 0));
  }
  return bound * 2 ** places <= 2 ** 24 ? 0 : loss;
}
