/** The composites and choices among elementwise ops: their cases, and calls that must fail. */

import type * as composites from "../../../lib/ops/elementwise/composites.ts";
import type * as logic from "../../../lib/ops/elementwise/logic.ts";
import type * as ops from "../../../lib/ops/elementwise/mod.ts";
import { joined } from "../bad_input.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { CLAMP_CASES } from "./clamp_cases.ts";
import { ELEMENTWISE_ERRORS } from "./composite_error_cases.ts";
import { LOGIC_CASES, LOGIC_ERRORS } from "./logic_cases.ts";
import { SPECIAL_CASES } from "./special_cases.ts";
import { WHERE_CASES } from "./where_cases.ts";

/** Those of them that the registry does not try. */
export type Name = Extract<
  keyof typeof ops,
  keyof typeof composites | keyof typeof logic | "polygamma" | "where"
>;

/** The cases of each. */
export const CASES: Readonly<Record<Name, readonly OpCase[]>> = {
  ...LOGIC_CASES,
  ...SPECIAL_CASES,
  ...CLAMP_CASES,
  ...WHERE_CASES,
};

/** Calls of each that must fail. */
export const ERRORS: Readonly<Record<Name, readonly ErrorCase[]>> = joined(
  LOGIC_ERRORS,
  ELEMENTWISE_ERRORS,
);
