/**
 * Synthetic data for demonstrations, all drawn from a stream: same seed, same data. None of it was
 * measured, and nothing that a model does with it says anything about patients, pupils, roads or
 * genomes.
 */

export type { Samples, SyntheticOptions, WorldOptions } from "./options.ts";
export {
  type BoxedSamples,
  digits,
  type DigitsOptions,
  type LaneOptions,
  lanes,
  lesions,
  type LesionsOptions,
  shapes,
  type ShapesOptions,
  tissueImages,
} from "./images.ts";
export { tissueSlabs, tissueVolumes } from "./tissue.ts";
export {
  blobs,
  type BlobsOptions,
  type FewShotTask,
  type GroupedSamples,
  labelNoise,
  type LabelNoiseOptions,
  line,
  type LineOptions,
  type NoisyWorldOptions,
  type Ratings,
  ratings,
  type RatingsOptions,
  regressionTasks,
  type RegressionTasksOptions,
  sine,
  type SineOptions,
  twoRegions,
  type TwoTasks,
  twoTasks,
  unequalGroups,
} from "./tables.ts";
export {
  dna,
  firstBits,
  type FirstBitsOptions,
  residues,
  type ResiduesOptions,
  sentiment,
  translations,
} from "./sequences.ts";
export {
  behaviours,
  lapses,
  type LapsesOptions,
  type Learners,
  learners,
  learningCurves,
  type Moments,
  moments,
  sensors,
  type SensorsOptions,
} from "./signals.ts";
export { type GraphSample, molecules, vesselTrees, type VesselTreesOptions } from "./trees.ts";
