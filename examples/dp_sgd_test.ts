// Tests of that example. Run with: deno test --allow-ffi examples/dp_sgd_test.ts
import { assert, assertEquals } from "@std/assert";
import { METHODS, train } from "./dp_sgd.ts";

const STEPS = 40;

Deno.test("DP-SGD learns what plain SGD learns, within the influence that clipping allows", () => {
  const plain = train(METHODS["plain SGD"]!, 1, STEPS);
  const found = train(METHODS["DP-SGD"]!, 1, STEPS);
  assertEquals(plain.influence, null);
  assert(plain.accuracy > 0.75, `${plain.accuracy}`);
  assert(found.accuracy > plain.accuracy - 0.05, `${found.accuracy}`);
  assert(found.influence! > 0.5 && found.influence! < 1.001, `${found.influence}`);
  assertEquals(train(METHODS["DP-SGD"]!, 1, STEPS), found);
});

Deno.test("controls: too much noise teaches nothing, clipping a batch does not bound a sample", () => {
  const noisy = train(METHODS["control: noise 10000"]!, 1, STEPS);
  assert(noisy.accuracy < 0.5, `${noisy.accuracy}`);
  const batch = train(METHODS["control: batch clipped"]!, 1, STEPS);
  assert(batch.influence! > 10, `${batch.influence}`);
});
