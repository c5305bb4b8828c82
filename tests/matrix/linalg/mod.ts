/** Products and factors of matrices: their cases, and calls that must fail. */

import type * as products from "../../../lib/ops/linalg/mod.ts";
import type * as namespace from "../../../lib/ops/linalg/namespace.ts";
import { joined } from "../bad_input.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { LINALG_ERRORS } from "./error_cases.ts";
import { FACTOR_CASES, FACTOR_ERRORS } from "./factor_cases.ts";
import { MATMUL_CASES } from "./matmul_cases.ts";
import { MATRIX_NORM_CASES, MATRIX_NORM_ERRORS } from "./matrix_norm_cases.ts";
import { PRODUCT_CASES } from "./product_cases.ts";

/** Their names; one in a namespace has a dot. */
export type Name = keyof typeof products | `linalg.${keyof typeof namespace}`;

/** The cases of each. */
export const CASES: Readonly<Record<Name, readonly OpCase[]>> = {
  ...MATMUL_CASES,
  ...PRODUCT_CASES,
  ...FACTOR_CASES,
  ...MATRIX_NORM_CASES,
};

/** Calls of each that must fail. */
export const ERRORS: Readonly<Record<Name, readonly ErrorCase[]>> = joined(
  FACTOR_ERRORS,
  MATRIX_NORM_ERRORS,
  LINALG_ERRORS,
);
