/** Faults that are easily made, planted in every loss that can have them: the rows find each. */

import { assertThrows } from "@std/assert";
import { losses, type Tensor } from "../../mod.ts";
import { CHECKS, type Subject } from "./checks.ts";
import { CLAIMS } from "./claims.ts";
import type { Inputs } from "./row.ts";
import { LOSSES, type LossName, MODULES } from "./table.ts";

type Loose = (...call: unknown[]) => Tensor;
type Run = (inputs: Inputs, options?: object) => Tensor;

const FORMULA = "has the values that its formula has in plain numbers";

/** Losses that give the same, whichever of their first two inputs comes first. */
const SYMMETRIC: readonly LossName[] = [
  "mse",
  "huber",
  "l1",
  "smoothL1",
  "logCosh",
  "charbonnier",
  "cauchy",
  "tukeyBiweight",
  "generalRobust",
  "gaussianNll",
  "cosineEmbedding",
  "wasserstein1d",
  "psnr",
  "ssim",
  "msSsim",
  "dice",
  "jaccard",
  "hinge",
  "softMargin",
  "reinforce",
];

const runOf = (name: LossName): Run => (inputs, options) =>
  (losses[name] as Loose)(...inputs, options);

/** A loss with a fault, or null where it cannot have it. */
const FAULTS: Readonly<Record<string, (name: LossName) => Run | null>> = {
  "a dropped factor": (name) => (...call) => runOf(name)(...call).mul(0.5),
  "a swapped target": (name) =>
    SYMMETRIC.includes(name)
      ? null
      : ([p, t, ...more], options) => runOf(name)([t, p, ...more], options),
  "a missing mask": (name) =>
    "mask" in LOSSES[name].options
      ? (inputs, options = {}) => runOf(name)(inputs, { ...options, mask: undefined })
      : null,
  "a sum for a mean": (name) => (inputs, options = {}) =>
    runOf(name)(inputs, { reduction: "sum", ...options }),
};

for (const [fault, plant] of Object.entries(FAULTS)) {
  for (const name of Object.values(MODULES)) {
    const run = plant(name);
    if (run === null) continue;
    Deno.test(`losses.${name}() with ${fault} is found`, () => {
      const subject = { name, run, make: undefined, row: LOSSES[name], claims: CLAIMS[name] };
      assertThrows(() => CHECKS[FORMULA](subject as unknown as Subject));
    });
  }
}
