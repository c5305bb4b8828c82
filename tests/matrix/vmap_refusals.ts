/** What cannot run under `vmap`, and why. */

import {
  allclose,
  bincount,
  equal,
  histc,
  maskedSelect,
  nonzero,
  oneHot,
  type Tensor,
  unique,
} from "../../mod.ts";

/**
 * Ops whose result depends on the elements of an example, by its shape or by a number that is read.
 */
export const REFUSED: Readonly<Record<string, (row: Tensor) => unknown>> = {
  maskedSelect: (row) => maskedSelect(row, row.gt(1)),
  nonzero: (row) => nonzero(row),
  at: (row) => row.at(row.gt(1)),
  item: (row) => row.sum().item(),
  toArray: (row) => row.toArray(),
  data: (row) => row.data,
  unique: (row) => unique(row),
  bincount: (row) => bincount(row.to("int32")),
  histc: (row) => histc(row),
  allclose: (row) => allclose(row, row),
  equal: (row) => equal(row, row),
  oneHot: (row) => oneHot(row.to("int32")),
};

/** Ops of which some calls are refused. */
const IN_PART = new Set(["at", "histc", "oneHot"]);

/**
 * Ops that are always refused: the shape of the result depends on the data, or it is not a tensor.
 */
export const DATA_DEPENDENT: ReadonlySet<string> = new Set([
  "allclose",
  "bincount",
  "equal",
  "maskedSelect",
  "nonzero",
  "unique",
]);

/** Runs a check of an op; a refusal passes if the op may refuse. */
export function refusalOf(name: string, what: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    // The batch takes one of the available dimensions.
    if ((error as Error).message.includes("at most 8 dimensions")) return;
    const refused = error instanceof TypeError && error.message.includes("under vmap");
    if (refused && (DATA_DEPENDENT.has(name) || IN_PART.has(name))) return;
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}
