/** Several pictures as one. */

import { largest } from "../core/lists.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  isListOf,
  kind,
  optionReader,
  type OptionTable,
  TEXT,
} from "../core/options.ts";
import { altOf } from "./charts.ts";
import { SIZE } from "./draw.ts";
import { layered, type Panel, PIXELS } from "./panel.ts";
import { panelsOf, Picture, pictureOf } from "./picture.ts";

/** Options of `figure`. */
export interface FigureOptions {
  /** The title above all panels. Default: none. */
  title?: string;
  /** How many panels there are in a row. Default: all of them. */
  columns?: number;
  /** Total width in pixels. Default: the sum over columns of the widest panel. */
  width?: number;
  /** Total height in pixels. Default: the sum over rows of the highest panel. */
  height?: number;
  /** A description of the figure, for those who cannot see it. Default: those of its panels. */
  alt?: string;
}

/** The kinds of those options. */
export const FIGURE_OPTIONS: OptionTable<FigureOptions> = {
  title: TEXT,
  columns: COUNT,
  width: PIXELS,
  height: PIXELS,
  alt: TEXT,
};

const readFigure = optionReader<FigureOptions>(FIGURE_OPTIONS);

const isPicture = (value: unknown) => value instanceof Picture;
const PICTURES = kind(
  "an array of pictures, or of arrays of pictures that are drawn over each other",
  (value) =>
    isListOf(value, (item) => isPicture(item) || (isListOf(item, isPicture) && item.length > 0)),
);

/** What is drawn in one pair of axes: the panels of several pictures, merged. */
function over(call: string, pictures: readonly Picture[]): Panel {
  const panels = pictures.flatMap(panelsOf);
  if (panels.length > pictures.length) {
    throw new RangeError(`Cannot ${call}: a figure of several panels cannot be drawn over another`);
  }
  if (panels.length > 1 && panels.some(({ names }) => names !== undefined)) {
    throw new RangeError(
      `Cannot ${call}: a heat map has names along its axes and cannot be drawn over another picture`,
    );
  }
  return layered(panels);
}

/**
 * Pictures side by side, and over each other.
 *
 * @param pictures The panels in rows. An array in place of a picture is drawn in one pair of axes, the
 * last on top; the first title, or other option, that is given counts.
 *
 * @example Data and a fit beside what is left of them
 * ```ts
 * import { figure, histogram, lines, scatter } from "@adjoint/ml/plot";
 *
 * const [x, y, fit] = [[0, 1, 2], [0.1, 0.9, 2.2], [0, 1, 2]];
 * const residuals = y.map((value, i) => value - fit[i]!);
 * figure([
 *   [scatter(x, y, { label: "data", title: "Fit" }), lines(fit, { x, label: "line" })],
 *   histogram(residuals, { title: "Residuals" }),
 * ]);
 * ```
 */
export function figure(
  pictures: readonly (Picture | readonly Picture[])[],
  options?: FigureOptions,
): Picture {
  const call = "draw figure";
  checkCount(call, arguments.length, 2);
  checkKind(call, "pictures", pictures, PICTURES);
  const panels = pictures.flatMap((item) =>
    item instanceof Picture ? panelsOf(item) : [over(call, item)]
  );
  if (panels.length === 0) {
    throw new RangeError(`Cannot ${call}: it needs at least one picture, got none`);
  }
  const { title, columns: wanted = panels.length, ...read } = readFigure(call, options);
  const columns = Math.min(wanted, panels.length);
  const rows = Math.ceil(panels.length / columns);
  const most = (side: "width" | "height") =>
    largest(panels.map((panel) => panel.options[side] ?? SIZE[side]));
  const alt = read.alt ?? [title, ...panels.map(altOf)].filter((part) => part).join(". ");
  const { width = columns * most("width"), height = rows * most("height") } = read;
  return pictureOf({ panels, columns, title, width, height, alt });
}
