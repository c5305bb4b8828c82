/** Ops that reshape or reorder elements: their cases, and calls that must fail. */

import { joined } from "../bad_input.ts";
import type { Names } from "../../common/op_names.ts";
import type { ErrorCase, OpCase } from "../cases.ts";
import { SHAPE_ERRORS } from "./error_cases.ts";
import { GRID_CASES, GRID_ERRORS } from "./grid_cases.ts";
import { MOVEMENT_CASES } from "./movement_cases.ts";
import { REARRANGE_CASES } from "./rearrange_cases.ts";
import { VIEW_CASES } from "./view_cases.ts";

export const CASES: Readonly<Record<Names["shape"], readonly OpCase[]>> = {
  ...MOVEMENT_CASES,
  ...VIEW_CASES,
  ...REARRANGE_CASES,
  ...GRID_CASES,
};

export const ERRORS: Readonly<Record<Names["shape"], readonly ErrorCase[]>> = joined(
  SHAPE_ERRORS,
  GRID_ERRORS,
);
