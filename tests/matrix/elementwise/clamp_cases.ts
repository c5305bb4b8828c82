/** Cases of bounds. */

import { clamp } from "../../../mod.ts";
import { FLOATS, NUMBERS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";

function bounded(x: number, low: number, high: number): number {
  return x > high ? high : x < low ? (low > high ? high : low) : x;
}

export const CLAMP_CASES = {
  clamp: [
    {
      name: "to numbers",
      inputs: [random(2, 30)],
      call: (x) => clamp(x, -1, 2),
      reference: (x) => reference.map(x, (value) => bounded(value, -1, 2)),
      dtypes: NUMBERS,
    },
    {
      name: "below only",
      inputs: [random(2, 30)],
      call: (x) => clamp(x, 1),
      reference: (x) => reference.map(x, (value) => bounded(value, 1, Infinity)),
      dtypes: NUMBERS,
    },
    {
      name: "above only",
      inputs: [random(30)],
      call: (x) => clamp(x, null, 1),
      reference: (x) => reference.map(x, (value) => bounded(value, -Infinity, 1)),
      dtypes: NUMBERS,
    },
    {
      name: "to bounds that cross",
      inputs: [random(30)],
      call: (x) => clamp(x, 2, -1),
      reference: (x) => reference.map(x, (value) => bounded(value, 2, -1)),
      dtypes: NUMBERS,
    },
    {
      name: "to tensors",
      inputs: [random(3, 20), random(20), random(3, 1)],
      call: (x, low, high) => clamp(x, low, high),
      reference: (x, low, high) => {
        const [lows, highs] = [low!, high!].map((bound) => reference.expand(bound, x!.shape));
        return {
          shape: x!.shape,
          data: x!.data.map((value, i) => bounded(value, lows!.data[i]!, highs!.data[i]!)),
        };
      },
      dtypes: NUMBERS,
    },
    {
      name: "of NaN",
      inputs: [{ shape: [3], data: [NaN, 5, -Infinity] }],
      call: (x) => clamp(x, -1, 1),
      reference: (x) => reference.map(x, (value) => bounded(value, -1, 1)),
      dtypes: FLOATS,
      differentiable: false,
    },
    {
      name: "of an empty one and of a scalar",
      inputs: [random(0), random()],
      call: (x, y) => [clamp(x, -1, 1), clamp(y, -1, 1)],
      reference: (x, y) => [x!, reference.map(y!, (value) => bounded(value, -1, 1))],
      dtypes: NUMBERS,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;
