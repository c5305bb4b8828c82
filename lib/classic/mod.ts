/**
 * Classical methods as baselines: clusters, principal components, support vector machines, trees and
 * forests. They take and return tensors, and follow scikit-learn.
 *
 * ```ts
 * import { randn } from "@adjoint/ml";
 * import { KMeans } from "@adjoint/ml/classic";
 *
 * const groups = new KMeans(3).fit(randn([30, 2]));
 * console.log(groups.inertia);
 * ```
 *
 * @module
 */

export { KMeans, type KMeansOptions } from "./kmeans.ts";
export { PCA } from "./pca.ts";
export { SVC, type SVCOptions } from "./svc.ts";
export {
  DecisionTreeClassifier,
  type ForestOptions,
  RandomForestClassifier,
  type TreeOptions,
} from "./tree.ts";
