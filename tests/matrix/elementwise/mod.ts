/** The composites and choices among elementwise ops: their cases, and calls that must fail. */

import { joined } from "../bad_input.ts";
import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { CLAMP_CASES } from "./clamp_cases.ts";
import { ELEMENTWISE_ERRORS } from "./composite_error_cases.ts";
import { CLOSENESS_CASES, CLOSENESS_ERRORS } from "./closeness_cases.ts";
import { GELU_CASES, GELU_ERRORS } from "./gelu_cases.ts";
import { LOGIC_CASES, LOGIC_ERRORS } from "./logic_cases.ts";
import { SPECIAL_CASES } from "./special_cases.ts";
import { STEP_CASES, STEP_ERRORS } from "./step_cases.ts";
import { WHERE_CASES } from "./where_cases.ts";

export const CASES: Readonly<Record<Names["elementwise"], readonly OpCase[]>> = {
  ...LOGIC_CASES,
  ...GELU_CASES,
  ...SPECIAL_CASES,
  ...CLAMP_CASES,
  ...WHERE_CASES,
  ...STEP_CASES,
  ...CLOSENESS_CASES,
};

export const ERRORS: Readonly<Record<Names["elementwise"], readonly ErrorCase[]>> = joined(
  LOGIC_ERRORS,
  GELU_ERRORS,
  ELEMENTWISE_ERRORS,
  STEP_ERRORS,
  CLOSENESS_ERRORS,
);
