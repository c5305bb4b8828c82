/** Normalisations: their cases, and calls that must fail. */

import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { NORMALIZE_CASES } from "./cases.ts";
import { NORMALIZE_ERRORS } from "./error_cases.ts";
import { SOFTMAX_CASES } from "./softmax_cases.ts";

/** The cases of each. */
export const CASES: Readonly<Record<Names["normalize"], readonly OpCase[]>> = {
  ...NORMALIZE_CASES,
  ...SOFTMAX_CASES,
};

/** Calls of each that must fail. */
export const ERRORS: Readonly<Record<Names["normalize"], readonly ErrorCase[]>> = NORMALIZE_ERRORS;
