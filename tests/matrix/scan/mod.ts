/** Scans: their cases, and calls that must fail. */

import { joined } from "../bad_input.ts";
import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { SCAN_CASES, SCAN_ERRORS } from "./cases.ts";
import { SCAN_COMPOSITE_CASES, SCAN_COMPOSITE_ERRORS } from "./composite_cases.ts";

export const CASES: Readonly<Record<Names["scan"], readonly OpCase[]>> = {
  ...SCAN_CASES,
  ...SCAN_COMPOSITE_CASES,
};

export const ERRORS: Readonly<Record<Names["scan"], readonly ErrorCase[]>> = joined(
  SCAN_ERRORS,
  SCAN_COMPOSITE_ERRORS,
);
