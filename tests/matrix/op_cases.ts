/** The structural ops and their cases by rooms; a public op without cases does not compile. */

import * as adjoint from "../../mod.ts";
import type { ErrorCase, OpCase } from "./cases.ts";
import * as copy from "./copy/mod.ts";
import * as elementwise from "./elementwise/mod.ts";
import * as index from "./index/mod.ts";
import * as linalg from "./linalg/mod.ts";
import * as normalize from "./normalize/mod.ts";
import * as reduce from "./reduce/mod.ts";
import * as scan from "./scan/mod.ts";
import * as shape from "./shape/mod.ts";
import * as window from "./window/mod.ts";

/** Name of a public structural op; one in a namespace has a dot. */
export type Name =
  | elementwise.Name
  | reduce.Name
  | scan.Name
  | shape.Name
  | index.Name
  | linalg.Name
  | window.Name
  | normalize.Name
  | copy.Name;

/** The public op of a name. */
export function opOf(name: string): (...args: unknown[]) => unknown {
  const found = name.split(".").reduce<object>((home, part) => Reflect.get(home, part), adjoint);
  return found as (...args: unknown[]) => unknown;
}

/** The rooms. */
export const ROOMS = {
  elementwise,
  reduce,
  scan,
  shape,
  index,
  linalg,
  window,
  normalize,
  copy,
};

/** The cases of each op. */
export const OP_CASES: Readonly<Record<Name, readonly OpCase[]>> = {
  ...elementwise.CASES,
  ...reduce.CASES,
  ...scan.CASES,
  ...shape.CASES,
  ...index.CASES,
  ...linalg.CASES,
  ...window.CASES,
  ...normalize.CASES,
  ...copy.CASES,
};

/** Calls of each op that must fail, with the class of the error and parts of its message. */
export const ERROR_CASES: Readonly<Record<Name, readonly ErrorCase[]>> = {
  ...elementwise.ERRORS,
  ...reduce.ERRORS,
  ...scan.ERRORS,
  ...shape.ERRORS,
  ...index.ERRORS,
  ...linalg.ERRORS,
  ...window.ERRORS,
  ...normalize.ERRORS,
  ...copy.ERRORS,
};
