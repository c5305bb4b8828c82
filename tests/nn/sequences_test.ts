/** Sequences of all lengths, padded and packed, against loops over their elements. */

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  data,
  type DType,
  DTypeError,
  manualSeed,
  nn,
  randint,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";

const { packPaddedSequence, padPackedSequence, padSequence } = nn.utils;

/** Lengths of sequences: none, equal, one, repeated, and many. */
const LENGTHS: Readonly<Record<string, readonly number[]>> = {
  "one sequence": [3],
  "equal lengths": [2, 2, 2],
  "no steps at all": [0, 0],
  "one without steps": [2, 0, 1],
  "falling": [4, 3, 1],
  "repeated, in no order": [1, 5, 2, 5, 1, 3, 2],
  "many": Array.from({ length: 60 }, (_, i) => 1 + i * 7 % 13),
};

const ENTRIES = [[], [2], [2, 3], [0]];
const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

/** Sequences of small whole numbers. */
function sequences(lengths: readonly number[], entry: readonly number[], dtype: DType): Tensor[] {
  manualSeed(0);
  return lengths.map((length) => randint(0, 9, [length, ...entry]).to({ dtype }));
}

/** The entry of a sequence at a step, or what pads. */
function entryAt(own: readonly unknown[], step: number, padding: unknown): unknown {
  return step >= 0 && step < own.length ? own[step] : padding;
}

Deno.test("padded sequences hold each entry at its step, and padding elsewhere", () => {
  for (const lengths of Object.values(LENGTHS)) {
    const most = Math.max(...lengths);
    for (const entry of ENTRIES) {
      for (const dtype of DTYPES) {
        const own = sequences(lengths, entry, dtype);
        const lists = own.map((x) => x.toArray() as unknown[]);
        const padding = zeros(entry).add(1).to({ dtype }).toArray();
        for (const paddingSide of ["left", "right"] as const) {
          const expected = lists.map((list) =>
            Array.from(
              { length: most },
              (_, t) => entryAt(list, paddingSide === "left" ? t - most + list.length : t, padding),
            )
          );
          const options = { paddingValue: 1, paddingSide };
          const first = padSequence(own, { ...options, batchFirst: true });
          assertEquals([first.dtype, first.shape], [dtype, [own.length, most, ...entry]]);
          assertEquals<unknown>(first.toArray(), expected);
          const second = padSequence(own, options);
          assertEquals(second.transpose(0, 1).toArray(), first.toArray());
          assertStrictEquals(second.contiguous(), second);
          if (paddingSide === "left") continue;
          for (const length of [undefined, most + 2]) {
            const { values, mask } = data.padSequences(own, { value: 1, ...length && { length } });
            const longer = lists.map((list) =>
              Array.from({ length: length ?? most }, (_, t) => entryAt(list, t, padding))
            );
            assertEquals<unknown>(values.toArray(), longer);
            const inside = lists.map((list) => longer[0]!.map((_, t) => t < list.length));
            assertEquals<unknown>(mask.toArray(), inside);
          }
        }
      }
    }
  }
});

Deno.test("a padding that the type cannot hold is refused, needed or not", () => {
  for (const lengths of Object.values(LENGTHS)) {
    const own = sequences(lengths, [], "int32");
    const message = "the value must be a 32-bit integer for int32, got 0.5";
    assertThrows(() => padSequence(own, { paddingValue: 0.5 }), DTypeError, message);
    assertThrows(() => data.padSequences(own, { value: 0.5 }), DTypeError, message);
  }
});

Deno.test("the gradients of padded sequences are those of their own steps", () => {
  for (const lengths of Object.values(LENGTHS)) {
    const most = Math.max(...lengths);
    for (const paddingSide of ["left", "right"] as const) {
      const own = lengths.map((length) => zeros([length], { requiresGrad: true }));
      const weights = Array.from({ length: most }, (_, t) => lengths.map((_, i) => 100 * i + t));
      const padded = padSequence(own, { paddingValue: NaN, paddingSide });
      padded.mul(tensor(weights.flat()).reshape([most, lengths.length])).sum().backward();
      own.forEach((x, i) => {
        const from = paddingSide === "left" ? most - x.size : 0;
        const expected = weights.slice(from, from + x.size).map((row) => row[i]);
        assertEquals<unknown>(x.grad?.toArray(), expected);
      });
    }
  }
});

Deno.test("packed sequences hold the longest first, equal ones in their order", () => {
  for (const lengths of Object.values(LENGTHS)) {
    const own = lengths.map((length) => Math.max(1, length));
    const most = Math.max(...own);
    const order = own.map((_, i) => i).sort((i, j) => own[j]! - own[i]! || i - j);
    const x = tensor(own.flatMap((_, i) => Array.from({ length: most }, (_, t) => 100 * i + t)))
      .reshape([own.length, most]);
    const steps = Array.from({ length: most }, (_, t) => order.filter((i) => own[i]! > t));
    for (const batchFirst of [false, true]) {
      const given = batchFirst ? x : x.transpose(0, 1);
      const packed = packPaddedSequence(given, own, { batchFirst, enforceSorted: false });
      assertEquals(packed.data.toArray(), steps.flatMap((step, t) => step.map((i) => 100 * i + t)));
      assertEquals(packed.batchSizes, steps.map(({ length }) => length));
      assertEquals(packed.sortedIndices?.toArray(), order);
      assertEquals(packed.unsortedIndices?.toArray(), own.map((_, i) => order.indexOf(i)));
      const { output, lengths: found } = padPackedSequence(packed, { batchFirst });
      assertEquals(found.toArray(), own);
      const mask = tensor(own).unsqueeze(1).gt(tensor(Array.from({ length: most }, (_, t) => t)));
      const kept = x.mul(mask.to({ dtype: x.dtype }));
      assertEquals(output.toArray(), (batchFirst ? kept : kept.transpose(0, 1)).toArray());
    }
  }
});
