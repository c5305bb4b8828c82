/**
 * A seed is a number of 64 bits, all of which count. The seed of article 002, 1766016000072, is a
 * time in milliseconds above 2³²; a library that kept only 32 bits would draw the same numbers as
 * for 784441416. The same seed gives the same numbers, initial weights and order of batches.
 *
 *   deno run --allow-ffi examples/seeds.ts
 *
 * The control uses the whole seed in place of the low bits.
 */

import { arange, data, manualSeed, nn, rand, train } from "@adjoint/ml";

const run = train.experiment("A seed is a number of 64 bits, all of which count.");
const SEED = 1766016000072n;
const LOW = SEED & 0xffffffffn;

/** What a seed decides: random numbers, initial weights, the order of examples. */
function drawn(seed: bigint | number): string {
  manualSeed(seed);
  const points = new data.TensorDataset(arange(6));
  const loader = new data.DataLoader(points, { batchSize: 6, shuffle: true });
  const [numbers, { weight }, [batch]] = [rand([2]), new nn.Linear(2, 2), [...loader].flat()];
  return JSON.stringify([numbers, weight, batch!].map((x) => x.toArray()));
}

const whole = drawn(SEED);
const low = drawn(run.control ? SEED : LOW);
console.log(`${SEED}: ${whole}\n${LOW}: ${low}`);
run.figures("C-30", {
  low: Number(LOW),
  again: whole === drawn(SEED),
  asNumber: whole === drawn(Number(SEED)),
  different: whole !== low,
});
run.end();
