/** Good calls of classical methods. */

import type * as classic from "../../lib/classic/mod.ts";
import {
  DecisionTreeClassifier,
  KMeans,
  PCA,
  RandomForestClassifier,
  SVC,
} from "../../lib/classic/mod.ts";
import { RandomGenerator, tensor } from "../../mod.ts";
import { of, options, type Rows } from "../common/calls.ts";

const table = () => tensor([[0, 1], [1, 0], [2, 2]]);
const labels = () => tensor([0, 1, 1], { dtype: "int32" });
const x = of(table);
const y = of(labels);
const one = of(() => 1);
const two = of(() => 2);
const generator = of(() => new RandomGenerator(1));
const small = of(() => 0.1, "number");

const groups = () => new KMeans(2).fit(table());
const pca = () => new PCA(1).fit(table());
const machine = () => new SVC().fit(table(), labels());
const tree = () => new DecisionTreeClassifier().fit(table(), labels());
const forest = () => new RandomForestClassifier({ nEstimators: 2 }).fit(table(), labels());

const growth = {
  maxDepth: of(() => 2, "null"),
  minSamplesSplit: two,
  minSamplesLeaf: one,
  maxFeatures: of(() => 1, "null"),
  generator,
} as const;
const learned = (on: () => object) =>
  ({
    fit: { on, args: [x, y] },
    predict: { on, args: [x] },
  }) as const;

/** Classical methods. */
export const CLASSIC: Rows<typeof classic> = {
  KMeans: {
    make: { args: [two, options({ nInit: two, maxIter: two, tol: small, generator })] },
    methods: { fit: { on: groups, args: [x] }, predict: { on: groups, args: [x] } },
  },
  PCA: {
    make: { args: [one] },
    methods: {
      fit: { on: pca, args: [x] },
      transform: { on: pca, args: [x] },
      inverseTransform: { on: pca, args: [of(() => tensor([[1], [2]]))] },
    },
  },
  SVC: {
    make: {
      args: [options({ c: small, kernel: of(() => "linear"), gamma: small, tol: small })],
    },
    methods: { ...learned(machine), decisionFunction: { on: machine, args: [x] } },
  },
  DecisionTreeClassifier: {
    make: { args: [options(growth)] },
    methods: { ...learned(tree), predictProba: { on: tree, args: [x] } },
  },
  RandomForestClassifier: {
    make: { args: [options({ ...growth, nEstimators: two })] },
    methods: { ...learned(forest), predictProba: { on: forest, args: [x] } },
  },
};
