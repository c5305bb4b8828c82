/** Blocks for pictures. */

export {
  PatchEmbed,
  type PatchEmbedOptions,
  PatchMerging,
  type PatchMergingOptions,
} from "./patches.ts";
export { SwinBlock, type SwinBlockOptions } from "./swin.ts";
export { UNet, type UNetOptions } from "./unet.ts";
