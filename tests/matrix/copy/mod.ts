/** Copies: their cases, and calls that must fail. */

import type * as ops from "../../../lib/ops/copy/mod.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { COPY_CASES } from "./cases.ts";
import { COPY_ERRORS } from "./error_cases.ts";

/** Their names. */
export type Name = keyof typeof ops;

/** The cases of each. */
export const CASES: Readonly<Record<Name, readonly OpCase[]>> = COPY_CASES;

/** Calls of each that must fail. */
export const ERRORS: Readonly<Record<Name, readonly ErrorCase[]>> = COPY_ERRORS;
