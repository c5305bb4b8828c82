/** Good calls of synthetic data. */

import { arange, type data, RandomGenerator } from "../../mod.ts";
import { type Arg, of, options, type Rows } from "../common/calls.ts";

const count = of(() => 2);
const number = of(() => 0.5, "number");
const generator = of(() => new RandomGenerator(1));
const world = of(() => 1);

/** The row of a function of the number of examples and of options. */
function row<const Keys extends Readonly<Record<string, Arg>>>(keys: Keys) {
  return { args: [count, options({ ...keys, generator })] } as const;
}

/** Synthetic data. */
export const SYNTHETIC: Rows<typeof data.synthetic> = {
  digits: row({ noise: number, shift: of(() => 1) }),
  lesions: row({ prevalence: number, noise: number }),
  shapes: row({ noise: number }),
  lanes: {
    args: [of(() => [[0.5, 0]]), options({ noise: number, generator })],
  },
  tissueImages: row({}),
  tissueSlabs: row({}),
  tissueVolumes: row({}),
  line: row({ noise: number, outliers: number }),
  sine: row({ noise: number }),
  blobs: row({ world, classes: count, features: count, spread: number }),
  twoRegions: row({ world, noise: number }),
  unequalGroups: row({ world }),
  twoTasks: row({ world, noise: number }),
  ratings: row({ world, users: count, items: count, rank: count }),
  behaviours: row({ world }),
  regressionTasks: row({ support: count, query: count, outliers: number }),
  labelNoise: { args: [of(() => arange(2)), count, options({ p: number, generator })] },
  learningCurves: row({}),
  sensors: row({ faults: number, amplitude: number }),
  learners: row({}),
  moments: row({ world }),
  lapses: row({ world, lapsed: number }),
  dna: row({}),
  residues: row({ world, length: count }),
  sentiment: row({}),
  translations: row({ world }),
  firstBits: row({ length: count }),
  vesselTrees: row({ nodes: count, noise: number }),
  molecules: row({ world }),
};
