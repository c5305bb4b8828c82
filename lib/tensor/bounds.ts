/** Whether all elements lie within bounds, which is asked of targets in each step. */

import { isFloat } from "../core/dtype.ts";
import { noteRangeOf, type Range, rangeOf } from "../device/memory.ts";
import { bare } from "../ops/define/batch.ts";
import { extremeOver } from "../ops/reduce/primitives.ts";
import { everyElement } from "./examples.ts";
import type { Tensor } from "./tensor.ts";

/** Where numbers may lie. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
  /** Whether nothing lies between the two. */
  readonly ends: boolean;
  /** How far beyond is taken for rounding, or for a step of `gradcheck`. */
  readonly slack: number;
}

/** From which size on the passes of kernels are faster than a loop. */
const MANY = 2048;

/** Whether what lies in a range lies within bounds; NaN never does. */
function isInside(found: Range, { low, high, ends, slack }: Bounds): boolean {
  if (!(found.low >= low - slack && found.high <= high + slack)) return false;
  if (!ends) return true;
  const [lower, upper] = [low + slack, high - slack];
  return found.high <= lower || found.low >= upper ||
    (found.lower <= lower && found.upper >= upper);
}

/** Where the elements lie, by kernels; a gap is sought where bounds ask for one. NaN if one is. */
function rangeFound(x: Tensor, { low, high, ends }: Bounds): Range {
  const all = x.shape.map((_, dim) => dim);
  const extreme = (name: "min" | "max", y: Tensor) =>
    everyElement(extremeOver("extremes", name, y, all))[0]!;
  const [least, most] = [extreme("min", x), extreme("max", x)];
  if (!ends) return { low: least, lower: most, upper: least, high: most };
  const middle = (low + high) / 2;
  const apart = extreme("min", (middle === 0 ? x : x.sub(middle)).abs());
  return { low: least, lower: middle - apart, upper: middle + apart, high: most };
}

/** The first element out of bounds or NaN, and its place; null if there is none. */
export function firstOutside(
  x: Tensor,
  bounds: Bounds,
): { readonly value: number; readonly place: number } | null {
  const whole = bare(x);
  const known = rangeOf(whole.storage);
  if (known !== null && isInside(known, bounds)) return null;
  if (whole.size >= MANY && isFloat(whole.dtype)) {
    const found = rangeFound(whole.detach(), bounds);
    if (isInside(found, bounds)) {
      noteRangeOf(whole, found.low, found.high, found.lower, found.upper);
      return null;
    }
  }
  const { low, high, ends, slack } = bounds;
  const [least, most] = [low - slack, high + slack];
  const [lower, upper] = ends ? [low + slack, high - slack] : [most, least];
  const elements = everyElement(whole);
  for (let place = 0; place < elements.length; place++) {
    const value = elements[place]!;
    // Written so that NaN is outside.
    if (value >= least && value <= most && (value <= lower || value >= upper)) continue;
    return { value, place };
  }
  // On the GPU, the next use need not read the elements back.
  if (whole.storage.backend.device === "gpu") {
    noteRangeOf(whole, least, most, lower, upper);
  }
  return null;
}
