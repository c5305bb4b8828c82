/** Padding with zeros or with elements of the input. */

import { ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  NUMBER,
  NUMBERS,
  oneOf,
  optionReader,
  TENSOR,
} from "../core/options.ts";
import { checkRoom, sizeOf } from "../core/shape.ts";
import { pad as padOp } from "../ops/mod.ts";
import { padding } from "../ops/shape/primitives.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { positions } from "./checks.ts";

/** What new elements are: a value, the input mirrored at its ends, its outermost elements, or its repetition. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/** Options of `pad`. */
export interface PadFunctionOptions {
  /** What the new elements are. Default: "constant". */
  mode?: PadMode;
  /** The value of new elements, in mode "constant". Default: 0. */
  value?: number;
}

const readPad = optionReader<PadFunctionOptions>({
  mode: oneOf("constant", "reflect", "replicate", "circular"),
  value: NUMBER,
});

/** The element for a place outside the input. */
const SOURCES = {
  reflect: (at: number, extent: number) => at < 0 ? -at : at < extent ? at : 2 * extent - 2 - at,
  replicate: (at: number, extent: number) => Math.min(Math.max(at, 0), extent - 1),
  circular: (at: number, extent: number) => (at + extent) % extent,
} as const;

/** The most that a mode can add to an extent on one side. */
const MOST = {
  reflect: (extent: number) => extent - 1,
  replicate: (extent: number) => extent > 0 ? Infinity : 0,
  circular: (extent: number) => extent,
} as const;

function along(
  x: Tensor,
  dim: number,
  [before, after]: readonly [number, number],
  mode: Exclude<PadMode, "constant">,
): Tensor {
  if (before === 0 && after === 0) return x;
  const extent = x.shape[dim] ?? 0;
  const most = MOST[mode](extent);
  if (Math.max(before, after) > most) {
    throw new ShapeError(
      `Cannot compute pad: ${mode} takes amounts up to ${most} for an extent of ${extent}, got ${
        showShape([before, after])
      }`,
      [x.shape],
    );
  }
  const source = new Int32Array(before + extent + after);
  for (let i = 0; i < source.length; i++) source[i] = SOURCES[mode](i - before, extent);
  return x.indexSelect(dim, positions(source, x));
}

/**
 * Elements added at the ends of dimensions, the last one first: `[left, right, top, bottom, …]`.
 * Follows `torch.nn.functional.pad`.
 *
 * @param amounts Pairs of numbers of elements; negative ones remove elements, of which mode "circular"
 * repeats none, while "reflect" mirrors them too.
 * @throws {ShapeError} If there are too many amounts, or more than the mode can add.
 *
 * @example A mirror at either end
 * ```ts
 * import { nn, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const y = nn.functional.pad(tensor([1, 2, 3]), [2, 1], { mode: "reflect" });
 * assertEquals(y.toArray(), [3, 2, 1, 2, 3, 2]);
 * ```
 */
export function pad(x: Tensor, amounts: readonly number[], options?: PadFunctionOptions): Tensor {
  checkCount("compute pad", arguments.length, 3);
  const { mode = "constant", value = 0 } = readPad("compute pad", options);
  if (mode === "constant") return padOp(x, amounts, { value });
  checkKind("compute pad", "the input", x, TENSOR);
  checkKind("compute pad", "amounts", amounts, NUMBERS);
  const { before, after, shape } = padding(x, amounts);
  checkRoom(shape, sizeOf(shape), x.storage.code);
  const cut = mode === "circular" && amounts.some((amount) => amount < 0);
  const added = (amount = 0) => cut ? Math.max(amount, 0) : amount;
  let y = cut ? padOp(x, amounts.map((amount) => Math.min(amount, 0))) : x;
  for (let dim = x.ndim - 1; dim >= 0; dim--) {
    y = along(y, dim, [added(before[dim]), added(after[dim])], mode);
  }
  return y;
}
