/** Normalisations: their cases, and calls that must fail. */

import { joined } from "../bad_input.ts";
import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { NORMALIZE_CASES } from "./cases.ts";
import { NORMALIZE_ERRORS } from "./error_cases.ts";
import { SOFTMAX_CASES } from "./softmax_cases.ts";
import { UNIT_CASES, UNIT_ERRORS } from "./unit_cases.ts";

export const CASES: Readonly<Record<Names["normalize"], readonly OpCase[]>> = {
  ...NORMALIZE_CASES,
  ...SOFTMAX_CASES,
  ...UNIT_CASES,
};

export const ERRORS: Readonly<Record<Names["normalize"], readonly ErrorCase[]>> = joined(
  NORMALIZE_ERRORS,
  UNIT_ERRORS,
);
