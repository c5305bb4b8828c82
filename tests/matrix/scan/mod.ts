/** Scans: their cases, and calls that must fail. */

import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { SCAN_CASES, SCAN_ERRORS } from "./cases.ts";

/** The cases of each. */
export const CASES: Readonly<Record<Names["scan"], readonly OpCase[]>> = SCAN_CASES;

/** Calls of each that must fail. */
export const ERRORS: Readonly<Record<Names["scan"], readonly ErrorCase[]>> = SCAN_ERRORS;
