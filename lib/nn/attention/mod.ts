/** Attention and transformers. */

export {
  MultiheadAttention,
  type MultiheadAttentionCall,
  type MultiheadAttentionOptions,
  type MultiheadAttentionOutput,
} from "./multihead.ts";

export {
  type DecoderLayerCall,
  type EncoderLayerCall,
  type TransformerActivation,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "./layers.ts";
export { PositionalEncoding, type PositionalEncodingOptions } from "./positional.ts";
export {
  type DecoderLayer,
  type EncoderLayer,
  Transformer,
  type TransformerCall,
  TransformerDecoder,
  TransformerEncoder,
  type TransformerEncoderCall,
  type TransformerOptions,
  type TransformerStackOptions,
} from "./transformer.ts";
