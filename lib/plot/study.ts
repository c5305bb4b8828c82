/** Ready-made pictures of the results of `study`. */

import { contour, dot } from "@observablehq/plot";
import {
  checkCount,
  checkKind,
  COUNT,
  FLAG,
  isListOf,
  isPlainObject,
  kind,
  NUMBER,
  optionReader,
} from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { sizeOf } from "../core/shape.ts";
import type { GradientProfile } from "../study/gradients.ts";
import type { HessianSpectrum } from "../study/hessian.ts";
import type { LossLandscape } from "../study/landscape.ts";
import { alone, linesFor, scatterFor } from "./charts.ts";
import { shortNumber } from "./colors.ts";
import { colorsOf } from "./heatmap.ts";
import {
  AXES_OPTIONS,
  type AxesOptions,
  layered,
  type Panel,
  panelOf,
  type Series,
} from "./panel.ts";
import { panelsOf, type Picture } from "./picture.ts";
import { anyNumbersOf, extentOf, numbersOf, rowsOf, VALUES, type Values } from "./values.ts";

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

/** Whether a value is a result of `study.gradientProfile`. */
function isProfile(value: unknown): value is GradientProfile {
  return isPlainObject(value) &&
    ["gradient", "norms", "shares"].every((key) => isTensor(value[key]));
}

const PROFILES = kind(
  "the result of study.gradientProfile, or a record of such by the names of the losses",
  (value) =>
    isProfile(value) ||
    (isPlainObject(value) && Object.keys(value).length > 0 &&
      Object.values(value).every(isProfile)),
);

/**
 * How losses pull at each sample: its gradient if a sample has one number, else the length of its
 * gradient. The legend shows the largest share of one sample.
 *
 * @param profiles The result of `study.gradientProfile`, or a record of several by the names of the losses.
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
    const [, largest] = extentOf(anyNumbersOf(call, `${name}.shares`, shares));
    const label = `${name}, ${(100 * largest).toPrecision(3)} % by one sample`;
    const yLabel = signed ? "gradient" : "length of the gradient";
    const places = x ?? Array.from({ length: count }, (_, i) => i);
    const xLabel = x === undefined ? { xLabel: "sample" } : {};
    return panelsOf(scatterFor(call, places, pull, { yLabel, ...xLabel, ...rest, label }));
  });
  const [first] = panels;
  return alone({ ...layered(panels), references: first?.references ?? [] });
}

const LANDSCAPE = kind(
  "the result of study.lossLandscape",
  (value) =>
    isPlainObject(value) && isListOf(value.at, NUMBER.accepts) && isTensor(value.values) &&
    typeof value.center === "number",
);

/** Options of `landscape`. */
export interface LandscapeOptions extends AxesOptions {
  /** About how many levels of height a plane shows. Default: 20. */
  levels?: number;
}

const readLandscape = optionReader<LandscapeOptions>({ ...AXES_OPTIONS, levels: COUNT });

/** The heights of a plane as areas between contour lines. */
function planeOf(
  call: string,
  at: readonly number[],
  rows: readonly (readonly number[])[],
  levels: number,
  options: AxesOptions,
): Panel {
  const [from = 0, to = 0] = [at.at(0), at.at(-1)];
  // Numbers belong to the centres of cells, which reach half a step farther.
  const half = (to - from) / (at.length - 1) / 2;
  // The first direction is along the rows of the matrix, and along the horizontal axis here.
  const heights = at.flatMap((_, j) => rows.map((row) => row[j] ?? NaN));
  const ends = { x1: from - half, x2: to + half, y1: from - half, y2: to + half };
  const plane: Series = {
    label: undefined,
    swatch: "area",
    color: "currentColor",
    marks: () => [
      contour(heights, {
        width: at.length,
        height: at.length,
        ...ends,
        fill: (height: number) => height,
        stroke: "#00000040",
        thresholds: levels,
      }),
      dot([[0, 0]], { symbol: "cross", r: 5, fill: "#ffffff", stroke: "#000000" }),
    ],
  };
  const range = { xRange: [from, to], yRange: [from, to] } as const;
  const labels = { xLabel: "first direction", yLabel: "second direction" };
  const [least, largest] = extentOf(heights).map(shortNumber);
  const what = `loss on a plane from ${least} to ${largest}`;
  return panelOf(call, what, [plane], { grid: false, ...range, ...labels, ...options }, {
    color: colorsOf(heights, {}),
  });
}

/**
 * The loss along a line, or on a plane as areas between contour lines, with a cross at the point.
 *
 * @param landscape The result of `study.lossLandscape`.
 * @throws {RangeError} If a loss is not finite: a smaller range of the landscape then helps.
 *
 * @example A valley
 * ```ts
 * import { study, tensor } from "@adjoint/ml";
 * import { landscape } from "@adjoint/ml/plot";
 *
 * const valley = study.lossLandscape((x) => x.square().mul(tensor([1, 10])).sum(), tensor([0.5, 0.5]), 2);
 * landscape(valley, { title: "Around the point" });
 * ```
 */
export function landscape<At>(landscape: LossLandscape<At>, options?: LandscapeOptions): Picture {
  const call = "draw landscape";
  checkCount(call, arguments.length, 2);
  checkKind(call, "landscape", landscape, LANDSCAPE);
  const { levels = 20, ...rest } = readLandscape(call, options);
  const { at, values } = landscape;
  if (values.ndim === 2) {
    return alone(planeOf(call, at, rowsOf(call, "values", values), levels, rest));
  }
  return linesFor(call, values, {
    x: at,
    xLabel: "along the direction",
    yLabel: "loss",
    references: [{ x: 0, line: "dotted" }],
    ...rest,
  });
}

const SPECTRUM = kind(
  "the result of study.hessianSpectrum",
  (value) =>
    isPlainObject(value) && isPlainObject(value.density) && isTensor(value.density.at) &&
    isTensor(value.density.value) &&
    [value.least, value.largest].every(NUMBER.accepts),
);

const readSpectrum = optionReader<AxesOptions>(AXES_OPTIONS);

/** The share of the highest density below which a log scale shows nothing. */
const SEEN = 1e-8;

/**
 * The density of the eigenvalues of a Hessian, with the smallest and the largest that were found. On a log
 * scale, densities below a hundred-millionth of the highest are drawn at that height.
 *
 * @param spectrum The result of `study.hessianSpectrum`.
 *
 * @example A parabola
 * ```ts
 * import { ones, study, tensor } from "@adjoint/ml";
 * import { spectrum } from "@adjoint/ml/plot";
 *
 * const bent = (x: typeof weights) => x.square().mul(tensor([1, 2, 5])).sum();
 * const weights = ones([3]);
 * spectrum(study.hessianSpectrum(bent, weights), { yScale: "log" });
 * ```
 */
export function spectrum(spectrum: HessianSpectrum, options?: AxesOptions): Picture {
  const call = "draw spectrum";
  checkCount(call, arguments.length, 2);
  checkKind(call, "spectrum", spectrum, SPECTRUM);
  const read = readSpectrum(call, options);
  const { density, least, largest } = spectrum;
  const values = numbersOf(call, "density.value", density.value);
  const floor = read.yScale === "log" ? SEEN * extentOf(values)[1] : 0;
  return linesFor(call, values.map((value) => Math.max(value, floor)), {
    x: density.at,
    xLabel: "eigenvalue",
    yLabel: "density",
    references: [
      { x: least, line: "dotted", label: `least ${shortNumber(least)}` },
      { x: largest, label: `largest ${shortNumber(largest)}` },
    ],
    ...read,
  });
}
