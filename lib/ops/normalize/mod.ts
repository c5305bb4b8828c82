/** Normalisations along dimensions. */

export { layerNorm, type LayerNormOptions, logSoftmax, logsumexp, softmax } from "./fused.ts";
export {
  cosineSimilarity,
  type CosineSimilarityOptions,
  normalize,
  type NormalizeOptions,
} from "./composites.ts";
