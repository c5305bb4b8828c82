/** What the GPU cannot do yet. */

import type { InPlaceName } from "./copy/inplace_cases.ts";
import type { Name } from "../common/op_names.ts";

/** The ops of which some or all cases have no program on the GPU yet, and must say so. */
export const ABSENT: readonly (Name | InPlaceName)[] = [
  "searchsorted",
  "bincount",
  "cumsum",
  "argsort",
  "sort",
  "topk",
  "median",
  "quantile",
  "linalg.cholesky",
  "linalg.solveTriangular",
  "linalg.solve",
  "linalg.inv",
  "linalg.qr",
  "linalg.eigh",
  "linalg.det",
];
