/** What noisy steps reveal about single examples. */

import { checkCount, checkGiven, COUNT, kind, optionReader, POSITIVE } from "../core/options.ts";

/** How a model was trained, for {@linkcode privacySpent}. */
export interface PrivacySettings {
  /** The noise's standard deviation, in units of the norm that a sample's gradient is clipped to. */
  noiseMultiplier: number;
  /** The chance that an example is in a step, above 0 and at most 1. */
  sampleRate: number;
  /** Number of steps. */
  steps: number;
  /** The chance that the guarantee fails, between 0 and 1; should be below 1/n for n examples. */
  delta: number;
}

/** What is guaranteed. */
export interface PrivacySpent {
  /** The privacy loss: whether an example takes part changes the chance of a result by at most e^ε. */
  readonly epsilon: number;
  /** The Rényi order that gave it. */
  readonly order: number;
}

const readSettings = optionReader<PrivacySettings>({
  noiseMultiplier: POSITIVE,
  sampleRate: kind(
    "a number above 0 and at most 1",
    (value) => POSITIVE.accepts(value) && (value as number) <= 1,
  ),
  steps: COUNT,
  delta: kind(
    "a number between 0 and 1",
    (value) => POSITIVE.accepts(value) && (value as number) < 1,
  ),
});

/** The orders that are tried: the best is small if much is revealed, and large if little is. */
const ORDERS = [
  ...Array.from({ length: 62 }, (_, i) => i + 2),
  ...[64, 72, 80, 96, 128, 160, 192, 256, 384, 512, 768, 1024],
];

/** log(eᵃ + eᵇ). */
function logAdd(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
}

/** The Rényi divergence of one step at an integer order, by the binomial series. */
function divergence(order: number, q: number, sigma: number): number {
  if (q === 1) return order / (2 * sigma ** 2);
  let [sum, logBinomial] = [-Infinity, 0];
  for (let k = 0; k <= order; k++) {
    const term = logBinomial + k * Math.log(q) + (order - k) * Math.log1p(-q);
    sum = logAdd(sum, term + (k * k - k) / (2 * sigma ** 2));
    logBinomial += Math.log((order - k) / (k + 1));
  }
  return sum / (order - 1);
}

/**
 * The (ε, δ) privacy of training by noisy gradient steps, each on a random part of the examples with
 * every sample's gradient clipped (DP-SGD), by Rényi differential privacy of the subsampled Gaussian
 * mechanism: Mironov, Talwar and Zhang, 2019, with the conversion of Balle et al., 2020. It is an upper
 * bound, over integer orders; it holds only if each example is in a step independently with chance
 * `sampleRate`, is clipped by itself, and the noise is drawn anew in each step. Follows Opacus'
 * `RDPAccountant`.
 *
 * @param settings Noise, sampling, steps and δ.
 * @returns ε and the order that gave it.
 * @throws {TypeError} If a setting is missing or out of range.
 *
 * @example A thousand steps
 * ```ts
 * import { metrics } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const run = { sampleRate: 0.01, steps: 1000, delta: 1e-5 };
 * const little = metrics.privacySpent({ ...run, noiseMultiplier: 1 });
 * const much = metrics.privacySpent({ ...run, noiseMultiplier: 4 });
 * assert(much.epsilon < little.epsilon);
 * ```
 */
export function privacySpent(settings: PrivacySettings): PrivacySpent {
  const call = "compute privacySpent";
  checkCount(call, arguments.length, 1);
  const given = readSettings(call, settings);
  checkGiven(call, given, "noiseMultiplier", "sampleRate", "steps", "delta");
  const { noiseMultiplier, sampleRate, steps, delta } = given;
  let best = { epsilon: Infinity, order: NaN };
  for (const order of ORDERS) {
    const rdp = steps * divergence(order, sampleRate, noiseMultiplier);
    const epsilon = rdp + Math.log1p(-1 / order) -
      (Math.log(delta) + Math.log(order)) / (order - 1);
    if (epsilon < best.epsilon) best = { epsilon: Math.max(0, epsilon), order };
  }
  return best;
}
