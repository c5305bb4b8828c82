/** Reading, writing and ordering by position: their cases, and calls that must fail. */

import { joined } from "../bad_input.ts";
import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { INDEXING_CASES } from "./cases.ts";
import { COUNT_CASES, COUNT_ERRORS } from "./count_cases.ts";
import { INDEX_ERRORS } from "./error_cases.ts";
import { SEARCH_CASES, SEARCH_ERRORS } from "./search_cases.ts";
import { SELECTION_CASES } from "./selection_cases.ts";
import { SORTING_CASES, SORTING_ERRORS } from "./sort_cases.ts";

export const CASES: Readonly<Record<Names["index"], readonly OpCase[]>> = {
  ...INDEXING_CASES,
  ...SELECTION_CASES,
  ...SORTING_CASES,
  ...SEARCH_CASES,
  ...COUNT_CASES,
};

export const ERRORS: Readonly<Record<Names["index"], readonly ErrorCase[]>> = joined(
  SORTING_ERRORS,
  INDEX_ERRORS,
  SEARCH_ERRORS,
  COUNT_ERRORS,
);
