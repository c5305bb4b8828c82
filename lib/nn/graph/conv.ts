/** What all convolutions of graphs share. */

import { ShapeError, showShape } from "../../core/errors.ts";
import { checkKind, COUNT, FLAG, type OptionTable } from "../../core/options.ts";
import { sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { xavierUniform_ } from "../init.ts";
import { Linear } from "../linear.ts";
import { LAYER_OPTIONS, type LayerOptions } from "../module.ts";
import { type Ends, type Flow, MESSAGE_OPTIONS } from "./message_passing.ts";

/** Options of all convolutions of graphs. */
export interface GraphConvOptions extends LayerOptions {
  /** Whether a bias is added. Default: true. */
  bias?: boolean;
  /** Which row of the edges says where a message goes. Default: "source_to_target", the second. */
  flow?: Flow;
}

/** What the options of all convolutions of graphs must be. */
export const CONV_OPTIONS: OptionTable<GraphConvOptions> = {
  ...LAYER_OPTIONS,
  bias: FLAG,
  flow: MESSAGE_OPTIONS.flow,
};

/** Refuses numbers of features that are none. */
export function checkChannels(call: string, inChannels: number, outChannels: number): void {
  checkKind(call, "inChannels", inChannels, COUNT);
  checkKind(call, "outChannels", outChannels, COUNT);
}

/** A linear map without bias whose weights start by Xavier's uniform distribution. */
export function glorot(features: number, outputs: number, layer: LayerOptions): Linear<false> {
  const made = new Linear(features, outputs, { ...layer, bias: false });
  xavierUniform_(made.weight);
  return made;
}

/** The type of a layer's parameters, as options. */
export function typeOf({ dtype = "float32" }: LayerOptions): Required<LayerOptions> {
  return { dtype };
}

/** Refuses what does not belong to edges. */
export function checkEdges(
  call: string,
  name: string,
  x: Tensor,
  { source }: Ends,
  features: readonly number[],
): void {
  const shape = [source.size, ...features];
  if (sameShape(x.shape, shape)) return;
  throw new ShapeError(
    `Cannot ${call}: ${name} must have shape ${showShape(shape)}, got ${showShape(x.shape)}`,
    [x.shape],
  );
}
