/** Losses whose values and slopes are ordinary numbers where the square of the residual is not. */

import { assertEquals } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  cat,
  type DType,
  full,
  grad,
  losses,
  manualSeed,
  rand,
  stack,
  type Tensor,
  tensor,
} from "../../mod.ts";

/** A loss of residuals, and what it and its slope are for one that is far beyond all others. */
interface FarLoss {
  readonly loss: (r: Tensor) => Tensor;
  readonly value: (r: number) => number;
  readonly slope: (r: number) => number;
}

const zero = (r: Tensor) => r.detach().mul(0);

/** The general loss for a shape, which is neither 0 nor 2. */
function general(alpha: number): Pick<FarLoss, "value" | "slope"> {
  const b = Math.abs(alpha - 2);
  const power = (r: number, exponent: number) => (r / Math.sqrt(b)) ** exponent;
  return {
    value: (r) => (power(r, alpha) - 1) * b / alpha,
    slope: (r) => power(r, alpha - 1) * Math.sqrt(b),
  };
}

const LOG: Pick<FarLoss, "value" | "slope"> = {
  value: (r) => 2 * Math.log(r / Math.SQRT2),
  slope: (r) => 2 / r,
};

const FAR: Readonly<Record<string, FarLoss>> = {
  cauchy: {
    loss: (r) => losses.cauchy(r, zero(r), { c: 3 }),
    value: (r) => 9 * Math.log(r / 3),
    slope: (r) => 9 / r,
  },
  "cauchy of a residual within a large c": {
    loss: (r) => losses.cauchy(r.sub(r.detach()).add(5), zero(r), { c: 1e30 }),
    value: () => 12.5,
    slope: () => 5,
  },
  "generalRobust, alpha 0": {
    loss: (r) => losses.generalRobust(r, zero(r), { alpha: 0 }),
    ...LOG,
  },
  "generalRobust, alpha 0 as a tensor": {
    loss: (r) => losses.generalRobust(r, zero(r), { alpha: full([1], 0, { dtype: r.dtype }) }),
    ...LOG,
  },
  ...Object.fromEntries([1.25, 1, 0.5, -0.25].flatMap((alpha) => [
    [`generalRobust, alpha ${alpha}`, {
      loss: (r: Tensor) => losses.generalRobust(r, zero(r), { alpha }),
      ...general(alpha),
    }],
    [`generalRobust, alpha ${alpha} as a tensor`, {
      loss: (r: Tensor) =>
        losses.generalRobust(r, zero(r), { alpha: full([1], alpha, { dtype: r.dtype }) }),
      ...general(alpha),
    }],
  ])),
  AdaptiveRobustLoss: {
    loss: (r) => new losses.AdaptiveRobustLoss({ dtype: r.dtype as "float32" }).forward(r, zero(r)),
    value: (r) => r,
    slope: () => 1,
  },
  gaussianNll: {
    loss: (r) => losses.gaussianNll(r, zero(r), r.detach()),
    value: (r) => (Math.log(r) + r) / 2,
    slope: () => 1,
  },
  cosineEmbedding: {
    loss: (r) => {
      const [first, second] = [cat([r, r.detach()]), cat([r.detach(), zero(r)])];
      return losses.cosineEmbedding(first, second, tensor(1));
    },
    value: () => 1 - Math.SQRT1_2,
    slope: (r) => -Math.SQRT1_2 / 2 / r,
  },
  "cosineEmbedding beside a short vector": {
    loss: (r) => {
      const [far, short] = [cat([r, r.detach()]), tensor([1000, 0], { dtype: r.dtype })];
      const first = stack([far, short]);
      return losses.cosineEmbedding(first, stack([short, short]), tensor([1, 1]));
    },
    value: () => (1 - Math.SQRT1_2) / 2,
    slope: (r) => -Math.SQRT1_2 / 4 / r,
  },
  psnr: {
    loss: (r) => losses.psnr(r.reshape([1, 1, 1, 1]), zero(r).reshape([1, 1, 1, 1])),
    value: (r) => 20 * Math.log10(r),
    slope: (r) => 20 / Math.LN10 / r,
  },
};

const RESIDUALS = { float32: [1e20, 1e25], float64: [1e160, 1e200] } as const;
const TOLERANCE = { float32: 2e-5, float64: 1e-12 } as const;

/** Checks value and slope, and the slope that is recorded, which has the composite's form. */
function checkFar({ loss, value, slope }: FarLoss, r: number, dtype: "float32" | "float64"): void {
  const close = { rtol: TOLERANCE[dtype], atol: 0 };
  for (const createGraph of [false, true]) {
    const x = tensor([r], { dtype: dtype as DType, requiresGrad: true });
    const y = loss(x);
    y.backward({ createGraph });
    assertClose(y.item(), value(r), close);
    assertClose(x.grad!.item(), slope(r), close);
  }
}

for (const [name, row] of Object.entries(FAR)) {
  Deno.test(`losses.${name} has its value and slope for residuals whose square is infinite`, () => {
    for (const dtype of ["float32", "float64"] as const) {
      for (const r of RESIDUALS[dtype]) checkFar(row, r, dtype);
    }
  });
}

Deno.test("losses.psnr of an infinite error is infinite", () => {
  const image = tensor([Infinity, 1, 2, 3]).reshape([2, 1, 1, 2]);
  assertEquals(losses.psnr(image, image.mul(0).nanToNum()).item(), Infinity);
});

Deno.test("losses.ssim and msSsim do not depend on the unit of the images and their range", () => {
  manualSeed(3);
  const [image, noise] = [rand([1, 1, 12, 12]), rand([1, 1, 12, 12])];
  const options = { windowSize: 3, powers: [0.5, 0.5] };
  const runs = {
    ssim: (p: Tensor, t: Tensor, dataRange: number) =>
      losses.ssim(p, t, { dataRange, windowSize: 3 }),
    msSsim: (p: Tensor, t: Tensor, dataRange: number) =>
      losses.msSsim(p, t, { dataRange, ...options }),
  };
  for (const [name, run] of Object.entries(runs)) {
    const slopesIn = (unit: number) => {
      const p = image.mul(unit).requiresGrad_();
      const loss = run(p, image.add(noise).mul(unit), unit);
      return [loss.item(), grad(loss, [p])[0].mul(unit)] as const;
    };
    const [value, slopes] = slopesIn(1);
    for (const unit of [1e-25, 1e-15, 1e15, 1e25]) {
      const [own, others] = slopesIn(unit);
      assertClose(own, value, { rtol: 1e-4, message: `${name} in ${unit}` });
      assertClose(others, slopes, { rtol: 1e-3, atol: 1e-5, message: `${name} in ${unit}` });
    }
  }
});
