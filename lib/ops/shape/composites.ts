/** Composites: dimensions merged, added and dropped, and tensors joined, by way of the primitives. */

import { listOf } from "../../core/arguments.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, oneOf, optionReader } from "../../core/options.ts";
import { checkShape, normalizeDim, sameShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { clone } from "../copy/copy.ts";
import { checkDevices, checkTensor } from "../define/checks.ts";
import { composites } from "../registry.ts";
import { cat, checkTensorList, expand, permute, reshape } from "./primitives.ts";

/**
 * The tensor itself if its elements lie in row-major order, else a copy in which they do.
 *
 * @example A transposed matrix
 * ```ts
 * import { contiguous, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 2], [3, 4]]);
 * assertEquals(contiguous(x) === x, true);
 * assertEquals([...contiguous(x.mT).data], [1, 3, 2, 4]);
 * ```
 */
export function contiguous(x: Tensor): Tensor {
  checkCount("compute contiguous", arguments.length, 1);
  checkTensor("contiguous", x);
  return x.dense ? x : clone(x);
}

/**
 * A new dimension of extent 1: a view.
 *
 * @example A batch of one
 * ```ts
 * import { tensor, unsqueeze } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(unsqueeze(tensor([1, 2]), 0).shape, [1, 2]);
 * ```
 */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  checkCount("compute unsqueeze", arguments.length, 2);
  checkTensor("unsqueeze", x);
  const at = normalizeDim("unsqueeze", dim, x.ndim + 1);
  const shape = x.shape.toSpliced(at, 0, 1);
  checkShape("unsqueeze", shape);
  return reshape(x, shape);
}

/**
 * Without the given dimension or dimensions where their extent is 1, or without all such: a view.
 *
 * @example All, or one
 * ```ts
 * import { squeeze, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(squeeze(zeros([1, 3, 1])).shape, [3]);
 * assertEquals(squeeze(zeros([1, 3, 1]), 0).shape, [3, 1]);
 * ```
 */
export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  checkCount("compute squeeze", arguments.length, 2);
  checkTensor("squeeze", x);
  const dims: readonly number[] | undefined = dim === undefined || Array.isArray(dim) ? dim : [dim];
  const chosen = dims && Array.from(dims, (d) => normalizeDim("squeeze", d, x.ndim));
  const stays = x.shape.map((extent, i) => extent !== 1 || (chosen && !chosen.includes(i)));
  return reshape(x, x.shape.filter((_, i) => stays[i]));
}

/**
 * The dimensions from `startDim` to `endDim` as one.
 *
 * @example All but the batch
 * ```ts
 * import { flatten, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(flatten(zeros([5, 3, 4]), 1).shape, [5, 12]);
 * ```
 */
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

/**
 * Tensors of one shape along a new dimension.
 *
 * @example Two rows
 * ```ts
 * import { stack, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(stack([tensor([1, 2]), tensor([3, 4])]).toArray(), [[1, 2], [3, 4]]);
 * ```
 */
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

/** The dimensions that one side of `movedim` names, in the order given. */
function movedDims(x: Tensor, dims: number | readonly number[], role: string): number[] {
  const given = listOf("movedim", role, dims);
  const found = given.map((dim) => normalizeDim("movedim", dim, x.ndim, role));
  if (new Set(found).size === found.length) return found;
  throw new RangeError(`Cannot compute movedim: each ${role} must occur once, got [${given}]`);
}

/**
 * Dimensions moved to other places, the others in their order: a view. Follows `torch.movedim`.
 *
 * @param source A dimension, or several.
 * @param destination Where each is to stand.
 * @throws {RangeError} If a dimension does not exist or stands twice, or the counts differ.
 *
 * @example Channels last
 * ```ts
 * import { movedim, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(movedim(zeros([8, 3, 32, 32]), 1, -1).shape, [8, 32, 32, 3]);
 * ```
 */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  checkCount("compute movedim", arguments.length, 3);
  checkTensor("movedim", x);
  const from = movedDims(x, source, "source");
  const to = movedDims(x, destination, "destination");
  if (from.length !== to.length) {
    throw new RangeError(
      `Cannot compute movedim: there must be a destination for each source, got ${from.length} ` +
        `sources and ${to.length} destinations`,
    );
  }
  const rest = x.shape.map((_, i) => i).filter((i) => !from.includes(i));
  const order = x.shape.map((_, i) => to.includes(i) ? from[to.indexOf(i)]! : rest.shift()!);
  return permute(x, order);
}

/** Options of `meshgrid`. */
export interface MeshgridOptions {
  /**
   * Whether the first tensor runs along the rows, "ij", or, as in plots, along the columns, "xy".
   * Default: "ij".
   */
  indexing?: "ij" | "xy";
}

const readMeshgrid = optionReader<MeshgridOptions>({ indexing: oneOf("ij", "xy") });

/**
 * The coordinates of a grid: for each tensor one in which it runs along a dimension of its own, and is
 * repeated along all others; views. Follows `torch.meshgrid`.
 *
 * @param tensors Tensors of one type, each with one dimension, or with none for one element.
 * @throws {ShapeError} If a tensor has more dimensions.
 * @throws {DTypeError} If the types differ.
 *
 * @example Points of a plane
 * ```ts
 * import { meshgrid, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [y, x] = meshgrid([tensor([0, 1]), tensor([5, 6, 7])]);
 * assertEquals(y!.toArray(), [[0, 0, 0], [1, 1, 1]]);
 * assertEquals(x!.toArray(), [[5, 6, 7], [5, 6, 7]]);
 * ```
 */
export function meshgrid(tensors: readonly Tensor[], options?: MeshgridOptions): Tensor[] {
  const first = checkTensorList("meshgrid", tensors);
  checkCount("compute meshgrid", arguments.length, 2);
  const { indexing = "ij" } = readMeshgrid("compute meshgrid", options);
  for (const x of tensors) {
    checkDevices("meshgrid", first, x);
    if (x.ndim > 1) {
      throw new ShapeError(
        `Cannot compute meshgrid: each tensor must have at most one dimension, got shape ${
          showShape(x.shape)
        }`,
        [x.shape],
      );
    }
    if (x.dtype !== first.dtype) {
      throw new DTypeError(
        `Cannot compute meshgrid: tensors must have one type, got ${first.dtype} and ${x.dtype}`,
      );
    }
  }
  const axes = tensors.map((_, i) => i);
  if (indexing === "xy") axes.splice(0, 2, ...axes.slice(0, 2).reverse());
  const shape = axes.map((i) => tensors[i]!.size);
  checkShape("meshgrid", shape);
  return tensors.map((x, i) =>
    expand(reshape(x, axes.map((axis) => axis === i ? x.size : 1)), shape)
  );
}

composites({ contiguous, unsqueeze, squeeze, flatten, stack, movedim, meshgrid });
