/**
 * Ops with a kernel for what takes several others. The composite beside each is the truth: the tests
 * compare both, and a recorded backward pass differentiates it.
 */

import { grad } from "../autograd/backward.ts";
import { isGradEnabled, NONE } from "../autograd/tape.ts";
import { kernelNumber } from "../ffi/library.ts";
import { extentAt } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { logSoftmax } from "./composite.ts";
import { checkIndex, gather } from "./indexing.ts";
import { matmul } from "./linalg.ts";
import { reshape, squeeze, transpose, unsqueeze } from "./movement.ts";
import { recordAll, result, rule } from "./record.ts";
import { sum } from "./reduce.ts";

const linearKernel = kernelNumber("linear");

// y = x·wᵀ + b: x̄ = ȳ·w, w̄ = ȳᵀ·x, b̄ = Σ ȳ; in ops, so that any order follows.
const linearRule = rule("linear", {
  saves: "ab",
  vjp: [
    (g, { b }) => matmul(g, b),
    (g, { a }) => matmul(transpose(g, 0, 1), a),
    (g) => sum(g, 0),
  ],
}, "fused");

/** The truth of `linear`. */
export function linearComposite(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const y = matmul(x, transpose(weight, 0, 1));
  return bias === null ? y : y.add(bias);
}

/** x·wᵀ + b for x of shape [..., in], w of shape [out, in], b of shape [out] or null. */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const types = [x, weight, bias ?? x].map((t) => t.dtype);
  const simple = x.ndim > 0 && weight.ndim === 2 && (bias === null || bias.ndim === 1) &&
    types.every((dtype) => dtype === types[0] && dtype.startsWith("float")) &&
    x.shape.at(-1) === weight.shape[1] && (bias === null || bias.size === weight.shape[0]);
  // Everything else, and what is wrong, the composite knows how to treat.
  if (!simple || x.size === 0 || weight.size === 0) return linearComposite(x, weight, bias);
  const rows = x.ndim === 2 ? x : reshape(x, [-1, extentAt(x.shape, -1)]);
  const y = result(x, x.dtype, [extentAt(rows.shape, 0), extentAt(weight.shape, 0)]);
  const inputs = bias === null ? [rows, weight] : [rows, weight, bias];
  x.storage.backend.run(linearKernel, [y, ...inputs]);
  recordAll(linearRule, inputs, [y]);
  return x.ndim === 2 ? y : reshape(y, [...x.shape.slice(0, -1), extentAt(weight.shape, 0)]);
}

const entropyKernel = kernelNumber("cross_entropy");
const entropyGradKernel = kernelNumber("cross_entropy_grad");

const entropyRule = rule("rowCrossEntropy", {
  saves: "ab",
  vjp: [(g, { a, b }) => {
    if (isGradEnabled()) {
      const [gradient] = grad(rowCrossEntropyComposite(a, b), [a], {
        gradOutputs: g,
        createGraph: true,
      });
      return gradient;
    }
    const y = result(a, a.dtype, a.shape);
    a.storage.backend.run(entropyGradKernel, [y, a, b, g]);
    return y;
  }, NONE],
}, "fused");

/** The truth of `rowCrossEntropy`. */
export function rowCrossEntropyComposite(logits: Tensor, labels: Tensor): Tensor {
  return squeeze(gather(logSoftmax(logits, 1), 1, unsqueeze(labels, 1)), 1).neg();
}

/** ln Σ eˣ − x[label] for each row of logits of shape [N, C] and int32 labels of shape [N]. */
export function rowCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  checkIndex("rowCrossEntropy", labels, extentAt(logits.shape, 1));
  if (logits.size === 0) return rowCrossEntropyComposite(logits, labels);
  const y = result(logits, logits.dtype, labels.shape);
  logits.storage.backend.run(entropyKernel, [y, logits, labels]);
  recordAll(entropyRule, [logits, labels], [y]);
  return y;
}
