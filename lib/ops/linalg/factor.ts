/**
 * Primitives: Cholesky factors, and solutions of linear systems.
 */

import { promote } from "../../core/dtype.ts";
import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, FLAG, optionReader } from "../../core/options.ts";
import { broadcastShapes, extentAt, sameShape, type Shape } from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo, elementsOf } from "../copy/copy.ts";
import { anyBatched, broadcastInBatch, inBatch } from "../define/batch.ts";
import { checkDevices, checkFloat, checkTensor } from "../define/checks.ts";
import { record1, recordAll, result, rule } from "../define/record.ts";
import { eq } from "../elementwise/compare.ts";
import { gatherChecked, sequenceOn } from "../index/primitives.ts";
import { argsort } from "../index/sort.ts";
import { squeeze, unsqueeze } from "../shape/composites.ts";
import { expand } from "../shape/primitives.ts";
import { tril, triu } from "../shape/rearrange.ts";
import { mT } from "../shape/views.ts";
import { matmul, stretched } from "./matmul.ts";

const choleskyKernel = kernelNumber("cholesky");
const luKernel = kernelNumber("lu");
const triangularKernel = kernelNumber("solve_triangular");

/** Refuses what is not square matrices of a floating type; gives their extent. */
export function checkSquare(op: string, a: Tensor): number {
  checkFloat(op, a);
  if (a.ndim < 2 || a.shape.at(-2) !== a.shape.at(-1)) {
    throw new ShapeError(
      `Cannot compute ${op}: it needs square matrices, shape [..., n, n], got ${
        showShape(a.shape)
      }`,
      [a.shape],
    );
  }
  return extentAt(a.shape, -1);
}

/** Checks the matrices and the right sides of a system, and brings them to one type. */
function sides(op: string, a: Tensor, b: Tensor): [a: Tensor, b: Tensor, n: number] {
  const n = checkSquare(op, a);
  checkTensor(op, b, "the right side");
  checkFloat(op, b);
  checkDevices(op, a, b);
  const dtype = promote(a.dtype, 1, b.dtype, 1);
  return [castTo(a, dtype), castTo(b, dtype), n];
}

function misfit(op: string, needed: string, a: Tensor, b: Tensor): ShapeError {
  return new ShapeError(
    `Cannot compute ${op}: ${needed}, got ${showShape(a.shape)} and ${showShape(b.shape)}`,
    [a.shape, b.shape],
  );
}

function batchOf(op: string, a: Tensor, b: Tensor): Shape {
  return broadcastShapes(op, a.shape.slice(0, -2), b.shape.slice(0, -2));
}

/** Positions in a batch where a kernel has noted something, and what. */
export function noted(notes: Tensor): [position: number, note: number][] {
  const list: [number, number][] = [];
  const elements = elementsOf(notes, "linalg");
  for (let i = 0; i < elements.length; i++) if (elements[i] !== 0) list.push([i, elements[i]!]);
  return list;
}

/** Raises if a kernel has noted that a matrix of the batch cannot be treated. */
export function checkNotes(op: string, notes: Tensor, reason: (note: number) => string): void {
  const [first] = noted(notes);
  if (first === undefined) return;
  const [position, note] = first;
  let rest = position;
  const index = notes.shape.toReversed().map((extent) => {
    const i = rest % extent;
    rest = (rest - i) / extent;
    return i;
  });
  const which = notes.ndim === 0
    ? "the matrix"
    : `matrix ${showShape(index.toReversed())} of the batch`;
  throw new RangeError(`Cannot compute ${op}: ${which} ${reason(note)}`);
}

/** Which triangle of a matrix is read, and whether its diagonal counts as ones. */
interface Triangle {
  readonly upper: boolean;
  readonly unitriangular: boolean;
}

const LOWER: Triangle = { upper: false, unitriangular: false };
const UPPER: Triangle = { upper: true, unitriangular: false };
const UNIT_LOWER: Triangle = { upper: false, unitriangular: true };
const UNIT_UPPER: Triangle = { upper: true, unitriangular: true };

/** The solution of t·x = b, not recorded. */
function substitute(t: Tensor, b: Tensor, batch: Shape, triangle: Triangle): Tensor {
  const x = result(b, b.dtype, [...batch, ...b.shape.slice(-2)]);
  const flags = [Number(triangle.upper), Number(triangle.unitriangular)];
  b.storage.backend.run(triangularKernel, [x, stretched(t, batch), stretched(b, batch)], flags);
  return x;
}

// t·x = b: b̄ = t⁻ᵀ·x̄, t̄ = −b̄·xᵀ in the triangle that is read
const triangularRule = rule<Triangle>("linalg.solveTriangular", {
  saves: "ay",
  vjp: [],
  vjpAll: ([g], { a, y, attrs: { upper, unitriangular } }, needs) => {
    const back = triangular(mT(a), g!, { upper: !upper, unitriangular });
    if (!needs[0]) return [null, back];
    const all = matmul(back, mT(y)).neg();
    const inside = unitriangular ? 1 : 0;
    const read = upper ? triu(all, { diagonal: inside }) : tril(all, { diagonal: -inside });
    return [read, back];
  },
  // t·ẋ = ḃ − ṫ·x, of ṫ the triangle that is read
  jvp: ([moved = null, right = null], { a, y, attrs }) => {
    const inside = attrs.unitriangular ? 1 : 0;
    const read = moved &&
      (attrs.upper ? triu(moved, { diagonal: inside }) : tril(moved, { diagonal: -inside }));
    return triangular(a, difference(right, read, y), attrs);
  },
  batch: (_, attrs, { aligned }) => triangular(...aligned() as [Tensor, Tensor], attrs),
});

/** What the right side of a system becomes where sides move: ḃ − ȧ·x. */
function difference(right: Tensor | null, moved: Tensor | null, x: Tensor): Tensor {
  if (moved === null) return right!;
  const product = matmul(moved, x);
  return right === null ? product.neg() : right.sub(product);
}

/** The solution of t·x = b. */
function triangular(t: Tensor, b: Tensor, triangle: Triangle): Tensor {
  if (anyBatched([t, b])) return inBatch(triangularRule.batch, [t, b], triangle)[0]!;
  const x = substitute(t, b, batchOf("linalg.solveTriangular", t, b), triangle);
  recordAll(triangularRule, [t, b], [x], triangle);
  return x;
}

/** Options of `solveTriangular`. */
export interface SolveTriangularOptions {
  /** Whether the upper triangle is read, or the lower one. */
  upper: boolean;
  /** Whether the system is a·x = b, or x·a = b. Default: true. */
  left?: boolean;
  /** Whether the diagonal counts as ones, and is not read. Default: false. */
  unitriangular?: boolean;
}

const readTriangular = optionReader<SolveTriangularOptions>({
  upper: FLAG,
  left: FLAG,
  unitriangular: FLAG,
});

/**
 * The solution x of a·x = b for triangular matrices. The other triangle is not read. Where an element
 * of the diagonal is 0, the solution is not finite. Batches broadcast. Follows
 * `torch.linalg.solve_triangular`.
 *
 * @param a Shape [..., n, n].
 * @param b Shape [..., n, k], or [..., k, n] where `left` is false.
 * @returns A tensor of the shape of b, with the common batch.
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {DTypeError} If an input is not floating.
 *
 * @example Forward substitution
 * ```ts
 * import { linalg, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const a = tensor([[2, 0], [1, 4]]);
 * const x = linalg.solveTriangular(a, tensor([[2], [9]]), { upper: false });
 * assertEquals(x.toArray(), [[1], [2]]);
 * ```
 */
export function solveTriangular(a: Tensor, b: Tensor, options: SolveTriangularOptions): Tensor {
  const op = "linalg.solveTriangular";
  checkCount(`compute ${op}`, arguments.length, 3);
  const [t, right, n] = sides(op, a, b);
  const { upper, left = true, unitriangular = false } = readTriangular(`compute ${op}`, options);
  if (upper === undefined) {
    throw new TypeError(`Cannot compute ${op}: upper must be given in the options, true or false`);
  }
  if (b.ndim < 2 || b.shape.at(left ? -2 : -1) !== n) {
    throw misfit(op, `it needs ${left ? "[..., n, n] and [..., n, k]" : LEFT}`, a, b);
  }
  batchOf(op, a, b);
  if (left) return triangular(t, right, { upper, unitriangular });
  // x·a = b is aᵀ·xᵀ = bᵀ
  return mT(triangular(mT(t), mT(right), { upper: !upper, unitriangular }));
}

const LEFT = "[..., n, n] and, as left is false, [..., k, n]";

// a = l·lᵀ: ā = l⁻ᵀ·s·l⁻¹, 2s = p + pᵀ without the diagonal of one, p the lower triangle of lᵀ·l̄
const choleskyRule = rule("linalg.cholesky", {
  saves: "y",
  vjp: [(g, { y }) => {
    const p = tril(matmul(mT(y), g));
    const s = p.add(mT(tril(p, { diagonal: -1 }))).mul(0.5);
    const half = triangular(mT(y), s, UPPER);
    return triangular(mT(y), mT(half), UPPER);
  }],
  // l̇ = l·p, p the lower triangle of l⁻¹·ȧ·l⁻ᵀ with half of its diagonal, ȧ taken symmetric
  jvp: ([t], { y }) => {
    const symmetric = t!.add(mT(t!)).mul(0.5);
    const half = triangular(y, symmetric, LOWER);
    const whole = triangular(y, mT(half), LOWER);
    return matmul(y, tril(whole).sub(tril(triu(whole)).mul(0.5)));
  },
  batch: ([a]) => lowerFactor(a!),
});

/** Options of `cholesky`. */
export interface CholeskyOptions {
  /** Whether the upper triangle is read, and the factor is upper. Default: false. */
  upper?: boolean;
}

const readCholesky = optionReader<CholeskyOptions>({ upper: FLAG });

/**
 * The lower triangular l with a positive diagonal and l·lᵀ = a, for symmetric positive definite
 * matrices; where `upper` is set, its transpose. Only one triangle of `a` is read, and the gradient is
 * symmetric, as in PyTorch. Follows `torch.linalg.cholesky`; the gradient is that of Murray,
 * "Differentiation of the Cholesky decomposition" (2016).
 *
 * @param a Shape [..., n, n].
 * @returns A tensor of the same shape.
 * @throws {RangeError} If a matrix is not positive definite.
 * @throws {ShapeError} If the matrices are not square.
 * @throws {DTypeError} If the input is not floating.
 *
 * @example ln det of a covariance, without overflow
 * ```ts
 * import { linalg, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const l = linalg.cholesky(tensor([[4, 2], [2, 5]]));
 * assertEquals(l.toArray(), [[2, 0], [1, 2]]);
 * assertAlmostEquals(l.diagonal().log().sum().mul(2).item(), Math.log(16), 1e-6);
 * ```
 */
export function cholesky(a: Tensor, options?: CholeskyOptions): Tensor {
  const op = "linalg.cholesky";
  checkCount(`compute ${op}`, arguments.length, 2);
  checkSquare(op, a);
  const { upper = false } = readCholesky(`compute ${op}`, options);
  const l = lowerFactor(upper ? mT(a) : a);
  return upper ? mT(l) : l;
}

/** The lower triangular factors of checked matrices. */
function lowerFactor(a: Tensor): Tensor {
  if (a.batched !== null) return inBatch(choleskyRule.batch, [a], null)[0]!;
  const l = result(a, a.dtype, a.shape);
  const minors = result(a, "int32", a.shape.slice(0, -2));
  a.storage.backend.run(choleskyKernel, [l, minors, a]);
  checkNotes(
    "linalg.cholesky",
    minors,
    (order) => `is not positive definite, as its leading minor of order ${order} is not positive`,
  );
  return record1(choleskyRule, a, l);
}

/** What elimination with partial pivoting gives for each matrix. */
export interface Factors {
  /** The upper factor, and below its diagonal the lower one, whose diagonal is 1. */
  readonly lu: Tensor;
  /** The rows in the order in which they served as pivots. */
  readonly order: Tensor;
  /** One more than the place of the first pivot that is 0, or 0. */
  readonly zeros: Tensor;
  /** The sign of the order. */
  readonly signs: Tensor;
}

export function factorize(a: Tensor): Factors {
  const batch = a.shape.slice(0, -2);
  const lu = result(a, a.dtype, a.shape);
  const order = result(a, "int32", a.shape.slice(0, -1));
  const zeros = result(a, "int32", batch);
  const signs = result(a, a.dtype, batch);
  a.storage.backend.run(luKernel, [lu, order, zeros, signs, a]);
  return { lu, order, zeros, signs };
}

/** The factors of matrices that must not be singular. */
export function regularFactors(op: string, a: Tensor): Factors {
  const factors = factorize(a);
  checkNotes(
    op,
    factors.zeros,
    (pivot) => `is singular, as pivot ${pivot} of its elimination is 0`,
  );
  return factors;
}

/** How a system is solved: by which factors, and whether of aᵀ. */
interface Elimination {
  readonly factors: Factors;
  readonly transposed: boolean;
}

// a·x = b: b̄ = a⁻ᵀ·x̄, ā = −b̄·xᵀ; of aᵀ·x = b: b̄ = a⁻¹·x̄, ā = −x·b̄ᵀ. The factors serve both.
const solveRule = rule<Elimination>("linalg.solve", {
  saves: "ay",
  vjp: [],
  vjpAll: ([g], { a, y, attrs: { factors, transposed } }, needs) => {
    const back = eliminate(a, g!, { factors, transposed: !transposed });
    if (!needs[0]) return [null, back];
    return [(transposed ? matmul(y, mT(back)) : matmul(back, mT(y))).neg(), back];
  },
  // a·ẋ = ḃ − ȧ·x
  jvp: ([moved = null, right = null], { a, y, attrs }) => {
    const read = moved && attrs.transposed ? mT(moved) : moved;
    return eliminate(a, difference(right, read, y), attrs);
  },
  // The factors are those of one matrix for all examples.
  batch: ([a], how, { aligned }) => eliminate(a!, aligned()[1]!, how),
});

/** Rows of the matrices of a batch in another order, not recorded. */
function reordered(x: Tensor, order: Tensor, batch: Shape): Tensor {
  const shape = [...batch, ...x.shape.slice(-2)];
  return gatherChecked(
    stretched(x, batch),
    batch.length,
    expand(unsqueeze(order, -1), shape),
  );
}

/** The solution of a·x = b, or of aᵀ·x = b, by the factors of a. */
export function eliminate(a: Tensor, b: Tensor, how: Elimination): Tensor {
  if (b.batched !== null) return inBatch(solveRule.batch, [a, b], how)[0]!;
  const batch = batchOf("linalg.solve", a, b);
  const { lu, order } = how.factors;
  // a[order] = l·u
  const solved = () => {
    const y = substitute(lu, reordered(b, order, batch), batch, UNIT_LOWER);
    return substitute(lu, y, batch, UPPER);
  };
  const solvedTransposed = () => {
    const y = substitute(mT(lu), b, batch, LOWER);
    return reordered(substitute(mT(lu), y, batch, UNIT_UPPER), argsort(order), batch);
  };
  const x = how.transposed ? solvedTransposed() : solved();
  recordAll(solveRule, [a, b], [x], how);
  return x;
}

/** Options of `solve`. */
export interface SolveOptions {
  /** Whether the system is a·x = b, or x·a = b. Default: true. */
  left?: boolean;
}

const readSolve = optionReader<SolveOptions>({ left: FLAG });

/**
 * The solution x of a·x = b. A right side of one dimension, or of the shape of `a` without its last
 * dimension, is vectors; else it is matrices, and batches broadcast. Follows `torch.linalg.solve`.
 *
 * @param a Shape [..., n, n].
 * @param b Shape [n], [..., n] or [..., n, k]; where `left` is false, [..., k, n].
 * @returns A tensor of the shape of b, with the common batch.
 * @throws {RangeError} If a matrix is singular.
 * @throws {ShapeError} If the shapes do not fit.
 * @throws {DTypeError} If an input is not floating.
 *
 * @example Two equations
 * ```ts
 * import { linalg, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const a = tensor([[0, 2], [4, 1]]);
 * assertEquals(linalg.solve(a, tensor([2, 9])).toArray(), [2, 1]);
 * ```
 */
export function solve(a: Tensor, b: Tensor, options?: SolveOptions): Tensor {
  const op = "linalg.solve";
  checkCount(`compute ${op}`, arguments.length, 3);
  const { left = true } = readSolve(`compute ${op}`, options);
  const [matrices, right, n] = sides(op, a, b);
  const vectors = b.ndim === 1 || sameShape(b.shape, a.shape.slice(0, -1));
  const column = vectors && left ? unsqueeze(right, -1) : right;
  if (column.ndim < 2 || column.shape.at(left ? -2 : -1) !== n || (vectors && !left)) {
    throw misfit(op, `it needs ${left ? "[..., n, n] and [..., n] or [..., n, k]" : LEFT}`, a, b);
  }
  batchOf(op, matrices, column);
  const x = solutionOf(matrices, column, left);
  return vectors ? squeeze(x, -1) : x;
}

/** The solution of a·x = b, or of x·a = b, for checked matrices. */
function solutionOf(a: Tensor, b: Tensor, left: boolean): Tensor {
  if (anyBatched([a, b])) {
    return broadcastInBatch([a, b], ([a, b]) => solutionOf(a!, b!, left));
  }
  const factors = regularFactors("linalg.solve", a);
  if (!left) return mT(eliminate(a, mT(b), { factors, transposed: true }));
  return eliminate(a, b, { factors, transposed: false });
}

export function identity(like: Tensor, n: number): Tensor {
  const positions = sequenceOn(like, n);
  return castTo(eq(unsqueeze(positions, 1), positions), like.dtype);
}
