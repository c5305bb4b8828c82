/**
 * Products and running products along the last dimension, fused. The composites divide by no element,
 * as it may be 0; the kernels, of `rust/src/kernels/product.rs`, leave no range on the way either.
 */

import { extentAt } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fused } from "../define/fused.ts";
import { clone, pad, slice, squeeze } from "../shape/movement.ts";

/** The truth of `product`: halves are multiplied until one factor is left. */
export function productComposite(x: Tensor): Tensor {
  let y = x;
  for (let n = extentAt(y.shape, -1); n !== 1; n = extentAt(y.shape, -1)) {
    if (n % 2 === 1 || n === 0) y = pad(y, [0, 1], { value: 1 });
    if (n > 0) {
      const half = Math.ceil(n / 2);
      y = slice(y, -1, 0, half).mul(slice(y, -1, half));
    }
  }
  return squeeze(y, -1);
}

/**
 * The truth of `runningProduct`: each element times the one before it, then the one two before, four
 * before, so that there are products of twice as many elements each time.
 */
export function runningProductComposite(x: Tensor): Tensor {
  let y = clone(x);
  const extent = extentAt(x.shape, -1);
  for (let step = 1; step < extent; step *= 2) {
    y = y.mul(pad(slice(y, -1, 0, extent - step), [step, 0], { value: 1 }));
  }
  return y;
}

const productOp = fused<null>("prod", {
  composite: ([x]) => [productComposite(x!)],
  kernel: "prod",
  shapes: ([x]) => [x!.shape.slice(0, -1)],
  parameters: (_, [x]) => ({ ints: [x!.ndim - 1] }),
  saves: "a",
  gradKernel: "prod_grad",
});

const runningProductOp = fused<null>("cumprod", {
  composite: ([x]) => [runningProductComposite(x!)],
  kernel: "cumprod",
  shapes: ([x]) => [x!.shape],
  parameters: () => ({ ints: [0] }),
  saves: "a",
  gradKernel: "cumprod_grad",
});

/** Product along the last dimension, of floats or int32. */
export function product(x: Tensor): Tensor {
  return productOp([x], null)[0]!;
}

/** Product up to each element along the last dimension, of floats or int32. */
export function runningProduct(x: Tensor): Tensor {
  return runningProductOp([x], null)[0]!;
}
