/** Reductions: their cases, and calls that must fail. */

import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { REDUCE_CASES } from "./cases.ts";
import { REDUCTION_CASES } from "./composite_cases.ts";
import { REDUCE_ERRORS } from "./error_cases.ts";

export const CASES: Readonly<Record<Names["reduce"], readonly OpCase[]>> = {
  ...REDUCE_CASES,
  ...REDUCTION_CASES,
};

export const ERRORS: Readonly<Record<Names["reduce"], readonly ErrorCase[]>> = REDUCE_ERRORS;
