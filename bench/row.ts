/** What a row is. */

import type { Tensor } from "@adjoint/ml";
import { samples } from "./inputs.ts";

/** What stands around the work, or around each step of it: `scope` or nothing. */
export type Within = <T>(work: () => T) => T;

/** A row, made ready to run. */
export interface Instance {
  /** Does the work once. */
  run(within: Within): void;
  /** Does the work once and reads samples of what it computed, one list for each tensor. */
  result(within: Within): number[][];
}

/** One line of the table. */
export interface Row {
  /** Name, the same on both sides. */
  readonly name: string;
  /** What our time may be, as a share of PyTorch's; nothing is asked of a row without it. */
  readonly target?: number;
  /** Whether the tensors are so large that `scope` matters: the target is for times inside it. */
  readonly large?: boolean;
  /** How far results may differ, as a share of the largest number of the tensor. Default: 1e-5. */
  readonly tolerance?: number;
  /** Makes the inputs. */
  make(): Instance;
}

/** An instance that computes tensors, and leaves others behind. */
export function computing(
  compute: () => Tensor | readonly Tensor[],
  left: () => readonly (Tensor | null)[] = () => [],
): Instance {
  const run = () => void compute();
  const result = () => [compute(), ...left()].flat().map((x) => x === null ? [NaN] : samples(x));
  return { run: (within) => within(run), result: (within) => within(result) };
}
