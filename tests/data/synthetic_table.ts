/** The synthetic data, as the generated tests know them: a function without a row does not compile. */

import { data, type RandomGenerator, Tensor, tensor } from "../../mod.ts";

const { synthetic } = data;
type Names = keyof typeof synthetic;

/** What is common to the calls. */
export interface SyntheticCall {
  readonly generator: RandomGenerator;
  readonly world?: number;
}

/** Some data, as tensors by name. */
export type Named = Readonly<Record<string, Tensor>>;

/** A row. */
export interface SyntheticRow {
  /** So many examples, as tensors. */
  readonly make: (n: number, call: SyntheticCall) => Named;
  /** The shapes for 4 examples, with the types that are not float32. */
  readonly shapes: Readonly<Record<string, string>>;
  /** Whether training and test have a world in common. */
  readonly world: boolean;
}

/** Tensors of a list of records, one after the other. */
function numbered(list: readonly object[]): Named {
  return Object.fromEntries(
    list.flatMap((own, i) => Object.entries(own).map(([key, x]) => [`${i}.${key}`, x as Tensor])),
  );
}

function named(own: object): Named {
  return Object.fromEntries(Object.entries(own).filter(([, x]) => x instanceof Tensor));
}

/** A row of data that have no world. */
function plain(
  make: (n: number, options: { generator: RandomGenerator }) => object,
  shapes: Readonly<Record<string, string>>,
): SyntheticRow {
  return { make: (n, { generator }) => named(make(n, { generator })), shapes, world: false };
}

/** A row of data with a world. */
function worldly(
  make: (n: number, options: SyntheticCall) => object,
  shapes: Readonly<Record<string, string>>,
): SyntheticRow {
  return { make: (n, call) => named(make(n, call)), shapes, world: true };
}

const graph = (of: (i: number) => Readonly<Record<string, string>>) =>
  Object.assign(
    {},
    ...[0, 1, 2, 3].map((i) =>
      Object.fromEntries(Object.entries(of(i)).map(([key, shape]) => [`${i}.${key}`, shape]))
    ),
  ) as Readonly<Record<string, string>>;

/** The rows. */
export const SYNTHETIC: { readonly [Name in Names]: SyntheticRow } = {
  digits: plain(synthetic.digits, { x: "4,1,28,28", y: "int32 4" }),
  lesions: plain(synthetic.lesions, { x: "4,1,32,32", y: "int32 4" }),
  shapes: plain(synthetic.shapes, { x: "4,1,32,32", y: "int32 4", boxes: "4,4" }),
  lanes: plain(synthetic.lanes, { x: "4,1,16,32", y: "4,1" }),
  tissueImages: plain((n, options) => ({ x: synthetic.tissueImages(n, options) }), {
    x: "4,1,32,32",
  }),
  tissueSlabs: plain(synthetic.tissueSlabs, { x: "4,3,32,32", y: "4,2,32,32" }),
  tissueVolumes: plain(synthetic.tissueVolumes, { x: "4,3,12,12,12", y: "4,3,12,12,12" }),
  line: plain(synthetic.line, { x: "4,1", y: "4,1" }),
  sine: plain(synthetic.sine, { x: "4,1", y: "4,1" }),
  blobs: worldly(synthetic.blobs, { x: "4,20", y: "int32 4" }),
  twoRegions: worldly(synthetic.twoRegions, { x: "4,16", y: "4,1", group: "int32 4" }),
  unequalGroups: worldly(synthetic.unequalGroups, { x: "4,4", y: "4,1", group: "int32 4" }),
  twoTasks: worldly(synthetic.twoTasks, { x: "4,10", small: "4,1", large: "4,1" }),
  ratings: worldly(synthetic.ratings, { users: "int32 4", items: "int32 4", ratings: "4" }),
  behaviours: worldly(synthetic.behaviours, { x: "4,24", y: "4,1", group: "int32 4" }),
  regressionTasks: plain(
    (n, options) =>
      numbered(
        synthetic.regressionTasks(n, options).flatMap(({ support, query }) => [support, query]),
      ),
    Object.assign(
      {},
      ...[0, 2, 4, 6].map((i) => ({
        [`${i}.x`]: "20,4",
        [`${i}.y`]: "20",
        [`${i + 1}.x`]: "50,4",
        [`${i + 1}.y`]: "50",
      })),
    ),
  ),
  labelNoise: plain(
    (n, options) => ({
      y: synthetic.labelNoise(tensor(new Int32Array(n)), 3, { ...options, p: 0.6 }),
    }),
    { y: "int32 4" },
  ),
  learningCurves: plain(synthetic.learningCurves, { x: "4,60", y: "int32 4" }),
  sensors: plain(synthetic.sensors, { x: "4,32", y: "int32 4" }),
  learners: plain(synthetic.learners, {
    speech: "4,20,8",
    gaze: "4,20,2",
    touch: "4,20,3",
    attention: "int32 4",
    mastery: "4,1",
    strategy: "int32 4",
  }),
  moments: worldly(synthetic.moments, { speech: "4,16", gaze: "4,8", touch: "4,12" }),
  lapses: worldly((n, options) => synthetic.lapses(n, { ...options, lapsed: 0.5 }), {
    x: "4,12",
    y: "int32 4",
  }),
  dna: plain(synthetic.dna, { x: "4,4,60", y: "4" }),
  residues: worldly(synthetic.residues, { x: "4,20,40", y: "int32 4,40" }),
  sentiment: plain(synthetic.sentiment, { x: "int32 4,10", y: "4" }),
  translations: worldly(synthetic.translations, { x: "int32 4,6", y: "int32 4,6" }),
  firstBits: plain(synthetic.firstBits, { x: "4,40,1", y: "4" }),
  vesselTrees: plain(
    (n, options) => numbered(synthetic.vesselTrees(n, options)),
    graph(() => ({ x: "40,3", y: "40,3", edgeIndex: "int32 2,78" })),
  ),
  molecules: worldly(
    (n, options) => numbered(synthetic.molecules(n, options)),
    graph(() => ({ x: "10,4", y: "1", edgeIndex: "int32 2,18" })),
  ),
};
