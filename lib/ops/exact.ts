/** Integer arithmetic that notices when a result leaves int32. */

import { isFloat } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { castTo, elementsOf } from "./memory.ts";
import { result } from "./record.ts";

/**
 * Runs a function of sums or products on the elements as they are where they are floating, else as
 * int32. Those of int32 go through float64, which holds each result that int32 has, and shows which
 * it has not; on the GPU, where there is no float64, they wrap.
 */
export function exactly(op: string, x: Tensor, run: (x: Tensor) => Tensor): Tensor {
  if (isFloat(x.dtype)) return run(x);
  if (x.dtype === "bool" || x.device !== "cpu") return run(castTo(x, "int32"));
  const y = run(castTo(x, "float64"));
  const elements = elementsOf(y);
  const whole = new Int32Array(elements.length);
  for (let i = 0; i < whole.length; i++) {
    // Where factors leave float64 too, a 0 among them makes NaN of infinity.
    const value = Number.isNaN(elements[i]) ? 0 : elements[i]!;
    whole[i] = value;
    if (whole[i] === value) continue;
    throw new RangeError(
      `Cannot compute ${op}: the result ${value} does not fit int32; cast to float64 first`,
    );
  }
  const out = result(x, "int32", y.shape);
  out.storage.backend.write(out.storage, whole);
  return out;
}
