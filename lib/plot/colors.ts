/** Numbers as colours, and as text. */

import { scale } from "@observablehq/plot";
import type { ColorScale } from "./panel.ts";

/** The colour of each number, as #rrggbb. */
export function colorScale({ scheme, domain }: ColorScale): (value: number) => string {
  const made = scale({ color: { type: "linear", scheme, domain: [...domain], clamp: true } });
  return (value) => hex(String(made.apply(value)));
}

/** Converts a CSS colour rgb(r, g, b) to #rrggbb, which stays as it is. */
function hex(color: string): string {
  const parts = color.match(/\d+/g);
  if (color.startsWith("#") || parts === null) return color;
  return `#${parts.map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
}

/** The relative luminance of #rrggbb, from 0 to 1, as in WCAG 2. */
export function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast ratio of two colours, from 1 to 21, as in WCAG 2. */
export function contrast(a: string, b: string): number {
  const [dark = 0, bright = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dark + 0.05);
}

/** Black or white, whichever is more legible on a colour. */
export function textOn(color: string): string {
  return contrast(color, "#ffffff") >= contrast(color, "#000000") ? "#ffffff" : "#000000";
}

/** A short form of a number, for a scale of colours. */
export function shortNumber(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return rounded !== 0 && Math.abs(rounded) < 1e-3 ? rounded.toExponential() : String(rounded);
}
