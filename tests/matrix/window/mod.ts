/** Convolutions and pools: their cases, and calls that must fail. */

import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { WINDOW_CASES } from "./cases.ts";
import { WINDOW_ERRORS } from "./error_cases.ts";

export const CASES: Readonly<Record<Names["window"], readonly OpCase[]>> = WINDOW_CASES;

export const ERRORS: Readonly<Record<Names["window"], readonly ErrorCase[]>> = WINDOW_ERRORS;
