/** Scans: their cases, and calls that must fail. */

import type * as ops from "../../../lib/ops/scan/mod.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { SCAN_CASES, SCAN_ERRORS } from "./cases.ts";

/** Their names. */
export type Name = keyof typeof ops;

/** The cases of each. */
export const CASES: Readonly<Record<Name, readonly OpCase[]>> = SCAN_CASES;

/** Calls of each that must fail. */
export const ERRORS: Readonly<Record<Name, readonly ErrorCase[]>> = SCAN_ERRORS;
