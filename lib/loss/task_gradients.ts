/** The gradients of several losses side by side, and what all ways to combine them share. */

import { grad } from "../autograd/backward.ts";
import { type DType, isFloat } from "../core/dtype.ts";
import { DTypeError, GradError, ShapeError, showShape } from "../core/errors.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  FLAG,
  kind,
  optionReader,
  TENSOR,
} from "../core/options.ts";
import { lengthFrom } from "../core/lists.ts";
import { sizeOf } from "../core/shape.ts";
import { leavesOf, type Mirror, rebuild, type TensorTree, TREE } from "../core/tree.ts";
import { stack, tensordot } from "../ops/mod.ts";
import { tensor, zerosLike } from "../tensor/create.ts";
import { elementsOf, everyElement } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Rows, rowsOf } from "./quadratic.ts";

/** Options of `taskGradients`. */
export interface TaskGradientsOptions {
  /** Whether the gradients can be differentiated. Default: false. */
  createGraph?: boolean;
}

const readTasks = optionReader<TaskGradientsOptions>({ createGraph: FLAG });

const SEVERAL = arrayOf(TENSOR, "tensors");
const LOSSES = kind(
  "an array of tensors, not empty",
  (value) => SEVERAL.accepts(value) && (value as []).length > 0,
);

/**
 * The gradient of each of several losses, stacked along a new first dimension: the Jacobian that
 * `jacobian` gives of a function, in the form of the parameters. No `.grad` changes, nothing is
 * accumulated, and the losses can be differentiated again. What a loss does not depend on gets zeros.
 *
 * @param losses A loss of one element for each task; they may share parts of their graphs.
 * @param params The parameters, or places in the network such as a shared representation: a tensor, or
 * an array or record of tensors.
 * @returns In the form of `params`, with shape [T, ...] for each of shape [...].
 * @throws {GradError} If a loss is on no tape, or a parameter requires no gradient.
 * @throws {ShapeError} If a loss has more than one element.
 *
 * @example A step that lowers both losses
 * ```ts
 * import { losses, nn, ones, optim } from "@adjoint/ml";
 *
 * const model = new nn.Linear(2, 2);
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * const [a, b] = model.forward(ones([4, 2])).unbind(1);
 * const tasks = [a!.square().mean(), b!.sub(3).square().mean()];
 * const params = model.parameters();
 * const { gradient } = losses.mgda(losses.taskGradients(tasks, params));
 * params.forEach((p, i) => p.grad = gradient[i]!);
 * optimizer.step();
 * ```
 */
export function taskGradients<const Params extends TensorTree>(
  losses: readonly Tensor[],
  params: Params,
  options?: TaskGradientsOptions,
): Mirror<Params> {
  const call = "compute losses.taskGradients";
  checkCount(call, arguments.length, 3);
  checkKind(call, "losses", losses, LOSSES);
  checkKind(call, "params", params, TREE);
  const { createGraph = false } = readTasks(call, options);
  const places = leavesOf(params) ?? [];
  losses.forEach(({ shape, size, requiresGrad }, i) => {
    if (size !== 1) {
      throw new ShapeError(
        `Cannot ${call}: a loss must have one element, got shape ${showShape(shape)}`,
        [shape],
      );
    }
    if (requiresGrad) return;
    throw new GradError(`Cannot ${call}: loss ${i} depends on nothing that requires a gradient`);
  });
  places.forEach(({ shape, requiresGrad }, k) => {
    if (requiresGrad) return;
    throw new GradError(
      `Cannot ${call}: parameter ${k} (shape ${showShape(shape)}) requires no gradient`,
    );
  });
  const rows = losses.map((loss) =>
    grad(loss, places, { createGraph, retainGraph: true, allowUnused: true })
      .map((g, k) => g ?? zerosLike(places[k] ?? loss))
  );
  return rebuild(params, places.map((_, k) => stack(rows.flatMap((row) => row[k] ?? []))));
}

/** The combined gradient of tasks, and the weight of each in it. */
export interface Aggregate<Gradients> {
  /** Σᵢ wᵢ·gᵢ, in the form of one task's gradient. */
  readonly gradient: Mirror<Gradients>;
  /** w, of shape [T]. */
  readonly weights: Tensor;
}

/** What counts as 0 next to 1 in products of gradients, by type. */
const SLACK = { float64: 1e-12, float32: 1e-6 };

/** The gradients of tasks as the rules that combine them see them: by their products. */
export interface Products {
  /** How many tasks there are. */
  readonly count: number;
  /** The cosines between the gradients [T, T], float64; rows of 0 for gradients of 0. */
  readonly cosines: Tensor;
  /** The same as numbers. */
  readonly rows: Rows;
  /** The lengths of the gradients. */
  readonly lengths: readonly number[];
  /** What turns gradients of length 1 back into those given: their lengths, with 1 in place of 0. */
  readonly scales: number[];
  /** What counts as 0 among the cosines. */
  readonly slack: number;
}

/** The gradients of all tasks, checked, as matrices [T, N]. */
function matrices(call: string, gradients: TensorTree): { leaves: Tensor[]; flat: Tensor[] } {
  checkKind(call, "gradients", gradients, TREE);
  const leaves = leavesOf(gradients) ?? [];
  const count = leaves[0]?.shape[0];
  for (const { shape, dtype } of leaves) {
    if (!isFloat(dtype)) {
      throw new DTypeError(`Cannot ${call}: gradients must be float32 or float64, got ${dtype}`);
    }
    if (shape[0] !== undefined && shape[0] === count && count > 0) continue;
    throw new ShapeError(
      `Cannot ${call}: gradients must have shape [T, ...] with one number T of tasks, got ${
        leaves.map((x) => showShape(x.shape)).join(", ")
      }`,
      leaves.map((x) => x.shape),
    );
  }
  const flat = leaves.map((x) => x.reshape([count ?? 0, sizeOf(x.shape.slice(1))]));
  return { leaves, flat };
}

/** The lengths of the gradients of all tasks, [T], whose derivative is 0 at a gradient of 0. */
export function gradientLengths(call: string, gradients: TensorTree): Tensor {
  const { flat } = matrices(call, gradients);
  const each = flat.map((x) => x.norm({ dim: 1 }));
  return each.length === 1 ? each[0] ?? stack(each) : stack(each, 1).norm({ dim: 1 });
}

/** Combines gradients by weights. */
export function combined<Gradients extends TensorTree>(
  gradients: Gradients,
  weights: Tensor,
): Aggregate<Gradients> {
  const leaves = leavesOf(gradients) ?? [];
  const sums = leaves.map((x) => tensordot(weights.to({ dtype: x.dtype, device: x.device }), x, 1));
  return { gradient: rebuild(gradients, sums), weights };
}

/** The products of all pairs of rows, float64. */
function gram(flat: readonly Tensor[]): Tensor {
  return flat.map((x) => x.matmul(x.transpose(0, 1)).to({ dtype: "float64", device: "cpu" }))
    .reduce((sum, x) => sum.add(x));
}

/** The lengths of the gradients, and the cosines between them; refuses those that are not finite. */
function measured(
  call: string,
  flat: readonly Tensor[],
): Pick<Products, "cosines" | "lengths" | "scales"> {
  const products = gram(flat);
  const count = products.shape[0] ?? 0;
  const squares = [...elementsOf(products, call.replace("compute ", ""))]
    .filter((_, i) => i % (count + 1) === 0);
  if (squares.every((square) => square > 1e-30 && square < 1e30)) {
    const lengths = squares.map(Math.sqrt);
    const inverse = tensor(lengths, { dtype: "float64" }).reciprocal();
    const cosines = products.mul(inverse).mul(inverse.unsqueeze(1));
    return { cosines, lengths, scales: lengths };
  }
  // Squares of float32 may vanish or leave the range where the gradients do not.
  const norms = flat.map((x) => everyElement(x.detach().norm({ dim: 1 })));
  const lengths = squares.map((_, i) => lengthFrom(norms.map((own) => own[i] ?? 0)));
  const wrong = lengths.findIndex((length) => !Number.isFinite(length));
  if (wrong !== -1) {
    throw new RangeError(`Cannot ${call}: the gradient of task ${wrong} is not finite`);
  }
  const scales = lengths.map((length) => length === 0 ? 1 : length);
  const units = flat.map((x) => {
    const { dtype, device } = x;
    return x.div(tensor(scales, { dtype, device }).unsqueeze(1));
  });
  return { cosines: gram(units), lengths, scales };
}

/** Combines gradients by weights that depend on their products alone. */
export function aggregate<Gradients extends TensorTree>(
  call: string,
  gradients: Gradients,
  weigh: (products: Products) => Tensor,
): Aggregate<Gradients> {
  const { leaves, flat } = matrices(call, gradients);
  const { cosines, ...sizes } = measured(call, flat);
  const dtype: DType = leaves.every((x) => x.dtype === "float64") ? "float64" : "float32";
  const weights = weigh({
    ...sizes,
    count: sizes.lengths.length,
    cosines,
    rows: rowsOf(cosines),
    slack: SLACK[dtype],
  });
  const given = weights.to({ dtype });
  const beyond = everyElement(given).findIndex((weight) => !Number.isFinite(weight));
  if (beyond !== -1) {
    throw new RangeError(
      `Cannot ${call}: lengths of gradients must differ less, as the weight of task ${beyond} ` +
        `leaves the range of ${dtype}`,
    );
  }
  const { device } = leaves[0] ?? weights;
  return combined(gradients, given.to({ device }));
}
