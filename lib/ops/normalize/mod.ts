/** Normalisations along dimensions. */

export { layerNorm, type LayerNormOptions, logSoftmax, logsumexp, softmax } from "./fused.ts";
