/** Composites: dimensions merged, added and dropped, and tensors joined, by way of the primitives. */

import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount } from "../../core/options.ts";
import { checkShape, normalizeDim, sameShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { clone } from "../copy/copy.ts";
import { checkTensor } from "../define/checks.ts";
import { composites } from "../registry.ts";
import { cat, checkTensorList, reshape } from "./primitives.ts";

/** The tensor itself if its elements lie in row-major order, else a copy in which they do. */
export function contiguous(x: Tensor): Tensor {
  checkCount("compute contiguous", arguments.length, 1);
  checkTensor("contiguous", x);
  return x.dense ? x : clone(x);
}

/** A new dimension of extent 1: a view. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  checkCount("compute unsqueeze", arguments.length, 2);
  checkTensor("unsqueeze", x);
  const at = normalizeDim("unsqueeze", dim, x.ndim + 1);
  const shape = x.shape.toSpliced(at, 0, 1);
  checkShape("unsqueeze", shape);
  return reshape(x, shape);
}

/** Without the given dimension or dimensions where their extent is 1, or without all such: a view. */
export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  checkCount("compute squeeze", arguments.length, 2);
  checkTensor("squeeze", x);
  const dims: readonly number[] | undefined = dim === undefined || Array.isArray(dim) ? dim : [dim];
  const chosen = dims && Array.from(dims, (d) => normalizeDim("squeeze", d, x.ndim));
  const stays = x.shape.map((extent, i) => extent !== 1 || (chosen && !chosen.includes(i)));
  return reshape(x, x.shape.filter((_, i) => stays[i]));
}

/** The dimensions from `startDim` to `endDim` as one. */
export function flatten(x: Tensor, startDim = 0, endDim = -1): Tensor {
  checkCount("compute flatten", arguments.length, 3);
  checkTensor("flatten", x);
  // A number is flattened as a row of one.
  const rank = Math.max(1, x.ndim);
  const start = normalizeDim("flatten", startDim, rank, "startDim");
  const end = normalizeDim("flatten", endDim, rank, "endDim");
  if (x.ndim === 0) return reshape(x, [1]);
  if (start > end) {
    throw new RangeError(
      `Cannot compute flatten: startDim must not come after endDim, got startDim ${startDim} and ` +
        `endDim ${endDim}`,
    );
  }
  const merged = sizeOf(x.shape.slice(start, end + 1));
  return reshape(x, [...x.shape.slice(0, start), merged, ...x.shape.slice(end + 1)]);
}

/** Tensors of one shape along a new dimension. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const first = checkTensorList("stack", tensors);
  checkCount("compute stack", arguments.length, 2);
  const at = normalizeDim("stack", dim, first.ndim + 1);
  for (const x of tensors) {
    if (!sameShape(x.shape, first.shape)) {
      throw new ShapeError(
        `Cannot compute stack: shapes must be equal, got ${showShape(first.shape)} and ${
          showShape(x.shape)
        }`,
        [first.shape, x.shape],
      );
    }
  }
  checkShape("stack", first.shape.toSpliced(at, 0, tensors.length));
  return cat(tensors.map((x) => unsqueeze(x, at)), at);
}

composites({ contiguous, unsqueeze, squeeze, flatten, stack });
