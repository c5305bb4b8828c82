/** Calls that must fail of composites and choices among elementwise ops. */

import { clamp, DTypeError, polygamma, ShapeError, where, zeros } from "../../../mod.ts";
import { bad, bools, notTensor, untypedMatrix, vector } from "../bad_input.ts";
import type { ErrorCase } from "../cases.ts";

export const ELEMENTWISE_ERRORS = {
  polygamma: [
    notTensor((x) => polygamma(1, x)),
    bad("a negative order", RangeError, () => polygamma(-1, vector), "-1"),
    bad("a fraction", RangeError, () => polygamma(0.5, vector), "0.5"),
    bad("order 10001", RangeError, () => polygamma(10001, vector), "to 10000", "10001"),
  ],
  clamp: [
    notTensor((x) => clamp(x, 0, 1)),
    bad("no bounds", TypeError, () => clamp(vector, null, null), "at least one"),
    bad("bool", DTypeError, () => clamp(bools, 0, 1), "bool"),
    bad("a bound of another shape", ShapeError, () => clamp(vector, zeros([2])), "[3]", "[2]"),
    bad(
      "bounds in an object",
      TypeError,
      () => untypedMatrix.clamp({ min: 2 }),
      "by position",
      "clamp(0, null)",
    ),
    bad("no bounds at all", TypeError, () => untypedMatrix.clamp(), "at least one"),
  ],
  where: [
    notTensor((x) => where(x, 1, 0)),
    notTensor((x) => where(bools, x, 0)),
    notTensor((x) => where(bools, 0, x)),
    bad("null beside 0", TypeError, () => where(bools, null as never, 0), "must be a tensor"),
    bad("0 beside null", TypeError, () => where(bools, 0, null as never), "must be a tensor"),
    bad("a float32 condition", DTypeError, () => where(vector, 1, 0), "bool", "float32"),
    bad("other shapes", ShapeError, () => where(bools, zeros([2]), 0), "[3]", "[2]"),
    bad("sides of other shapes", ShapeError, () => where(bools, vector, zeros([2])), "[3]", "[2]"),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
