/** Copies: their cases, and calls that must fail. */

import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { COPY_CASES } from "./cases.ts";
import { COPY_ERRORS } from "./error_cases.ts";

export const CASES: Readonly<Record<Names["copy"], readonly OpCase[]>> = COPY_CASES;

export const ERRORS: Readonly<Record<Names["copy"], readonly ErrorCase[]>> = COPY_ERRORS;
