/** What synthetic data share: how many, drawn from which stream, and of which world. */

import {
  checkCount,
  checkKind,
  countTo,
  type OptionReader,
  optionReader,
  type OptionTable,
  WHOLE,
} from "../../core/options.ts";
import { beside, defaultGenerator, GENERATOR, type RandomGenerator } from "../../core/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Inputs and what is to be predicted of them; the first dimension of both is the examples. */
export interface Samples {
  /** Inputs. */
  readonly x: Tensor;
  /** Targets. */
  readonly y: Tensor;
}

/** Options of all synthetic data. */
export interface SyntheticOptions {
  /** The stream that draws. Default: the one that `manualSeed` seeds. */
  generator?: RandomGenerator;
}

/** Options of data that have something in common, as the centres of their classes. */
export interface WorldOptions extends SyntheticOptions {
  /** The seed of what training and test have in common, a non-negative integer. Default: 0. */
  world?: number;
}

/** How many examples there may be. */
const EXAMPLES = countTo(2 ** 24);

/** The kinds of those options. */
export const SYNTHETIC_OPTIONS: OptionTable<SyntheticOptions> = { generator: GENERATOR };
/** The same, with a world. */
export const WORLD_OPTIONS: OptionTable<WorldOptions> = {
  ...SYNTHETIC_OPTIONS,
  world: WHOLE,
};

/** Reads the options of all synthetic data. */
export const readSynthetic: OptionReader<SyntheticOptions> = optionReader(SYNTHETIC_OPTIONS);
/** Reads the options of data with a world. */
export const readWorld: OptionReader<WorldOptions> = optionReader(WORLD_OPTIONS);

/** What a call gives: its options, and the streams of the examples and of the world. */
export interface Read<O> {
  readonly options: O;
  readonly generator: RandomGenerator;
  readonly world: RandomGenerator;
}

/** Reads the arguments of a function of synthetic data. */
export function readArguments<O extends WorldOptions>(
  name: string,
  given: number,
  n: number,
  options: O | undefined,
  read: OptionReader<O>,
): Read<O> {
  const call = `run synthetic.${name}`;
  checkCount(call, given, 2);
  checkKind(call, "the number of examples", n, EXAMPLES);
  const own = read(call, options);
  return {
    options: own,
    generator: own.generator ?? defaultGenerator,
    // A stream that is not the one of a generator of the same seed.
    world: beside({ seed: BigInt(own.world ?? 0), offset: 0n }, 0, 0),
  };
}
