/** Whether all elements lie within bounds, which is asked of targets in each step. */

import { isFloat } from "../core/dtype.ts";
import type { Storage } from "../device/backend.ts";
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

/** From which size on two passes of a kernel are faster than a loop. */
const MANY = 2048;

/** Whether all of many floats lie within bounds, by their extremes, which are NaN if one is. */
function areInside(x: Tensor, { low, high, ends, slack }: Bounds): boolean {
  const all = x.shape.map((_, dim) => dim);
  const extreme = (name: "min" | "max", y: Tensor) =>
    everyElement(extremeOver("extremes", name, y, all))[0]!;
  if (!ends) {
    if (!(extreme("min", x) >= low - slack)) return false;
    return high === Number.MAX_VALUE
      ? extreme("max", x) < Infinity
      : extreme("max", x) <= high + slack;
  }
  const half = (high - low) / 2;
  const apart = x.sub((low + high) / 2).abs();
  return extreme("min", apart) >= half - slack && extreme("max", apart) <= half + slack;
}

/** What was found to lie within bounds, and in which state. */
const known = new WeakMap<Storage, { readonly bounds: Bounds; readonly version: number }>();

/** Whether the elements need not be looked at again: nobody else can have changed them since. */
function isKnown(storage: Storage, bounds: Bounds): boolean {
  const last = known.get(storage);
  return last?.bounds === bounds && last.version === storage.version && !storage.shared;
}

/** The first element out of bounds or NaN, and its place; null if there is none. */
export function firstOutside(
  x: Tensor,
  bounds: Bounds,
): { readonly value: number; readonly place: number } | null {
  const whole = bare(x);
  const { storage, size } = whole;
  if (isKnown(storage, bounds)) return null;
  if (size >= MANY && isFloat(whole.dtype) && areInside(whole.detach(), bounds)) {
    if (size === storage.size) known.set(storage, { bounds, version: storage.version });
    return null;
  }
  const { low, high, ends, slack } = bounds;
  const [least, most] = [low - slack, high + slack];
  const [lower, upper] = ends ? [low + slack, high - slack] : [Infinity, -Infinity];
  const elements = everyElement(whole);
  for (let place = 0; place < elements.length; place++) {
    const value = elements[place]!;
    // Written so that NaN is outside.
    if (value >= least && value <= most && (value <= lower || value >= upper)) continue;
    return { value, place };
  }
  return null;
}
