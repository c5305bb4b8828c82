/** The public ops by their names. */

import type * as copy from "../../lib/ops/copy/mod.ts";
import type * as binary from "../../lib/ops/elementwise/binary.ts";
import type * as compare from "../../lib/ops/elementwise/compare.ts";
import type * as elementwise from "../../lib/ops/elementwise/mod.ts";
import type * as rounding from "../../lib/ops/elementwise/rounding.ts";
import type * as special from "../../lib/ops/elementwise/special.ts";
import type * as trigonometry from "../../lib/ops/elementwise/trigonometry.ts";
import type * as unary from "../../lib/ops/elementwise/unary.ts";
import type * as index from "../../lib/ops/index/mod.ts";
import type * as linalg from "../../lib/ops/linalg/mod.ts";
import type * as namespace from "../../lib/ops/linalg/namespace.ts";
import type * as normalize from "../../lib/ops/normalize/mod.ts";
import type * as reduce from "../../lib/ops/reduce/mod.ts";
import type * as scan from "../../lib/ops/scan/mod.ts";
import type * as shape from "../../lib/ops/shape/mod.ts";
import type * as window from "../../lib/ops/window/mod.ts";
import * as adjoint from "../../mod.ts";

/** The elementwise ops that are tried by what their entry in the registry says. */
type Tried = Exclude<
  | keyof typeof unary
  | keyof typeof binary
  | keyof typeof compare
  | keyof typeof rounding
  | keyof typeof special
  | keyof typeof trigonometry,
  "polygamma" | "where"
>;

/** The structural ops of each room, and the elementwise ones that have cases as these do. */
export interface Names {
  elementwise: Exclude<keyof typeof elementwise, Tried>;
  reduce: keyof typeof reduce;
  scan: keyof typeof scan;
  shape: keyof typeof shape;
  index: keyof typeof index;
  linalg: keyof typeof linalg | `linalg.${keyof typeof namespace}`;
  window: keyof typeof window;
  normalize: keyof typeof normalize;
  copy: keyof typeof copy;
}

/** Name of a public structural op; one in a namespace has a dot. */
export type Name = Names[keyof Names];

/** The public op of a name. */
export function opOf(name: string): (...args: unknown[]) => unknown {
  const found = name.split(".").reduce<object>((home, part) => Reflect.get(home, part), adjoint);
  return found as (...args: unknown[]) => unknown;
}
