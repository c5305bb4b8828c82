/** Cases of the ops that write in place, each on a copy of its first input. */

import type { Tensor } from "../../../mod.ts";
import { type CaseInput, mask, type OpCase, positions, random } from "../cases.ts";
import { map } from "../../common/references.ts";

function writing(
  name: string,
  inputs: readonly CaseInput[],
  write: (copy: Tensor, ...rest: Tensor[]) => unknown,
  reference: OpCase["reference"],
): OpCase {
  return {
    name,
    inputs,
    call: (x, ...rest) => {
      const copy = x.clone();
      write(copy, ...rest);
      return copy;
    },
    reference,
    differentiable: false,
  };
}

const CASES = {
  copy_: [
    writing(
      "a row into every row",
      [random(2, 3), random(3)],
      (x, row) => x.copy_(row!),
      (x, row) => ({ shape: x!.shape, data: [...row!.data, ...row!.data] }),
    ),
    writing(
      "a row into a column",
      [random(2, 3), random(2)],
      (x, row) => x.transpose(0, 1).at(1).copy_(row!),
      (x, row) => ({
        shape: x!.shape,
        data: x!.data.with(1, row!.data[0]!).with(4, row!.data[1]!),
      }),
    ),
  ],
  fill_: [writing("with 1", [random(2, 3)], (x) => x.fill_(1), (x) => map(x!, () => 1))],
  zero_: [writing("of numbers", [random(2, 3)], (x) => x.zero_(), (x) => map(x!, () => 0))],
  setAt: [
    writing(
      "a range of a row",
      [random(2, 3), random(2)],
      (x, value) => x.setAt([1, [0, 2]], value!),
      (x, value) => ({ shape: x!.shape, data: x!.data.toSpliced(3, 2, ...value!.data) }),
    ),
    writing(
      "what a false chooses, which is nothing, and what a true chooses",
      [random(2, 3), mask([], [0]), mask([], [1]), random(3)],
      (x, no, yes, value) => {
        x.setAt([no!], 9);
        x.setAt([[1, null], yes!], value!);
      },
      (x, _no, _yes, value) => ({ shape: x!.shape, data: x!.data.toSpliced(3, 3, ...value!.data) }),
    ),
    writing(
      "rows at positions",
      [random(3, 2), positions([2], [2, 0]), random(2, 2)],
      (x, rows, value) => x.setAt([rows!], value!),
      (x, _, value) => {
        const [first, second] = [value!.data.slice(0, 2), value!.data.slice(2)];
        return { shape: x!.shape, data: [...second, ...x!.data.slice(2, 4), ...first] };
      },
    ),
  ],
};

/** Name of a method that writes in place. */
export type InPlaceName = keyof typeof CASES;

export const IN_PLACE_CASES: Readonly<Record<InPlaceName, readonly OpCase[]>> = CASES;
