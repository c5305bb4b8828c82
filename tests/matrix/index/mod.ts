/** Reading, writing and ordering by position: their cases, and calls that must fail. */

import type * as ops from "../../../lib/ops/index/mod.ts";
import { joined } from "../bad_input.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { INDEXING_CASES } from "./cases.ts";
import { INDEX_ERRORS } from "./error_cases.ts";
import { SELECTION_CASES } from "./selection_cases.ts";
import { SORTING_CASES, SORTING_ERRORS } from "./sort_cases.ts";

/** Their names. */
export type Name = keyof typeof ops;

/** The cases of each. */
export const CASES: Readonly<Record<Name, readonly OpCase[]>> = {
  ...INDEXING_CASES,
  ...SELECTION_CASES,
  ...SORTING_CASES,
};

/** Calls of each that must fail. */
export const ERRORS: Readonly<Record<Name, readonly ErrorCase[]>> = joined(
  SORTING_ERRORS,
  INDEX_ERRORS,
);
