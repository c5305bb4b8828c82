/**
 * Line search: Nocedal and Wright, "Numerical optimization", 2006, algorithms 3.5 and 3.6, with cubic
 * interpolation. Takes the same steps as the search of `torch.optim.LBFGS`.
 */

import type { Tensor } from "../tensor/tensor.ts";

/** A point on the line. */
export interface LinePoint {
  /** Its distance along the direction. */
  readonly t: number;
  /** The loss. */
  readonly loss: number;
  /** The gradient. */
  readonly g: Tensor;
  /** The slope along the line. */
  readonly slope: number;
}

/** The limits of the search. */
export interface LineSearchOptions {
  /** The largest absolute element of the direction. */
  readonly size: number;
  /** How many further points may be evaluated. */
  readonly maxEvaluations: number;
}

/** The loss must fall by this share of the first slope. */
const DECREASE = 1e-4;
/** The slope must fall to this share of the first one. */
const CURVATURE = 0.9;
/** A bracket over which no parameter changes by more is not searched. */
const NARROW = 1e-9;

/** The minimum of the cubic through two points with their slopes, within bounds. */
function cubicMinimum(
  a: LinePoint,
  b: LinePoint,
  [low, high]: readonly [number, number] = a.t <= b.t ? [a.t, b.t] : [b.t, a.t],
): number {
  const d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const d2 = Math.sqrt(square);
  const share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2);
  return Math.min(Math.max(right.t - (right.t - left.t) * share, low), high);
}

/** Successive points inside a bracket, away from its ends. */
function insideOf(bracket: readonly [LinePoint, LinePoint]): (t: number) => number {
  // Whether the last point was already near an end.
  let stuck = false;
  return (t) => {
    const [a, b] = bracket;
    const [low, high] = [Math.min(a.t, b.t), Math.max(a.t, b.t)];
    const margin = 0.1 * (high - low);
    const near = Math.min(high - t, t - low) < margin;
    const move = near && (stuck || t >= high || t <= low);
    stuck = near && !move;
    if (!move) return t;
    return Math.abs(t - high) < Math.abs(t - low) ? high - margin : low + margin;
  };
}

/**
 * Searches a line for a point where the loss is low enough and the slope small enough.
 *
 * @param first The start of the line.
 * @param t The first step to try.
 * @param at Evaluates the point at a distance.
 * @returns The point found, and how many points were evaluated.
 */
export function strongWolfe(
  first: LinePoint,
  t: number,
  at: (t: number) => LinePoint,
  { size, maxEvaluations }: LineSearchOptions,
): readonly [found: LinePoint, evaluations: number] {
  const isLow = (p: LinePoint) => !(p.loss > first.loss + DECREASE * p.t * first.slope);
  const isFlat = (p: LinePoint) => Math.abs(p.slope) <= -CURVATURE * first.slope;
  let point = at(t);
  let evaluations = 1;
  let tries = 0;
  let before = first;
  let bracket: [LinePoint, LinePoint] | null = null;
  while (tries < maxEvaluations && bracket === null) {
    if (!isLow(point) || (tries > 1 && point.loss >= before.loss)) bracket = [before, point];
    else if (isFlat(point)) return [point, evaluations];
    else if (point.slope >= 0) bracket = [before, point];
    else {
      const bounds = [point.t + 0.01 * (point.t - before.t), point.t * 10] as const;
      const next = cubicMinimum(before, point, bounds);
      before = point;
      point = at(next);
      evaluations++;
      tries++;
    }
  }
  bracket ??= [first, point];
  let low: 0 | 1 = bracket[0].loss <= bracket[1].loss ? 0 : 1;
  const inside = insideOf(bracket);
  while (tries < maxEvaluations) {
    if (Math.abs(bracket[1].t - bracket[0].t) * size < NARROW) break;
    const high = low === 0 ? 1 : 0;
    point = at(inside(cubicMinimum(bracket[0], bracket[1])));
    evaluations++;
    tries++;
    if (!isLow(point) || point.loss >= bracket[low].loss) {
      bracket[high] = point;
      low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
      continue;
    }
    const done = isFlat(point);
    if (!done && point.slope * (bracket[high].t - bracket[low].t) >= 0) {
      bracket[high] = bracket[low];
    }
    bracket[low] = point;
    if (done) break;
  }
  return [bracket[low], evaluations];
}
