/** Cases of writing at positions and of masks. */

import { indexAdd, maskedFill, maskedSelect, nonzero, scatter } from "../../../mod.ts";
import { mask, NUMBERS, type OpCase, positions, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import { count, type Plain } from "../../common/samples.ts";
import { scattered } from "./cases.ts";

function writing(shape: number[], dim: number, index: number[]): OpCase {
  return {
    name: `[${shape}] along ${dim} from [${index}]`,
    inputs: [random(...shape), scattered(index, shape.at(dim)!), random(...index)],
    call: (x, where, source) => scatter(x, dim, where, source),
    reference: (x, where, source) => reference.scatter(x!, dim, where!, source!),
  };
}

function adding(shape: number[], dim: number, list: number[], alpha?: number): OpCase {
  const from = shape.with(dim, list.length);
  return {
    name: `[${shape}] along ${dim} at [${list}]${alpha === undefined ? "" : ` times ${alpha}`}`,
    inputs: [random(...shape), positions([list.length], list), random(...from)],
    call: (x, index, source) =>
      alpha === undefined
        ? indexAdd(x, dim, index, source)
        : indexAdd(x, dim, index, source, { alpha }),
    reference: (x, _, source) => {
      const axis = dim < 0 ? dim + shape.length : dim;
      const places = reference.build(from, (at) => list[at[axis]!]!);
      const scaled = reference.map(source!, (value) => value * (alpha ?? 1));
      return reference.scatterAdd(x!, dim, places, scaled);
    },
    dtypes: NUMBERS,
    terms: 4,
  };
}

/** A mask that is true for every third element, or for none. */
function some(shape: readonly number[], none = false) {
  return mask(shape, Array.from({ length: count(shape) }, (_, i) => Number(!none && i % 3 !== 1)));
}

const MASKED: readonly (readonly [x: number[], mask: number[], shape: number[]])[] = [
  [[5], [5], [5]],
  [[2, 3], [3], [2, 3]],
  [[2, 3], [2, 1], [2, 3]],
  [[3], [2, 3], [2, 3]],
  [[2, 1], [1, 3], [2, 3]],
  [[], [], []],
  [[2, 2], [], [2, 2]],
  [[0], [1], [0]],
  [[0, 3], [0, 3], [0, 3]],
];

function masking(
  call: OpCase["call"],
  value: (x: Plain, mask: Plain) => Plain,
  name = "",
): OpCase[] {
  return MASKED.flatMap(([x, chosen, shape]) =>
    [false, true].map((none) => ({
      name: `[${x}] by [${chosen}]${none ? " of nothing" : ""}${name}`,
      inputs: [random(...x), some(chosen, none)],
      call,
      reference: (x, mask) => value(reference.expand(x!, shape), reference.expand(mask!, shape)),
    } satisfies OpCase))
  );
}

/** The tensor with a value where the mask is true. */
function filled(x: Plain, mask: Plain, value: number): Plain {
  return { shape: x.shape, data: x.data.map((old, i) => mask.data[i] ? value : old) };
}

function finding(shape: number[], data: number[]): OpCase {
  return {
    name: `[${shape}] of ${data}`,
    inputs: [{ shape, data }],
    call: (x) => nonzero(x),
    reference: (x) => {
      const found: number[] = [];
      reference.build(x!.shape, (index) => {
        if (reference.read(x!, index) !== 0) found.push(...index);
        return 0;
      });
      const rows = x!.data.filter((value) => value !== 0).length;
      return { shape: [rows, shape.length], data: found };
    },
    results: () => "int32",
    differentiable: false,
  };
}

export const SELECTION_CASES = {
  scatter: [
    writing([5], 0, [3]),
    writing([5], 0, [9]),
    writing([2, 3], 0, [5, 3]),
    writing([2, 3], 1, [2, 4]),
    writing([3, 4], -1, [2, 2]),
    writing([2, 3, 2], 1, [2, 5, 1]),
    writing([3], 0, [0]),
    writing([1], 0, [3]),
    {
      name: "a number",
      inputs: [random(2, 5), scattered([2, 3], 5)],
      call: (x, where) => scatter(x, 1, where, 1),
      reference: (x, where) =>
        reference.scatter(x!, 1, where!, { shape: [2, 3], data: [1, 1, 1, 1, 1, 1] }),
    },
  ],
  indexAdd: [
    adding([5], 0, [3, 1, 3]),
    adding([2, 3], 0, [1, 1, 0, 1]),
    adding([2, 3], 1, [2, 0], -2),
    adding([2, 3, 2], -2, [2, 2]),
    adding([4, 2], 0, []),
    adding([2, 0], 0, [1]),
  ],
  maskedFill: [
    ...masking((x, mask) => maskedFill(x, mask, 1), (x, mask) => filled(x, mask, 1)),
    {
      name: "a tensor",
      inputs: [random(2, 4), some([4]), random()],
      call: (x, mask, value) => maskedFill(x, mask, value),
      reference: (x, mask, value) => filled(x!, reference.expand(mask!, x!.shape), value!.data[0]!),
    },
    {
      name: "a value of another type",
      inputs: [random(2, 4), some([4]), positions([], [1])],
      call: (x, mask, value) => maskedFill(x, mask, value),
      reference: (x, mask) => filled(x!, reference.expand(mask!, x!.shape), 1),
    },
  ],
  maskedSelect: masking((x, mask) => maskedSelect(x, mask), (x, mask) => {
    const data = x.data.filter((_, i) => mask.data[i]);
    return { shape: [data.length], data };
  }),
  nonzero: [
    finding([5], [0, 1, 0, 1, 1]),
    finding([2, 3], [0, 1, 1, 0, 0, 1]),
    finding([2, 1, 2], [1, 0, 0, 1]),
    finding([], [1]),
    finding([], [0]),
    finding([3], [0, 0, 0]),
    finding([0, 2], []),
  ],
} satisfies Record<string, readonly OpCase[]>;
