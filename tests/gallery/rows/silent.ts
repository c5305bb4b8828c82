/** Rows that ask for nothing. */

import type { Row } from "../row.ts";

export const rows: readonly Row[] = [
  { id: "A-26", reason: "The article only mentions a large medical model; nothing is asked for." },
  { id: "A-27", reason: "A list of references; there is nothing to implement or to cite." },
  { id: "B-28", reason: "The article's list of tools and resources is empty." },
  { id: "C-29", reason: "The article's summary is cut off; nothing of it can be recovered." },
];
