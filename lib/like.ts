/** What tensors that are made like another take from it. */

import type { TensorOptions } from "./create.ts";
import { Tensor } from "./tensor.ts";

/** Options with the type and the device of a tensor, unless they name others. */
export function likeOptions<O extends TensorOptions>(op: string, x: Tensor, options: O): O {
  if (!(x instanceof Tensor)) {
    throw new TypeError(`Cannot run ${op}: the input must be a tensor, got ${Deno.inspect(x)}`);
  }
  return { dtype: x.dtype, device: x.device, ...options };
}
