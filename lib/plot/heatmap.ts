/** Matrices as colours. */

import { cell, text } from "@observablehq/plot";
import {
  arrayOf,
  checkCount,
  FINITE,
  FLAG,
  kept,
  optionReader,
  orNull,
  TEXT,
} from "../core/options.ts";
import { alone } from "./charts.ts";
import { colorScale, shortNumber, textOn } from "./colors.ts";
import { type ColorScale, PANEL_OPTIONS, panelOf, type PanelOptions, RANGE } from "./panel.ts";
import type { Picture } from "./picture.ts";
import { checkLengths, extentOf, type Matrix, rowsOf } from "./values.ts";

/** Options of `heatmap`. */
export interface HeatmapOptions extends PanelOptions {
  /** The names of the columns. Default: their indices. */
  columns?: readonly string[];
  /** The names of the rows, from the top. Default: their indices. */
  rows?: readonly string[];
  /** Whether each number is written in its cell. Default: if there are at most 100. */
  values?: boolean;
  /** The number with the middle colour, blue below and red above. Default: null, a sequential scale. */
  center?: number | null;
  /** The numbers with the first and the last colour. Default: the lowest and the highest. */
  range?: readonly [number, number];
}

const NAMES = arrayOf(TEXT, "strings");

const readHeatmap = optionReader<HeatmapOptions>({
  ...PANEL_OPTIONS,
  columns: NAMES,
  rows: NAMES,
  values: FLAG,
  center: orNull(FINITE),
  range: RANGE,
});

/** The most cells of a picture, each of which is an element. */
const MOST_CELLS = 40_000;

/** The scale of colours for some numbers. */
export function colorsOf(
  numbers: readonly number[],
  { center = null, range }: Pick<HeatmapOptions, "center" | "range">,
): ColorScale {
  const [least, largest] = range ?? extentOf(numbers);
  if (center !== null) {
    const reach = Math.max(center - least, largest - center) || 1;
    return { scheme: "BuRd", domain: [center - reach, center + reach] };
  }
  const half = least === largest ? 0.5 : 0;
  return { scheme: "viridis", domain: [least - half, largest + half] };
}

/** The names of rows or columns, of which there must be as many. */
function namesOf(
  call: string,
  name: "rows" | "columns",
  names: readonly string[] | undefined,
  count: number,
): readonly string[] {
  if (names === undefined) return Array.from({ length: count }, (_, i) => String(i));
  checkLengths(call, name, `${name} of the matrix`, names.length, count);
  return names;
}

/**
 * The numbers of a matrix as colours, its first row on top.
 *
 * @param matrix A tensor of shape [rows, columns], or an array of rows.
 * @throws {RangeError} If there are none, some that are not finite, or more than 40,000.
 * @throws {ShapeError} If it is not a matrix, or `rows` or `columns` do not fit it.
 *
 * @example Cosines of gradients
 * ```ts
 * import { heatmap } from "@adjoint/ml/plot";
 *
 * const names = ["data", "physics"];
 * heatmap([[1, -0.4], [-0.4, 1]], { rows: names, columns: names, center: 0 });
 * ```
 */
export function heatmap(matrix: Matrix, options?: HeatmapOptions): Picture {
  const call = "draw heatmap";
  checkCount(call, arguments.length, 2);
  const { rows, columns, values, center, range, ...rest } = kept(readHeatmap(call, options));
  const numbers = rowsOf(call, "matrix", matrix);
  const [height, width] = [numbers.length, numbers[0]?.length ?? 0];
  if (height * width > MOST_CELLS) {
    throw new RangeError(
      `Cannot ${call}: a picture has at most ${MOST_CELLS} cells, got ${height} rows of ${width}; ` +
        "take means of blocks first",
    );
  }
  const cells = numbers.flatMap((row, y) => row.map((value, x) => ({ x, y, value })));
  const color = colorsOf(cells.map(({ value }) => value), {
    ...(center === undefined ? {} : { center }),
    ...(range === undefined ? {} : { range }),
  });
  const colors = colorScale(color);
  const texts = values ?? cells.length <= 100;
  const names = {
    x: namesOf(call, "columns", columns, width),
    y: namesOf(call, "rows", rows, height),
  };
  const marks = () => [
    cell(cells, { x: "x", y: "y", fill: "value", inset: cells.length > 2500 ? 0 : 0.5 }),
    ...(texts
      ? [
        text(cells, {
          x: "x",
          y: "y",
          text: ({ value }: { value: number }) => shortNumber(value),
          fill: ({ value }: { value: number }) => textOn(colors(value)),
        }),
      ]
      : []),
  ];
  const [least, largest] = extentOf(cells.map(({ value }) => value)).map(shortNumber);
  const what = `heat map of ${height} rows and ${width} columns from ${least} to ${largest}`;
  const series = [{ label: undefined, swatch: "area" as const, color: undefined, marks }];
  return alone(panelOf(call, what, series, rest, { color, names }));
}
