/** Composites: linear systems by conjugate gradients. */

import { customFunction } from "../../autograd/custom.ts";
import { isGradEnabled, noGrad } from "../../autograd/tape.ts";
import { wrongKind } from "../../core/arguments.ts";
import { promote } from "../../core/dtype.ts";
import { engine, settled } from "../../core/engine.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import {
  checkCount,
  INTEGER,
  isFunction,
  NUMBER,
  optionReader,
  shown,
  TENSOR,
} from "../../core/options.ts";
import { broadcastShapes, extentAt, sameShape } from "../../core/shape.ts";
import { isTensor } from "../../core/tensor.ts";
import type { Tensor } from "../../tensor/tensor.ts";

import { castTo, elementsOf, numberOf } from "../copy/copy.ts";
import { bare, bareAs, batchedAs } from "../define/batch.ts";
import { checkDevices, checkFloat, checkTensor } from "../define/checks.ts";
import { gt, le, where } from "../elementwise/compare.ts";
import { logicalAnd } from "../elementwise/logic.ts";
import { any } from "../reduce/composites.ts";
import { sumOver } from "../reduce/primitives.ts";
import { composites } from "../registry.ts";
import { squeeze, unsqueeze } from "../shape/composites.ts";
import { expand } from "../shape/primitives.ts";
import { checkSquare } from "./factor.ts";
import { matmul } from "./matmul.ts";

const OP = "linalg.cg";

/** A linear map of vectors, symmetric and positive definite. */
export type LinearOperator = (x: Tensor) => Tensor;

/** Options of `cg`. */
export interface CgOptions {
  /** Initial guess; gets no gradient. Default: zeros. */
  x0?: Tensor;
  /** Relative length of the residual b − a·x at which to stop. Default: 1e-6, for float64 1e-12. */
  tol?: number;
  /** Maximum number of steps. Default: ten times the number of unknowns. */
  maxIterations?: number;
}

const readCg = optionReader<CgOptions>({ x0: TENSOR, tol: NUMBER, maxIterations: INTEGER });

/** How systems are solved. */
interface Search {
  /** The dimensions that hold the unknowns of one system. */
  readonly dims: readonly number[];
  readonly tol: number;
  readonly most: number;
}

/** Whether any element holds; under `vmap` those of all examples count. */
function holds(x: Tensor): boolean {
  return elementsOf(bare(any(x)), OP).includes(1);
}

/** The solution of a·x = b from a point on, not recorded. */
function iterate(apply: LinearOperator, b: Tensor, x0: Tensor | null, search: Search): Tensor {
  const { dims, tol, most } = search;
  const product = (x: Tensor, y: Tensor) => sumOver(x.mul(y), dims, true);
  const limit = product(b, b).mul(tol * tol);
  let x = x0 ?? b.mul(0);
  let r = x0 === null ? b : b.sub(apply(x0));
  let [p, length] = [r, product(r, r)];
  for (let step = 0; step < most; step++) {
    // A system that is solved stays as it is until the others are.
    const active = gt(length, limit);
    if (!holds(active)) break;
    const image = apply(p);
    const curvature = product(p, image);
    if (holds(logicalAnd(active, le(curvature, 0)))) {
      throw new RangeError(
        `Cannot compute ${OP}: the operator must be positive definite, got a direction p with ` +
          "pᵀ·a·p ≤ 0",
      );
    }
    const share = (a: Tensor, b: Tensor) => where(active, a.div(where(active, b, 1)), 0);
    const stride = share(length, curvature);
    x = x.add(p.mul(stride));
    r = r.sub(image.mul(stride));
    const next = product(r, r);
    p = r.add(p.mul(share(next, length)));
    length = next;
  }
  return x;
}

/** Products of matrices with a vector each. */
function times(a: Tensor): LinearOperator {
  return (x) => squeeze(matmul(a, unsqueeze(x, -1)), -1);
}

// a·x = b: b̄ = a⁻¹·x̄, ā = −b̄·xᵀ
function solveMatrices(a: Tensor, b: Tensor, x0: Tensor | null, search: Search): Tensor {
  const solve = customFunction<[Tensor, Tensor]>({
    name: OP,
    forward: (context, a, b) => {
      const x = iterate(times(a), b, x0, search);
      context.save(a, x);
      return x;
    },
    backward: ({ saved: [a, x] }, g) => {
      const back = solveMatrices(a!, g, null, search);
      return [unsqueeze(back, -1).mul(unsqueeze(x!, -2)).neg(), back];
    },
  });
  return solve(a, b);
}

/** Steps that a solution takes on the tape, one for each order of gradient. */
const ORDERS = 3;

/**
 * The solution for a function, whose tensors are found on the tape: to a solution x comes
 * a⁻¹·(b − a(x)), which is 0. Where x has the right derivatives up to one order, the sum has one more.
 */
function solveFunction(
  apply: LinearOperator,
  b: Tensor,
  x0: Tensor | null,
  search: Search,
): Tensor {
  let x = noGrad(() => iterate(apply, b, x0, search));
  if (!isGradEnabled()) return x;
  let last = { pass: 0, square: 0 };
  /** What lies on the tape is the whole of a batch; the function knows its single examples. */
  const inverse = (r: Tensor): Tensor => batchedAs(inverseOfWhole(r)(bare(r)), r);
  const inverseOfWhole = (like: Tensor) =>
    customFunction<[Tensor]>({
      name: OP,
      forward: (_, r) => r.mul(0),
      backward: (_, whole) => {
        const g = batchedAs(whole, like);
        // The last step leaves g − a·a⁻¹·g for those before: nothing, but with derivatives.
        const square = noGrad(() => numberOf(bare(g).square().sum(), OP));
        const least = 100 * search.tol ** 2 * last.square;
        const same = last.pass === engine.pass && square <= least;
        if (!same) last = { pass: engine.pass, square };
        return bareAs(same ? inverse(g) : solveFunction(apply, g, null, search), like);
      },
    });
  for (let order = 0; order < ORDERS; order++) {
    const residual = b.sub(apply(x));
    if (!residual.requiresGrad) return x;
    x = x.add(inverse(residual));
  }
  return x;
}

/** The operator as a function that gives what it must. */
function checked(apply: LinearOperator): LinearOperator {
  return (x) => {
    const y: unknown = settled(OP, "its product is needed at once", apply(x));
    if (isTensor(y) && sameShape(y.shape, x.shape) && y.dtype === x.dtype) return y;
    throw new TypeError(
      `Cannot compute ${OP}: the operator must give a tensor of the shape and type of its input, ` +
        `${showShape(x.shape)} and ${x.dtype}, got ${
          isTensor(y) ? `${showShape(y.shape)} and ${y.dtype}` : shown(y)
        }`,
    );
  };
}

/**
 * The solution x of a·x = b by conjugate gradients, for symmetric positive definite a, which need not
 * be a matrix: a function that gives a·x serves, such as a product with a Hessian. It takes as many
 * products as a has different eigenvalues, or fewer for less precision, and keeps none of them.
 *
 * The gradient follows from the equation and not from the steps: it is found by conjugate gradients
 * too, for `b`, a matrix, and all tensors that the function uses. With few steps x and its gradient are
 * approximations; nothing is raised.
 *
 * @param a Matrices of shape [..., n, n], or a function of a tensor like b.
 * @param b Shape [..., n]; beside a function any shape, of all whose elements there is one system.
 * @returns A tensor of the shape of b, with the common batch.
 * @throws {RangeError} If a direction is found that shows that a is not positive definite.
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {DTypeError} If an input is not floating.
 *
 * @example A matrix that is never made
 * ```ts
 * import { allclose, linalg, tensor } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const scale = tensor([1, 2, 4], { requiresGrad: true });
 * const x = linalg.cg((v) => v.mul(scale), tensor([1, 1, 1]));
 * x.sum().backward();
 * assert(allclose(x, tensor([1, 0.5, 0.25])));
 * assert(allclose(scale.grad!, tensor([-1, -0.25, -0.0625])));
 * ```
 */
export function cg(a: Tensor | LinearOperator, b: Tensor, options?: CgOptions): Tensor {
  checkCount(`compute ${OP}`, arguments.length, 3);
  const matrix = !isFunction(a);
  if (matrix && !isTensor(a)) {
    throw wrongKind(`compute ${OP}`, "the operator", "a tensor or a function", a);
  }
  if (matrix) checkSquare(OP, a);
  checkTensor(OP, b, "the right side");
  checkFloat(OP, b);
  const { x0, tol, maxIterations } = readCg(`compute ${OP}`, options);
  for (const [name, value] of Object.entries({ tol, maxIterations })) {
    if (value === undefined || value >= 0) continue;
    throw new RangeError(`Cannot compute ${OP}: ${name} must not be negative, got ${value}`);
  }
  const dtype = matrix ? promote(a.dtype, 1, b.dtype, 1) : b.dtype;
  const unknowns = matrix ? extentAt(a.shape, -1) : b.size;
  let right = castTo(b, dtype);
  let matrices: Tensor | null = null;
  if (matrix) {
    checkDevices(OP, a, b);
    if (b.ndim === 0 || b.shape.at(-1) !== unknowns) {
      throw new ShapeError(
        `Cannot compute ${OP}: it needs [..., n, n] and [..., n], got ${showShape(a.shape)} and ${
          showShape(b.shape)
        }`,
        [a.shape, b.shape],
      );
    }
    const batch = broadcastShapes(OP, a.shape.slice(0, -2), b.shape.slice(0, -1), "batches");
    matrices = expand(castTo(a, dtype), [...batch, unknowns, unknowns]);
    right = expand(right, [...batch, unknowns]);
  }
  if (x0 !== undefined && !(sameShape(x0.shape, right.shape) && x0.dtype === dtype)) {
    const error = sameShape(x0.shape, right.shape) ? DTypeError : ShapeError;
    throw new error(
      `Cannot compute ${OP}: x0 must be of shape ${showShape(right.shape)} and ${dtype}, got ${
        showShape(x0.shape)
      } and ${x0.dtype}`,
    );
  }
  const search: Search = {
    dims: matrix ? [right.ndim - 1] : right.shape.map((_, i) => i),
    tol: tol ?? (dtype === "float64" ? 1e-12 : 1e-6),
    most: maxIterations ?? 10 * unknowns,
  };
  const start = x0?.detach() ?? null;
  return typeof a === "function"
    ? solveFunction(checked(a), right, start, search)
    : solveMatrices(matrices!, right, start, search);
}

composites({ [OP]: cg });
