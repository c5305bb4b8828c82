/**
 * Data sets, samplers, batches, transforms and synthetic data.
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

export {
  type AheadReader,
  ConcatDataset,
  type Dataset,
  type IterableDataset,
  Subset,
  TensorDataset,
} from "./dataset.ts";
export {
  type Fold,
  kFold,
  type KFoldOptions,
  type Parts,
  randomSplit,
  type SplitOptions,
} from "./split.ts";
export {
  type BatchedSampler,
  BatchSampler,
  type BatchSamplerOptions,
  DistributedSampler,
  type DistributedSamplerOptions,
  MPerClassSampler,
  RandomSampler,
  type RandomSamplerOptions,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from "./samplers.ts";
export {
  collate,
  type Collated,
  padCollate,
  type PadCollated,
  type Padded,
  type PadOptions,
  padSequences,
} from "./collate.ts";
export { DataLoader, type DataLoaderOptions, type DataLoaderState } from "./loader.ts";
export { parseIdx, readIdx } from "./idx.ts";
export {
  type Cell,
  type CsvOptions,
  parseCsv,
  readCsv,
  Table,
  type TableTensorOptions,
} from "./csv.ts";
export { parseJsonl, readJsonl } from "./jsonl.ts";
/** Augmentation of examples and of batches. */
export * as transforms from "./transforms/mod.ts";
export {
  BytePairEncoding,
  splitCharacters,
  splitWords,
  Vocabulary,
  type VocabularyOptions,
} from "./text.ts";
/** Synthetic data, drawn from a stream; none of it was measured. */
export * as synthetic from "./synthetic/mod.ts";
