/** Composites: selection by bool masks. */

import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount } from "../../core/options.ts";
import { broadcastShapes, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo, elementsOf } from "../copy/copy.ts";
import { checkDevices, checkElement, checkTensor, TENSOR_OR_NUMBER } from "../define/checks.ts";
import { scalar } from "../define/record.ts";
import { where } from "../elementwise/compare.ts";
import { composites } from "../registry.ts";
import { expand, reshape } from "../shape/primitives.ts";
import { indexSelect } from "./composites.ts";
import { positionsOn } from "./primitives.ts";

function checkMask(op: string, x: Tensor, mask: Tensor): void {
  checkTensor(op, x);
  checkTensor(op, mask, "the mask");
  checkDevices(op, x, mask);
  if (mask.dtype !== "bool") {
    throw new DTypeError(`Cannot compute ${op}: the mask must be bool, got ${mask.dtype}`);
  }
}

/**
 * The tensor with `value` where the mask holds; shapes broadcast. Follows `torch.masked_fill`.
 *
 * @param mask A bool tensor.
 * @param value A number, or a tensor without dimensions, which takes the tensor's type.
 * @throws {DTypeError} If the mask is not bool, or the type cannot hold the value.
 *
 * @example Causal attention
 * ```ts
 * import { maskedFill, ones, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const later = ones([2, 2]).triu({ diagonal: 1 }).gt(0);
 * const scores = maskedFill(tensor([[1, 2], [3, 4]]), later, -Infinity);
 * assertEquals(scores.softmax(1).at(0).toArray(), [1, 0]);
 * ```
 */
export function maskedFill(x: Tensor, mask: Tensor, value: Tensor | number): Tensor {
  checkCount("compute maskedFill", arguments.length, 3);
  checkMask("maskedFill", x, mask);
  broadcastShapes("maskedFill", x.shape, mask.shape);
  if (typeof value !== "number") {
    checkTensor("maskedFill", value, "the value", TENSOR_OR_NUMBER);
    checkDevices("maskedFill", x, value);
    if (value.ndim > 0) {
      throw new ShapeError(
        `Cannot compute maskedFill: the value must have no dimensions, got shape ${
          showShape(value.shape)
        }`,
        [value.shape],
      );
    }
    return where(mask, castTo(value, x.dtype), x);
  }
  checkElement("maskedFill", "the value", value, x.dtype);
  return where(mask, scalar(value, x.dtype, x), x);
}

/** Places in row-major order of the elements that are not 0. */
function placesOf(op: string, x: Tensor): number[] {
  const places: number[] = [];
  elementsOf(x, op).forEach((value, i) => {
    if (value !== 0) places.push(i);
  });
  return places;
}

/**
 * The elements where the mask holds, in row-major order, in one dimension; shapes broadcast.
 * Follows `torch.masked_select`.
 *
 * @param mask A bool tensor.
 * @throws {DTypeError} If the mask is not bool.
 *
 * @example The positive elements
 * ```ts
 * import { maskedSelect, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([1, -2, 3]);
 * assertEquals(maskedSelect(x, x.gt(0)).toArray(), [1, 3]);
 * ```
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  checkCount("compute maskedSelect", arguments.length, 2);
  checkMask("maskedSelect", x, mask);
  const shape = broadcastShapes("maskedSelect", x.shape, mask.shape);
  const places = placesOf("maskedSelect", expand(mask, shape));
  const flat = reshape(expand(x, shape), [sizeOf(shape)]);
  return indexSelect(flat, 0, positionsOn(x, places.length, (i) => places[i]!));
}

/**
 * The positions of the elements that are not 0, a row for each, in row-major order. Follows
 * `torch.nonzero`.
 *
 * @returns int32, of shape [number of elements found, number of dimensions].
 *
 * @example Positions in a matrix
 * ```ts
 * import { nonzero, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nonzero(tensor([[0, 5], [7, 0]])).toArray(), [[0, 1], [1, 0]]);
 * ```
 */
export function nonzero(x: Tensor): Tensor {
  checkCount("compute nonzero", arguments.length, 1);
  checkTensor("nonzero", x);
  const places = placesOf("nonzero", x);
  const rows = positionsOn(x, places.length * x.ndim, (i) => {
    const axis = i % x.ndim;
    const inner = x.shape.slice(axis + 1).reduce((size, extent) => size * extent, 1);
    return Math.floor(places[Math.floor(i / x.ndim)]! / inner) % x.shape[axis]!;
  });
  return reshape(rows, [places.length, x.ndim]);
}

composites({ maskedFill, maskedSelect, nonzero });
