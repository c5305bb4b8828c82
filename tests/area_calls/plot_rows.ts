/** Good calls of pictures. */

import type * as plot from "../../lib/plot/mod.ts";
import { heatmap, lines } from "../../lib/plot/mod.ts";
import { linspace, losses, ones, study } from "../../mod.ts";
import { type MethodRows, of, options, type Rows } from "../common/calls.ts";

const text = of(() => "title", "text");
const flag = of(() => false, "flag");
const count = of(() => 3);
const pixels = of(() => 200);
const range = of(() => [0.5, 9]);
const values = of(() => [1, 2, 3], "tensor");
const number = of(() => 0.5, "number");
const style = of(() => "dotted");

const panel = { title: text, xLabel: text, yLabel: text, width: pixels, height: pixels, alt: text };
const axes = {
  ...panel,
  xScale: of(() => "linear"),
  yScale: of(() => "linear"),
  xRange: range,
  yRange: range,
  grid: flag,
  legend: flag,
  references: of(() => [{ y: 1, label: "one" }, { x: 2, line: "solid", color: "red" }]),
};
const figureKeys = { title: text, columns: count, width: pixels, height: pixels, alt: text };
const look = { label: text, color: text };
const profile = () => study.gradientProfile(losses.mse, linspace(1, 3, 3), ones([3]));

/** A folder with the least that makes it one of a run. */
function run(): string {
  const path = Deno.makeTempDirSync();
  const needed = { settings: {}, training: {}, environment: {}, resumed: [], stopped: null };
  const info = { format: 1, began: "", outcome: "failed", seed: "1", seconds: 0, ...needed };
  Deno.writeTextFileSync(`${path}/run.json`, JSON.stringify(info));
  return path;
}

/** Pictures. */
export const PLOT: Rows<Omit<typeof plot, "Picture">> = {
  lines: {
    args: [
      values,
      options({ ...axes, ...look, x: values, line: style, strokeWidth: number, points: flag }),
    ],
  },
  scatter: {
    args: [
      values,
      values,
      options({
        ...axes,
        ...look,
        groups: of(() => ["a", "b", "a"], "tensor", "array"),
        radius: number,
        opacity: number,
      }),
    ],
  },
  histogram: { args: [values, options({ ...axes, ...look, bins: count })] },
  heatmap: {
    args: [
      of(() => [[1, 2], [3, 4]]),
      options({
        ...panel,
        rows: of(() => ["a", "b"], "digits"),
        columns: of(() => ["c", "d"], "digits"),
        values: flag,
        center: of(() => 0, "number", "null"),
        range,
      }),
    ],
  },
  figure: {
    args: [
      of(() => [lines([1]), heatmap([[1]])]),
      options(figureKeys),
    ],
  },
  history: {
    args: [
      of(() => [{ epoch: 1, loss: 2, valLoss: 3 }, { epoch: 2, loss: 1 }]),
      options({
        ...figureKeys,
        names: of(() => ["loss"]),
        yScale: of(() => "log"),
      }),
    ],
  },
  pareto: {
    args: [
      of(() => [[1, 2], [2, 1]]),
      options({
        ...axes,
        names: of(() => ["a", "b"], "digits"),
        maximize: of(() => [true, false]),
      }),
    ],
  },
  confusion: {
    args: [
      of(() => [[1, 2], [2, 1]]),
      options({ ...panel, classes: of(() => ["a", "b"], "digits") }),
    ],
  },
  landscape: {
    args: [
      of(() => study.lossLandscape((x) => x.square().sum(), ones([2]), 1, { points: 3 })),
      options({ ...axes, levels: count }),
    ],
  },
  spectrum: {
    args: [
      of(() => study.hessianSpectrum((x) => x.square().sum(), ones([2]), { points: 5 })),
      options({ ...axes, xRange: of(() => [-5, 5]) }),
    ],
  },
  report: { args: [of(run), options({ out: of(() => `${run()}/a.html`, "text") })] },
  gradients: { args: [of(profile), options({ ...axes, x: values, perSample: flag })] },
};

/** Methods of a picture. */
export const PICTURE_METHODS: MethodRows<plot.Picture> = {
  save: {
    on: () => lines([1]),
    args: [of(() => `${Deno.makeTempDirSync()}/a.svg`)],
  },
};
