/** Every loss of the table goes through every check, and every check finds a fault that is planted. */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { CheckError } from "../../lib/testing/mod.ts";
import { assertType, type IsExact } from "@std/testing/types";
import { full, gpu, losses, type Tensor, tensor } from "../../mod.ts";
import { CHECKS, type Subject } from "./checks.ts";
import { CLAIMS } from "./claims.ts";
import { CLAIM_CHECKS } from "./claim_checks.ts";
import { checksOf } from "./loss_table.ts";
import type { Inputs } from "./row.ts";
import { LOSSES, type LossName, type ModuleName, MODULES } from "./table.ts";

type Loose = (...call: unknown[]) => Tensor;

/** Of losses with different options the checks see what is common to all. */
function subjectOf(module: ModuleName): Subject {
  const name = MODULES[module];
  const Made: new (options?: never) => object = losses[module];
  const subject = {
    name,
    run: (inputs: Inputs, options?: unknown) => (losses[name] as Loose)(...inputs, options),
    make: (options?: never) => new Made(options),
    row: LOSSES[name],
    claims: CLAIMS[name],
  };
  return subject as unknown as Subject;
}

const EVERY = { ...CHECKS, ...CLAIM_CHECKS };
type Check = keyof typeof EVERY;
const modules = Object.keys(MODULES) as ModuleName[];

/** Whether a check needs a device that is not there. */
function isIdle(check: string): boolean {
  return check.includes("devices") && !gpu.available();
}

for (const module of modules) {
  for (const [title, check] of checksOf(MODULES[module])) {
    const ignore = isIdle(title);
    Deno.test(`losses.${MODULES[module]}() ${title}`, { ignore }, () => check(subjectOf(module)));
  }

  Deno.test(`losses.${module} is a class of losses that prints its name`, () => {
    const loss = new losses[module]();
    assertEquals([loss instanceof losses.Loss, loss instanceof losses.FunctionLoss], [true, true]);
    assertEquals([loss instanceof losses[module], losses[module].name], [true, module]);
    assertEquals([loss.toString(), Deno.inspect(loss)], [`${module}()`, `${module}()`]);
    assertEquals([loss.parameters(), loss.training], [[], true]);
    class Own extends losses[module] {}
    assertEquals(new Own().toString(), "Own()");
    const error = assertThrows(() => new losses[module]({ odd: 1 } as never), TypeError);
    assertMatch(error.message, new RegExp(`^Cannot make losses\\.${module}: there is no option`));
  });
}

Deno.test("every loss function has a module, and a row that lacks something does not compile", () => {
  assertType<IsExact<(typeof MODULES)[ModuleName], LossName>>(true);
  type Fits<Rows> = Rows extends typeof LOSSES ? true : false;
  assertType<IsExact<Fits<typeof LOSSES>, true>>(true);
  assertType<IsExact<Fits<Omit<typeof LOSSES, "huber">>, false>>(true);
  type Lacking = Omit<typeof LOSSES.huber, "options"> & {
    options: Omit<typeof LOSSES.huber.options, "delta">;
  };
  assertType<IsExact<Fits<{ huber: Lacking } & Omit<typeof LOSSES, "huber">>, false>>(true);
});

const huber = subjectOf("HuberLoss");
const entropy = subjectOf("CrossEntropyLoss");
const logits = subjectOf("BCEWithLogitsLoss");

type Run = Subject["run"];

/** The loss with another value and the same gradient, or another gradient and the same value. */
const shifted: Run = (...call) => huber.run(...call).add(1e-9);
const steep: Run = (...call) => {
  const value = huber.run(...call);
  return value.add(value.sub(value.detach()).mul(0.01));
};

/** A module that forgets one of its options. */
const forgetful = (key: string): Subject["make"] => (options = {}) => {
  const { [key]: _, ...kept } = options as Record<string, unknown>;
  return huber.make(kept);
};

/** Squared error from value and slope at the point: its first gradient is right, the second lost. */
const straight: Run = ([p, t]) => {
  const r = p.sub(t);
  const fixed = r.detach();
  return r.mul(fixed).mul(2).sub(fixed.square()).mean();
};

/** Much the same loss, whose square leaves the range of float32. */
const wide: Run = ([p, t], { reduction } = {}) => {
  const each = p.sub(t).square().add(1).sqrt().sub(1);
  return reduction === "none" ? each : each.mean();
};

/** Cross-entropy that divides by how many entries a class has. */
const balanced: Run = (inputs, options) => {
  const members = inputs[1].eq(1).sum();
  return entropy.run(inputs, options).mul(members).div(members);
};

/** A fault for each check: a subject that it must not let pass, and what it then says. */
const FAULTS: Readonly<Record<Check, readonly [subject: Subject, says: string]>> = {
  "has the values that its formula has in plain numbers": [
    { ...huber, run: shifted },
    "Values are not close",
  ],
  "has them in float32 too": [
    { ...huber, run: (...call) => huber.run(...call).to({ dtype: "float64" }) },
    "float64",
  ],
  "is another loss with each of its options": [
    { ...huber, run: (inputs) => huber.run(inputs) },
    "no value of reduction makes a difference",
  ],
  "is the same as a module": [{ ...huber, make: forgetful("delta") }, "delta"],
  "has the values and gradients of its reference": [
    { ...huber, run: steep },
    "Values are not close",
  ],
  "has the gradients that differences have, of first and second order": [
    { ...subjectOf("MSELoss"), run: straight },
    "Second gradient",
  ],
  "is the loop over examples under vmap, with its gradients": [
    {
      ...huber,
      run: ([p, t, ...more], options) =>
        huber.run([p, t.mul(p.detach().max().item()), ...more], options),
    },
    "item under vmap",
  ],
  "has gradients without elements where it has none": [
    { ...huber, run: ([p, t], options) => huber.run([p.detach(), t], options) },
    "Values are not equal",
  ],
  "takes its limits, and the side of a kink that PyTorch takes": [
    { ...huber, run: ([p, t]) => p.sub(t).square().sqrt().sum() },
    "the gradient of sqrt",
  ],
  "is right and finite for what is very large or small": [
    { ...huber, run: wide },
    "Values are not close",
  ],
  "is NaN as a mean of nothing, and reaches nothing": [
    { ...entropy, run: (...call) => entropy.run(...call).nanToNum() },
    "reduction",
  ],
  "refuses what does not fit, in words that say why": [
    { ...huber, make: forgetful("delta") },
    "to throw",
  ],
  "refuses weights below 0, infinite ones and NaN": [
    { ...huber, run: ([p, t], { reduction = "mean" } = {}) => huber.run([p, t], { reduction }) },
    "to throw",
  ],
  "refuses a NaN of its target": [
    { ...huber, run: ([p, t]) => p.sub(t).square().sum() },
    "to throw",
  ],
  "takes integers and truth values as the numbers they are, or refuses them by its own name": [
    {
      ...huber,
      run: ([p, t, ...more], options) =>
        huber.run([p, t.dtype === "bool" ? t.logicalNot() : t, ...more], options),
    },
    "bool as input 1",
  ],
  "refuses inputs on different devices": [
    { ...huber, run: ([p, t]) => p.to({ device: "cpu" }).sub(t.to({ device: "cpu" })) },
    "to throw",
  ],
  "has in float32 the gradients of float64": [
    { ...huber, run: ([p, t], options) => huber.run([p.add(3e6).sub(3e6), t], options) },
    "Values are not close",
  ],
  "does not change with a common offset of 1e4": [
    { ...entropy, run: ([x]) => x.exp().sum().log() },
    "Values are not close",
  ],
  "is 0 where it claims to be": [{ ...huber, run: shifted }, "Values are not close"],
  "has slopes up to its bound and none beyond": [{ ...huber, run: steep }, "beyond 1"],
  "does not depend on the order of a batch": [
    { ...huber, run: ([p, t]) => p.sub(t).square().cumsum(0).sum() },
    "Values are not close",
  ],
  "is right where a class is missing": [{ ...entropy, run: balanced }, "Values are not close"],
  "is finite at ±1e4 in float32": [
    { ...logits, run: ([x, t]) => x.exp().log1p().sub(t.mul(x)).sum() },
    "the loss at ±1e4 is not finite",
  ],
  "is known without rows, and where nothing counts": [
    { ...huber, row: { ...huber.row, samples: huber.row.samples.slice(0, 1) } },
    "no empty one",
  ],
};

for (const [check, [subject, says]] of Object.entries(FAULTS) as [Check, typeof FAULTS[Check]][]) {
  const title = `a loss of which it is not true that it ${check} is found`;
  Deno.test(title, { ignore: isIdle(check) }, () => {
    const { message } = assertThrows(() => EVERY[check](subject), Error);
    assertMatch(message, new RegExp(says));
  });
}

Deno.test("a bound that is too high is found", () => {
  const check = CLAIM_CHECKS["has slopes up to its bound and none beyond"];
  const lax = { ...huber, claims: { ...huber.claims, bound: 2 } };
  assertThrows(() => check(lax), Error, "so that 2 says nothing");
});

Deno.test("a loss whose gradient is 1 % off is found", () => {
  const check = CHECKS["has the gradients that differences have, of first and second order"];
  assertThrows(() => check({ ...huber, run: steep }), CheckError, "Gradient of");
});

Deno.test("Loss composes with plus and times, and keeps the parameters of its parts", () => {
  const loss = new losses.MSELoss().plus(new losses.HuberLoss({ delta: 2 })).times(0.5);
  const [p, t] = [tensor([3, 0]), tensor([0, 0])];
  const expected = losses.mse(p, t).add(losses.huber(p, t, { delta: 2 })).mul(0.5);
  assertEquals(loss.forward(p, t).item(), expected.item());
  assertEquals(loss.modules().length, 4);
});

Deno.test("options that are changed after a loss was made change nothing", () => {
  const options = { delta: 1 };
  const loss = new losses.HuberLoss(options);
  options.delta = 100;
  assertEquals(loss.forward(tensor([10]), tensor([0])).item(), 9.5);
});

Deno.test("what composes losses refuses factors that are not finite, and losses that are no tensors", () => {
  class Odd extends losses.FunctionLoss<losses.LossOptions> {}
  const odd = new Odd((() => 1) as never, {});
  const inputs = [tensor([1]), tensor([0])] as const;
  const wrong: [call: () => unknown, says: string][] = [
    ...[NaN, Infinity].map((factor): [() => unknown, string] => [
      () => new losses.MSELoss().times(factor),
      `Cannot scale a loss: the factor must be a finite number, got ${factor}`,
    ]),
    ...[odd, odd.times(2), odd.plus(new losses.MSELoss())].flatMap((loss) =>
      [() => loss.forward(...inputs), () => loss.terms(...inputs)].map((
        call,
      ): [() => unknown, string] => [call, "Cannot run Odd: the loss must be a tensor, got 1"])
    ),
  ];
  for (const [call, says] of wrong) assertThrows(call, TypeError, says);
});

Deno.test("a term of a class without a name is called Loss, also beside others", () => {
  const classOf = () =>
    class extends losses.Loss {
      override forward(p: Tensor, t: Tensor): Tensor {
        return p.sub(t).sum();
      }
    };
  const [first, second] = [classOf(), classOf()].map((Own) => new Own());
  const loss = first!.plus(second!).plus(new losses.MSELoss());
  const terms = Object.entries(loss.terms(tensor([3]), tensor([1])));
  assertEquals(terms.map(([name, x]) => [name, x.item()]), [
    ["Loss", 2],
    ["Loss 2", 2],
    ["MSELoss", 4],
  ]);
});

Deno.test("gaussianNll() takes a number as the variance of all elements", () => {
  for (const shape of [[], [3], [2, 3]]) {
    const [p, t] = [full(shape, 1), full(shape, 3)];
    for (const variance of [0, 0.5, 2]) {
      const options = { reduction: "none", full: true } as const;
      const wanted = losses.gaussianNll(p, t, full(shape, variance), options).toArray();
      for (const given of [options, { ...options, mask: t.gt(0) }]) {
        assertEquals(losses.gaussianNll(p, t, variance, given).toArray(), wanted);
      }
    }
  }
});

Deno.test("losses of three inputs compose too, and a loss of two refuses a third", () => {
  const inputs = [tensor([0, 0]), tensor([1, 0]), tensor([0, 0.5])] as const;
  const swapped = { swap: true, margin: 2 };
  const loss = new losses.TripletMarginLoss().plus(new losses.TripletMarginLoss(swapped)).times(3);
  const [one, other] = [{}, swapped].map((given) => losses.tripletMargin(...inputs, given));
  assertEquals(loss.forward(...inputs).item(), one!.add(other!).mul(3).item());
  const pair = new losses.MSELoss() as unknown as losses.TripletMarginLoss;
  const mixed = new losses.TripletMarginLoss().plus(pair);
  assertThrows(() => mixed.forward(...inputs), TypeError, "Cannot compute losses.mse: it takes");
});

Deno.test("a loss module is a type too", () => {
  const made: losses.HuberLoss = new losses.HuberLoss({ delta: 2 });
  const parts: losses.Loss[] = [made, new losses.MSELoss()];
  assertEquals(parts.map(({ constructor }) => constructor.name), ["HuberLoss", "MSELoss"]);
});
