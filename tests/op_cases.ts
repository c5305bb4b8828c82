/** The structural ops and their cases; a public op without cases does not compile. */

import * as adjoint from "../mod.ts";
import type * as linear from "../lib/linalg.ts";
import type * as at from "../lib/ops/at.ts";
import type * as composite from "../lib/ops/composite.ts";
import type * as conv from "../lib/ops/conv.ts";
import type * as einsum from "../lib/ops/einsum.ts";
import type * as indexing from "../lib/ops/indexing.ts";
import type * as linalg from "../lib/ops/linalg.ts";
import type * as masks from "../lib/ops/masks.ts";
import type * as logic from "../lib/ops/logic.ts";
import type * as normalize from "../lib/ops/normalize.ts";
import type * as ops from "../lib/ops/mod.ts";
import type * as movement from "../lib/ops/movement.ts";
import type * as pool from "../lib/ops/pool.ts";
import type * as rearrange from "../lib/ops/rearrange.ts";
import type * as reduce from "../lib/ops/reduce.ts";
import type * as reductions from "../lib/ops/reductions.ts";
import type * as sorting from "../lib/ops/sorting.ts";
import type * as views from "../lib/ops/views.ts";
import type { OpCase } from "./matrix/cases.ts";
import { FACTOR_CASES } from "./matrix/factor_cases.ts";
import { INDEXING_CASES } from "./matrix/indexing_cases.ts";
import { LOGIC_CASES } from "./matrix/logic_cases.ts";
import { MATRIX_NORM_CASES } from "./matrix/matrix_norm_cases.ts";
import { MOVEMENT_CASES } from "./matrix/movement_cases.ts";
import { NORMALIZE_CASES } from "./matrix/normalize_cases.ts";
import { PRODUCT_CASES } from "./matrix/product_cases.ts";
import { REARRANGE_CASES } from "./matrix/rearrange_cases.ts";
import { REDUCE_CASES } from "./matrix/reduce_cases.ts";
import { REDUCTION_CASES } from "./matrix/reduction_cases.ts";
import { SELECTION_CASES } from "./matrix/selection_cases.ts";
import { SORTING_CASES } from "./matrix/sorting_cases.ts";
import { SPECIAL_CASES } from "./matrix/special_cases.ts";
import { VIEW_CASES } from "./matrix/view_cases.ts";
import { WINDOW_CASES } from "./matrix/window_cases.ts";

/** Exports of the structural families, and two that stand beside elementwise ops. */
type Family =
  | keyof typeof at
  | keyof typeof composite
  | keyof typeof conv
  | keyof typeof einsum
  | keyof typeof indexing
  | keyof typeof linalg
  | keyof typeof masks
  | keyof typeof logic
  | keyof typeof movement
  | keyof typeof normalize
  | keyof typeof pool
  | keyof typeof rearrange
  | keyof typeof reduce
  | keyof typeof reductions
  | keyof typeof sorting
  | keyof typeof views
  | "polygamma"
  | "where";

/** Name of a public structural op; one in a namespace has a dot. */
export type Name = Extract<keyof typeof ops, Family> | `linalg.${keyof typeof linear}`;

/** The public op of a name. */
export function opOf(name: string): (...args: unknown[]) => unknown {
  const found = name.split(".").reduce<object>((home, part) => Reflect.get(home, part), adjoint);
  return found as (...args: unknown[]) => unknown;
}

/** The cases of each op. */
export const OP_CASES: Readonly<Record<Name, readonly OpCase[]>> = {
  ...MOVEMENT_CASES,
  ...VIEW_CASES,
  ...REARRANGE_CASES,
  ...REDUCE_CASES,
  ...REDUCTION_CASES,
  ...INDEXING_CASES,
  ...SORTING_CASES,
  ...LOGIC_CASES,
  ...SELECTION_CASES,
  ...NORMALIZE_CASES,
  ...PRODUCT_CASES,
  ...SPECIAL_CASES,
  ...WINDOW_CASES,
  ...FACTOR_CASES,
  ...MATRIX_NORM_CASES,
};
