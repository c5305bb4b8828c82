/** Distinct elements of larger samples, against a sort by comparison. */

import { assertEquals } from "@std/assert";
import { type DType, manualSeed, rand, type Tensor, tensor, unique } from "../../../mod.ts";

manualSeed(0);

/** Samples with ties, both zeros, and numbers that are not finite. */
const SAMPLES: Readonly<Record<string, readonly (readonly [Tensor, DType])[]>> = {
  "few values": [[rand([500]).mul(20).floor().sub(10), "int32"]],
  "many values": [[rand([500]), "float32"], [rand([500], { dtype: "float64" }), "float64"]],
  "flags": [[rand([90]).gt(0.5), "bool"], [tensor([true, true]), "bool"]],
  "one value": [[rand([1]).expand([70]), "float32"]],
  "none": [[rand([0]), "float64"], [rand([3, 0]), "int32"]],
  "a transposed matrix": [[rand([30, 7]).mul(9).floor().transpose(0, 1), "float32"]],
  "NaN, infinities, zeros": (["float32", "float64"] as const).map((dtype) => {
    const odd = tensor([NaN, 0, -0, Infinity, -Infinity, 1, -1, 5e-324, 1e-45], { dtype });
    return [odd.indexSelect(0, rand([300]).mul(9).to({ dtype: "int32" })), dtype];
  }),
  "the ends of the integers": [[tensor([2147483647, -2147483648, 0, 2147483647]), "int32"]],
};

function classes(list: readonly number[]) {
  const differ = (i: number, j: number) => list[i] !== list[j];
  const last = (i: number) => Number(Number.isNaN(list[i]));
  const order = list.map((_, i) => i).sort((i, j) =>
    last(i) - last(j) || (differ(i, j) ? list[i]! - list[j]! : 0) || i - j
  );
  const first: number[] = [];
  const inverse = new Array<number>(list.length);
  for (const i of order) {
    if (first.length === 0 || differ(first.at(-1)!, i)) first.push(i);
    inverse[i] = first.length - 1;
  }
  return {
    values: first.map((i) => list[i]),
    inverse,
    counts: first.map((_, k) => inverse.filter((own) => own === k).length),
  };
}

for (const [name, samples] of Object.entries(SAMPLES)) {
  Deno.test(`unique of ${name}`, () => {
    for (const [sample, dtype] of samples) {
      const x = sample.to({ dtype });
      const found = unique(x, { returnInverse: true, returnCounts: true });
      const expected = classes((x.flatten().toArray() as unknown[]).map(Number));
      assertEquals(found.values.dtype, dtype);
      assertEquals((found.values.toArray() as unknown[]).map(Number), expected.values);
      assertEquals(found.inverse?.shape, x.shape);
      assertEquals<unknown>(found.inverse?.flatten().toArray(), expected.inverse);
      assertEquals<unknown>(found.counts?.toArray(), expected.counts);
      assertEquals(unique(x).toArray(), found.values.toArray());
    }
  });
}
