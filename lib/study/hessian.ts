/** Trace, spectrum and eigenvectors of the Hessian, computed without the matrix. */

import { noGrad } from "../autograd/tape.ts";
import { largest } from "../core/lists.ts";
import { checkCount, COUNT, MANY, NUMBER, oneOf, optionReader } from "../core/options.ts";
import { RandomGenerator } from "../core/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fromTypedArray, tensor } from "../tensor/create.ts";
import { randn } from "../tensor/rand.ts";
import { krylov, type Ritz, ritz } from "./lanczos.ts";
import { type Curvature, curvatureOf } from "./curvature.ts";
import { type ArgumentsAt, type Beside, type Point, SEED } from "./subject.ts";

/** Options of `hessianTrace`. */
export interface HessianTraceOptions {
  /** How many random directions are used, at least 2. Default: 32. */
  probes?: number;
  /** Seed of the random directions. Default: 0. */
  seed?: number;
}

const readTrace = optionReader<HessianTraceOptions>({ probes: MANY, seed: SEED });

/** The result of `hessianTrace`. */
export interface HessianTrace {
  /** The estimate: the mean of the samples. */
  readonly trace: number;
  /** Its standard error, estimated from the samples. */
  readonly standardError: number;
  /** vᵀ·H·v of each direction. */
  readonly samples: Tensor;
}

/** Numbers that print in short form if there are many. */
function listed(values: readonly number[]): Tensor {
  return tensor([...values], { dtype: "float64" });
}

/** Refuses too few directions to estimate a standard error. */
function checkProbes(call: string, probes: number): void {
  if (probes >= 2) return;
  throw new RangeError(`Cannot ${call}: probes must be at least 2, got ${probes}`);
}

/**
 * The trace of the Hessian of a function, which is the sum of its eigenvalues, with its standard
 * error. Hutchinson's estimate: the mean of vᵀ·H·v over random vectors of ±1, one product with the
 * Hessian for each. For a diagonal Hessian each sample is exact.
 *
 * @param fn A function of the point that returns a tensor with one element.
 * @param at A module, whose parameters are varied, or tensors as for `hessian`.
 * @throws {GradError} If the function does not depend on its argument.
 * @throws {RangeError} If there are fewer than 2 probes, or the Hessian is not finite.
 *
 * @example A sum of squares
 * ```ts
 * import { study, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { trace, standardError } = study.hessianTrace((x) => x.square().sum(), tensor([1, 2, 3]));
 * assertEquals([trace, standardError], [6, 0]);
 * ```
 */
export function hessianTrace<const At extends Point>(
  fn: (...inputs: ArgumentsAt<At>) => Tensor,
  at: At,
  options?: HessianTraceOptions,
): HessianTrace {
  const call = "compute study.hessianTrace";
  checkCount(call, arguments.length, 3);
  const { probes = 32, seed = 0 } = readTrace(call, options);
  checkProbes(call, probes);
  return noGrad(() => {
    const { size, product } = curvatureOf(call, fn, at);
    const stream = new RandomGenerator(seed);
    const samples = Array.from({ length: probes }, () => {
      const signs = Float64Array.from(stream.words(size), (word) => (word & 1) * 2 - 1);
      const v = fromTypedArray(signs, [size]);
      return v.mul(product(v)).sum().item();
    });
    const trace = samples.reduce((sum, x) => sum + x, 0) / probes;
    const squares = samples.reduce((sum, x) => sum + (x - trace) ** 2, 0);
    const standardError = Math.sqrt(squares / (probes - 1) / probes);
    return { trace, standardError, samples: listed(samples) };
  });
}

/** Options of `hessianSpectrum`. */
export interface HessianSpectrumOptions {
  /** Products with the Hessian for each random direction; more resolve more detail. Default: 64. */
  steps?: number;
  /** How many random directions are averaged. Default: 4. */
  probes?: number;
  /** Seed of the random directions. Default: 0. */
  seed?: number;
  /** At how many points the density is computed. Default: 101. */
  points?: number;
  /** Standard deviation by which the density is smoothed. Default: 1 % of the range of eigenvalues. */
  width?: number;
}

const readSpectrum = optionReader<HessianSpectrumOptions>({
  steps: COUNT,
  probes: MANY,
  seed: SEED,
  points: MANY,
  width: NUMBER,
});

/** The result of `hessianSpectrum`. */
export interface HessianSpectrum {
  /** How many eigenvalues the Hessian has. */
  readonly size: number;
  /** The smallest eigenvalue that was found; the true one is smaller or equal. */
  readonly least: number;
  /** The largest eigenvalue that was found; the true one is larger or equal. */
  readonly largest: number;
  /** The nodes of all directions, in increasing order. */
  readonly nodes: Tensor;
  /** The share of the eigenvalues that each node represents; the shares sum to 1. */
  readonly weights: Tensor;
  /** The density of the eigenvalues, whose integral is 1. */
  readonly density: { readonly at: Tensor; readonly value: Tensor };
}

function densityOf(
  nodes: readonly number[],
  weights: readonly number[],
  points: number,
  width: number,
): HessianSpectrum["density"] {
  const [least = 0, largest = least] = [nodes[0], nodes.at(-1)];
  const [from, to] = [least - 4 * width, largest + 4 * width];
  const at = Array.from(
    { length: points },
    (_, i) => points === 1 ? (from + to) / 2 : from + i * (to - from) / (points - 1),
  );
  const height = 1 / (width * Math.sqrt(2 * Math.PI));
  const value = at.map((x) =>
    nodes.reduce(
      (sum, node, i) =>
        sum + (weights[i] ?? 0) * height * Math.exp(-(((x - node) / width) ** 2) / 2),
      0,
    )
  );
  return { at: listed(at), value: listed(value) };
}

/**
 * The distribution of the eigenvalues of the Hessian of a function, by stochastic Lanczos
 * quadrature: from each of several random directions, Lanczos' method with full reorthogonalisation
 * makes a small matrix whose eigenvalues and first components represent the spectrum. With as many
 * steps as there are parameters, the nodes are the eigenvalues. Ghorbani et al., "An investigation
 * into neural net optimization via Hessian eigenvalue density", 2019.
 *
 * @param fn A function of the point that returns a tensor with one element.
 * @param at A module, whose parameters are varied, or tensors as for `hessian`.
 * @throws {GradError} If the function does not depend on its argument.
 * @throws {RangeError} If the width is not positive, or the Hessian is not finite.
 *
 * @example Two squares
 * ```ts
 * import { study, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const scales = tensor([1, 4], { dtype: "float64" });
 * const x = tensor([1, 1], { dtype: "float64" });
 * const { least, largest } = study.hessianSpectrum((x) => x.square().mul(scales).sum(), x);
 * assertAlmostEquals(least, 2, 1e-12);
 * assertAlmostEquals(largest, 8, 1e-12);
 * ```
 */
export function hessianSpectrum<const At extends Point>(
  fn: (...inputs: ArgumentsAt<At>) => Tensor,
  at: At,
  options?: HessianSpectrumOptions,
): HessianSpectrum {
  const call = "compute study.hessianSpectrum";
  checkCount(call, arguments.length, 3);
  const { steps = 64, probes = 4, seed = 0, points = 101, width } = readSpectrum(call, options);
  if (width !== undefined && !(width > 0 && width < Infinity)) {
    throw new RangeError(`Cannot ${call}: width must be positive and finite, got ${width}`);
  }
  return noGrad(() => {
    const { size, product, slack } = curvatureOf(call, fn, at);
    const generator = new RandomGenerator(seed);
    const found = Array.from({ length: probes }, () => {
      const start = randn([size], { dtype: "float64", generator });
      return ritz(krylov(product, start, { steps: Math.min(steps, size), slack, found: [] }));
    });
    const pairs = found.flatMap(({ values, vectors }) =>
      values.map((value, i) => [value, (vectors[0]?.[i] ?? 0) ** 2 / probes] as const)
    ).sort(([a], [b]) => a - b);
    const nodes = pairs.map(([value]) => value);
    const weights = pairs.map(([, weight]) => weight);
    const [least = 0, largest = least] = [nodes[0], nodes.at(-1)];
    const range = largest - least;
    const smoothed = width ?? (0.01 * range || 0.01 * Math.abs(largest) || 0.01);
    const density = densityOf(nodes, weights, points, smoothed);
    return { size, least, largest, nodes: listed(nodes), weights: listed(weights), density };
  });
}

/** Options of `topEigenvectors`. */
export interface TopEigenvectorsOptions {
  /** How many eigenvectors. Default: 1. */
  count?: number;
  /**
   * Which eigenvalues: those at an end of the spectrum, or the largest in magnitude. Default:
   * "largest".
   */
  which?: "largest" | "smallest" | "magnitude";
  /** The largest number of products with the Hessian for each. Default: 100. */
  steps?: number;
  /**
   * The residual ‖H·v − λ·v‖ at which to stop, relative to the largest eigenvalue in magnitude.
   * Default: 1e-6.
   */
  tol?: number;
  /** Seed of the random start. Default: 0. */
  seed?: number;
}

const readTop = optionReader<TopEigenvectorsOptions>({
  count: COUNT,
  which: oneOf("largest", "smallest", "magnitude"),
  steps: COUNT,
  tol: NUMBER,
  seed: SEED,
});

/** The result of `topEigenvectors`. */
export interface TopEigenvectors<At> {
  /** The eigenvalues, the top one first. */
  readonly eigenvalues: readonly number[];
  /** The eigenvectors, of length 1, in the form of the point or by the names of the parameters. */
  readonly eigenvectors: readonly Beside<At>[];
  /** The residual ‖H·v − λ·v‖ of each. */
  readonly residuals: readonly number[];
}

const RANK: Readonly<Record<NonNullable<TopEigenvectorsOptions["which"]>, (x: number) => number>> =
  {
    largest: (x) => x,
    smallest: (x) => -x,
    magnitude: Math.abs,
  };

/** The index of the top eigenvalue. */
function topOf({ values }: Ritz, rank: (x: number) => number): number {
  return values.reduce((best, x, i) => rank(x) > rank(values[best] ?? x) ? i : best, 0);
}

/** An eigenvector orthogonal to those found before. */
function next(
  { size, product, slack }: Omit<Curvature<never>, "beside">,
  found: readonly Tensor[],
  start: Tensor,
  { rank, tol, steps }: { rank: (x: number) => number; tol: number; steps: number },
): Tensor {
  const settled = (small: Ritz, rest: number) => {
    const last = small.vectors.at(-1)?.[topOf(small, rank)] ?? 0;
    return Math.abs(rest * last) <= tol * largest(small.values.map(Math.abs));
  };
  const most = Math.min(steps, size - found.length);
  const space = krylov(product, start, { steps: most, slack, found, settled });
  const small = ritz(space);
  const top = topOf(small, rank);
  const parts = tensor(small.vectors.map((row) => row[top] ?? 0), { dtype: "float64" });
  const v = parts.matmul(space.basis);
  return v.div(v.norm());
}

/**
 * The eigenvectors of the Hessian of a function at one end of its spectrum, with their eigenvalues:
 * the directions of the largest curvature. They are found one after the other by Lanczos' method
 * with full reorthogonalisation, each orthogonal to those before, so a double eigenvalue is found
 * twice.
 *
 * @param fn A function of the point that returns a tensor with one element.
 * @param at A module, whose parameters are varied, or tensors as for `hessian`.
 * @returns The eigenvectors; a residual above `tol` means that more steps are needed.
 * @throws {RangeError} If there are fewer eigenvalues than `count`, or the Hessian is not finite.
 *
 * @example The steepest of three squares
 * ```ts
 * import { study, type Tensor, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = (x: Tensor) => x.square().mul(tensor([1, 5, 2])).sum();
 * const { eigenvalues } = study.topEigenvectors(loss, tensor([1, 1, 1]));
 * assertAlmostEquals(eigenvalues[0]!, 10, 1e-5);
 * ```
 */
export function topEigenvectors<const At extends Point>(
  fn: (...inputs: ArgumentsAt<At>) => Tensor,
  at: At,
  options?: TopEigenvectorsOptions,
): TopEigenvectors<At> {
  const call = "compute study.topEigenvectors";
  checkCount(call, arguments.length, 3);
  const { count = 1, which = "largest", steps = 100, tol = 1e-6, seed = 0 } = readTop(
    call,
    options,
  );
  if (!(tol >= 0)) throw new RangeError(`Cannot ${call}: tol must be at least 0, got ${tol}`);
  return noGrad(() => {
    const curvature = curvatureOf(call, fn, at);
    const { size, product, beside } = curvature;
    if (count > size) {
      throw new RangeError(
        `Cannot ${call}: count must be at most ${size}, the number of eigenvalues, got ${count}`,
      );
    }
    const generator = new RandomGenerator(seed);
    const found: Tensor[] = [];
    for (let i = 0; i < count; i++) {
      const start = randn([size], { dtype: "float64", generator });
      found.push(next(curvature, found, start, { rank: RANK[which], tol, steps }));
    }
    const pairs = found.map((v) => {
      const bent = product(v);
      const value = v.mul(bent).sum().item();
      return { value, v, residual: bent.sub(v.mul(value)).norm().item() };
    }).sort((a, b) => RANK[which](b.value) - RANK[which](a.value));
    return {
      eigenvalues: pairs.map(({ value }) => value),
      eigenvectors: pairs.map(({ v }) => beside(v)),
      residuals: pairs.map(({ residual }) => residual),
    };
  });
}
