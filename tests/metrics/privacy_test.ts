/** What noisy steps reveal, beside Opacus. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { metrics } from "../../mod.ts";

const { privacySpent } = metrics;
const file = new URL("../fixtures/privacy.json", import.meta.url);
const cases = JSON.parse(Deno.readTextFileSync(file));

Deno.test("privacySpent() is what Opacus' accountant says", () => {
  for (const { settings, epsilon, order } of cases) {
    const spent = privacySpent(settings);
    assertAlmostEquals(
      spent.epsilon,
      epsilon,
      1e-9 * Math.max(1, epsilon),
      JSON.stringify(settings),
    );
    assertEquals(spent.order, order, JSON.stringify(settings));
  }
});

Deno.test("privacySpent() of one Gaussian step is that of its formula", () => {
  // Without sampling the divergence is α/2σ²; the best order of a fine grid bounds that of whole ones.
  const [sigma, delta] = [2, 1e-5];
  const at = (a: number) =>
    a / (2 * sigma ** 2) + Math.log1p(-1 / a) - Math.log(delta * a) / (a - 1);
  const fine = Math.min(...Array.from({ length: 5000 }, (_, i) => at(1.5 + i / 100)));
  const { epsilon } = privacySpent({ noiseMultiplier: sigma, sampleRate: 1, steps: 1, delta });
  assert(epsilon >= fine && epsilon < 1.01 * fine, `${epsilon} ${fine}`);
});

Deno.test("privacySpent() grows with steps and sampling, and falls with noise", () => {
  const settings = { noiseMultiplier: 1, sampleRate: 0.1, steps: 100, delta: 1e-5 };
  const of = (change: object) => privacySpent({ ...settings, ...change }).epsilon;
  assert(of({ steps: 200 }) > of({}) && of({ sampleRate: 0.2 }) > of({}));
  assert(of({ noiseMultiplier: 2 }) < of({}) && of({ delta: 1e-3 }) < of({}));
  assertEquals(of({ noiseMultiplier: 1e6, delta: 0.5 }), 0);
});

Deno.test("privacySpent() needs every setting in its range", () => {
  const settings = { noiseMultiplier: 1, sampleRate: 0.1, steps: 100, delta: 1e-5 };
  const refuses = (change: object, message: string) =>
    assertThrows(() => privacySpent({ ...settings, ...change }), TypeError, message);
  refuses({ noiseMultiplier: 0 }, "noiseMultiplier must be a positive finite number, got 0");
  refuses({ sampleRate: 1.5 }, "sampleRate must be a number above 0 and at most 1, got 1.5");
  refuses({ delta: 1 }, "delta must be a number between 0 and 1, got 1");
  refuses({ steps: undefined }, "it needs steps");
  assertThrows(
    () => privacySpent(undefined as never),
    TypeError,
    "it needs noiseMultiplier, sampleRate",
  );
});
