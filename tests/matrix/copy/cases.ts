/** Cases of copies. */

import { clone } from "../../../mod.ts";
import { type OpCase, random } from "../cases.ts";

function cloned(name: string, ...shape: number[]): OpCase {
  return { name, inputs: [random(...shape)], call: clone, reference: (x) => x };
}

export const COPY_CASES = {
  clone: [
    cloned("of a matrix", 2, 3),
    cloned("of a scalar"),
    cloned("of an empty one", 0, 2),
    cloned("of a long one", 300, 250),
  ],
} satisfies Record<string, readonly OpCase[]>;
