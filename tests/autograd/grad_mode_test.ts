import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  detectAnomaly,
  enableGrad,
  grad,
  GradError,
  isGradEnabled,
  keep,
  noGrad,
  scope,
  type Tensor,
  tensor,
} from "../../mod.ts";

/** A leaf of type float64. */
function leaf(data: number | number[]): Tensor {
  return tensor(data, { dtype: "float64", requiresGrad: true });
}

Deno.test("noGrad() stops recording, as a function and as a guard", () => {
  const x = leaf(2);
  assertEquals(noGrad(() => x.mul(3)).requiresGrad, false);
  assertEquals(noGrad(() => isGradEnabled()), false);
  assertEquals(isGradEnabled(), true);
  {
    using _ = noGrad();
    assertEquals(x.mul(3).requiresGrad, false);
    assertEquals(x.requiresGrad, true);
    {
      using _inner = enableGrad();
      assertEquals(x.mul(3).requiresGrad, true);
    }
    assertEquals(isGradEnabled(), false);
    assertEquals(enableGrad(() => x.mul(3)).requiresGrad, true);
  }
  assertEquals(isGradEnabled(), true);
});

Deno.test("noGrad() restores the mode after an error", () => {
  const fail = () => {
    throw new RangeError("inside");
  };
  assertThrows(() => noGrad(fail), RangeError, "inside");
  assertEquals(isGradEnabled(), true);
  assertThrows(() => noGrad(() => enableGrad(fail)), RangeError, "inside");
  assertEquals(isGradEnabled(), true);
});

Deno.test("noGrad() guards must end in the order of their begin", () => {
  const outer = noGrad();
  const inner = enableGrad();
  assertThrows(() => outer[Symbol.dispose](), GradError, "opened later");
  assertEquals(isGradEnabled(), true);
  inner[Symbol.dispose]();
  assertEquals(isGradEnabled(), false);
  outer[Symbol.dispose]();
  assertEquals(isGradEnabled(), true);
  // A second disposal does nothing.
  outer[Symbol.dispose]();
  assertEquals(isGradEnabled(), true);
});

Deno.test("noGrad() refuses an asynchronous function and restores the mode", async () => {
  let ran = false;
  const start = () =>
    noGrad(async () => {
      await Promise.resolve();
      ran = true;
    });
  assertThrows(start, GradError, "promise");
  assertEquals(isGradEnabled(), true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert(ran);
  // A rejection of that promise is not left unhandled.
  assertThrows(() => enableGrad(() => Promise.reject(new Error("later"))), GradError, "promise");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(isGradEnabled(), true);
});

Deno.test("backward() under noGrad gives the same gradients", () => {
  const x = leaf(3);
  const y = x.square();
  noGrad(() => y.backward());
  assertEquals(x.grad?.item(), 6);
  assertEquals(isGradEnabled(), true);
  const z = x.square();
  const first = noGrad(() => grad(z, [x], { createGraph: true })[0]);
  assertEquals(first.requiresGrad, true);
});

Deno.test("backward() that fails restores the mode", () => {
  const x = leaf([1, 2]);
  const y = x.square();
  noGrad(() => x.fill_(0));
  assertThrows(() => y.sum().backward(), GradError);
  assertEquals(isGradEnabled(), true);
  noGrad(() => assertThrows(() => y.sum().backward({ createGraph: true }), GradError));
  assertEquals(isGradEnabled(), true);
});

Deno.test("modes and scopes take a function, and no more", () => {
  const calls = { noGrad, enableGrad, detectAnomaly, scope };
  for (const [name, call] of Object.entries(calls)) {
    const run = call as (...given: unknown[]) => unknown;
    assertEquals(run(() => 3), 3);
    for (const wrong of [undefined, null, 3, "fn", {}]) {
      assertThrows(() => run(wrong), TypeError, `Cannot run ${name}: it takes a function`);
    }
    assertThrows(
      () => run(() => 3, 4),
      TypeError,
      `Cannot run ${name}: it takes at most 1 argument`,
    );
    assertEquals(isGradEnabled(), true);
  }
  const [more, enabled] = [keep, isGradEnabled] as ((...given: unknown[]) => unknown)[];
  assertThrows(() => more!(1, 2), TypeError, "Cannot run keep: it takes at most 1 argument, got 2");
  assertThrows(() => enabled!(1), TypeError, "Cannot run isGradEnabled: it takes no arguments");
});
