/** Cases of the Gaussian error linear unit, and calls that must fail. */

import { registeredOps } from "../../../lib/ops/registry.ts";
import { DTypeError, gelu, zeros } from "../../../mod.ts";
import { map } from "../../common/references.ts";
import { bad, notTensor } from "../bad_input.ts";
import { type ErrorCase, FLOATS, type OpCase, random } from "../cases.ts";

const erf = registeredOps().find(({ name }) => name === "erf")!.sampling!.ref;

const tangent = (x: number) => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

export const GELU_CASES = {
  gelu: [
    {
      name: "of numbers",
      inputs: [random(3, 4)],
      call: (x) => gelu(x),
      reference: (x) => map(x, (x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
      dtypes: FLOATS,
      terms: 2,
    },
    {
      name: "by its approximation",
      inputs: [random(3, 4)],
      call: (x) => gelu(x, { approximate: "tanh" }),
      reference: (x) => map(x, (x) => 0.5 * x * (1 + tangent(x))),
      dtypes: FLOATS,
      terms: 2,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

export const GELU_ERRORS = {
  gelu: [
    notTensor(gelu),
    bad(
      "of whole numbers",
      DTypeError,
      () => gelu(zeros([2], { dtype: "int32" })),
      "gelu",
      "float32 or float64",
    ),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
