/** Random tensors: uniform and normal numbers, and permutations. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { checkCount } from "../core/options.ts";
import { defaultGenerator, type RandomGenerator } from "../core/random.ts";
import { checkShape, sizeOf } from "../core/shape.ts";
import { backendOf } from "../device/devices.ts";
import { kernelNumber } from "../ffi/library.ts";
import { tensorOver } from "../ops/define/record.ts";
import type { TensorOptions } from "./create.ts";
import {
  checkCall,
  checkExtent,
  drawn,
  finish,
  likeOptions,
  make,
  readRandomOptions,
} from "./fresh.ts";
import type { Tensor } from "./tensor.ts";

/** Options of random tensors. */
export interface RandomOptions extends TensorOptions {
  /** The stream to draw from. Default: the one that `manualSeed` seeds. */
  generator?: RandomGenerator;
}

/** Fills a fresh tensor of floating type from a stream with a kernel. */
function draw(
  op: string,
  kernel: number,
  shape: readonly number[],
  options: RandomOptions,
): Tensor {
  const { dtype = "float32", device = "cpu", requiresGrad = false } = options;
  const { generator = defaultGenerator } = options;
  if (!isFloat(dtype)) {
    throw new DTypeError(`Cannot run ${op}: dtype must be float32 or float64, got ${dtype}`);
  }
  const backend = backendOf(op, device);
  checkShape(op, shape);
  const x = drawn(op, shape, (shape) => {
    // Refusals come before numbers are drawn.
    const x = make(op, shape, dtype, false, backend);
    if (x.size > 0) {
      const perBlock = dtype === "float32" ? 4 : 2;
      backend.run(kernel, [x], generator.take(Math.ceil(x.size / perBlock)));
    }
    return x;
  });
  return requiresGrad ? x.requiresGrad_() : x;
}

const uniformKernel = kernelNumber("uniform");
const normalKernel = kernelNumber("normal");

/**
 * Uniform random numbers in [0, 1). Follows `torch.rand`.
 *
 * @example In [0, 1)
 * ```ts
 * import { rand } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = rand([100]);
 * assertEquals(x.min().item() >= 0 && x.max().item() < 1, true);
 * ```
 */
export function rand(shape: readonly number[], options?: RandomOptions): Tensor {
  checkCall("rand", shape, arguments, 2);
  return draw("rand", uniformKernel, shape, readRandomOptions("run rand", options));
}

/**
 * Normal random numbers with mean 0 and variance 1. Follows `torch.randn`.
 *
 * @example Same seed, same numbers
 * ```ts
 * import { randn, RandomGenerator } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const draw = () => randn([3], { generator: new RandomGenerator(1) });
 * assertEquals(draw().toArray(), draw().toArray());
 * ```
 */
export function randn(shape: readonly number[], options?: RandomOptions): Tensor {
  checkCall("randn", shape, arguments, 2);
  return draw("randn", normalKernel, shape, readRandomOptions("run randn", options));
}

/**
 * Uniform random numbers in [0, 1) of the shape, type and device of another tensor, unless told
 * otherwise. Follows `torch.rand_like`.
 *
 * @throws {DTypeError} If the type is not floating.
 *
 * @example Noise on an image
 * ```ts
 * import { randLike, RandomGenerator, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const image = zeros([3, 4], { dtype: "float64" });
 * const noise = randLike(image, { generator: new RandomGenerator(1) });
 * assertEquals([noise.shape, noise.dtype], [[3, 4], "float64"]);
 * ```
 */
export function randLike(x: Tensor, options?: RandomOptions): Tensor {
  checkCount("run randLike", arguments.length, 2);
  const own = likeOptions("randLike", x, readRandomOptions, options);
  return draw("randLike", uniformKernel, x.shape, own);
}

/**
 * Normal random numbers with mean 0 and variance 1, of the shape, type and device of another tensor,
 * unless told otherwise. Follows `torch.randn_like`.
 *
 * @throws {DTypeError} If the type is not floating.
 *
 * @example Same shape
 * ```ts
 * import { randnLike, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(randnLike(tensor([[1, 2]])).shape, [1, 2]);
 * ```
 */
export function randnLike(x: Tensor, options?: RandomOptions): Tensor {
  checkCount("run randnLike", arguments.length, 2);
  const own = likeOptions("randnLike", x, readRandomOptions, options);
  return draw("randnLike", normalKernel, x.shape, own);
}

/**
 * The integers 0 to n - 1 in random order, int32 by default. Follows `torch.randperm`.
 *
 * @example Each number once
 * ```ts
 * import { randperm } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(randperm(3).sort().values.toArray(), [0, 1, 2]);
 * ```
 */
export function randperm(n: number, options?: RandomOptions): Tensor {
  checkCount("run randperm", arguments.length, 2);
  checkExtent("randperm", "n", n);
  checkShape("randperm", [n]);
  const read = readRandomOptions("run randperm", options);
  const { generator = defaultGenerator, dtype = "int32", device = "cpu" } = read;
  backendOf("randperm", device);
  const order = drawn("randperm", [n], (shape) => {
    const orders = new Int32Array(sizeOf(shape));
    for (let at = 0; at < orders.length; at += n) orders.set(generator.permutation(n), at);
    return tensorOver(orders, shape);
  });
  return finish(order.to({ dtype }), read);
}
