/** What losses need that read elements: under `vmap` they read those of all examples at once. */

import type { Tensor } from "../../tensor/tensor.ts";
import { bare, batchedAs } from "../define/batch.ts";

/** All examples of a tensor, along first dimensions; itself outside of `vmap`. */
export const allExamples: (x: Tensor) => Tensor = bare;

/** What was made for all examples of a tensor, as the tensor has them. */
export const asExamples: (all: Tensor, x: Tensor) => Tensor = batchedAs;
