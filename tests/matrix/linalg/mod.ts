/** Products and factors of matrices: their cases, and calls that must fail. */

import { joined } from "../bad_input.ts";
import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { LINALG_ERRORS } from "./error_cases.ts";
import { FACTOR_CASES, FACTOR_ERRORS } from "./factor_cases.ts";
import { MATMUL_CASES } from "./matmul_cases.ts";
import { MATRIX_NORM_CASES, MATRIX_NORM_ERRORS } from "./matrix_norm_cases.ts";
import { PAIR_CASES, PAIR_ERRORS } from "./pair_cases.ts";
import { PRODUCT_CASES } from "./product_cases.ts";
import { SPECTRAL_CASES, SPECTRAL_ERRORS } from "./spectral_cases.ts";

export const CASES: Readonly<Record<Names["linalg"], readonly OpCase[]>> = {
  ...MATMUL_CASES,
  ...PRODUCT_CASES,
  ...FACTOR_CASES,
  ...MATRIX_NORM_CASES,
  ...PAIR_CASES,
  ...SPECTRAL_CASES,
};

export const ERRORS: Readonly<Record<Names["linalg"], readonly ErrorCase[]>> = joined(
  FACTOR_ERRORS,
  MATRIX_NORM_ERRORS,
  PAIR_ERRORS,
  SPECTRAL_ERRORS,
  LINALG_ERRORS,
);
