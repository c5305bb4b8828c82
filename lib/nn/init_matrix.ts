/** Initial values that are special matrices, written in place. */

import { noGrad } from "../autograd/tape.ts";
import { ShapeError, showShape } from "../core/errors.ts";
import { checkCount, checkKind, COUNT, FINITE, optionReader, SHARE } from "../core/options.ts";
import { GENERATOR } from "../core/random.ts";
import { qr } from "../ops/linalg/qr.ts";
import { eye, zeros } from "../tensor/create.ts";
import { rand, randn } from "../tensor/rand.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkFloating } from "./checks.ts";
import type { InitOptions } from "./init_random.ts";

const readOptions = optionReader<InitOptions>({ generator: GENERATOR });

/** Refuses a parameter with another number of dimensions. */
function checkRanks(op: string, x: Tensor, ranks: readonly number[]): void {
  checkFloating(`run ${op}`, x, "the parameter");
  if (ranks.includes(x.ndim)) return;
  throw new ShapeError(
    `Cannot run ${op}: the parameter must have ${
      ranks.length === 1 ? ranks[0] : `${ranks[0]} to ${ranks.at(-1)}`
    } dimensions, got shape ${showShape(x.shape)}`,
    [x.shape],
  );
}

/** Writes values into a parameter. */
function fill<T extends Tensor>(x: T, values: () => Tensor): T {
  noGrad(() => x.copy_(values().to({ dtype: x.dtype, device: x.device })));
  return x;
}

/**
 * Ones on the diagonal of a matrix, zeros elsewhere: a linear layer that keeps its input. Follows
 * `torch.nn.init.eye_`.
 *
 * @throws {ShapeError} If there are not two dimensions.
 *
 * @example Two rows
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.init.eye_(zeros([2, 3])).toArray(), [[1, 0, 0], [0, 1, 0]]);
 * ```
 */
export function eye_<T extends Tensor>(x: T): T {
  checkCount("run eye_", arguments.length, 1);
  checkRanks("eye_", x, [2]);
  const [rows = 0, columns = 0] = x.shape;
  const size = Math.max(rows, columns);
  return fill(x, () => eye(size, { dtype: x.dtype }).narrow(0, 0, rows).narrow(1, 0, columns));
}

/**
 * Filters that pass as many channels through as there are, in groups: a 1 in the middle. Follows
 * `torch.nn.init.dirac_`.
 *
 * @param groups The number of groups of channels of the convolution. Default: 1.
 * @throws {ShapeError} If there are not three to five dimensions, or the groups do not divide the first.
 *
 * @example A convolution that keeps its input
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nn.init.dirac_(zeros([1, 1, 3])).toArray(), [[[0, 1, 0]]]);
 * ```
 */
export function dirac_<T extends Tensor>(x: T, groups = 1): T {
  checkCount("run dirac_", arguments.length, 2);
  checkRanks("dirac_", x, [3, 4, 5]);
  checkKind("run dirac_", "groups", groups, COUNT);
  const [out = 0, channels = 0, ...kernel] = x.shape;
  if (out % groups !== 0) {
    throw new ShapeError(
      `Cannot run dirac_: groups must divide the first extent, got ${groups} and shape ${
        showShape(x.shape)
      }`,
      [x.shape],
    );
  }
  const middle = kernel.map((extent) => Math.floor(extent / 2));
  const part = out / groups;
  return fill(x, () => {
    const values = zeros(x.shape, { dtype: x.dtype });
    for (let group = 0; group < groups; group++) {
      for (let i = 0; i < Math.min(part, channels); i++) {
        values.setAt([group * part + i, i, ...middle], 1);
      }
    }
    return values;
  });
}

/**
 * A uniformly random orthogonal matrix, without some rows or columns if it is not
 * square; further dimensions count as columns. Saxe and others, 2013; follows
 * `torch.nn.init.orthogonal_`.
 *
 * @param gain Factor of the matrix. Default: 1.
 * @throws {ShapeError} If there are fewer than two dimensions.
 *
 * @example Rows that are orthogonal and of length 1
 * ```ts
 * import { eye, nn, zeros } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const x = nn.init.orthogonal_(zeros([2, 3]));
 * assertClose(x.matmul(x.mT), eye(2), { atol: 1e-6 });
 * ```
 */
export function orthogonal_<T extends Tensor>(x: T, gain = 1, options?: InitOptions): T {
  checkCount("run orthogonal_", arguments.length, 3);
  const read = readOptions("run orthogonal_", options);
  checkRanks("orthogonal_", x, [2, 3, 4, 5, 6, 7, 8]);
  checkKind("run orthogonal_", "gain", gain, FINITE);
  if (x.size === 0) return x;
  const [rows = 0, ...others] = x.shape;
  const columns = others.reduce((a, b) => a * b);
  return fill(x, () => {
    const [long, short] = [Math.max(rows, columns), Math.min(rows, columns)];
    const { q, r } = qr(randn([long, short], { dtype: "float64", ...read }));
    // With the signs of R's diagonal, all matrices are equally likely.
    const even = q.mul(r.diagonal().sign());
    return (rows < columns ? even.mT : even).mul(gain).reshape(x.shape);
  });
}

/**
 * Normal values with a given share of zeros in each column. Martens, 2010; follows
 * `torch.nn.init.sparse_`.
 *
 * @param sparsity The share of zeros in a column.
 * @param std Standard deviation of the others. Default: 0.01.
 * @throws {ShapeError} If there are not two dimensions.
 *
 * @example Half of each column
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = nn.init.sparse_(zeros([4, 2]), 0.5);
 * assertEquals(x.eq(0).sum(0).toArray(), [2, 2]);
 * ```
 */
export function sparse_<T extends Tensor>(
  x: T,
  sparsity: number,
  std = 0.01,
  options?: InitOptions,
): T {
  checkCount("run sparse_", arguments.length, 4);
  const read = readOptions("run sparse_", options);
  checkRanks("sparse_", x, [2]);
  checkKind("run sparse_", "sparsity", sparsity, SHARE);
  checkKind("run sparse_", "std", std, FINITE);
  const [rows = 0] = x.shape;
  return fill(x, () => {
    // Sorting drawn numbers gives the rows a random order.
    const place = rand(x.shape, { dtype: "float64", ...read }).argsort(0).argsort(0);
    const values = randn(x.shape, { dtype: x.dtype, ...read }).mul(std);
    return values.mul(place.ge(Math.ceil(sparsity * rows)).to({ dtype: x.dtype }));
  });
}
