/** What the GPU does not support. */

import type { InPlaceName } from "./copy/inplace_cases.ts";
import type { Name } from "../common/op_names.ts";

const COLUMNS = "each column waits for the one before, which leaves a GPU idle";

/**
 * The ops of which some or all cases have no GPU program, which the error must say, with the
 * reason.
 */
export const ABSENT: Readonly<Partial<Record<Name | InPlaceName, string>>> = {
  "linalg.cholesky": COLUMNS,
  "linalg.solveTriangular": COLUMNS,
  "linalg.solve": COLUMNS,
  "linalg.inv": COLUMNS,
  "linalg.det": COLUMNS,
  "linalg.qr": COLUMNS,
  "linalg.eigh": "it repeats until it is done, and each round waits for the one before",
};
