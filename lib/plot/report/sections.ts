/** What a report shows of a run. */

import { type Cell, type Content, Html, html, table } from "../../core/html.ts";
import { thinned } from "../../core/lists.ts";
import { isPlainObject } from "../../core/options.ts";
import { settingsOf } from "../../runs/diff.ts";
import type { Json, LayerNorms, RunRecord } from "../../runs/record.ts";
import type { EpochRecord } from "../../train/history.ts";
import { panelNames } from "../../train/panels.ts";
import { histogram, lines, type LinesOptions, scatter } from "../charts.ts";
import { heatmap } from "../heatmap.ts";
import type { Picture } from "../picture.ts";
import { history } from "../ready.ts";
import type { Section } from "./page.ts";

/** Points of a line at most: more than there are pixels are not seen. */
const MOST_POINTS = 1000;
/** Rows of a table of epochs at most. */
const MOST_ROWS = 500;
/** Layers that are drawn; the table has all of them. */
const MOST_LAYERS = 8;

/** Pictures side by side, each with what it shows in words. */
function pictures(list: readonly (readonly [caption: string, picture: Picture])[]): Html {
  return html`
    <div class="pictures">
    ${list.map(([caption, { svg }]) =>
      html`
        <figure>${new Html(svg)}<figcaption>${caption}</figcaption></figure>
      `
    )}</div>
  `;
}

/** The finite numbers of records beside others; null if there are none. */
function curve(
  records: readonly EpochRecord[],
  x: string,
  names: readonly string[],
  options: LinesOptions,
): Picture | null {
  const found = names.filter((name) => records.every((record) => Number.isFinite(record[name])));
  if (records.length === 0 || found.length === 0) return null;
  const few = thinned(records, MOST_POINTS);
  const series = Object.fromEntries(
    found.map((name) => [name, few.map((own) => own[name] ?? NaN)]),
  );
  return lines(series, { x: few.map((own) => own[x] ?? NaN), xLabel: x, ...options });
}

/** The last numbers, with the lowest and the highest and where they were. */
export function resultSection({ history: { records }, notes }: RunRecord): Section {
  const last = records.at(-1);
  const names = Object.keys(last ?? {}).filter((name) =>
    !["epoch", "step", "seconds"].includes(name)
  );
  const rows = names.map((name): Cell[] => {
    const known = records.filter((record) => Number.isFinite(record[name]));
    const by = known.toSorted((a, b) => (a[name] ?? 0) - (b[name] ?? 0));
    const [least, most] = [by.at(0), by.at(-1)];
    return [name, last?.[name], least?.[name], least?.epoch, most?.[name], most?.epoch];
  });
  const others = Object.entries(notes).filter(([name]) => !DRAWN.includes(name))
    .map(([name, value]) =>
      html`
        <h3>${name}</h3>
        <pre tabindex="0">${JSON.stringify(value, null, 2)}</pre>
      `
    );
  const columns = ["name", "last", "lowest", "in epoch", "highest", "in epoch"];
  const content = last === undefined
    ? html`
      <p>No epoch is over yet.</p>
    `
    : table(`Numbers of ${records.length} epochs`, columns, rows);
  return { id: "result", title: "Final numbers", content: [content, others] };
}

/** How the numbers went, epoch by epoch and step by step. */
export function curvesSection({ history: { records }, steps }: RunRecord): Section {
  const few = thinned(records, MOST_POINTS);
  const epochs = panelNames(few).map((names) => {
    const [name = ""] = names;
    const caption = `${names.join(" and ")}, epoch by epoch`;
    return [
      caption,
      history(few, { names, columns: 1, alt: captionOf(few, name, names) }),
    ] as const;
  });
  const moving = ["loss", "gradNorm", "lr"].filter((name) =>
    new Set(steps.map((own) => own[name])).size > 1
  );
  const ofSteps = moving.flatMap((name) => {
    const picture = curve(steps, "step", [name], {});
    return picture === null ? [] : [[`${name}, step by step`, picture] as const];
  });
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const rows = thinned(records, MOST_ROWS).map((record) => columns.map((name) => record[name]));
  const all = records.length === 0 ? [] : html`
    <details><summary>All numbers of the epochs</summary>
    ${table("Numbers, epoch by epoch", columns, rows)}</details>
  `;
  const shown = [...epochs, ...ofSteps];
  const none = html`
    <p>There are no finite numbers to draw.</p>
  `;
  return {
    id: "curves",
    title: "Curves",
    content: [shown.length === 0 ? none : pictures(shown), all],
  };
}

/** The first and the last number of a curve, for those who cannot see it. */
function captionOf(
  records: readonly EpochRecord[],
  name: string,
  names: readonly string[],
): string {
  const known = records.map((record) => record[name]).filter((value) => Number.isFinite(value));
  const [first, last] = [known.at(0), known.at(-1)].map((value) => (value ?? NaN).toPrecision(4));
  return `${names.join(" and ")} against the epoch; ${name} goes from ${first} to ${last}`;
}

/** Notes that have pictures of their own. */
const DRAWN = ["gradientProfile", "gradientNorms"];

/** What an object of a note has under a name; undefined where there is no such thing. */
function part(value: unknown, name: string): unknown {
  return isPlainObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The entries of an object of a note; none of anything else. */
function entriesOf(value: unknown): [string, unknown][] {
  return isPlainObject(value) ? Object.entries(value) : [];
}

/** The numbers of an array; none where there is anything else. */
function numbersIn(value: unknown): number[] {
  return Array.isArray(value) && value.every(Number.isFinite) ? value : [];
}

/** How the gradient is divided among the samples. */
export function profileSection({ notes }: RunRecord): Section {
  const [norms = [], shares = []] = ["norms", "shares"]
    .map((name) => numbersIn(part(notes.gradientProfile, name)));
  const section = { id: "gradients", title: "Gradient profile" };
  if (norms.length === 0 || norms.length !== shares.length) {
    const call = 'note("gradientProfile", study.gradientProfile(loss, pred, target))';
    const content = html`
      <p>None was noted. <code>${call}</code> of the <code>RunFolder</code> adds it.</p>
    `;
    return { ...section, content };
  }
  const order = norms.map((_, i) => i).sort((a, b) => (norms[b] ?? 0) - (norms[a] ?? 0));
  const top = order.slice(0, 10).map((i) => [String(i), norms[i], `${percent(shares[i])} %`]);
  const drawn = thinned(order, 5000);
  const at = (list: readonly number[]) => drawn.map((i) => list[i] ?? NaN);
  const content = [
    pictures([
      [
        "How long the gradient of each sample is",
        scatter(drawn, at(norms), {
          xLabel: "sample",
          yLabel: "length of the gradient",
        }),
      ],
      ["What share of the whole each sample has", histogram(shares, { xLabel: "share" })],
    ]),
    table(`The ${top.length} of ${norms.length} samples that pull most`, [
      "sample",
      "length",
      "share",
    ], top),
  ];
  return { ...section, content };
}

function percent(share = NaN): string {
  return (100 * share).toPrecision(3);
}

/** Norms of weights and gradients by layer, and of gradients by layer and term. */
export function normsSection({ layers, notes }: RunRecord): Section {
  const last = layers.at(-1);
  const names = Object.keys(last?.weights ?? {});
  const rows = names.map((name): Cell[] => {
    const [weight, gradient] = [last?.weights[name], last?.gradients[name]];
    return [name || "(the model)", weight, gradient, (gradient ?? NaN) / (weight ?? NaN)];
  });
  const content = last === undefined
    ? html`
      <p>No epoch is over yet.</p>
    `
    : [
      layerPictures(layers, names),
      table(
        `Lengths of weights and gradients after epoch ${last.epoch}`,
        ["layer", "‖w‖", "‖g‖", "‖g‖ / ‖w‖"],
        rows,
      ),
    ];
  return { id: "norms", title: "Norms by layer and term", content: [content, termsOf(notes)] };
}

/** The layers whose norms are largest at the end, as lines over the epochs. */
function layerPictures(layers: readonly LayerNorms[], names: readonly string[]): Content {
  const drawn = (["weights", "gradients"] as const).flatMap((what) => {
    const at = (name: string) => layers.at(-1)?.[what][name] ?? 0;
    const most = names.toSorted((a, b) => at(b) - at(a)).slice(0, MOST_LAYERS);
    const kept = names.filter((name) => most.includes(name));
    const records = layers.map(({ epoch, [what]: own }): EpochRecord => ({ ...own, epoch }));
    const picture = curve(records, "epoch", kept, {
      yLabel: `length of the ${what}`,
      points: layers.length <= 30,
    });
    const some = names.length > kept.length ? `, the ${kept.length} longest layers` : "";
    return picture === null ? [] : [[`Lengths of ${what} by layer${some}`, picture] as const];
  });
  return pictures(drawn);
}

/** The norms of gradients by layer and by term of the loss, if they were noted. */
function termsOf(notes: Readonly<Record<string, unknown>>): Content {
  const layers = entriesOf(part(notes.gradientNorms, "layers"));
  const terms = [...new Set(layers.flatMap(([, own]) => entriesOf(own).map(([term]) => term)))];
  const rows = layers.map(([, own]) => terms.map((term) => part(own, term)));
  if (rows.length === 0 || terms.length === 0 || !rows.flat().every(Number.isFinite)) return [];
  const numbers = rows as number[][];
  const names = layers.map(([name]) => name || "(the model)");
  return [
    pictures([[
      "Lengths of gradients by layer and term",
      heatmap(numbers, {
        rows: names,
        columns: terms,
        xLabel: "term",
        yLabel: "layer",
      }),
    ]]),
    table(
      "Lengths of gradients by layer and term",
      ["layer", ...terms],
      numbers.map((row, i) => [names[i] ?? "", ...row]),
    ),
  ];
}

/** How the run was made. */
export function settingsSection(run: RunRecord): Section {
  const rows = settingsOf(run).map(([name, value]): Cell[] => [name, text(value)]);
  const of = (start: RegExp, caption: string, empty: string) => {
    const own = rows.filter(([name]) => start.test(String(name)));
    return own.length === 0
      ? html`
        <p>${empty}</p>
      `
      : table(caption, ["name", "value"], own);
  };
  const content = [
    of(/^settings\./, "What the script says that it was set to", "The script noted no settings."),
    of(/^training\./, "What fit was given", "Nothing is known of what fit was given."),
    of(/^(?:seed|environment)/, "Environment and seed", "Nothing is known of the environment."),
  ];
  return { id: "settings", title: "Settings, environment and seed", content };
}

function text(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
