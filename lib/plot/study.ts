/** Ready pictures of what the instruments of `study` give. */

import { checkCount, checkKind, FLAG, isPlainObject, kind, optionReader } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { sizeOf } from "../core/shape.ts";
import type { GradientProfile } from "../study/gradients.ts";
import { alone, scatter } from "./charts.ts";
import { AXES_OPTIONS, type AxesOptions, layered } from "./panel.ts";
import { panelsOf, type Picture } from "./picture.ts";
import { anyNumbersOf, VALUES, type Values } from "./values.ts";

/** Options of `gradients`. */
export interface GradientsOptions extends AxesOptions {
  /** A number for each sample, such as its prediction. Default: its index. */
  x?: Values;
  /**
   * Whether gradients are multiplied by the number of samples: the mean of a batch divides what each
   * sample pulls by it, so that a loss that clips at δ seems to clip at δ/N. Default: false.
   */
  perSample?: boolean;
}

const readGradients = optionReader<GradientsOptions>({
  ...AXES_OPTIONS,
  x: VALUES,
  perSample: FLAG,
});

/** Whether a value is what `study.gradientProfile` gives. */
function isProfile(value: unknown): value is GradientProfile {
  return isPlainObject(value) &&
    ["gradient", "norms", "shares"].every((key) => isTensor(value[key]));
}

const PROFILES = kind(
  "what study.gradientProfile gives, or a record of such by the names of the losses",
  (value) =>
    isProfile(value) ||
    (isPlainObject(value) && Object.keys(value).length > 0 &&
      Object.values(value).every(isProfile)),
);

/**
 * How losses pull at each sample: its gradient where a sample has one number, else the length of its
 * gradient. The legend tells the largest share of one sample.
 *
 * @param profiles What `study.gradientProfile` gives, or a record of several by the names of the losses.
 * @throws {RangeError} If a gradient is not finite.
 * @throws {ShapeError} If `x` has not a number for each sample.
 *
 * @example A loss that an outlier steers, and one that it does not
 * ```ts
 * import { linspace, losses, study, zeros } from "@adjoint/ml";
 * import { gradients } from "@adjoint/ml/plot";
 *
 * const pred = linspace(-5, 5, 21);
 * const [mse, huber] = [losses.mse, losses.huber]
 *   .map((loss) => study.gradientProfile(loss, pred, zeros([21])));
 * gradients({ mse: mse!, huber: huber! }, { x: pred, xLabel: "prediction", perSample: true });
 * ```
 */
export function gradients(
  profiles: GradientProfile | Readonly<Record<string, GradientProfile>>,
  options?: GradientsOptions,
): Picture {
  const call = "draw gradients";
  checkCount(call, arguments.length, 2);
  checkKind(call, "profiles", profiles, PROFILES);
  const { x, perSample = false, ...rest } = readGradients(call, options);
  const named: [string, GradientProfile][] = isProfile(profiles)
    ? [["gradient", profiles]]
    : Object.entries(profiles);
  const panels = named.flatMap(([name, { gradient, norms, shares }]) => {
    const count = norms.size;
    const signed = sizeOf(gradient.shape.slice(1)) === 1;
    const pull = anyNumbersOf(call, `${name}.gradient`, signed ? gradient : norms)
      .map((value) => perSample ? value * count : value);
    const largest = Math.max(...anyNumbersOf(call, `${name}.shares`, shares));
    const label = `${name}, ${(100 * largest).toPrecision(3)} % by one sample`;
    const yLabel = signed ? "gradient" : "length of the gradient";
    const places = x ?? Array.from({ length: count }, (_, i) => i);
    const xLabel = x === undefined ? { xLabel: "sample" } : {};
    return panelsOf(scatter(places, pull, { yLabel, ...xLabel, ...rest, label }));
  });
  const [first] = panels;
  return alone({ ...layered(panels), references: first?.references ?? [] });
}
