/** Which numbers the targets of a loss may be, and how others are refused. */

import { type Bounds, firstOutside } from "../tensor/bounds.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What the targets of a loss may be. */
export interface Domain extends Bounds {
  /** What replaces a target that a mask leaves out. */
  readonly masked: number;
  /** In words, after "must". */
  readonly needed: string;
  /** The usual reason for other targets, and what to do. */
  readonly cause: string;
}

const SLACK = 1e-4;

const SHARES: Domain = {
  low: 0,
  high: 1,
  ends: false,
  slack: SLACK,
  masked: 0,
  needed: "lie in 0 to 1",
  cause: "map labels of -1 and 1 by add(1).div(2), and labels of classes by oneHot",
};

const FLAGS: Domain = {
  ...SHARES,
  ends: true,
  slack: 0,
  needed: "be 0 or 1",
};

const SOFT_SIGNS: Domain = {
  ...SHARES,
  low: -1,
  needed: "lie in -1 to 1",
  cause: "map labels of classes by oneHot(…).mul(2).sub(1)",
};

/** Signs that a loss branches on. */
const SIGNS: Domain = {
  low: -1,
  high: 1,
  ends: true,
  slack: 0,
  masked: 1,
  needed: "be -1 or 1",
  cause: "map labels of 0 and 1 by mul(2).sub(1)",
};

/** Signs that a loss multiplies by, so that it has a derivative with respect to them. */
const FACTORS: Domain = { ...SIGNS, slack: SLACK };

const NOT_NEGATIVE: Domain = {
  ...SHARES,
  high: Number.MAX_VALUE,
  needed: "be finite and at least 0",
  cause: "they need not add up to 1, but logits need softmax first",
};

const DENSITIES: Domain = {
  ...NOT_NEGATIVE,
  slack: 0,
  cause: "for logarithms of probabilities, set logTarget: true",
};

/** Predictions of which a loss takes logarithms, so that it is NaN elsewhere. */
export const PROBABILITIES: Domain = {
  ...SHARES,
  slack: 0,
  cause: "for logits, use bceWithLogits",
};

/** Predictions of which a loss takes logarithms, and that may be above 1. */
export const RATES: Domain = {
  ...NOT_NEGATIVE,
  slack: 0,
  cause: "for logarithms of rates, leave logInput true",
};

/** Logarithms of numbers from 0, which may thus be -Infinity. */
export const LOGARITHMS: Domain = {
  ...NOT_NEGATIVE,
  low: -Infinity,
  needed: "be below Infinity",
  cause: "they are logarithms of probabilities, as logSoftmax gives",
};

/** The domains of targets, for losses that do not take all numbers. */
export const DOMAINS: Readonly<Record<string, Domain>> = {
  "losses.bce": SHARES,
  "losses.bceWithLogits": SHARES,
  "losses.multiLabelSoftMargin": SHARES,
  "losses.focal": FLAGS,
  "losses.softMargin": SOFT_SIGNS,
  "losses.hinge": FACTORS,
  "losses.hingeEmbedding": SIGNS,
  "losses.marginRanking": FACTORS,
  "losses.cosineEmbedding": SIGNS,
  "losses.crossEntropy": NOT_NEGATIVE,
  "losses.linearCrossEntropy": NOT_NEGATIVE,
  "losses.listwiseSoftmax": { ...NOT_NEGATIVE, cause: "an item without relevance has 0" },
  "losses.poissonNll": { ...NOT_NEGATIVE, cause: "they are counts, not their logarithms" },
  "losses.klDiv": DENSITIES,
  "losses.jsDiv": DENSITIES,
  "losses.dice": SHARES,
  "losses.jaccard": SHARES,
  "losses.tversky": SHARES,
};

/** Refuses targets outside a domain; those on a GPU pass, as checking would mean waiting for it. */
export function checkDomain(
  op: string,
  x: Tensor,
  domain: Domain | undefined = DOMAINS[op],
  role = "target",
): void {
  if (domain === undefined || x.device !== "cpu") return;
  const wrong = firstOutside(x, domain);
  if (wrong === null) return;
  const { value, place } = wrong;
  throw new RangeError(
    Number.isNaN(value)
      ? `Cannot compute ${op}: ${role} must be numbers, got NaN at index ${place}`
      : `Cannot compute ${op}: ${role} must ${domain.needed}, got ${value} at index ${place} ` +
        `(${domain.cause})`,
  );
}
