/** Calls of elementwise ops that must fail: what each op of the registry refuses. */

import { DTypeError, ShapeError, type Tensor, zeros } from "../../../mod.ts";
import { bad, bools, vector } from "../bad_input.ts";
import type { ErrorCase } from "../cases.ts";
import { show } from "../../common/samples.ts";
import { type Elementwise, resultType } from "../../common/elementwise.ts";

/** The name of the case of an input that is not a tensor. */
const REFUSED: Readonly<Record<string, unknown>> = {
  "a string": "1",
  "an array": [1],
  "null": null,
  "undefined": undefined,
  "an object with a shape": { shape: [1] },
};

/** Shapes that do not broadcast. */
const APART = [[[2, 3], [4]], [[2, 3], [3, 2]], [[0], [2]], [[2, 2], [3, 1, 3]]] as const;

function unaryErrors({ call }: Elementwise): ErrorCase[] {
  return Object.entries(REFUSED).map(([name, wrong]) =>
    bad(name, TypeError, () => call(wrong as Tensor), "the input must be a tensor")
  );
}

function binaryErrors({ name, call }: Elementwise): ErrorCase[] {
  return [
    ...Object.entries(REFUSED).flatMap(([name, wrong]) => [
      bad(`${name} first`, TypeError, () => call(wrong as Tensor, vector), "must be a tensor"),
      bad(`${name} second`, TypeError, () => call(vector, wrong as Tensor), "must be a tensor"),
    ]),
    bad("null beside 2", TypeError, () => call(null as never, 2), "one side must be a tensor"),
    bad("two numbers", TypeError, () => call(1, 2), "one side must be a tensor"),
    ...APART.map(([a, b]) =>
      bad(
        `shapes ${show(a)} and ${show(b)}`,
        ShapeError,
        () => call(zeros(a), zeros(b)),
        `${name}: shapes ${show(a)} and ${show(b)}`,
      )
    ),
  ];
}

/** The calls of an op that must fail. */
export function elementwiseErrors(op: Elementwise): ErrorCase[] {
  const [cases, bool] = op.arity === 1
    ? [unaryErrors(op), "the input is bool"]
    : [binaryErrors(op), "both inputs are bool"];
  if (resultType(op, "bool") !== null) return cases;
  const inputs = new Array<Tensor>(op.arity).fill(bools);
  return [...cases, bad("bool", DTypeError, () => op.call(...inputs), bool)];
}
