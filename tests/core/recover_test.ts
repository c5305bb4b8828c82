/** Modes that a function left behind because it was cut off. */

import { assertEquals } from "@std/assert";
import { engine, recover } from "../../lib/core/engine.ts";
import { isGradEnabled, noGrad, ones, scope } from "../../mod.ts";

const PLAIN = { ...engine };

Deno.test("recover() puts back what a function that was cut off has left, and no guard's modes", () => {
  for (
    const left of [{ recording: false }, { pass: 3 }, { scope: [] }, { recording: false, pass: 2 }]
  ) {
    Object.assign(engine, left);
    recover();
    assertEquals({ ...engine }, PLAIN, JSON.stringify(left));
  }
  {
    using _ = noGrad();
    recover();
    assertEquals(isGradEnabled(), false);
    Object.assign(engine, { pass: 4 });
    recover();
    assertEquals(isGradEnabled(), true);
  }
  assertEquals({ ...engine }, PLAIN);
  assertEquals(scope(() => ones([2]).requiresGrad_().sum().backward()), undefined);
});
