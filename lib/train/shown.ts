/** A history in a notebook: small charts and a table, as self-contained HTML. */

import { type Content, Html, html, table, written } from "../core/html.ts";
import { thinned } from "../core/lists.ts";
import type { EpochRecord, History } from "./history.ts";
import { panelNames } from "./panels.ts";

/** The size of a chart, and of its plotting area. */
const [WIDTH, HEIGHT] = [300, 170];
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 290, 26, 146];
/** The most points of a line, and rows of the table. */
const MOST = 500;

/** One number of some epochs. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** The position of a value in a range, from 0 to 1; 0.5 if the range is empty. */
function share(value: number, from: number, to: number): number {
  return from < to ? (value - from) / (to - from) : 0.5;
}

/** Numbers of a history in one chart; the line of the validation is dashed. */
function chart(records: readonly EpochRecord[], names: readonly string[]): Html {
  const lines = names.map((name) =>
    thinned(
      records.map((record, i): Point => ({ x: record.epoch ?? i + 1, y: record[name] ?? NaN }))
        .filter(({ y }) => Number.isFinite(y)),
      MOST,
    )
  );
  const all = lines.flat();
  const ends = (key: keyof Point) =>
    [
      all.reduce((least, point) => Math.min(least, point[key]), Infinity),
      all.reduce((most, point) => Math.max(most, point[key]), -Infinity),
    ] as const;
  const [[first, last], [low, high]] = [ends("x"), ends("y")];
  const at = ({ x, y }: Point) => [
    (LEFT + (RIGHT - LEFT) * share(x, first, last)).toFixed(1),
    (BOTTOM - (BOTTOM - TOP) * share(y, low, high)).toFixed(1),
  ];
  const drawn = lines.map((line, i) => {
    const dashed = new Html(i === 0 ? "" : ' stroke-dasharray="5 3"');
    const points = line.map((point) => at(point).join(",")).join(" ");
    const [x = 0, y = 0] = line.length === 1 ? at(line[0] ?? { x: 0, y: 0 }) : [];
    const dot = line.length === 1
      ? html`
        <circle cx="${x}" cy="${y}" r="2.5" fill="currentColor" stroke="none" />
      `
      : null;
    return html`
      <polyline points="${points}" ${dashed} />${dot}
    `;
  });
  const label = (x: number, y: number, text: string, anchor: string) =>
    html`<text x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`;
  const title = names.map((name, i) => i === 0 ? name : `${name} (dashed)`).join(", ");
  const words = `${title}: from epoch ${first} to ${last} between ${written(low)} and ${
    written(high)
  }`;
  return html`
    <svg width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
      aria-label="${words}" font-family="system-ui, sans-serif" font-size="11" fill="currentColor">
    ${label(8, 14, title, "start")}${label(LEFT - 6, TOP + 4, written(high), "end")}${label(
      LEFT - 6,
      BOTTOM + 4,
      written(low),
      "end",
    )}${label(LEFT, BOTTOM + 18, String(first), "start")}${label(
      RIGHT,
      BOTTOM + 18,
      String(last),
      "end",
    )}
    <path d="M${LEFT},${TOP}V${BOTTOM}H${RIGHT}" fill="none" stroke="currentColor" opacity="0.4"/>
    <g fill="none" stroke="currentColor" stroke-width="1.5">${drawn}</g></svg>
  `;
}

/** A history as HTML, below a heading. */
export function historyHtml({ records, columns, stopped }: History, above: Content = null): string {
  const rows = thinned(records, MOST).map((record) => columns.map((name) => record[name]));
  const charts = panelNames(records).map((names) => chart(records, names));
  const content = records.length === 0
    ? html`<p>No epoch is over yet.</p>`
    : html`<div style="display:flex;flex-wrap:wrap;gap:8px">
${charts}</div>
<details><summary>Numbers of ${records.length} epochs</summary>
${table("Numbers, epoch by epoch", columns, rows)}</details>`;
  return html`
    <div>
    ${above}${content}
    ${stopped === null ? null : html`<p>Stopped: ${stopped}</p>`}</div>
  `.text;
}
