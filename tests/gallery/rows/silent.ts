/** Rows that ask for nothing. */

import type { Row } from "../row.ts";

export const rows: readonly Row[] = [
  { id: "B-28", reason: "The article's list of tools and resources is empty." },
  { id: "C-29", reason: "The article's summary is cut off; nothing of it can be recovered." },
];
