/** The gallery as a site: an index by question, and a page for each script. */

import { html } from "../../lib/core/html.ts";
import type { Figures, ShownRow } from "./row.ts";
import { type Attempt, SEEDS, type Shown, type Verdict } from "./verdict.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #d0d4da; --soft: #f4f5f7; --good: #0a6b3b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a4048; --soft: #1c2026; --good: #6fd6a0; --bad: #ff8a80; }
}
body { font: 16px/1.55 system-ui, sans-serif; max-width: 68rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.25; }
h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .45rem .6rem; text-align: left; vertical-align: top; }
caption { text-align: left; }
tbody th { white-space: nowrap; }
.wide { overflow-x: auto; }
pre { background: var(--soft); padding: 1rem; overflow-x: auto; font-size: .85rem; line-height: 1.45; }
figure { margin: 1.2rem 0; background: #fff; padding: .5rem; overflow-x: auto; }
figure img { max-width: max(100%, 48rem); height: auto; }
figcaption { color: #333; font-size: .9rem; }
.holds { color: var(--good); font-weight: 600; }
.fails, .fails a { color: var(--bad); font-weight: 600; }
.scripts { list-style: none; padding: 0; }
.scripts li { border-bottom: 1px solid var(--line); padding: .5rem 0; display: grid; gap: .1rem 1rem; }
@media (min-width: 48rem) { .scripts li { grid-template-columns: 13rem 1fr 8rem; } }
.marks span { white-space: nowrap; margin-right: .8rem; }
.numbers { font: .85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; min-width: 9rem; }
`;

/** Text as HTML shows it. */
const escaped = (text: string) => html`${text}`.text;

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** A sentence of what a script shows: the first of the comment that begins it. */
export function summaryOf(source: string): string {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ??
    /^((?:\/\/.*\n)+)/.exec(source)?.[1] ?? "";
  const text = comment.replace(/^\s*(?:\*|\/\/) ?/gm, "").trim().replace(/\s+/g, " ");
  return /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text;
}

/** What a script says that it shows: the sentence of its experiment. */
export function sentenceOf(source: string): string {
  const said = /train\.experiment\(\s*(["'])(.*?)\1/.exec(source)?.[2];
  if (said === undefined) throw new Error("The script does not say what it shows");
  return said;
}

function shownFigure(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shownFigure).join(" ")}]`;
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value);
}

function figuresCell(figures: Figures | undefined): string {
  if (figures === undefined) return "–";
  return Object.entries(figures).map(([name, value]) =>
    `${escaped(name)} ${escaped(shownFigure(value))}`
  )
    .join("<br>");
}

function mark(holds: boolean | null): string {
  if (holds === null) return "asks for nothing";
  return holds ? '<span class="holds">holds</span>' : '<span class="fails">fails</span>';
}

const pageOf = (script: string) => script.replace(/\.ts$/, ".html");

/** A link to a row on the page of its script. */
const rowLink = ({ id, script }: ShownRow) => `<a href="${pageOf(script)}#${id}">${id}</a>`;

function rowSection({ row, measured, holds }: Verdict): string {
  const { id, claim, correction, tag, threshold, justification } = row as ShownRow;
  const tags = { X: "exact", M: "measured with PyTorch", P: "calibrated here" };
  const cells = SEEDS.map((_, i) => `<td class="numbers">${figuresCell(measured[i])}</td>`).join(
    "",
  );
  return `<section aria-labelledby="${id}">
<h2 id="${id}">${id}: ${mark(holds)}</h2>
<p>The claim: ${escaped(claim)}</p>
${correction === undefined ? "" : `<p><strong>What is true:</strong> ${escaped(correction)}</p>`}
<p>Threshold (${tags[tag]}): ${escaped(threshold)}${
    justification === undefined ? "" : ` <em>${escaped(justification)}</em>`
  }</p>
<div class="wide"><table><caption>Figures by seed</caption>
<thead><tr>${SEEDS.map((seed) => `<th scope="col">seed ${seed}</th>`).join("")}</tr></thead>
<tbody><tr>${cells}</tr></tbody></table></div>
</section>`;
}

function pictures(attempt: Attempt | undefined, folder: string): string {
  if (attempt === undefined || "error" in attempt) return "";
  return attempt.pictures.map((path) => {
    const name = path.split("/").at(-1)!.replace(/\.svg$/, "");
    const caption = name.replaceAll("_", " ");
    return `<figure><img src="${escaped(path.slice(folder.length))}" alt="${escaped(caption)}">
<figcaption>${escaped(caption)}</figcaption></figure>`;
  }).join("\n");
}

function scriptPage({ script, attempts, verdicts }: Shown, source: string, folder: string): string {
  const times = attempts.map((attempt) =>
    "error" in attempt ? "failed" : `${attempt.seconds.toFixed(1)} s`
  );
  const errors = attempts.flatMap((attempt) => "error" in attempt ? [attempt.error] : []);
  const last = attempts.findLast((attempt) => !("error" in attempt));
  return page(
    script,
    `<nav><a href="index.html">All scripts</a></nav>
<main>
<h1>${escaped(summaryOf(source))}</h1>
<p><code>deno run -A examples/${script} --seed ${SEEDS[0]}</code> · ${times.join(", ")}</p>
${errors.map((error) => `<pre class="fails">${escaped(error)}</pre>`).join("\n")}
${verdicts.map(rowSection).join("\n")}
${pictures(last, folder)}
<h2>What it prints</h2>
<pre>${last === undefined || "error" in last ? "" : escaped(last.text)}</pre>
<h2>Source</h2>
<pre>${escaped(source)}</pre>
</main>`,
  );
}

function indexPage(
  shown: readonly Shown[],
  silent: readonly Verdict[],
  sources: ReadonlyMap<string, string>,
): string {
  const questions = Map.groupBy(shown, ({ verdicts }) => (verdicts[0]!.row as ShownRow).question);
  // What is said of losses, in article 002, comes first.
  const isOfLosses = ([, scripts]: [string, Shown[]]) =>
    scripts.some(({ verdicts }) => verdicts.some(({ row }) => row.id.startsWith("C-")));
  const ordered = [...questions].sort((a, b) => Number(isOfLosses(b)) - Number(isOfLosses(a)));
  const sections = ordered.map(([question, scripts]) => {
    const lines = scripts.map(({ script, verdicts }) => {
      const marks = verdicts.map(({ row, holds }) =>
        `<span>${rowLink(row as ShownRow)} ${mark(holds)}</span>`
      );
      return `<li><a href="${pageOf(script)}">${script}</a>
<span>${escaped(sentenceOf(sources.get(script)!))}</span><span class="marks">${
        marks.join(" ")
      }</span></li>`;
    });
    return `<section><h2>${escaped(question)}</h2><ul class="scripts">${
      lines.join("\n")
    }</ul></section>`;
  });
  const verdicts = shown.flatMap(({ verdicts }) => verdicts);
  const table = verdicts.map(({ row, measured, holds }) => {
    const { threshold } = row as ShownRow;
    const cells = measured.map((figures) => `<td class="numbers">${figuresCell(figures)}</td>`);
    return `<tr><th scope="row">${rowLink(row as ShownRow)}</th><td>${escaped(threshold)}</td>${
      cells.join("")
    }
<td>${mark(holds)}</td></tr>`;
  });
  const reasons = silent.map(({ row }) =>
    `<li>${row.id}: ${escaped("reason" in row ? row.reason : "")}</li>`
  );
  const failed = verdicts.filter(({ holds }) => holds === false);
  const links = failed.map(({ row }) => rowLink(row as ShownRow)).join(" ");
  return page(
    "Gallery",
    `<main><h1>Loss research, shown</h1>
<p>A row is a claim about losses and learning, or about what they are good for. A script measures it,
with three seeds each; its threshold decides whether it holds. All data is synthetic unless a page says
otherwise.</p>
<p>Rows that hold: ${
      verdicts.length - failed.length
    }; that fail: ${failed.length}; that ask for nothing: ${silent.length}.</p>
${failed.length === 0 ? "" : `<p class="fails">What fails: ${links}</p>`}
${sections.join("\n")}
<section><h2>All rows</h2><div class="wide"><table><thead><tr><th scope="col">Row</th>
<th scope="col">Threshold</th>${SEEDS.map((seed) => `<th scope="col">seed ${seed}</th>`).join("")}
<th scope="col">Verdict</th></tr></thead><tbody>${table.join("\n")}</tbody></table></div></section>
${
      reasons.length === 0
        ? ""
        : `<section><h2>Rows that ask for nothing</h2><ul>${reasons.join("")}</ul></section>`
    }
</main>`,
  );
}

/** Writes all pages into a folder, in which the pictures are already. */
export async function writeSite(
  folder: string,
  shown: readonly Shown[],
  silent: readonly Verdict[],
): Promise<void> {
  const sources = new Map(shown.map(({ script }) => [
    script,
    Deno.readTextFileSync(new URL(`../../examples/${script}`, import.meta.url)),
  ]));
  for (const one of shown) {
    await Deno.writeTextFile(
      `${folder}${pageOf(one.script)}`,
      scriptPage(one, sources.get(one.script)!, folder),
    );
  }
  await Deno.writeTextFile(`${folder}index.html`, indexPage(shown, silent, sources));
}
