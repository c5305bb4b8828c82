/** Rows of the benchmark. */

import type { Tensor } from "@adjoint/ml";
import { samples } from "./inputs.ts";

/** What wraps the work, or each step of it: `scope` or nothing. */
export type Within = <T>(work: () => T) => T;

/** A row with its inputs. */
export interface Instance {
  /** Does the work once. */
  run(within: Within): void;
  /** Does the work once, and reads samples of the results, one list for each tensor. */
  result(within: Within): number[][];
}

/** A row of the table. */
export interface Row {
  /** The name, the same on both sides. */
  readonly name: string;
  /** The largest acceptable ratio of our time to PyTorch's; none if undefined. */
  readonly target?: number;
  /**
   * Whether the tensors are so large that `scope` matters: the target then is for times inside it.
   */
  readonly large?: boolean;
  /** How far results may differ, relative to the largest element of the tensor. Default: 1e-5. */
  readonly tolerance?: number;
  /** Makes the inputs. */
  make(): Instance;
}

/** An instance whose work returns tensors, and leaves others to the collector. */
export function computing(
  compute: () => Tensor | readonly Tensor[],
  left: () => readonly (Tensor | null)[] = () => [],
): Instance {
  const run = () => void compute();
  const result = () => [compute(), ...left()].flat().map((x) => x === null ? [NaN] : samples(x));
  return { run: (within) => within(run), result: (within) => within(result) };
}
