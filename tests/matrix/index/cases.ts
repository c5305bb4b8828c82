/** Cases of reading and writing at positions. */

import { at, gather, type Index, indexSelect, oneHot, scatterAdd } from "../../../mod.ts";
import { type CaseInput, mask, NUMBERS, type OpCase, positions, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import type { PlainIndex } from "../../common/references.ts";
import { count } from "../../common/samples.ts";

/** Positions below an extent, repeated and unordered. */
export function scattered(shape: readonly number[], extent: number): CaseInput {
  return positions(shape, Array.from({ length: count(shape) }, (_, i) => (i * 7 + 3) % extent));
}

function gathering(shape: number[], dim: number, index: number[]): OpCase {
  return {
    name: `[${shape}] along ${dim} to [${index}]`,
    inputs: [random(...shape), scattered(index, shape.at(dim)!)],
    call: (x, where) => gather(x, dim, where),
    reference: (x, where) => reference.gather(x!, dim, where!),
  };
}

function scattering(shape: number[], dim: number, index: number[]): OpCase {
  return {
    name: `[${shape}] along ${dim} from [${index}]`,
    inputs: [random(...shape), scattered(index, shape.at(dim)!), random(...index)],
    call: (x, where, source) => scatterAdd(x, dim, where, source),
    reference: (x, where, source) => reference.scatterAdd(x!, dim, where!, source!),
    dtypes: NUMBERS,
    terms: 3,
  };
}

function selecting(shape: number[], dim: number, list: number[]): OpCase {
  return {
    name: `[${shape}] along ${dim} of [${list}]`,
    inputs: [random(...shape), positions([list.length], list)],
    call: (x, index) => indexSelect(x, dim, index),
    reference: (x) => reference.take(x!, dim, list),
  };
}

/** An index without tensors: its parts mean the same to the op and to the reference. */
function plainAt(
  shape: number[],
  ...index: (number | (number | null)[] | ":" | "..." | null)[]
): OpCase {
  // An open end is undefined.
  const plain = index.map((part) =>
    Array.isArray(part) ? part.map((end, i) => end ?? [0, Infinity, 1][i]!) : part
  );
  return {
    name: `[${shape}] ${JSON.stringify(index)}`,
    inputs: [random(...shape)],
    call: (x) => at(x, index),
    reference: (x) => reference.at(x, plain),
  };
}

/** A bool tensor without dimensions among other parts, written as "b". */
function choiceAt(
  holds: boolean,
  index: (number | ":" | null | "b" | "i")[],
  shape: number[],
  rows: number[],
): OpCase {
  return {
    name: `[2, 3] ${JSON.stringify(index)} of ${holds}`,
    inputs: [random(2, 3), mask([], [Number(holds)]), positions([2], [1, 0])],
    call: (x, chosen, list) =>
      at(x, index.map((part) => part === "b" ? chosen : part === "i" ? list : part) as Index[]),
    reference: (x) => ({ shape, data: rows.flatMap((row) => x!.data.slice(3 * row, 3 * row + 3)) }),
  };
}

/**
 * An index with tensors of positions; "i" and "j" are the second and third input. For the reference
 * those without dimensions are integers.
 */
function tensorAt(
  shape: number[],
  tensors: CaseInput[],
  ...index: (number | number[] | ":" | "..." | null | "i" | "j")[]
): OpCase {
  const fill = <T>(parts: T[]) =>
    index.map((part) => part === "i" ? parts[0]! : part === "j" ? parts[1]! : part);
  return {
    name: `[${shape}] ${JSON.stringify(index)} of ${tensors.map((t) => `[${t.shape}]`).join(" ")}`,
    inputs: [random(...shape), ...tensors],
    call: (x, ...parts) => at(x, fill(parts) as Index[]),
    reference: (x, ...parts) => {
      const plain = parts.map((part) => part!.shape.length === 0 ? part!.data[0]! : part);
      return reference.at(x!, fill<unknown>(plain) as PlainIndex[]);
    },
  };
}

/** A bool mask, with the positions where it is true for the reference. */
function maskAt(shape: number[], ...holds: number[]): OpCase {
  return {
    name: `[${shape}] by a mask of ${holds.length}`,
    inputs: [
      random(...shape),
      mask(shape, Array.from({ length: count(shape) }, (_, i) => Number(holds.includes(i)))),
    ],
    call: (x, chosen) => at(x, [chosen]),
    reference: (x) => ({ shape: [holds.length], data: holds.map((i) => x!.data[i]!) }),
  };
}

function hot(shape: number[], labels: number[], classes: number, given = true): OpCase {
  return {
    name: `of [${labels}]${given ? ` in ${classes}` : ""} as [${shape}]`,
    inputs: [positions(shape, labels)],
    call: (x) => given ? oneHot(x, classes) : oneHot(x),
    reference: (x) =>
      reference.build([...shape, classes], (index) =>
        Number(
          reference.read(x, index.slice(0, -1)) === index.at(-1),
        )),
    dtypes: ["int32"],
    results: () => "int32",
    differentiable: false,
  };
}

export const INDEXING_CASES = {
  gather: [
    gathering([5], 0, [3]),
    gathering([2, 3], 0, [4, 3]),
    gathering([2, 3], 1, [2, 5]),
    gathering([2, 3], -1, [1, 2]),
    gathering([2, 3, 4], 1, [2, 2, 4]),
    gathering([3, 1], 0, [4, 1]),
    gathering([2, 3], 1, [0, 2]),
    gathering([2, 3], 1, [2, 0]),
    gathering([30, 20], 0, [50, 20]),
  ],
  scatterAdd: [
    scattering([5], 0, [9]),
    scattering([2, 3], 0, [5, 3]),
    scattering([2, 3], 1, [2, 4]),
    scattering([3, 4], -1, [2, 6]),
    scattering([2, 3, 2], 1, [2, 5, 1]),
    scattering([3], 0, [0]),
    scattering([1], 0, [3]),
  ],
  indexSelect: [
    selecting([4], 0, [3, 1, 1]),
    selecting([3, 4], 0, [2, 0, 2, 2]),
    selecting([3, 4], 1, [1]),
    selecting([3, 4], -1, [3, 2, 1, 0]),
    selecting([3, 4], 0, []),
    selecting([2, 0], 0, [1, 0, 1]),
    selecting([2, 3, 4], 1, [0, 2, 1, 0]),
  ],
  oneHot: [
    hot([4], [0, 2, 1, 2], 3),
    hot([4], [0, 2, 1, 2], 5),
    hot([4], [0, 2, 1, 2], 3, false),
    hot([2, 2], [0, 1, 1, 0], 2),
    hot([], [1], 3),
    hot([0], [], 4),
    hot([0], [], 0, false),
  ],
  at: [
    plainAt([5], 2),
    plainAt([5], -1),
    plainAt([3, 4], 1),
    plainAt([3, 4], 1, 2),
    plainAt([3, 4], ":", 2),
    plainAt([3, 4], "...", -1),
    plainAt([3, 4], [1, 3]),
    plainAt([3, 4], [0, 3, 2], [1, Infinity, 2]),
    plainAt([3, 4], [2, 1]),
    plainAt([3, 4], [-2, Infinity]),
    plainAt([3, 4], null),
    plainAt([3, 4], ":", null, 1, null),
    plainAt([2, 3, 4], 1, "...", [0, 2]),
    plainAt([2, 3, 4], "...", 0, null),
    plainAt([2, 3, 4], "..."),
    plainAt([2, 3, 4]),
    plainAt([], null),
    plainAt([], "..."),
    plainAt([0, 3], ":", 1),
    plainAt([1, 3], 0, [0, 3]),
    tensorAt([5], [positions([3], [4, 0, 0])], "i"),
    tensorAt([5], [positions([2, 2], [4, -1, 0, -5])], "i"),
    tensorAt([5], [positions([], [3])], "i"),
    tensorAt([5], [positions([0], [])], "i"),
    tensorAt([3, 4], [positions([2], [2, 2])], "i"),
    tensorAt([3, 4], [positions([3], [1, 1, 0])], ":", "i"),
    tensorAt([3, 4], [positions([3], [1, 1, 0])], [0, 3, 2], "i"),
    tensorAt([3, 4], [positions([2], [2, 0]), positions([2], [3, 1])], "i", "j"),
    tensorAt([3, 4], [positions([2, 1], [2, 0]), positions([3], [3, 1, 3])], "i", "j"),
    tensorAt([3, 4], [positions([2], [2, 0])], "i", null),
    tensorAt([2, 3, 4], [positions([2], [1, 2])], ":", "i", ":"),
    tensorAt([2, 3, 4], [positions([2, 2], [1, 2, 0, 1])], ":", "i"),
    tensorAt([2, 3, 4], [positions([3], [1, 0, 1]), positions([3], [3, 2, 0])], "i", ":", "j"),
    tensorAt([2, 3, 4], [positions([2], [0, 2]), positions([2], [3, 2])], ":", "i", "j"),
    tensorAt([2, 3, 4], [positions([2], [0, 2])], "...", "i", [1, 3]),
    tensorAt([2, 3, 4], [positions([2], [0, 1])], "i", null, [1, 3]),
    tensorAt(
      [2, 3, 4, 2],
      [positions([3], [1, 0, 2]), positions([3], [1, 1, 0])],
      ":",
      "i",
      ":",
      "j",
    ),
    tensorAt([3, 4], [positions([2], [2, 0]), positions([2], [3, 1])], "i", null, "j"),
    tensorAt([2, 3, 4], [positions([2], [2, 0]), positions([2], [3, 1])], ":", "i", null, "j"),
    tensorAt([2, 3, 4], [positions([2], [1, 0])], [0, 1], null, 1, "i"),
    tensorAt([2, 3, 4], [positions([], [1]), positions([2], [3, 1])], "i", ":", "j"),
    tensorAt([2, 3, 4], [positions([], [-1]), positions([2], [1, 0])], ":", "j", "i"),
    tensorAt([2, 3, 4], [positions([], [2]), positions([2], [1, 0])], null, "j", "i"),
    tensorAt([2, 3, 4], [positions([], [1]), positions([], [2])], "i", ":", "j"),
    plainAt([5], [1, null]),
    plainAt([5], [null, 3], null),
    plainAt([3, 4], [null, null, 2], [1, null, 2]),
    plainAt([3, 4], [0, null, 2 ** 31], [null, -1, null]),
    choiceAt(true, ["b"], [1, 2, 3], [0, 1]),
    choiceAt(false, ["b"], [0, 2, 3], []),
    choiceAt(true, [":", "b"], [2, 1, 3], [0, 1]),
    choiceAt(false, [":", "b"], [2, 0, 3], []),
    choiceAt(true, [1, "b"], [1, 3], [1]),
    choiceAt(false, [null, "b", 0], [1, 0, 3], []),
    choiceAt(true, ["b", "i"], [2, 3], [1, 0]),
    choiceAt(true, ["b", "b"], [1, 2, 3], [0, 1]),
    choiceAt(true, ["b", ":", "b"], [1, 2, 3], [0, 1]),
    maskAt([6], 0, 3, 4),
    maskAt([6]),
    maskAt([2, 3], 1, 2, 5),
    maskAt([3, 1, 2], 0, 1, 2, 3, 4, 5),
    {
      name: "[3, 4] by a mask of rows",
      inputs: [random(3, 4), mask([3], [1, 0, 1])],
      call: (x, rows) => at(x, [rows]),
      reference: (x) => reference.take(x!, 0, [0, 2]),
    },
    {
      name: "[3, 4] by a mask of columns",
      inputs: [random(3, 4), mask([4], [0, 1, 1, 0])],
      call: (x, columns) => at(x, [":", columns]),
      reference: (x) => reference.take(x!, 1, [1, 2]),
    },
    {
      name: "[3, 4] by a mask of rows and positions of columns",
      inputs: [random(3, 4), mask([3], [1, 0, 1]), positions([2], [3, 0])],
      call: (x, rows, columns) => at(x, [rows, columns]),
      reference: (x) => ({
        shape: [2],
        data: [reference.read(x!, [0, 3]), reference.read(x!, [2, 0])],
      }),
    },
  ],
} satisfies Record<string, readonly OpCase[]>;
