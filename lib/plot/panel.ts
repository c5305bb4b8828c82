/** What a panel of a picture shows, before it is drawn. */

import {
  arrayOf,
  FINITE,
  FLAG,
  isListOf,
  kept,
  type Kind,
  kind,
  OBJECT,
  oneOf,
  optionReader,
  type OptionTable,
  TEXT,
} from "../core/options.ts";
import type { Markish } from "@observablehq/plot";

/** How a line is drawn. */
export type LineStyle = "solid" | "dashed" | "dotted";

/** The lengths of dashes and gaps. */
export const DASHES: Readonly<Record<LineStyle, string | undefined>> = {
  solid: undefined,
  dashed: "6 4",
  dotted: "2 3",
};

/** A line across a panel, at an `x` or at a `y`. */
export interface Reference {
  /** The position of a vertical line. */
  x?: number;
  /** The position of a horizontal line. */
  y?: number;
  /** Its name in the legend. Default: none. */
  label?: string;
  /** A CSS colour. Default: that of the text. */
  color?: string;
  /** How it is drawn. Default: "dashed". */
  line?: LineStyle;
}

/** Options of all pictures of one panel. */
export interface PanelOptions {
  /** The title above. Default: none. */
  title?: string;
  /** The label of the horizontal axis. Default: none. */
  xLabel?: string;
  /** The label of the vertical axis. Default: none. */
  yLabel?: string;
  /** Width in pixels. Default: 480. */
  width?: number;
  /** Height in pixels. Default: 320. */
  height?: number;
  /** A description of the picture, for those who cannot see it. Default: made from titles, labels and counts. */
  alt?: string;
}

/** Options of all pictures with numeric axes. */
export interface AxesOptions extends PanelOptions {
  /** "log" for powers of ten, where all numbers must be above 0. Default: "linear". */
  xScale?: "linear" | "log";
  /** As `xScale`. Default: "linear". */
  yScale?: "linear" | "log";
  /** The ends of the horizontal axis. Default: those of the numbers. */
  xRange?: readonly [number, number];
  /** The ends of the vertical axis. Default: those of the numbers. */
  yRange?: readonly [number, number];
  /** Whether there are grid lines at the ticks. Default: true. */
  grid?: boolean;
  /** Whether there is a legend of what has a label. Default: true. */
  legend?: boolean;
  /** Lines across the panel. Default: none. */
  references?: readonly Reference[];
}

/** The kind of a width or a height in pixels. */
export const PIXELS: Kind = kind(
  "a number of pixels from 100 to 10000",
  (value) => typeof value === "number" && value >= 100 && value <= 10000,
);

/** The kind of the ends of an axis. */
export const RANGE: Kind = kind(
  "an array of two finite numbers, the lower one first",
  (value) =>
    isListOf(value, FINITE.accepts) && value.length === 2 && Number(value[0]) < Number(value[1]),
);

/** The kinds of the options of all pictures. */
export const PANEL_OPTIONS: OptionTable<PanelOptions> = {
  title: TEXT,
  xLabel: TEXT,
  yLabel: TEXT,
  width: PIXELS,
  height: PIXELS,
  alt: TEXT,
};

/** The kinds of the options of pictures with numeric axes. */
export const AXES_OPTIONS: OptionTable<AxesOptions> = {
  ...PANEL_OPTIONS,
  xScale: oneOf("linear", "log"),
  yScale: oneOf("linear", "log"),
  xRange: RANGE,
  yRange: RANGE,
  grid: FLAG,
  legend: FLAG,
  references: arrayOf(OBJECT, "objects such as { y: 0 }"),
};

const readReference = optionReader<Reference>({
  x: FINITE,
  y: FINITE,
  label: TEXT,
  color: TEXT,
  line: oneOf("solid", "dashed", "dotted"),
});

/** The symbol of a series in a legend. */
export type Swatch = "line" | "area" | PointShape;

/** The shapes of points, in the order in which groups use them. */
export const POINT_SHAPES = ["circle", "square", "triangle", "diamond2", "cross"] as const;

/** A shape of points. */
export type PointShape = typeof POINT_SHAPES[number];

/** What is drawn in one colour. */
export interface Series {
  readonly label: string | undefined;
  readonly swatch: Swatch;
  /** Its own colour. Default: the next of the palette. */
  readonly color: string | undefined;
  readonly dash?: string | undefined;
  readonly marks: (color: string) => readonly Markish[];
}

/** How numbers become colours. */
export interface ColorScale {
  readonly scheme: "viridis" | "BuRd";
  readonly domain: readonly [number, number];
}

/** What is drawn in one pair of axes. */
export interface Panel {
  /** What it shows, in words. */
  readonly what: string;
  readonly series: readonly Series[];
  readonly references: readonly Reference[];
  readonly options: AxesOptions;
  readonly color?: ColorScale;
  /** The names along the axes, if they have names rather than numbers. */
  readonly names?: { readonly x: readonly string[]; readonly y: readonly string[] };
}

/** A panel of series, with the options that all pictures have. */
export function panelOf(
  call: string,
  what: string,
  series: readonly Series[],
  options: AxesOptions,
  rest?: Pick<Panel, "color" | "names">,
): Panel {
  const { references: lines = [], ...own } = kept(options);
  const references = lines.map((given, i) => {
    const place = `${call} with references[${i}]`;
    const read = readReference(place, given);
    if ((read.x === undefined) !== (read.y === undefined)) return kept(read);
    throw new TypeError(`Cannot ${place}: it must have either x or y, as in { y: 0 }`);
  });
  checkLog(call, "references", references.flatMap(({ x }) => x ?? []), options.xScale);
  checkLog(call, "references", references.flatMap(({ y }) => y ?? []), options.yScale);
  checkLog(call, "xRange", options.xRange ?? [], options.xScale);
  checkLog(call, "yRange", options.yRange ?? [], options.yScale);
  return { what, series, references, options: own, ...rest };
}

/** Refuses numbers without a logarithm on a log scale. */
export function checkLog(
  call: string,
  name: string,
  numbers: readonly number[],
  scale: "linear" | "log" | undefined,
): void {
  if (scale !== "log") return;
  const at = numbers.findIndex((value) => value <= 0);
  if (at < 0) return;
  throw new RangeError(
    `Cannot ${call}: on a log scale ${name} must be above 0, got ${numbers[at]} at index ${at}`,
  );
}

/** Merges panels drawn over each other; the first option that is given counts. */
export function layered(panels: readonly Panel[]): Panel {
  const backwards = panels.toReversed();
  return {
    ...Object.assign({}, ...backwards),
    what: panels.map(({ what }) => what).join("; "),
    series: panels.flatMap(({ series }) => series),
    references: panels.flatMap(({ references }) => references),
    options: Object.assign({}, ...backwards.map(({ options }) => options)),
  };
}
