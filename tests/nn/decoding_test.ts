/** Beam search, against all sequences that there are. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { full, manualSeed, nn, randn, type Tensor, tensor, zeros } from "../../mod.ts";
import { DTypeError, ShapeError } from "../../mod.ts";

/** Logits by the last token and by the place in the batch, and what has them as numbers. */
function chain(batch: number, tokens: number) {
  const logits = randn([batch, tokens, tokens], { dtype: "float64" }).mul(2);
  const next: nn.NextToken = (sequences, rows) => {
    const last = sequences.at(":", -1);
    return logits.reshape([batch * tokens, tokens]).indexSelect(0, rows.mul(tokens).add(last));
  };
  return { next, logProbs: logits.logSoftmax(2).toArray() as number[][][] };
}

/** The best of all continuations by `steps` tokens; behind `end` comes nothing else. */
function best(logProbs: number[][], start: number, steps: number, end: number | null) {
  let all = [{ tokens: [start], sum: 0 }];
  for (let step = 0; step < steps; step++) {
    all = all.flatMap(({ tokens, sum }) =>
      logProbs[tokens.at(-1)!]!.flatMap((own, token) => {
        const over = step > 0 && tokens.at(-1) === end;
        if (over && token !== end) return [];
        return [{ tokens: [...tokens, token], sum: over ? sum : sum + own }];
      })
    );
  }
  return all.reduce((a, b) => b.sum > a.sum ? b : a);
}

for (const end of [null, 0]) {
  Deno.test(`as many beams as sequences find the best of all, with the end ${end}`, () => {
    manualSeed(3n);
    const { next, logProbs } = chain(6, 4);
    const start = tensor([[0], [1], [2], [3], [0], [1]], { dtype: "int32" });
    const { tokens, logProb } = nn.beamSearch(next, start, 4, { beams: 256, end });
    const expected = logProbs.map((own, i) => best(own, start.at(i, 0).item(), 4, end));
    assertEquals(tokens.toArray(), expected.map((own) => own.tokens));
    expected.forEach(({ sum }, i) => assertAlmostEquals(logProb.at(i).item(), sum, 1e-12));
  });
}

Deno.test("one beam takes the best token each time, five find likelier sequences on the whole", () => {
  manualSeed(5n);
  const { next, logProbs } = chain(40, 5);
  const start = zeros([40, 1], { dtype: "int32" });
  const greedy = nn.beamSearch(next, start, 5);
  const byHand = logProbs.map((own) => {
    const tokens = [0];
    while (tokens.length < 6) {
      const row = own[tokens.at(-1)!]!;
      tokens.push(row.indexOf(Math.max(...row)));
    }
    return tokens;
  });
  assertEquals(greedy.tokens.toArray(), byHand);
  const beams = nn.beamSearch(next, start, 5, { beams: 5 });
  const gain = beams.logProb.sub(greedy.logProb);
  assert(gain.mean().item() > 0.01, "no sequence is better");
});

Deno.test("sequences that have ended are filled up, and when the best have, no more is asked", () => {
  let calls = 0;
  // Token 2 ends a sequence; the first ends after one token and the second after two.
  const next: nn.NextToken = (sequences, rows) => {
    calls++;
    const length = sequences.shape[1]!;
    const ends = rows.lt(length).to("float32").unsqueeze(1);
    return tensor([[0, 1, 0]]).mul(5).add(ends.mul(tensor([[0, 0, 9]])));
  };
  const start = tensor([[2], [2]], { dtype: "int32" });
  const { tokens } = nn.beamSearch(next, start, 9, { beams: 2, end: 2 });
  assertEquals(tokens.toArray(), [[2, 2, 2], [2, 1, 2]]);
  assertEquals(calls, 2);
  assertEquals(nn.beamSearch(next, start, 3).tokens.shape, [2, 4]);
});

Deno.test("a batch may be empty, starts may be long, and nothing is recorded", () => {
  const weight = new nn.Parameter(randn([7, 7]));
  const next = (sequences: Tensor) => weight.indexSelect(0, sequences.at(":", -1));
  const empty = nn.beamSearch(next, zeros([0, 2], { dtype: "int32" }), 3, { beams: 2 });
  assertEquals([empty.tokens.shape, empty.logProb.shape], [[0, 5], [0]]);
  const start = tensor([[1, 5, 6]], { dtype: "int32" });
  const { tokens, logProb } = nn.beamSearch(next, start, 1, { beams: 50 });
  assertEquals(tokens.at(0, [0, 3]).toArray(), [1, 5, 6]);
  assertEquals([tokens.dtype, logProb.requiresGrad], ["int32", false]);
});

Deno.test("beam search refuses what it cannot go on with", () => {
  const start = zeros([2, 1], { dtype: "int32" });
  const giving = (x: Tensor) => () => nn.beamSearch(() => x, start, 2, { end: 3 });
  const needed = "next must return shape [2, tokens] with at least 4 tokens, got ";
  assertThrows(giving(zeros([2, 3])), ShapeError, `${needed}[2, 3]`);
  assertThrows(giving(zeros([3, 4])), ShapeError, `${needed}[3, 4]`);
  assertThrows(giving(zeros([4])), ShapeError, `${needed}[4]`);
  assertThrows(giving(zeros([2, 4], { dtype: "int32" })), DTypeError, "float32 or float64");
  assertThrows(giving(full([2, 4], NaN)), RangeError, "next must return numbers, got NaN");
  const next = () => zeros([2, 4]);
  assertThrows(() => nn.beamSearch(next, zeros([2, 1]), 2), DTypeError, "start must be int32");
  const none = zeros([2, 0], { dtype: "int32" });
  assertThrows(() => nn.beamSearch(next, none, 2), ShapeError, "at least one token");
});
