/** Tensors that belong to modules. */

import { noGrad } from "../autograd/tape.ts";
import { isFloat } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { checkCount, checkKind, FLAG, optionReader, TENSOR } from "../core/options.ts";
import { TensorCore } from "../core/tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of `Parameter`. */
export interface ParameterOptions {
  /** Whether the parameter is trained. Default: true. */
  requiresGrad?: boolean;
}

const readParameter = optionReader<ParameterOptions>({ requiresGrad: FLAG });

/** The elements of a tensor, in order, to be shared by one of another class. */
function elementsOf(name: string, data: Tensor): Tensor {
  checkKind(`make a ${name}`, "data", data, TENSOR);
  data.storage.check(name);
  return noGrad(() => data.contiguous());
}

/**
 * A trainable tensor of a module: `parameters()` finds it as a property of the module.
 *
 * @example A learnable scale
 * ```ts
 * import { nn, ones, type Tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * class Scale extends nn.Module {
 *   factor = new nn.Parameter(ones([1]));
 *   override forward(x: Tensor): Tensor {
 *     return x.mul(this.factor);
 *   }
 * }
 * assertEquals(new Scale().parameters().length, 1);
 * ```
 */
export interface Parameter extends Tensor {}

/** A trainable tensor. */
export class Parameter extends TensorCore {
  /**
   * Creates the tensor.
   *
   * @param data Initial values, of floating type; the parameter shares their memory if contiguous.
   */
  constructor(data: Tensor, options?: ParameterOptions) {
    checkCount("make a Parameter", arguments.length, 2);
    const { requiresGrad = true } = readParameter("make a Parameter", options);
    const { storage, shape, strides, offset, size } = elementsOf("Parameter", data);
    super(storage, shape, strides, offset, size, true);
    if (!isFloat(data.dtype)) {
      throw new DTypeError(
        `Cannot make a Parameter: its type must be float32 or float64, got ${data.dtype}`,
      );
    }
    this.requiresGrad_(requiresGrad);
  }
}

/** Options of `Buffer`. */
export interface BufferOptions {
  /** Whether the buffer is part of the state dict. Default: true. */
  persistent?: boolean;
}

const readBuffer = optionReader<BufferOptions>({ persistent: FLAG });

/** A tensor that belongs to a module's state without being learned. */
export interface Buffer extends Tensor {}

/** A tensor that belongs to a module's state without being learned. */
export class Buffer extends TensorCore {
  /** Whether the buffer is part of the state dict. */
  readonly persistent: boolean;

  /**
   * Creates the tensor.
   *
   * @param data Initial values; the buffer shares their memory if contiguous.
   * @param options Whether it is part of the state dict; what can be computed anew need not be.
   */
  constructor(data: Tensor, options?: BufferOptions) {
    checkCount("make a Buffer", arguments.length, 2);
    const { persistent = true } = readBuffer("make a Buffer", options);
    const { storage, shape, strides, offset, size } = elementsOf("Buffer", data);
    super(storage, shape, strides, offset, size, true);
    this.persistent = persistent;
  }
}
