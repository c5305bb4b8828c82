/** Calls in another form: PyTorch's where it is not taken, or what people write who guess. */

import * as adjoint from "../../mod.ts";
import { bad, index, matrix, vector } from "./bad_input.ts";
import type { ErrorCase } from "./cases.ts";
import type { Name } from "./op_cases.ts";

/** Calls that do not compile. */
// deno-lint-ignore no-explicit-any
const ops = adjoint as any;
// deno-lint-ignore no-explicit-any
const x = matrix as any;

/** A list spread out, as method and as function. */
function spread(name: string, ...list: readonly number[]): ErrorCase[] {
  const form = (entries: string) => `pass an array: ${name}([${entries}])`;
  return [
    bad(
      "its list spread out, as a method",
      TypeError,
      () => x[name](...list),
      form(list.join(", ")),
    ),
    bad("its list spread out", TypeError, () => ops[name](x, ...list), form(`${list[0]}, …`)),
  ];
}

/** The cases. */
export const FORM_ERRORS: Readonly<Partial<Record<Name, readonly ErrorCase[]>>> = {
  reshape: [
    ...spread("reshape", 3, 2),
    bad("a number", TypeError, () => x.reshape(6), "pass an array: reshape([6])"),
  ],
  view: spread("view", 3, 2),
  permute: spread("permute", 1, 0),
  expand: spread("expand", 2, 3),
  broadcastTo: spread("broadcastTo", 2, 3),
  repeat: spread("repeat", 2, 2),
  tile: spread("tile", 2, 2),
  flip: spread("flip", 0, 1),
  sum: [
    bad("dim in the options", RangeError, () => x.sum({ dim: 0 }), "before the options", "sum(0)"),
    bad("keepdim by position", TypeError, () => x.sum(0, true), "{ keepdim: true }"),
    bad("keep_dim", TypeError, () => x.sum(0, { keep_dim: true }), 'did you mean "keepdim"'),
    bad("surplus arguments", TypeError, () => ops.sum(x, 0, {}, 1), "at most 3", "got 4"),
  ],
  softmax: [
    bad("no dim", RangeError, () => x.softmax(), "dim must be", "got undefined"),
    bad("two dims", RangeError, () => x.softmax([0, 1]), "dim must be", "[ 0, 1 ]"),
  ],
  max: [bad("another tensor", RangeError, () => x.max(x), "dim must be", "a tensor of shape")],
  cat: [bad("tensors spread out", TypeError, () => ops.cat(x, x), "cat([a, b])", "[2, 3]")],
  stack: [bad("tensors spread out", TypeError, () => ops.stack(x, x), "stack([a, b])")],
  clamp: [
    bad(
      "bounds in an object",
      TypeError,
      () => x.clamp({ min: 2 }),
      "by position",
      "clamp(0, null)",
    ),
    bad("no bounds at all", TypeError, () => x.clamp(), "at least one"),
  ],
  pad: [
    bad("the value by position", TypeError, () => x.pad([1, 1], 5), "{ value: 5 }"),
    bad("a mode", TypeError, () => x.pad([1, 1], { mode: "reflect" }), '"mode"', "value"),
    bad(
      "a fraction for int32",
      adjoint.DTypeError,
      () => index.pad([1, 1], { value: 0.5 }),
      "32-bit integer",
      "0.5",
    ),
  ],
  slice: [bad("an object", RangeError, () => x.slice(0, { start: 1 }), "{ start: 1 }")],
  diagonal: [
    bad("another key", TypeError, () => x.diagonal({ diagonal: 1 }), '"diagonal"', "offset"),
  ],
  tril: [bad("another key", TypeError, () => x.tril({ offset: 1 }), '"offset"', "diagonal")],
  triu: [bad("another key", TypeError, () => x.triu({ offset: 1 }), '"offset"', "diagonal")],
  norm: [bad("p by position", TypeError, () => x.norm(1), "{ p: 1 }")],
  indexAdd: [
    bad(
      "alpha by position",
      TypeError,
      () => ops.indexAdd(vector, 0, index, vector.slice(0, 0, 2), 2),
      "{ alpha: 2 }",
    ),
  ],
  scatter: [
    bad(
      "a fraction for int32",
      adjoint.DTypeError,
      () => index.scatter(0, index, 0.5),
      "32-bit integer",
      "0.5",
    ),
  ],
  maskedFill: [
    bad(
      "2^31 for int32",
      adjoint.DTypeError,
      () => index.maskedFill(index.gt(0), 2 ** 31),
      "32-bit integer",
      "2147483648",
    ),
  ],
  oneHot: [
    bad("float labels", adjoint.DTypeError, () => ops.oneHot(adjoint.tensor([0.5])), "int32"),
  ],
  at: [
    bad("undefined", TypeError, () => x.at(undefined), "part 0", '":"', "got undefined"),
    bad("true", TypeError, () => x.at(true), "part 0", "got true"),
    bad("another word", TypeError, () => x.at(0, "::"), "part 1", '"::"'),
    bad("a range of one", RangeError, () => x.at([1]), "[start, end]", "int32 tensor"),
    bad("a range of four", RangeError, () => x.at([0, 1, 1, 1]), "[start, end]"),
    bad("a step back", RangeError, () => x.at([null, null, -1]), "at least 1", "flip"),
    bad("a number as the index", TypeError, () => ops.at(x, 0), "array of parts", "got 0"),
  ],
  conv1d: [
    bad(
      "the bias by position",
      TypeError,
      () => ops.conv1d(adjoint.ones([1, 1, 4]), adjoint.ones([1, 1, 2]), adjoint.ones([1])),
      "{ bias: tensor }",
    ),
  ],
  maxPool1d: [
    bad(
      "the stride by position",
      TypeError,
      () => ops.maxPool1d(adjoint.ones([1, 1, 4]), 2, 1),
      "{ stride: 1 }",
    ),
  ],
  layerNorm: [
    bad("a number", TypeError, () => ops.layerNorm(x, 3), "pass an array: layerNorm([3])"),
    bad(
      "the weight by position",
      TypeError,
      () => ops.layerNorm(x, [3], vector),
      "{ weight: tensor }",
    ),
  ],
  "linalg.cholesky": [
    bad(
      "upper by position",
      TypeError,
      () => ops.linalg.cholesky(adjoint.eye(2), true),
      "{ upper: true }",
    ),
  ],
  "linalg.solve": [
    bad(
      "left by position",
      TypeError,
      () => ops.linalg.solve(adjoint.eye(2), adjoint.eye(2), false),
      "{ left: false }",
    ),
  ],
};
