/** The structural ops and their cases; a public op without cases does not compile. */

import type { Name, Names } from "../common/op_names.ts";
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

/** The cases of a room. */
interface Room<N extends string> {
  readonly CASES: Readonly<Record<N, readonly OpCase[]>>;
  readonly ERRORS: Readonly<Record<N, readonly ErrorCase[]>>;
}

export const ROOMS: { readonly [R in keyof Names]: Room<Names[R]> } = {
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
