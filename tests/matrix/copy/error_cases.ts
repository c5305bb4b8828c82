/** Calls that must fail of copies. */

import { clone } from "../../../mod.ts";
import { notTensor } from "../bad_input.ts";
import type { ErrorCase } from "../cases.ts";

export const COPY_ERRORS = {
  clone: [notTensor(clone)],
} satisfies Record<string, readonly ErrorCase[]>;
