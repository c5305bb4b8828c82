/** Pictures of numbers: lines, points, frequencies, matrices. */

import { dot, lineY, rectY } from "@observablehq/plot";
import {
  checkCount,
  countTo,
  FLAG,
  isListOf,
  type Kind,
  kind,
  oneOf,
  optionReader,
  POSITIVE,
  SHARE,
  TEXT,
} from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { countsOf, edgesOf } from "./bins.ts";
import { SIZE } from "./draw.ts";
import {
  AXES_OPTIONS,
  type AxesOptions,
  checkLog,
  DASHES,
  type LineStyle,
  type Panel,
  panelOf,
  POINT_SHAPES,
  type Series,
} from "./panel.ts";
import { type Picture, pictureOf } from "./picture.ts";
import { anyNumbersOf, checkLengths, numbersOf, seriesOf, VALUES, type Values } from "./values.ts";

/** A panel in words: its title, its axes, and what is drawn. */
export function altOf({ what, options: { title, xLabel, yLabel, alt } }: Panel): string {
  if (alt !== undefined) return alt;
  const axes = [yLabel, xLabel].filter((label) => label !== undefined).join(" against ");
  return [title, axes, what].filter((part) => part !== undefined && part !== "").join(": ");
}

/** A picture of one panel. */
export function alone(panel: Panel): Picture {
  const { width = SIZE.width, height = SIZE.height } = panel.options;
  return pictureOf({
    panels: [panel],
    columns: 1,
    title: undefined,
    width,
    height,
    alt: altOf(panel),
  });
}

/** A count with its noun. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** Options of `lines`. */
export interface LinesOptions extends AxesOptions {
  /** The positions of the numbers along the axis. Default: 0, 1, 2 … */
  x?: Values;
  /** The name in the legend, for a series without one. */
  label?: string;
  /** A CSS colour, for a series without a name. Default: the next of the palette. */
  color?: string;
  /** How the lines are drawn. Default: "solid". */
  line?: LineStyle;
  /** Width of the lines in pixels. Default: 1.75. */
  strokeWidth?: number;
  /** Whether points mark the numbers. Default: false. */
  points?: boolean;
}

const readLines = optionReader<LinesOptions>({
  ...AXES_OPTIONS,
  x: VALUES,
  label: TEXT,
  color: TEXT,
  line: oneOf("solid", "dashed", "dotted"),
  strokeWidth: POSITIVE,
  points: FLAG,
});

/**
 * Lines through numbers, in order.
 *
 * @param y The heights: a tensor or an array, or a record of several by their names in the legend, which
 * may have different lengths.
 * @throws {RangeError} If there are none, or some that are not finite.
 * @throws {ShapeError} If `x` has a different length.
 *
 * @example Two series
 * ```ts
 * import { linspace } from "@adjoint/ml";
 * import { lines } from "@adjoint/ml/plot";
 *
 * const x = linspace(-3, 3, 61);
 * lines({ tanh: x.tanh(), sin: x.sin() }, { x, title: "Functions", xLabel: "x" });
 * ```
 */
export function lines(
  y: Values | Readonly<Record<string, Values>>,
  options?: LinesOptions,
): Picture {
  checkCount("draw lines", arguments.length, 2);
  return linesFor("draw lines", y, options);
}

/** `lines` for a picture that has another name. */
export function linesFor(
  call: string,
  y: Values | Readonly<Record<string, Values>>,
  options?: LinesOptions,
): Picture {
  const { x, label, color, line = "solid", strokeWidth = 1.75, points = false, ...rest } =
    readLines(call, options);
  const { xScale, yScale } = rest;
  const places = x === undefined ? undefined : numbersOf(call, "x", x);
  if (places !== undefined) checkLog(call, "x", places, xScale);
  const series = seriesOf(call, "y", y).map(([name, heights]): Series => {
    const own = name === undefined ? "y" : `y.${name}`;
    checkLog(call, own, heights, yScale);
    if (places !== undefined) checkLengths(call, own, "x", heights.length, places.length);
    else if (xScale === "log") checkLog(call, "x", [0], "log");
    const channels = { x: places ?? heights.map((_, i) => i), y: heights };
    return {
      label: name ?? label,
      swatch: "line",
      color: name === undefined ? color : undefined,
      dash: DASHES[line],
      marks: (stroke) => [
        lineY(heights, {
          ...channels,
          stroke,
          strokeWidth,
          strokeDasharray: DASHES[line] ?? "none",
        }),
        ...(points || heights.length === 1
          ? [dot(heights, { ...channels, fill: stroke, r: 2.5 })]
          : []),
      ],
    };
  });
  const names = series.flatMap((own) => own.label ?? []);
  const what = counted(series.length, "line") + (names.length > 0 ? ` (${names.join(", ")})` : "");
  return alone(panelOf(call, what, series, rest));
}

/** Options of `scatter`. */
export interface ScatterOptions extends AxesOptions {
  /** The group of each point, which sets its colour and shape. Default: one group. */
  groups?: Values | readonly string[];
  /** The name in the legend, if there are no groups. */
  label?: string;
  /** A CSS colour, if there are no groups. Default: the next of the palette. */
  color?: string;
  /** Radius of the points in pixels. Default: 2.5. */
  radius?: number;
  /** How opaque the points are, from 0 to 1. Default: 0.7. */
  opacity?: number;
}

const GROUPS: Kind = kind(
  "a tensor or an array of numbers, or an array of strings",
  (value) =>
    VALUES.accepts(value) ||
    isListOf(value, TEXT.accepts),
);

const readScatter = optionReader<ScatterOptions>({
  ...AXES_OPTIONS,
  groups: GROUPS,
  label: TEXT,
  color: TEXT,
  radius: POSITIVE,
  opacity: SHARE,
});

/** The groups of points by name, each with the indices of its points. */
function groupsOf(
  call: string,
  groups: NonNullable<ScatterOptions["groups"]>,
  count: number,
): Map<string, number[]> {
  const names = isTensor(groups)
    ? anyNumbersOf(call, "groups", groups)
    : Array.from<number | string>(groups);
  checkLengths(call, "groups", "x", names.length, count);
  const places = new Map<string, number[]>();
  const sorted = [...new Set(names)]
    .sort((a, b) => typeof a === "number" && typeof b === "number" ? a - b : 0);
  for (const name of sorted) places.set(String(name), []);
  names.forEach((name, i) => places.get(String(name))?.push(i));
  return places;
}

/**
 * Points at pairs of numbers.
 *
 * @param x The positions along the horizontal axis.
 * @param y The heights, as many.
 * @throws {RangeError} If there are none, or some that are not finite.
 * @throws {ShapeError} If `x`, `y` and `groups` have different lengths.
 *
 * @example Two clusters
 * ```ts
 * import { scatter } from "@adjoint/ml/plot";
 *
 * scatter([0, 0.2, 3, 3.1], [1, 1.1, 0, 0.3], { groups: ["a", "a", "b", "b"] });
 * ```
 */
export function scatter(x: Values, y: Values, options?: ScatterOptions): Picture {
  checkCount("draw scatter", arguments.length, 3);
  return scatterFor("draw scatter", x, y, options);
}

/** `scatter` for a picture that has another name. */
export function scatterFor(
  call: string,
  x: Values,
  y: Values,
  options?: ScatterOptions,
): Picture {
  const { groups, label, color, radius = 2.5, opacity = 0.7, ...rest } = readScatter(call, options);
  const places = numbersOf(call, "x", x);
  const heights = numbersOf(call, "y", y);
  checkLengths(call, "y", "x", heights.length, places.length);
  checkLog(call, "x", places, rest.xScale);
  checkLog(call, "y", heights, rest.yScale);
  const all: [string | undefined, number[]][] = groups === undefined
    ? [[label, places.map((_, i) => i)]]
    : [...groupsOf(call, groups, places.length)];
  const plain = groups === undefined ? color : undefined;
  const series = all.map(([name, own], k): Series => {
    const symbol = POINT_SHAPES[k % POINT_SHAPES.length] ?? "circle";
    const at = (numbers: readonly number[]) => own.map((i) => numbers[i] ?? NaN);
    const channels = { x: at(places), y: at(heights) };
    return {
      label: name,
      swatch: symbol,
      color: plain,
      marks: (fill) => [dot(own, { ...channels, fill, symbol, r: radius, fillOpacity: opacity })],
    };
  });
  const grouped = groups === undefined ? "" : ` in ${counted(series.length, "group")}`;
  return alone(panelOf(call, `${counted(places.length, "point")}${grouped}`, series, rest));
}

/** Options of `histogram`. */
export interface HistogramOptions extends AxesOptions {
  /**
   * How many bins there are. Default: the larger of the Sturges and Freedman–Diaconis rules, as
   * in NumPy's `bins="auto"`, at most 100.
   */
  bins?: number;
  /** The name in the legend, for numbers without one. */
  label?: string;
  /** A CSS colour, for numbers without a name. Default: the next of the palette. */
  color?: string;
}

/** The most bins: more would be narrower than a pixel. */
const MOST_BINS = 10_000;

const readHistogram = optionReader<HistogramOptions>({
  ...AXES_OPTIONS,
  bins: countTo(MOST_BINS),
  label: TEXT,
  color: TEXT,
});

/**
 * Histograms of numbers.
 *
 * @param values The numbers, or a record of several lists by their names in the legend, which share
 * their bins and are drawn over each other.
 * @throws {RangeError} If there are none, or some that are not finite; if the horizontal scale is "log".
 *
 * @example Normal numbers
 * ```ts
 * import { randn } from "@adjoint/ml";
 * import { histogram } from "@adjoint/ml/plot";
 *
 * histogram(randn([1000]), { bins: 30, xLabel: "value" });
 * ```
 */
export function histogram(
  values: Values | Readonly<Record<string, Values>>,
  options?: HistogramOptions,
): Picture {
  const call = "draw histogram";
  checkCount(call, arguments.length, 2);
  const { bins, label, color, ...rest } = readHistogram(call, options);
  for (const scale of ["xScale", "yScale"] as const) {
    if (rest[scale] !== "log") continue;
    throw new RangeError(
      `Cannot ${call}: bins are equally wide and begin at 0, so ${scale} must be "linear", got "log"`,
    );
  }
  const lists = seriesOf(call, "values", values);
  const edges = edgesOf(lists.flatMap(([, own]) => own), bins);
  const series = lists.map(([name, own]): Series => ({
    label: name ?? label,
    swatch: "area",
    color: name === undefined ? color : undefined,
    marks: (fill) => [
      rectY(countsOf(own, edges), {
        x1: edges.slice(0, -1),
        x2: edges.slice(1),
        y: (count: number) => count,
        fill,
        fillOpacity: lists.length > 1 ? 0.5 : 0.8,
        inset: 0.5,
      }),
    ],
  }));
  const count = lists.reduce((sum, [, own]) => sum + own.length, 0);
  const what = `histogram of ${counted(count, "number")}`;
  return alone(panelOf(call, what, series, { yLabel: "count", ...rest }));
}
