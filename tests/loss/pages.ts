/**
 * The tables of the pages in `docs/losses`: each loss as a function of one number, with its derivative,
 * computed by the library. `deno task losses --write` puts them into the pages.
 */

import { derivatives, type Family, ZOO } from "../../examples/loss_zoo.ts";

/** A number in four digits. */
function shown(value: number): string {
  const text = value.toPrecision(4);
  return String(Math.abs(value) < 1e-9 ? 0 : Number(text)).replace("-", "−");
}

/** The table of a page: value, and in brackets the derivative. */
export function curveTable({ variable, points, curves }: Family): string {
  const cells = (curve: Family["curves"][string]) =>
    points.map((point) => {
      const [value, slope] = derivatives(curve, point).map(shown);
      return `${value} (${slope})`;
    });
  const line = (...parts: string[]) => `| ${parts.join(" | ")} |`;
  return [
    line(variable, ...points.map(shown)),
    line(...["", ...points].map(() => "---")),
    ...Object.entries(curves).map(([name, curve]) => line(`\`${name}\``, ...cells(curve))),
  ].join("\n");
}

const BEGIN =
  "<!-- The table that `deno task losses --write` makes: value (derivative) -->\n\n<!-- deno-fmt-ignore-start -->";
const END = "<!-- deno-fmt-ignore-end -->";

/** A page with the table of today in place of the one between its marks. */
export function withCurves(text: string, family: Family): string {
  const start = text.indexOf(BEGIN);
  const end = text.indexOf(END, start);
  if (start === -1 || end === -1) {
    throw new Error(`The page has no place for its table:\n${BEGIN}\n${END}`);
  }
  return `${text.slice(0, start)}${BEGIN}\n\n${curveTable(family)}\n\n${text.slice(end)}`;
}

/** Where a page is. */
export function pageOf(name: string): URL {
  return new URL(`../../docs/losses/${name}.md`, import.meta.url);
}

/** The families, each with a page. */
export const FAMILIES: readonly (readonly [string, Family])[] = Object.entries(ZOO);
