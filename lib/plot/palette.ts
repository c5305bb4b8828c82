/** Colours that stand out from white and black backgrounds, and from each other. */

/** Background and text, on light and dark screens. */
export const GROUNDS = {
  light: { ground: "#ffffff", text: "#1d2127" },
  dark: { ground: "#16191d", text: "#e4e7eb" },
} as const;

/** The colours of series, in order of use. */
export const PALETTE = [
  "#3b7dd8",
  "#d9701a",
  "#2f9e60",
  "#d9485f",
  "#9a63d4",
  "#12939a",
  "#b0791f",
  "#d0559c",
  "#77808b",
] as const;

/** The colour at an index; after the last comes the first again. */
export function colorAt(index: number): string {
  return PALETTE[index % PALETTE.length] ?? PALETTE[0];
}
