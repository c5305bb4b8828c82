/**
 * Charts as SVG by Observable Plot, without a browser. This part loads the npm packages
 * `@observablehq/plot` and `@xmldom/xmldom`, which the rest of the library does not need.
 *
 * ```ts
 * import { lines } from "@adjoint/ml/plot";
 *
 * const picture = lines({ mse: [3, 2, 1], huber: [2, 1, 0.5] }, { xLabel: "epoch", yLabel: "loss" });
 * console.log(picture.svg.length); // picture.save("loss.svg") writes it
 * ```
 *
 * @module
 */

export { Picture } from "./picture.ts";
export type { AxesOptions, LineStyle, PanelOptions, Reference } from "./panel.ts";
export type { Matrix, Values } from "./values.ts";
export {
  histogram,
  type HistogramOptions,
  lines,
  type LinesOptions,
  scatter,
  type ScatterOptions,
} from "./charts.ts";
export { figure, type FigureOptions } from "./figure.ts";
export { heatmap, type HeatmapOptions } from "./heatmap.ts";
export {
  gradients,
  type GradientsOptions,
  landscape,
  type LandscapeOptions,
  spectrum,
} from "./study.ts";
export {
  confusion,
  type ConfusionOptions,
  history,
  type HistoryOptions,
  pareto,
  type ParetoOptions,
} from "./ready.ts";
export { report, type ReportOptions } from "./report/mod.ts";
