/** The structural ops and their cases; a public op without cases does not compile. */

import type * as copy from "../../lib/ops/copy/mod.ts";
import type * as composites from "../../lib/ops/elementwise/composites.ts";
import type * as logic from "../../lib/ops/elementwise/logic.ts";
import type * as index from "../../lib/ops/index/mod.ts";
import type * as linalg from "../../lib/ops/linalg/mod.ts";
import type * as namespace from "../../lib/ops/linalg/namespace.ts";
import type * as ops from "../../lib/ops/mod.ts";
import type * as normalize from "../../lib/ops/normalize/mod.ts";
import type * as reduce from "../../lib/ops/reduce/mod.ts";
import type * as scan from "../../lib/ops/scan/mod.ts";
import type * as shape from "../../lib/ops/shape/mod.ts";
import type * as window from "../../lib/ops/window/mod.ts";
import * as adjoint from "../../mod.ts";
import type { OpCase } from "./cases.ts";
import { LOGIC_CASES } from "./elementwise/logic_cases.ts";
import { SPECIAL_CASES } from "./elementwise/special_cases.ts";
import { INDEXING_CASES } from "./index/cases.ts";
import { SELECTION_CASES } from "./index/selection_cases.ts";
import { SORTING_CASES } from "./index/sort_cases.ts";
import { FACTOR_CASES } from "./linalg/factor_cases.ts";
import { MATRIX_NORM_CASES } from "./linalg/matrix_norm_cases.ts";
import { PRODUCT_CASES } from "./linalg/product_cases.ts";
import { NORMALIZE_CASES } from "./normalize/cases.ts";
import { REDUCE_CASES } from "./reduce/cases.ts";
import { REDUCTION_CASES } from "./reduce/composite_cases.ts";
import { MOVEMENT_CASES } from "./shape/movement_cases.ts";
import { REARRANGE_CASES } from "./shape/rearrange_cases.ts";
import { VIEW_CASES } from "./shape/view_cases.ts";
import { WINDOW_CASES } from "./window/cases.ts";

/** Exports of the structural families, and two that stand beside elementwise ops. */
type Family =
  | keyof typeof copy
  | keyof typeof composites
  | keyof typeof index
  | keyof typeof linalg
  | keyof typeof logic
  | keyof typeof normalize
  | keyof typeof reduce
  | keyof typeof scan
  | keyof typeof shape
  | keyof typeof window
  | "polygamma"
  | "where";

/** Name of a public structural op; one in a namespace has a dot. */
export type Name = Extract<keyof typeof ops, Family> | `linalg.${keyof typeof namespace}`;

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
