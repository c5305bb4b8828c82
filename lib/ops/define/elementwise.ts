/**
 * Turns an entry of an elementwise op table into a function: checks, broadcasting, promotion, launch,
 * recording. A rule never un-broadcasts, casts or accumulates; this and the backward loop do it once.
 */

import { dtypeOfNumber, isFloat, promote } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { checkCount } from "../../core/options.ts";
import { broadcastShapes } from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { register, type Sampling } from "../registry.ts";
import { broadcastInBatch, inBatchOf } from "./batch.ts";
import { checkDevices, checkTensor, TENSOR_OR_NUMBER } from "./checks.ts";
import { OpRule, record1, record2, result, type RuleSpec, scalar } from "./record.ts";

/** An op of one tensor. */
export type UnaryOp = (x: Tensor) => Tensor;

/** An op of two tensors, or of a tensor and a number on either side. */
export type BinaryOp = (a: Tensor | number, b: Tensor | number) => Tensor;

/** How an elementwise op is differentiated and tried. */
interface ElementwiseSpec extends RuleSpec<null>, Sampling {
  /** Whether int32 gives int32, in place of float32. */
  readonly integers?: boolean;
}

/** Defines an elementwise op of one input, with the kernel of the same name. */
export function unary(name: string, spec: ElementwiseSpec): UnaryOp {
  const opRule = new OpRule<null>(name, spec);
  const kernel = kernelNumber(name);
  const integers = spec.integers ?? false;
  const call = `compute ${name}`;
  function run(x: Tensor): Tensor {
    checkCount(call, arguments.length, 1);
    checkTensor(name, x);
    if (x.batched !== null) return inBatchOf(x, run);
    let { dtype } = x;
    if (!isFloat(dtype) && !(integers && dtype === "int32")) {
      if (integers) {
        throw new DTypeError(`Cannot compute ${name}: the input is bool; cast it first`);
      }
      x = castTo(x, dtype = "float32");
    }
    const y = result(x, dtype, x.shape);
    x.storage.backend.run1(kernel, y, x);
    return record1(opRule, x, y);
  }
  register({
    name,
    kind: "primitive",
    arity: 1,
    integers,
    rule: opRule as OpRule,
    sampling: spec,
    run,
  });
  return run;
}

/** How an elementwise op of two inputs is differentiated and tried. */
interface BinarySpec extends ElementwiseSpec {
  /** Whether bool gives bool. */
  readonly bools?: boolean;
  /** Gives bool, whatever the inputs. */
  readonly compares?: boolean;
}

/** Defines an elementwise op of two inputs, with the kernel of the same name. */
export function binary(name: string, spec: BinarySpec): BinaryOp {
  const opRule = new OpRule<null>(name, spec);
  const kernel = kernelNumber(name);
  const { integers = false, bools = false, compares = false } = spec;
  const call = `compute ${name}`;
  function run(a: Tensor | number, b: Tensor | number): Tensor {
    checkCount(call, arguments.length, 2);
    if (typeof b === "number") {
      checkTensor(name, a, "one side");
      b = scalar(b, dtypeOfNumber(b, a.dtype), a);
    } else if (typeof a === "number") {
      checkTensor(name, b, "one side");
      a = scalar(a, dtypeOfNumber(a, b.dtype), b);
    }
    checkTensor(name, a, "the first input", TENSOR_OR_NUMBER);
    checkTensor(name, b, "the second input", TENSOR_OR_NUMBER);
    checkDevices(name, a, b);
    let { dtype } = a;
    if (dtype !== b.dtype) dtype = promote(dtype, a.ndim, b.dtype, b.ndim);
    if (dtype === "int32" && !integers) dtype = "float32";
    if (dtype === "bool" && !bools) {
      if (integers) throw new DTypeError(`Cannot compute ${name}: both inputs are bool; cast one`);
      dtype = "float32";
    }
    if (a.dtype !== dtype) a = castTo(a, dtype);
    if (b.dtype !== dtype) b = castTo(b, dtype);
    const shape = a.shape === b.shape ? a.shape : broadcastShapes(name, a.shape, b.shape);
    if (a.batched !== null || b.batched !== null) {
      return broadcastInBatch([a, b], ([a, b]) => run(a!, b!));
    }
    const y = result(shape === b.shape ? b : a, compares ? "bool" : dtype, shape);
    a.storage.backend.run2(kernel, y, a, b);
    return compares ? y : record2(opRule, a, b, y);
  }
  register({
    name,
    kind: "primitive",
    arity: 2,
    integers,
    compares,
    rule: compares ? undefined : opRule as OpRule,
    sampling: spec,
    run,
  });
  return run;
}
