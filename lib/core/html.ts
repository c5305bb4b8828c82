/** HTML as text; inserted content is escaped unless it is HTML itself. */

/** A piece of HTML. */
export class Html {
  /** Its text. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Content that can be inserted. */
export type Content = string | number | Html | null | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function put(content: Content): string {
  if (content instanceof Html) return content.text;
  if (content === null || content === undefined) return "";
  if (typeof content === "object") return content.map(put).join("");
  return String(content).replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}

/** Makes HTML from a template; the items of arrays are inserted one after the other. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(parts.map((part, i) => part + put(contents[i])).join(""));
}

/** A cell: text, or a number, which is aligned to the right. */
export type Cell = string | number | undefined;

/** The text of a cell; numbers have few digits. */
export function written(cell: Cell): string {
  if (cell === undefined) return "–";
  if (typeof cell === "string" || Number.isInteger(cell)) return String(cell);
  const rounded = Number(cell.toPrecision(5));
  return Math.abs(rounded) < 1e-3 ? rounded.toExponential() : String(rounded);
}

/** A table whose first column names the rows. If it is too wide, it can be scrolled with the keyboard. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): Html {
  const numeric = columns.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  const align = (i: number) => new Html(numeric[i] ? ' class="number"' : "");
  const head = columns.map((name, i) =>
    html`
      <th scope="col" ${align(i)}>${name}</th>
    `
  );
  const body = rows.map(([first, ...cells]) =>
    html`
      <tr><th scope="row"${align(0)}>${written(first)}</th>${cells.map((cell, i) =>
        html`<td${align(i + 1)}>${written(cell)}</td>`
      )}</tr>
    `
  );
  return html`
    <div class="wide" role="region" aria-label="${caption}" tabindex="0">
      <table>
        <caption>${caption}</caption>
        <thead>
          <tr>${head}</tr>
        </thead>
        <tbody>
    ${body}</tbody>
      </table>
    </div>
  `;
}
