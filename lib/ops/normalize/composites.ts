/** Composites: vectors of length 1, and the cosine of the angle between two. */

import { isFloat, promote } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { checkCount, NUMBER, NUMBERS, optionReader } from "../../core/options.ts";
import { broadcastShapes, normalizeDim, normalizeDims } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { checkDevices, checkFloat, checkTensor } from "../define/checks.ts";
import { type Dims, sumOver } from "../reduce/primitives.ts";
import { composites } from "../registry.ts";
import { expand } from "../shape/primitives.ts";
import { unit } from "./unit.ts";

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** Order of the norm: any number or ±Infinity. Default: 2. */
  p?: number;
  /** The dimension that holds the vectors, or several. Default: 1. */
  dim?: Dims;
  /** Lower bound of the divisor. Default: 1e-12. */
  eps?: number;
}

const readNormalize = optionReader<NormalizeOptions>({ p: NUMBER, dim: NUMBERS, eps: NUMBER });

/** Refuses what is no number, to which nothing compares. */
function checkNumber(op: string, name: string, value: number): void {
  if (!Number.isNaN(value)) return;
  throw new RangeError(`Cannot compute ${op}: ${name} must be a number, got NaN`);
}

/**
 * Vectors divided by their norm, or by `eps` if that is larger, so that a vector of zeros stays zero.
 * Follows `torch.nn.functional.normalize`.
 *
 * @throws {DTypeError} If the input is not floating.
 *
 * @example Rows of length 1
 * ```ts
 * import { normalize, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[4, 0], [0, 0]]);
 * assertEquals(normalize(x).toArray(), [[1, 0], [0, 0]]);
 * ```
 */
export function normalize(x: Tensor, options?: NormalizeOptions): Tensor {
  checkCount("compute normalize", arguments.length, 2);
  checkFloat("normalize", x);
  const { p = 2, dim = 1, eps = 1e-12 } = readNormalize("compute normalize", options);
  checkNumber("normalize", "p", p);
  checkNumber("normalize", "eps", eps);
  return unit("normalize", x, p, normalizeDims("normalize", dim, x.ndim), eps);
}

/** Options of `cosineSimilarity`. */
export interface CosineSimilarityOptions {
  /** The dimension that holds the vectors. Default: 1. */
  dim?: number;
  /** Lower bound of the norms. Default: 1e-8. */
  eps?: number;
}

const readCosine = optionReader<CosineSimilarityOptions>({ dim: NUMBER, eps: NUMBER });

/**
 * Cosine similarity of vectors; 0 if one is zero. Broadcasts. Follows
 * `torch.nn.functional.cosine_similarity`.
 *
 * @returns A tensor of the common shape without the dimension.
 * @throws {DTypeError} If both inputs are not floating.
 *
 * @example Each row with one vector
 * ```ts
 * import { cosineSimilarity, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const rows = tensor([[2, 0], [0, 3], [-1, 0]]);
 * assertEquals(cosineSimilarity(rows, tensor([[4, 0]])).toArray(), [1, 0, -1]);
 * ```
 */
export function cosineSimilarity(a: Tensor, b: Tensor, options?: CosineSimilarityOptions): Tensor {
  const op = "cosineSimilarity";
  checkCount(`compute ${op}`, arguments.length, 3);
  checkTensor(op, a, "the first input");
  checkTensor(op, b, "the second input");
  checkDevices(op, a, b);
  const { dim = 1, eps = 1e-8 } = readCosine(`compute ${op}`, options);
  checkNumber(op, "eps", eps);
  const shape = broadcastShapes(op, a.shape, b.shape);
  const axis = normalizeDim(op, dim, shape.length);
  const dtype = promote(a.dtype, a.ndim, b.dtype, b.ndim);
  if (!isFloat(dtype)) {
    throw new DTypeError(
      `Cannot compute ${op}: an input must be float32 or float64, got ${a.dtype} and ${b.dtype}`,
    );
  }
  const [x, y] = [a, b].map((side) => unit(op, expand(castTo(side, dtype), shape), 2, [axis], eps));
  return sumOver(x!.mul(y!), [axis], false);
}

composites({ normalize, cosineSimilarity });
