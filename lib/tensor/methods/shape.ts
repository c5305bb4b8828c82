/** Methods that change shape or order; each calls the op of its name. */

import { spreadOut } from "../../core/arguments.ts";
import { checkCount } from "../../core/options.ts";
import * as ops from "../../ops/mod.ts";
import type { Tensor } from "../tensor.ts";
import { LinalgMethods } from "./linalg.ts";

/** Methods that change shape or order. */
export abstract class ShapeMethods extends LinalgMethods {
  /** The same elements under another shape, one extent of which may be -1. */
  reshape(this: Tensor, shape: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("reshape", arguments);
    return ops.reshape(this, shape);
  }
  /** The dimensions in another order. */
  permute(this: Tensor, dims: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("permute", arguments);
    return ops.permute(this, dims);
  }
  /** Two dimensions exchanged. */
  transpose(this: Tensor, dim0: number, dim1: number): Tensor {
    checkCount("run transpose", arguments.length, 2);
    return ops.transpose(this, dim0, dim1);
  }
  /** Dimensions of extent 1 stretched, new ones in front; -1 keeps an extent. */
  expand(this: Tensor, shape: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("expand", arguments);
    return ops.expand(this, shape);
  }
  /** A new dimension of extent 1. */
  unsqueeze(this: Tensor, dim: number): Tensor {
    checkCount("run unsqueeze", arguments.length, 1);
    return ops.unsqueeze(this, dim);
  }
  /** Without dimensions of extent 1. */
  squeeze(this: Tensor, dim?: number | readonly number[]): Tensor {
    checkCount("run squeeze", arguments.length, 1);
    return ops.squeeze(this, dim);
  }
  /** The dimensions from `startDim` to `endDim` as one. */
  flatten(this: Tensor, startDim?: number, endDim?: number): Tensor {
    checkCount("run flatten", arguments.length, 2);
    return ops.flatten(this, startDim, endDim);
  }
  /** Part of one dimension; null leaves an end open. */
  slice(
    this: Tensor,
    dim: number,
    start?: number | null,
    end?: number | null,
    step?: number | null,
  ): Tensor {
    checkCount("run slice", arguments.length, 4);
    return ops.slice(this, dim, start, end, step);
  }
  /** Elements added at the ends of dimensions, the last one first. */
  pad(this: Tensor, amounts: readonly number[], options?: ops.PadOptions): Tensor {
    checkCount("run pad", arguments.length, 2);
    return ops.pad(this, amounts, options);
  }
  /** The same elements under another shape, never copied. */
  view(this: Tensor, shape: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("view", arguments);
    return ops.view(this, shape);
  }
  /** One dimension as several. */
  unflatten(this: Tensor, dim: number, sizes: readonly number[]): Tensor {
    checkCount("run unflatten", arguments.length, 2);
    return ops.unflatten(this, dim, sizes);
  }
  /** Dimensions of extent 1 stretched, new ones in front. */
  broadcastTo(this: Tensor, shape: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("broadcastTo", arguments);
    return ops.broadcastTo(this, shape);
  }
  /** `length` entries of a dimension. */
  narrow(this: Tensor, dim: number, start: number, length: number): Tensor {
    checkCount("run narrow", arguments.length, 3);
    return ops.narrow(this, dim, start, length);
  }
  /** Parts of a dimension of a given extent, or of given extents. */
  split(this: Tensor, size: number | readonly number[], dim?: number): Tensor[] {
    checkCount("run split", arguments.length, 2);
    return ops.split(this, size, dim);
  }
  /** At most `chunks` parts of a dimension. */
  chunk(this: Tensor, chunks: number, dim?: number): Tensor[] {
    checkCount("run chunk", arguments.length, 2);
    return ops.chunk(this, chunks, dim);
  }
  /** The entries along a dimension, without it. */
  unbind(this: Tensor, dim?: number): Tensor[] {
    checkCount("run unbind", arguments.length, 1);
    return ops.unbind(this, dim);
  }
  /** The elements of matrices where row plus offset equals column; a number is the offset. */
  diagonal(this: Tensor, options?: ops.DiagonalOptions | number): Tensor {
    checkCount("run diagonal", arguments.length, 1);
    return ops.diagonal(this, options);
  }
  /** A copy that is repeated along each dimension, new ones in front. */
  repeat(this: Tensor, repeats: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("repeat", arguments);
    return ops.repeat(this, repeats);
  }
  /** A copy that is repeated along the last dimensions. */
  tile(this: Tensor, repeats: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("tile", arguments);
    return ops.tile(this, repeats);
  }
  /** The elements moved along dimensions, around their ends. */
  roll(
    this: Tensor,
    shifts: number | readonly number[],
    dims?: number | readonly number[],
  ): Tensor {
    checkCount("run roll", arguments.length, 2);
    return ops.roll(this, shifts, dims);
  }
  /** The elements in opposite order along the given dimensions. */
  flip(this: Tensor, dims: number | readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("flip", arguments);
    return ops.flip(this, dims);
  }
  /** Windows of `size` entries along a dimension, every `step` positions. */
  unfold(this: Tensor, dim: number, size: number, step: number): Tensor {
    checkCount("run unfold", arguments.length, 3);
    return ops.unfold(this, dim, size, step);
  }
  /** Matrices with zeros above a diagonal; a number is the diagonal. */
  tril(this: Tensor, options?: ops.TriangleOptions | number): Tensor {
    checkCount("run tril", arguments.length, 1);
    return ops.tril(this, options);
  }
  /** Matrices with zeros below a diagonal; a number is the diagonal. */
  triu(this: Tensor, options?: ops.TriangleOptions | number): Tensor {
    checkCount("run triu", arguments.length, 1);
    return ops.triu(this, options);
  }
  /** Dimensions moved to other places: a view. */
  movedim(
    this: Tensor,
    source: number | readonly number[],
    destination: number | readonly number[],
  ): Tensor {
    checkCount("run movedim", arguments.length, 2);
    return ops.movedim(this, source, destination);
  }
}
