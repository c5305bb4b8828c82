/** Panels as SVG: the axes and marks by Observable Plot, titles and legends around them. */

import { type Markish, plot, type PlotOptions, ruleX, ruleY } from "@observablehq/plot";
import { colorScale, shortNumber } from "./colors.ts";
import { colorAt, GROUNDS } from "./palette.ts";
import { type AxesOptions, type ColorScale, DASHES, type Panel, type Swatch } from "./panel.ts";
import { document, type Element, element, serialized } from "./svg.ts";

/** The default size of a panel. */
export const SIZE = { width: 480, height: 320 } as const;

/** Where a title ends, and how high a row of a legend is. */
const TITLE = 26;
const ROW = 18;

/** The approximate width of a text in the size of labels; nothing here could measure it. */
function widthOf(text: string): number {
  return 6.2 * [...text].length;
}

/** An entry of a legend. */
interface Entry {
  readonly label: string;
  readonly color: string;
  readonly swatch: Swatch;
  readonly dash: string | undefined;
}

/** The symbol of a legend entry, made of other elements than the points of the chart. */
function sign({ swatch, color, dash }: Entry): Element {
  const place = { fill: color, transform: "translate(8,0)" };
  switch (swatch) {
    case "line":
      return element("path", {
        d: "M0,0H16",
        stroke: color,
        "stroke-width": 2,
        "stroke-dasharray": dash,
      });
    case "area":
      return element("rect", { x: 2, y: -5, width: 12, height: 10, fill: color });
    case "circle":
      return element("rect", { x: -4, y: -4, width: 8, height: 8, rx: 4, ...place });
    case "square":
      return element("rect", { x: -4, y: -4, width: 8, height: 8, ...place });
    case "triangle":
      return element("path", { d: "M0,-5L5,4H-5Z", ...place });
    case "diamond2":
      return element("path", { d: "M0,-5.5L5.5,0L0,5.5L-5.5,0Z", ...place });
    case "cross":
      return element("path", {
        d: "M-1.5,-5H1.5V-1.5H5V1.5H1.5V5H-1.5V1.5H-5V-1.5H-1.5Z",
        ...place,
      });
  }
}

/** A legend in as many rows as its width requires. */
function legendOf(entries: readonly Entry[], width: number): { legend: Element; height: number } {
  const legend = element("g", { class: "adjoint-legend", "text-anchor": "start" });
  let [x, y] = [0, 0];
  for (const entry of entries) {
    const own = 22 + widthOf(entry.label) + 14;
    if (x > 0 && x + own > width) [x, y] = [0, y + ROW];
    const label = element("text", { x: 22, dy: "0.35em" }, entry.label);
    const place = { class: "adjoint-entry", transform: `translate(${x},${y})` };
    legend.appendChild(element("g", place, sign(entry), label));
    x += own;
  }
  return { legend, height: entries.length === 0 ? 0 : y + ROW };
}

/** A scale of colours as a bar, with numbers at its ends and middle. */
function colorBar(color: ColorScale, height: number): Element {
  const [from, to] = color.domain;
  const colors = colorScale(color);
  const bar = element("g", { class: "adjoint-scale", "text-anchor": "start" });
  const steps = 40;
  for (let i = 0; i < steps; i++) {
    const fill = colors(to + (from - to) * (i + 0.5) / steps);
    const y = height * i / steps;
    bar.appendChild(element("rect", { y, width: 12, height: height / steps + 0.5, fill }));
  }
  for (const share of [0, 0.5, 1]) {
    const text = shortNumber(to + (from - to) * share);
    bar.appendChild(element("text", { x: 17, y: height * share, dy: "0.35em" }, text));
  }
  return bar;
}

/** The names along an axis, as many as there is room for. */
function bandOf(names: readonly string[], room: number): Partial<PlotOptions["x"] & object> {
  const every = Math.max(1, Math.ceil(names.length / Math.max(1, Math.floor(room))));
  return {
    type: "band",
    domain: names.map((_, i) => i),
    ticks: names.map((_, i) => i).filter((i) => i % every === 0),
    tickFormat: (i: number) => names[i] ?? "",
    padding: 0,
  };
}

/** An axis of numbers as Plot takes it. */
function axisOf(
  label: string | undefined,
  type: AxesOptions["xScale"],
  domain: AxesOptions["xRange"],
): Partial<PlotOptions["x"] & object> {
  return {
    label: label ?? null,
    labelAnchor: "center",
    labelArrow: "none",
    ...(type === undefined ? {} : { type }),
    ...(type === "log" ? { tickFormat: shortNumber } : {}),
    ...(domain === undefined ? {} : { domain: [...domain] }),
  };
}

/** The axes and marks of a panel. */
function chartOf(panel: Panel, marks: Markish[], width: number, height: number): Element {
  const { options, names, color } = panel;
  const right = color === undefined ? 16 : 76;
  // Points at the ends of an axis must be fully visible; bars stand on their axis, and colours fill theirs.
  const inset = color === undefined ? 5 : 0;
  const bars = panel.series.some(({ swatch }) => swatch === "area");
  const longest = Math.max(0, ...names?.x.map(widthOf) ?? []);
  const draw = (left: number) =>
    plot({
      // The types expect a browser's document; this one has all that is needed.
      document: document as unknown as NonNullable<PlotOptions["document"]>,
      width,
      height,
      marginLeft: left,
      marginRight: right,
      marginTop: 10,
      marginBottom: options.xLabel === undefined ? 26 : 42,
      clip: options.xRange !== undefined || options.yRange !== undefined,
      x: {
        inset,
        grid: names === undefined && options.grid !== false,
        ...axisOf(options.xLabel, options.xScale, options.xRange),
        ...(names === undefined ? {} : bandOf(names.x, (width - left - right) / (longest + 6))),
      },
      y: {
        insetTop: inset,
        insetBottom: bars ? 0 : inset,
        grid: names === undefined && options.grid !== false,
        ...axisOf(options.yLabel, options.yScale, options.yRange),
        ...(names === undefined ? {} : bandOf(names.y, (height - 50) / 14)),
      },
      ...(color === undefined
        ? {}
        : { color: { scheme: color.scheme, domain: [...color.domain] } }),
      marks,
    });
  // The width of tick labels is only known once they are drawn.
  const beside = options.yLabel === undefined ? 14 : 32;
  const first = draw(40) as unknown as Element;
  const ticks = Array.from(first.getElementsByTagName("text"))
    .filter(({ parentNode }) =>
      (parentNode as Element | null)?.getAttribute("aria-label") === "y-axis tick label"
    );
  const widest = Math.max(12, ...ticks.map((tick) => widthOf(tick.textContent ?? "")));
  const own = draw(beside + widest) as unknown as Element;
  // The picture's own style replaces that of Plot.
  own.removeAttribute("class");
  for (const style of Array.from(own.getElementsByTagName("style"))) own.removeChild(style);
  return own;
}

/** A panel of a size. */
function panelAt(panel: Panel, width: number, height: number): Element {
  const { series, references, options, color } = panel;
  const colors = series.map((own) => own.color);
  let taken = 0;
  const filled = colors.map((own) => own ?? colorAt(taken++));
  const named = [
    ...series.map(({ label, swatch, dash }, i) => ({
      label,
      swatch,
      dash,
      color: filled[i] ?? "currentColor",
    })),
    ...references.map(({ label, color = "currentColor", line = "dashed" }) => ({
      label,
      swatch: "line" as const,
      dash: DASHES[line],
      color,
    })),
  ];
  const entries = named.flatMap(({ label, ...rest }) =>
    label === undefined ? [] : [{ label, ...rest }]
  );
  const rules = references.map(({ x, y, color: stroke = "currentColor", line = "dashed" }) => {
    const look = { stroke, strokeWidth: 1.25, strokeDasharray: DASHES[line] ?? "none" };
    return x === undefined ? ruleY([y], look) : ruleX([x], look);
  });
  const marks = [...series.flatMap((own, i) => own.marks(filled[i] ?? "currentColor")), ...rules];
  const group = element("g", { class: "adjoint-panel" });
  if (options.title !== undefined) {
    const look = { x: 8, y: 17, "font-size": 13, "font-weight": 600, "text-anchor": "start" };
    group.appendChild(element("text", { class: "adjoint-title", ...look }, options.title));
  }
  let top = options.title === undefined ? 4 : TITLE;
  if (options.legend !== false) {
    const { legend, height: rows } = legendOf(entries, width - 24);
    if (rows > 0) {
      legend.setAttribute("transform", `translate(12,${top + ROW / 2})`);
      group.appendChild(legend);
      top += rows;
    }
  }
  const chart = chartOf(panel, marks, width, height - top);
  chart.setAttribute("y", String(top));
  group.appendChild(chart);
  if (color !== undefined) {
    const bar = colorBar(color, height - top - 52);
    bar.setAttribute("transform", `translate(${width - 64},${top + 10})`);
    group.appendChild(bar);
  }
  return group;
}

/** Panels in a grid. */
export interface Layout {
  readonly panels: readonly Panel[];
  readonly columns: number;
  readonly title: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly alt: string;
}

const { light, dark } = GROUNDS;
const STYLE = `.adjoint-picture{color:${light.text};background:${light.ground};max-width:100%;` +
  `height:auto}.adjoint-ground{fill:${light.ground}}@media (prefers-color-scheme:dark){` +
  `.adjoint-picture{color:${dark.text};background:${dark.ground}}` +
  `.adjoint-ground{fill:${dark.ground}}}`;

/** The picture as the text of an SVG file. */
export function drawn({ panels, columns, title, width, height, alt }: Layout): string {
  const top = title === undefined ? 0 : TITLE + 4;
  const rows = Math.ceil(panels.length / columns);
  const [own, tall] = [width / columns, (height - top) / rows];
  const svg = element(
    "svg",
    {
      class: "adjoint-picture",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": alt,
      fill: "currentColor",
      "font-family": "system-ui, sans-serif",
      "font-size": 11,
      "text-anchor": "middle",
    },
    element("style", {}, STYLE),
    element("rect", { class: "adjoint-ground", width, height, fill: light.ground }),
  );
  if (title !== undefined) {
    const look = { x: width / 2, y: 20, "font-size": 15, "font-weight": 600 };
    svg.appendChild(element("text", { class: "adjoint-title", ...look }, title));
  }
  panels.forEach((panel, i) => {
    const group = panelAt(panel, own, tall);
    const [x, y] = [i % columns * own, top + Math.floor(i / columns) * tall];
    group.setAttribute("transform", `translate(${x},${y})`);
    svg.appendChild(group);
  });
  return serialized(svg);
}
