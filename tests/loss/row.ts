/** What a row of the table of losses says. */

import type { losses, Tensor } from "../../mod.ts";

/** The inputs of a loss: prediction and target, or two examples and more. */
export type Inputs = readonly [prediction: Tensor, target: Tensor, ...more: Tensor[]];

/** Inputs of a call, in float64; those that require a gradient have one. */
export interface LossSample<O> {
  readonly title: string;
  readonly inputs: () => Inputs;
  /** False where the gradient is not the slope by design, as behind a clamp that lets it through. */
  readonly slopes?: false;
  /** Options that do not go with such inputs. */
  readonly without?: readonly (keyof O)[];
  /** Options without which such inputs do not go. */
  readonly beside?: O;
}

/** A loss in plain numbers: of each entry, and what a mean divides their sum by. */
export interface Entries {
  readonly shape: readonly number[];
  readonly each: readonly number[];
  readonly total: number;
}

/** A point where the gradient is one of several, or a limit, or of very large numbers. */
export interface LossPoint<O> {
  readonly title: string;
  readonly inputs: () => Inputs;
  readonly options?: O;
  readonly value: number;
  /** The gradient of the first input. */
  readonly gradient: readonly unknown[];
}

/** A call in which nothing counts: its mean is NaN and all else is 0, whatever the prediction is. */
export interface NothingCounts<O> {
  readonly inputs: () => Inputs;
  readonly options: (inputs: Inputs) => O;
}

/** A wrong call; without inputs it is the options that are wrong, and the module refuses them too. */
export interface Refusal {
  readonly inputs?: () => readonly unknown[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly error: new (message: string) => Error;
  /** What the message must say. */
  readonly says: string;
}

/** A loss. */
export interface LossRow<O extends losses.LossOptions<string>> {
  readonly samples: readonly LossSample<O>[];
  /** Values of each option to be tried with given inputs. */
  readonly options: {
    readonly [K in keyof Required<O>]: (inputs: Inputs) => readonly Exclude<O[K], undefined>[];
  };
  /** What else is given to see that an option makes a difference, where it makes none alone. */
  readonly beside?: { readonly [K in keyof O]?: O };
  /** The loss in plain numbers, in float64. */
  readonly reference: (inputs: Inputs, options: O) => Entries;
  readonly points: readonly LossPoint<O>[];
  readonly nothing: readonly NothingCounts<O>[];
  /** Inputs in float32 whose value and gradient must be finite. */
  readonly extremes: readonly (() => Inputs)[];
  readonly refuses: readonly Refusal[];
}
