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
  losses,
  meta,
  nn,
  noGrad,
  ones,
  optim,
  perSampleGrad,
  scope,
  study,
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

/** A loss of a function. */
function asynchronous(late: Asynchronous): losses.Loss {
  return new (class Late extends losses.FunctionLoss<losses.LossOptions> {})(late, {});
}

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
  "Module.apply": (late) => new nn.ReLU().apply(late),
  registerForwardHook: (late) => {
    const layer = new nn.ReLU();
    layer.registerForwardHook(late);
    layer.forward(x());
  },
  "losses.FunctionLoss": (late) => asynchronous(late).forward(x(), x()),
  "losses.FunctionLoss, terms": (late) => asynchronous(late).times(2).terms(x(), x()),
  "losses.Loss in a sum": (late) => {
    class Late extends losses.Loss {
      override forward = late;
    }
    new losses.MSELoss().plus(new Late()).forward(x(), x());
  },
  "losses.Loss with a factor": (late) => {
    class Late extends losses.Loss {
      override forward = late;
    }
    new Late().times(2).forward(x(), x());
  },
  "meta.TaskDistribution": (late) => new meta.TaskDistribution(late).sample(2),
  "testing.gradcheck": (late) => testing.gradcheck(late, [x()]),
  "testing.gradgradcheck": (late) => testing.gradgradcheck(late, [x()]),
  "testing.checkLoss": (late) => testing.checkLoss(late),
};

/** Calls that refuse a promise as they refuse anything else that is not what they need. */
const OTHERS: typeof CALLS = {
  registerForwardPreHook: (late) => {
    const layer = new nn.ReLU();
    layer.registerForwardPreHook(late);
    layer.forward(x());
  },
  LambdaLR: (late) => {
    const optimizer = new optim.SGD([x()], { lr: 0.1 });
    new optim.LambdaLR(optimizer, { lrLambda: late });
  },
  "losses.tripletMarginWithDistance": (late) => {
    const rows = ones([2, 3]);
    losses.tripletMarginWithDistance(rows, rows, rows, { distanceFunction: late });
  },
  "study.gradientProfile": (late) => study.gradientProfile(late, ones([3, 2]), ones([3, 2])),
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

for (const [name, call] of Object.entries(OTHERS)) {
  Deno.test(`a promise is refused by ${name}`, async () => {
    assertMatch((await refusal(call)).message, /^Cannot .*got Promise \{/);
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
