/** Good calls of the instruments. */

import { losses, ones, type study, type Tensor } from "../../mod.ts";
import { of, options, type Rows } from "../common/calls.ts";

const count = of(() => 2);
const seed = of(() => 3);
const number = of(() => 0.5, "number");
const x = () => ones([2]);
const at = of(() => ones([2, 2]));
const square = of(() => (x: Tensor) => x.square().sum());
const terms = of(() => (x: Tensor) => [x.square().sum(), x.sum()]);

/** Instruments. */
export const STUDY: Rows<typeof study> = {
  gradientProfile: { args: [of(() => losses.mse), of(x), of(x, "tensor")] },
  conflictMatrix: { args: [terms, at] },
  gradientNorms: { args: [terms, at] },
  gradientSignalToNoise: { args: [of(() => (x: Tensor) => x.square().sum(1)), at] },
  lossLandscape: {
    args: [
      square,
      at,
      of(() => [ones([2, 2])], "undefined"),
      options({ range: number, points: count, scale: of(() => "layer"), seed }),
    ],
  },
  compareLosses: {
    args: [
      of(() => ({ mse: losses.mse })),
      options({ residuals: of(() => [0, 1]), target: number }),
    ],
  },
  hessianTrace: { args: [square, at, options({ probes: count, seed })] },
  hessianSpectrum: {
    args: [
      square,
      at,
      options({ steps: count, probes: count, seed, points: count, width: number }),
    ],
  },
  topEigenvectors: {
    args: [
      square,
      at,
      options({ count, which: of(() => "smallest"), steps: count, tol: number, seed }),
    ],
  },
};
