/** Colours that can be told from white and from black grounds, and from each other. */

/** The ground and the text, on light and on dark screens. */
export const GROUNDS = {
  light: { ground: "#ffffff", text: "#1d2127" },
  dark: { ground: "#16191d", text: "#e4e7eb" },
} as const;

/** The colours of series, in the order in which they are taken. */
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

/** The colour of a place in a list; after the last comes the first. */
export function colorAt(index: number): string {
  return PALETTE[index % PALETTE.length] ?? PALETTE[0];
}
