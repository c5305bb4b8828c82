/** Products of the Hessian of a function with vectors. */

import { cat } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { linearize } from "../transforms/forward.ts";
import {
  type ArgumentsAt,
  type Beside,
  numberFrom,
  type Point,
  slopes,
  subjectOf,
} from "./subject.ts";

/** The Hessian of a function at a point, as a linear map. */
export interface Curvature<At> {
  /** The length of a vector. */
  readonly size: number;
  /** The product with a float64 vector; refuses one that is not finite. */
  readonly product: (v: Tensor) => Tensor;
  /** A vector in the form of the point. */
  readonly beside: (v: Tensor) => Beside<At>;
  /** The relative rounding error. */
  readonly slack: number;
}

/** The Hessian of a function at a point. The function runs once; its ops are kept. */
export function curvatureOf<At extends Point>(
  call: string,
  fn: (...inputs: ArgumentsAt<At>) => Tensor,
  at: At,
): Curvature<At> {
  const { places, run, beside } = subjectOf(call, fn, at);
  // One argument, as there may be more places than a call takes.
  const gradient = (own: readonly Tensor[]) => slopes(call, numberFrom(call, run(own)), own, true);
  const [, derivative] = linearize(gradient, [places]);
  const sizes = places.map(({ size }) => size);
  const parts = (v: Tensor) =>
    v.split(sizes).map((part, i) => {
      const { shape = [], dtype, device } = places[i] ?? v;
      return part.reshape(shape).to({ dtype, device });
    });
  return {
    size: sizes.reduce((sum, size) => sum + size, 0),
    product: (v) => {
      const whole = cat(
        derivative([parts(v)]).map((x) => x.flatten().to({ dtype: "float64", device: "cpu" })),
      );
      if (whole.isfinite().all().item()) return whole;
      throw new RangeError(`Cannot ${call}: the Hessian is not finite`);
    },
    beside: (v) => beside(parts(v)),
    slack: places.every(({ dtype }) => dtype === "float64") ? 1e-13 : 1e-6,
  };
}
