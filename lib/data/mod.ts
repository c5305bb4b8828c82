/**
 * Data sets and batches.
 *
 * ```ts
 * import { rand } from "@adjoint/ml";
 * import { DataLoader, TensorDataset } from "@adjoint/ml/data";
 *
 * const loader = new DataLoader(new TensorDataset(rand([10, 2])), { batchSize: 4, shuffle: true });
 * for (const [x] of loader) console.log(x!.shape);
 * ```
 *
 * @module
 */

export { type Dataset, TensorDataset } from "./dataset.ts";
export { DataLoader, type DataLoaderOptions } from "./loader.ts";
