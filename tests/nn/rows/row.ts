/** What the rows of all families of layers have in common. */

import { type DType, nn, type Tensor } from "../../../mod.ts";
import type { Stored } from "../../fixtures/stored.ts";
import type { CHECKS } from "../checks.ts";
import type { Moments } from "../moments.ts";

/** A layer, whatever it takes and gives. */
export type Layer = nn.AnyModule & { forward(...inputs: Tensor[]): unknown };

/** How a case makes a layer in PyTorch, in our spelling. */
export interface Given {
  readonly title: string;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a layer gives in PyTorch, in training or in evaluation. */
export interface TorchMode {
  readonly training: boolean;
  readonly outputs: readonly Stored[];
  readonly cotangents: readonly Stored[];
  /** Of the inputs; null where one has none. */
  readonly gradients: readonly (Stored | null)[];
  readonly parameters: Readonly<Record<string, Stored>>;
  /** The buffers after this and another input, half of this. */
  readonly buffers?: Readonly<Record<string, Stored>>;
}

/** A layer in PyTorch. */
export interface TorchLayer extends Given {
  /** The options that the case gives another value than their default. */
  readonly tried: readonly string[];
  /** The parameters of 200 layers as they are made. */
  readonly start: Readonly<Record<string, Moments>>;
  readonly state: Readonly<Record<string, Stored>>;
  readonly inputs: readonly Stored[];
  /** The names of the last inputs, which stand in the options of the call. */
  readonly named?: readonly string[];
  /** What else stands in the options of the call. */
  readonly called?: Readonly<Record<string, unknown>>;
  /** Which dimension of each input is the batch, null if none is. Default: the first of all. */
  readonly batch?: readonly (number | null)[];
  /** Whether differences meet a kink at the inputs. */
  readonly kink?: true;
  /** Whether the inputs are one example and no batch. */
  readonly single?: true;
  readonly modes: readonly TorchMode[];
}

/** What the class takes in PyTorch. */
export interface TorchClass {
  readonly options: readonly string[];
  /** Whether the type of its parameters can be told. */
  readonly dtype: boolean;
  /** Options that ours has not, and why. */
  readonly departures: Readonly<Record<string, string>>;
}

/** What is known of a layer beside the fixture. */
export interface LayerRow {
  /** Makes it, where that is not the public class called with the fixture's arguments. */
  readonly make?: (given: Given, dtype: DType) => nn.AnyModule;
  /** Runs it, where `forward` is not called with the inputs alone. */
  readonly run?: (layer: Layer, inputs: readonly Tensor[], given: TorchLayer) => unknown;
  /** Checks that cases, by their titles, cannot pass; an error must say so much. */
  readonly fails?: Readonly<
    Partial<Record<keyof typeof CHECKS, Readonly<Record<string, RegExp>>>>
  >;
}

/** What an activation's row is, and that of any other layer of which the fixture says all. */
export const PLAIN: LayerRow = {};

/** The row of a layer of ours that is told the type of its parameters, as that in PyTorch is not. */
export function typed(name: keyof typeof nn): LayerRow {
  const made = Reflect.get(nn, name) as new (...args: unknown[]) => Layer;
  return { make: ({ args, options }, dtype) => new made(...args, { ...options, dtype }) };
}
