/** Rows of a table that is learned, and sums of such rows. */

import type { nn } from "../../../mod.ts";
import type { LayerRow } from "./row.ts";

/** What looks into the table may count, which differences do not see. */
const WRONG = /Gradient of fn is wrong at input [12]/;
/** It may change the table, too. */
const CHANGED = /the function changes input 1 in place/;

/** Examples cannot each shorten the rows of one table. */
const SHARED = /all examples share it/;

export const EMBEDDINGS = {
  Embedding: {
    fails: {
      "has the gradients that differences have, of first and second order": {
        "with padding": WRONG,
        "with padding from the end": WRONG,
        "with gradients by frequency": WRONG,
        "with a norm": CHANGED,
        "with the norm of another order": CHANGED,
      },
      "is the loop over examples under vmap, with its gradients": {
        "with a norm": SHARED,
        "with the norm of another order": SHARED,
      },
    },
  },
  EmbeddingBag: {
    run: (layer, [ids, ...others], { title }) =>
      title === "of sums with factors"
        ? (layer as nn.EmbeddingBag).forward(ids!, null, others[0])
        : layer.forward(ids!, ...others),
    fails: {
      "has the gradients that differences have, of first and second order": {
        "of sums with gradients by frequency": WRONG,
        "of sums of unequal bags with gradients by frequency": WRONG,
        "with a norm": CHANGED,
      },
      "is the loop over examples under vmap, with its gradients": {
        "with a norm": SHARED,
      },
    },
  },
} as const satisfies Readonly<Record<string, LayerRow>>;
