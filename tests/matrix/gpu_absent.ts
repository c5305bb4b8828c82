/** What the GPU does not do. */

import type { InPlaceName } from "./copy/inplace_cases.ts";
import type { Name } from "../common/op_names.ts";

const COLUMNS = "each column waits for the one before, which leaves a GPU idle";

/** The ops of which some or all cases have no program on the GPU, and must say so, and why. */
export const ABSENT: Readonly<Partial<Record<Name | InPlaceName, string>>> = {
  "linalg.cholesky": COLUMNS,
  "linalg.solveTriangular": COLUMNS,
  "linalg.solve": COLUMNS,
  "linalg.inv": COLUMNS,
  "linalg.det": COLUMNS,
  "linalg.qr": COLUMNS,
  "linalg.eigh": "it repeats until it is done, and each round waits for the one before",
};

/**
 * The ops that are not there in float64, beside those: special functions that are written for float32
 * alone, and what sorts, by keys of 32 bits (the cases of searchsorted do).
 */
export const ABSENT_FLOAT64: readonly string[] = [
  "erfinv",
  "lgamma",
  "digamma",
  "polygamma",
  "argsort",
  "searchsorted",
  "sort",
  "topk",
  "median",
  "quantile",
];
