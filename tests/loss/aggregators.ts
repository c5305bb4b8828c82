/**
 * The ways to combine gradients, as the generated tests know them: one without a row does not compile.
 */

import { losses, Tensor, tensor } from "../../mod.ts";

/** What has weights and a gradient in its result. */
export type AggregatorName = {
  [K in Exclude<keyof typeof losses, "taskGradients">]: (typeof losses)[K] extends
    (...call: never[]) => { readonly gradient: unknown; readonly weights: unknown } ? K : never;
}[Exclude<keyof typeof losses, "taskGradients">];

/** A matrix as numbers. */
export type Plain = readonly (readonly number[])[];

/** What a direction is to be, in plain numbers. */
export interface Solution {
  readonly gradients: Plain;
  readonly weights: readonly number[];
  readonly direction: readonly number[];
}

/** What is known of one of them. */
export interface Aggregator {
  /** Combines a matrix [T, N]. */
  readonly run: (gradients: Tensor) => losses.Aggregate<Tensor>;
  /** How far a direction is from what it claims to be; 0 if it is that. */
  readonly residual: (solution: Solution) => number;
  /** How near TorchJD's solver comes, relative to the direction; null where it has none. */
  readonly near: number | null;
}

/** Σᵢ aᵢ·bᵢ. */
export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** What each task gains along a direction. */
function gains({ gradients, direction }: Solution): number[] {
  return gradients.map((g) => dot(g, direction));
}

function most(...values: number[]): number {
  return Math.max(0, ...values);
}

/** The rows without what goes against the others, one after the other, added. */
function surgery(gradients: Plain): number[] {
  const each = gradients.map((own, i) =>
    gradients.reduce<readonly number[]>((g, other, j) => {
      const slope = dot(g, other);
      if (i === j || slope >= 0) return g;
      return g.map((value, k) => value - slope / dot(other, other) * other[k]!);
    }, own)
  );
  return each[0]!.map((_, k) => each.reduce((sum, g) => sum + g[k]!, 0));
}

/** The mean of the rows. */
function meanOf(gradients: Plain): number[] {
  return gradients[0]!.map((_, k) =>
    gradients.reduce((sum, g) => sum + g[k]!, 0) / gradients.length
  );
}

const C = 0.7;

/** Weights for the tasks of gradients in any form. */
function weightsFor(gradients: unknown): Tensor {
  const [first] = gradients instanceof Tensor ? gradients.shape : [null];
  if (first === null) return weightsFor(Object.values(gradients as object)[0] ?? tensor([0]));
  const data = Float64Array.from({ length: first ?? 1 }, (_, i) => 1 + i / 2);
  return tensor(data);
}

/** The aggregators. */
export const AGGREGATORS: { readonly [Name in AggregatorName]: Aggregator } = {
  mgda: {
    run: losses.mgda,
    // Weights of a convex combination; all gain at least ‖d‖², and those that weigh no more.
    residual: (solution) => {
      const { weights, direction } = solution;
      const beyond = gains(solution).map((gain) => gain - dot(direction, direction));
      return most(
        Math.abs(weights.reduce((sum, w) => sum + w, -1)),
        ...weights.map((w) => -w),
        ...beyond.map((gain) => -gain),
        ...beyond.map((gain, i) => Math.abs(gain * weights[i]!)),
      );
    },
    near: 1e-6,
  },
  pcgrad: {
    run: (x) => losses.pcgrad(x, { shuffle: false }),
    residual: ({ gradients, direction }) =>
      most(...surgery(gradients).map((value, k) => Math.abs(value - direction[k]!))),
    near: 1e-12,
  },
  caGrad: {
    run: (x) => losses.caGrad(x, { c: C }),
    // At the length that is allowed from the mean, added where the gain is the least.
    residual: (solution) => {
      const { gradients, weights, direction } = solution;
      const mean = meanOf(gradients);
      const away = direction.map((value, k) => value - mean[k]!);
      const gain = gains(solution);
      const least = Math.min(...gain);
      const added = weights.map((w) => w - 1 / weights.length);
      return most(
        Math.abs(Math.hypot(...away) - C * Math.hypot(...mean)),
        ...added.map((w) => -w),
        ...added.map((w, i) => Math.abs(w * (gain[i]! - least))),
      );
    },
    near: 1e-4,
  },
  nashMtl: {
    run: losses.nashMtl,
    residual: (solution) =>
      most(...gains(solution).map((gain, i) => Math.abs(gain * solution.weights[i]! - 1))),
    near: 1e-3,
  },
  upGrad: {
    run: losses.upGrad,
    // No task loses, and the weights are no less than those of the mean.
    residual: (solution) =>
      most(
        ...gains(solution).map((gain) => -gain),
        ...solution.weights.map((w) => 1 / solution.weights.length - w),
      ),
    near: 1e-6,
  },
  gradNorm: {
    run: (x) => losses.gradNorm(x, weightsFor(x)),
    residual: (solution) => most(...solution.weights.map((w, i) => Math.abs(w - 1 - i / 2))),
    near: null,
  },
};
