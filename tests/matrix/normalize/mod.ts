/** Normalisations: their cases, and calls that must fail. */

import type * as ops from "../../../lib/ops/normalize/mod.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { NORMALIZE_CASES } from "./cases.ts";
import { NORMALIZE_ERRORS } from "./error_cases.ts";
import { SOFTMAX_CASES } from "./softmax_cases.ts";

/** Their names. */
export type Name = keyof typeof ops;

/** The cases of each. */
export const CASES: Readonly<Record<Name, readonly OpCase[]>> = {
  ...NORMALIZE_CASES,
  ...SOFTMAX_CASES,
};

/** Calls of each that must fail. */
export const ERRORS: Readonly<Record<Name, readonly ErrorCase[]>> = NORMALIZE_ERRORS;
