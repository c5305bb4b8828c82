/**
 * Functions that must be done when they return: an asynchronous one is refused in our own words, and
 * nobody has to look at its rejection, which would end the program.
 */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  checkpoint,
  customFunction,
  detectAnomaly,
  enableGrad,
  gradOf,
  hessian,
  hvp,
  isGradEnabled,
  jacfwd,
  jacobian,
  jvp,
  linalg,
  linearize,
  meta,
  noGrad,
  perSampleGrad,
  scope,
  type Tensor,
  tensor,
  testing,
  valueAndGrad,
  vjp,
  vmap,
} from "../../mod.ts";

const x = () => tensor([1, 2], { dtype: "float64", requiresGrad: true });

/** An asynchronous function in the place of any other, as it may stand without a type checker. */
type Asynchronous = (...inputs: unknown[]) => never;

/** Calls that run a function. */
const CALLS: Readonly<Record<string, (late: Asynchronous) => unknown>> = {
  noGrad: (late) => noGrad(late),
  enableGrad: (late) => enableGrad(late),
  scope: (late) => scope(late),
  detectAnomaly: (late) => detectAnomaly(late),
  checkpoint: (late) => checkpoint(late, x()),
  registerHook: (late) => {
    const leaf = x();
    leaf.registerHook(late);
    leaf.sum().backward();
  },
  "customFunction, forward": (late) =>
    customFunction({ forward: late, backward: (_, g) => g })(x()),
  "customFunction, backward": (late) =>
    customFunction({ forward: (_, a) => a.mul(2), backward: late })(x()).sum().backward(),
  "customFunction, vmap": (late) =>
    vmap(customFunction({ forward: (_, a) => a.mul(2), backward: (_, g) => g, vmap: late }))(x()),
  "customFunction, forward mode": (late) =>
    jvp(customFunction({ forward: (_, a) => a.mul(2), backward: late }), x(), x()),
  vmap: (late) => vmap(late)(x()),
  gradOf: (late) => gradOf(late)(x()),
  valueAndGrad: (late) => valueAndGrad(late)(x()),
  perSampleGrad: (late) => perSampleGrad(late)(x(), x()),
  vjp: (late) => vjp(late, x()),
  jvp: (late) => jvp(late, x(), x()),
  linearize: (late) => linearize(late, x()),
  hvp: (late) => hvp(late, x(), x()),
  jacobian: (late) => jacobian(late, x()),
  jacfwd: (late) => jacfwd(late, x()),
  hessian: (late) => hessian(late, x()),
  "linalg.cg": (late) => linalg.cg(late, x()),
  "meta.innerLoop": (late) => meta.innerLoop({ params: x(), loss: late }),
  "testing.gradcheck": (late) => testing.gradcheck(late, [x()]),
  "testing.gradgradcheck": (late) => testing.gradgradcheck(late, [x()]),
  "testing.checkLoss": (late) => testing.checkLoss(late),
};

/** Calls with a function that rejects; gives what was thrown, once no rejection was left to anybody. */
async function refusal(call: (late: Asynchronous) => unknown): Promise<Error> {
  const left: unknown[] = [];
  const notice = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    left.push(event.reason);
  };
  addEventListener("unhandledrejection", notice);
  try {
    const late: unknown = () => Promise.reject(new Error("too late"));
    call(late as Asynchronous);
  } catch (error) {
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(left, [], "a rejection that nobody looks at");
    return error as Error;
  } finally {
    await new Promise((resolve) => setTimeout(resolve));
    removeEventListener("unhandledrejection", notice);
  }
  throw new Error("an asynchronous function was accepted");
}

for (const [name, call] of Object.entries(CALLS)) {
  Deno.test(`an asynchronous function is refused by ${name}`, async () => {
    const { message } = await refusal(call);
    assertMatch(
      message,
      /^Cannot .*: the function returned a promise, and .*synchronous function$/,
    );
    assertEquals(isGradEnabled(), true);
  });
}

Deno.test("a rejection that is left to nobody is noticed, and so is a call that takes a promise", async () => {
  const careless = (late: Asynchronous) => {
    const returned: unknown = late();
    throw new TypeError(`Cannot run it: got ${typeof (returned as Tensor)}`);
  };
  await assertRejects(() => refusal(careless), Error, "a rejection that nobody looks at");
  await assertRejects(() => refusal(() => {}), Error, "was accepted");
});
