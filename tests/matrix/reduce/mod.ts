/** Reductions: their cases, and calls that must fail. */

import type * as ops from "../../../lib/ops/reduce/mod.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { REDUCE_CASES } from "./cases.ts";
import { REDUCTION_CASES } from "./composite_cases.ts";
import { REDUCE_ERRORS } from "./error_cases.ts";

/** Their names. */
export type Name = keyof typeof ops;

/** The cases of each. */
export const CASES: Readonly<Record<Name, readonly OpCase[]>> = {
  ...REDUCE_CASES,
  ...REDUCTION_CASES,
};

/** Calls of each that must fail. */
export const ERRORS: Readonly<Record<Name, readonly ErrorCase[]>> = REDUCE_ERRORS;
