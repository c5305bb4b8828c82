/** Ready-made pictures of the results of training and metrics. */

import { dot, lineY, text } from "@observablehq/plot";
import { ShapeError } from "../core/errors.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  FLAG,
  isListOf,
  isPlainObject,
  kept,
  kind,
  oneOf,
  optionReader,
  TEXT,
} from "../core/options.ts";
import { paretoFilter } from "../loss/objectives.ts";
import { tensor } from "../tensor/create.ts";
import { type EpochRecord, History } from "../train/history.ts";
import { namesIn, panelNames } from "../train/panels.ts";
import { alone, counted, linesFor } from "./charts.ts";
import { figure, FIGURE_OPTIONS, type FigureOptions } from "./figure.ts";
import { heatmap } from "./heatmap.ts";
import {
  AXES_OPTIONS,
  type AxesOptions,
  checkLog,
  PANEL_OPTIONS,
  panelOf,
  type PanelOptions,
  type Series,
} from "./panel.ts";
import type { Picture } from "./picture.ts";
import { checkLengths, extentOf, type Matrix, rowsOf } from "./values.ts";

/** Options of `history`. */
export interface HistoryOptions extends FigureOptions {
  /** What is drawn, in one panel. Default: all but times and rates, each in a panel of its own. */
  names?: readonly string[];
  /** "log" for powers of ten, where all numbers must be above 0. Default: "linear". */
  yScale?: "linear" | "log";
}

const readHistory = optionReader<HistoryOptions>({
  ...FIGURE_OPTIONS,
  names: arrayOf(TEXT, "strings"),
  yScale: oneOf("linear", "log"),
});

const RECORDS = kind(
  "a History, or an array of the numbers of epochs",
  (value) => value instanceof History || isListOf(value, isPlainObject),
);

/** A panel of some numbers of a history; epochs without a finite one are skipped. */
function panelFor(
  records: readonly EpochRecord[],
  names: readonly string[],
  yScale: HistoryOptions["yScale"],
): Picture {
  const layers = names.map((name) => {
    const points = records.map((record, i) => ({
      x: record.epoch ?? i + 1,
      y: record[name] ?? NaN,
    }))
      .filter(({ y }) => Number.isFinite(y));
    const scale = yScale === undefined ? {} : { yScale };
    return linesFor("draw history", { [name]: points.map(({ y }) => y) }, {
      x: points.map(({ x }) => x),
      xLabel: "epoch",
      points: points.length <= 30,
      ...scale,
    });
  });
  return figure([layers]);
}

/**
 * The numbers of a run, epoch by epoch: a panel for each, together with that of the validation. Epochs
 * without a finite number are skipped.
 *
 * @param history The result of `fit`, or its records.
 * @throws {RangeError} If there are no finite numbers, or a name is not among them.
 *
 * @example Loss and validation
 * ```ts
 * import { history } from "@adjoint/ml/plot";
 *
 * history([{ epoch: 1, loss: 2, valLoss: 2.2 }, { epoch: 2, loss: 1, valLoss: 1.6 }], { yScale: "log" });
 * ```
 */
export function history(
  history: History | readonly EpochRecord[],
  options?: HistoryOptions,
): Picture {
  const call = "draw history";
  checkCount(call, arguments.length, 2);
  checkKind(call, "history", history, RECORDS);
  const { names, yScale, columns = 3, ...rest } = readHistory(call, options);
  const records = history instanceof History ? history.records : history;
  const known = namesIn(records);
  const missing = names?.find((name) => !known.includes(name));
  if (missing !== undefined) {
    throw new RangeError(
      `Cannot ${call}: names must be among those with finite numbers, ${
        known.join(", ") || "none"
      }, got ${JSON.stringify(missing)}`,
    );
  }
  const panels = names === undefined ? panelNames(records) : names.length === 0 ? [] : [names];
  if (panels.length === 0) {
    throw new RangeError(`Cannot ${call}: it needs at least one finite number, got none`);
  }
  return figure(panels.map((own) => panelFor(records, own, yScale)), { columns, ...rest });
}

/** Options of `pareto`. */
export interface ParetoOptions extends AxesOptions {
  /** A name for each point, written next to those on the front. Default: none. */
  names?: readonly string[];
  /** Whether larger is better, for each of the two. Default: [false, false]. */
  maximize?: readonly [boolean, boolean];
}

const readPareto = optionReader<ParetoOptions>({
  ...AXES_OPTIONS,
  names: arrayOf(TEXT, "strings"),
  maximize: kind(
    "an array of two flags",
    (value) => isListOf(value, FLAG.accepts) && value.length === 2,
  ),
});

/**
 * Choices between two objectives, and the front of those that no other beats in both.
 *
 * @param points Shape [N, 2]: both objectives of each choice; the lower the better.
 * @throws {ShapeError} If there are not two numbers, or not one name, for each choice.
 *
 * @example Loss against size
 * ```ts
 * import { pareto } from "@adjoint/ml/plot";
 *
 * pareto([[1, 0.9], [2, 0.4], [3, 0.5]], { names: ["s", "m", "l"], xLabel: "size", yLabel: "loss" });
 * ```
 */
export function pareto(points: Matrix, options?: ParetoOptions): Picture {
  const call = "draw pareto";
  checkCount(call, arguments.length, 2);
  const { names, maximize = [false, false], ...rest } = kept(readPareto(call, options));
  const rows = rowsOf(call, "points", points);
  const width = rows[0]?.length ?? 0;
  if (width !== 2) {
    throw new ShapeError(
      `Cannot ${call}: points must have the shape [N, 2], got [${rows.length}, ${width}]`,
      [[rows.length, width]],
    );
  }
  if (names !== undefined) checkLengths(call, "names", "points", names.length, rows.length);
  const [across = 1, up = 1] = maximize.map((most) => most ? -1 : 1);
  const costs = rows.map(([x = 0, y = 0]) => [across * x, up * y]);
  const unbeaten = paretoFilter(tensor(costs, { dtype: "float64" })).data;
  const choices = rows.map(([x = 0, y = 0], i) => ({
    x,
    y,
    name: names?.[i] ?? "",
    onFront: unbeaten[i] === 1,
  }));
  checkLog(call, "points", choices.map(({ x }) => x), rest.xScale);
  checkLog(call, "points", choices.map(({ y }) => y), rest.yScale);
  const front = choices.filter(({ onFront }) => onFront).sort((a, b) => a.x - b.x);
  const others = choices.filter(({ onFront }) => !onFront);
  const place = { x: "x", y: "y" };
  // Names go to the side where there is room.
  const [least, largest] = extentOf(choices.map(({ x }) => x));
  const middle = (least + largest) / 2;
  const [left, right] = [front.filter(({ x }) => x <= middle), front.filter(({ x }) => x > middle)];
  const series: Series[] = [
    {
      label: "front",
      swatch: "circle",
      color: undefined,
      marks: (color) => [
        // Between two choices, nothing is known to be better than the corner that both leave.
        lineY(front, {
          ...place,
          stroke: color,
          strokeWidth: 1.5,
          curve: maximize[0] ? "step-before" : "step-after",
        }),
        dot(front, { ...place, fill: color, r: 4 }),
        text(left, { ...place, text: "name", dx: 7, dy: -7, textAnchor: "start" }),
        text(right, { ...place, text: "name", dx: -7, dy: -7, textAnchor: "end" }),
      ],
    },
    ...others.length === 0 ? [] : [{
      label: "others",
      swatch: "circle" as const,
      color: "#77808b",
      marks: (color: string) => [dot(others, { ...place, fill: color, r: 3, fillOpacity: 0.8 })],
    }],
  ];
  const what = `${counted(choices.length, "choice")}, ${front.length} of them on the front`;
  return alone(panelOf(call, what, series, rest));
}

/** Options of `confusion`. */
export interface ConfusionOptions extends PanelOptions {
  /** The names of the classes. Default: their indices. */
  classes?: readonly string[];
}

const readConfusion = optionReader<ConfusionOptions>({
  ...PANEL_OPTIONS,
  classes: arrayOf(TEXT, "strings"),
});

/**
 * Which classes are mistaken for which.
 *
 * @param matrix The result of `metrics.confusionMatrix`: a row for each true class.
 * @throws {ShapeError} If it is not square, or there is not a name for each class.
 *
 * @example Two classes
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { confusion } from "@adjoint/ml/plot";
 *
 * const [pred, target] = [tensor([0, 1, 1], { dtype: "int32" }), tensor([0, 0, 1], { dtype: "int32" })];
 * confusion(metrics.confusionMatrix(pred, target), { classes: ["cat", "dog"] });
 * ```
 */
export function confusion(matrix: Matrix, options?: ConfusionOptions): Picture {
  const call = "draw confusion";
  checkCount(call, arguments.length, 2);
  const { classes, ...rest } = readConfusion(call, options);
  const rows = rowsOf(call, "matrix", matrix);
  const width = rows[0]?.length ?? 0;
  if (width !== rows.length) {
    throw new ShapeError(
      `Cannot ${call}: matrix must be square, got [${rows.length}, ${width}]`,
      [[rows.length, width]],
    );
  }
  if (classes !== undefined) checkLengths(call, "classes", "rows", classes.length, rows.length);
  const [, most] = extentOf(rows.flat());
  return heatmap(rows, {
    xLabel: "predicted",
    yLabel: "true",
    ...(most > 0 ? { range: [0, most] } : {}),
    ...rest,
    ...(classes === undefined ? {} : { rows: classes, columns: classes }),
  });
}
