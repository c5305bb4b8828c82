/** What a picture has, read back from the text of its SVG. */

import { DOMParser, type Element } from "@xmldom/xmldom";

/** The elements of the text of an SVG file, which must be well-formed. */
export function parsed(svg: string): Element {
  const strict = {
    onError: (_level: string, message: string) => {
      throw new Error(message);
    },
  };
  return new DOMParser(strict).parseFromString(svg, "image/svg+xml").documentElement!;
}

/** All elements of a name under another, or those that pass a test. */
export function all(root: Element, name: string, test?: (own: Element) => boolean): Element[] {
  const found = Array.from(root.getElementsByTagName(name));
  return test === undefined ? found : found.filter(test);
}

/** What a panel shows. */
export interface Seen {
  readonly title: string | undefined;
  readonly legend: readonly string[];
  /** Where points are, in pixels. */
  readonly points: readonly (readonly [number, number])[];
  /** Lines across the panel by how they are dashed, with where they are along their axis. */
  readonly rules: Readonly<Record<string, readonly number[]>>;
  /** All that is written along the axes. */
  readonly axes: readonly string[];
}

const number = (own: Element, name: string) => Number(own.getAttribute(name));
const label = (own: Element) => own.getAttribute("aria-label") ?? "";
const isOf = (name: string) => (own: Element) => own.getAttribute("class") === name;

/** The dashed lines of a group, by where they are. */
function rulesOf(panel: Element): Record<string, number[]> {
  const rules: Record<string, number[]> = {};
  for (const group of all(panel, "g", (own) => label(own) === "rule")) {
    const dash = group.getAttribute("stroke-dasharray") ?? "none";
    const lines = all(group, "line");
    const shift = Number(/,([-\d.]+)\)/.exec(group.getAttribute("transform") ?? "")?.[1] ?? 0);
    (rules[dash] ??= []).push(...lines.map((line) => number(line, "y1") + shift));
  }
  return rules;
}

/** The panels of a picture. */
export function panelsOf(svg: string): Seen[] {
  return all(parsed(svg), "g", isOf("adjoint-panel")).map((panel) => ({
    title: all(panel, "text", isOf("adjoint-title"))[0]?.textContent ?? undefined,
    legend: all(panel, "g", isOf("adjoint-entry")).map((own) => own.textContent ?? ""),
    points: all(panel, "circle").map((own) => [number(own, "cx"), number(own, "cy")] as const),
    rules: rulesOf(panel),
    axes: all(panel, "g", (own) => /axis (tick )?label$/.test(label(own)))
      .flatMap((own) => all(own, "text").map((text) => text.textContent ?? "")),
  }));
}
