/** Every optimizer of the table goes through every check, and every check finds a planted fault. */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { optimizerClass, type OptimizerRule, type RuleState } from "../../lib/optim/rule.ts";
import { assertClose } from "../../lib/testing/mod.ts";
import { arange, cat, ones, optim, scope, type Tensor, tensor, zeros } from "../../mod.ts";
import { checkInfinite, CHECKS, type Options, type Subject, variantsOf } from "./checks.ts";
import { gpuTest } from "../tools/gpu.ts";
import { type OptimizerName, OPTIMIZERS, shapeOf, type StepName, STEPS } from "./table.ts";

/** Of optimizers with different options the checks see what is common to all. */
function subjectOf(name: OptimizerName): Subject {
  const step = optim.functional[STEPS[name]];
  return { name, make: optim[name], step, row: OPTIMIZERS[name] } as unknown as Subject;
}

type Check = keyof typeof CHECKS;

for (const name of Object.keys(OPTIMIZERS) as OptimizerName[]) {
  for (const [title, check] of Object.entries(CHECKS)) {
    Deno.test(`optim.${name} ${title}`, () => check(subjectOf(name)));
  }

  Deno.test(`optim.${name} is a class of optimizers that says its name`, () => {
    const params = [ones(shapeOf(OPTIMIZERS[name], 1)).requiresGrad_()];
    const optimizer = new optim[name](params);
    assertEquals(optimizer instanceof optim[name], true);
    assertEquals(optimizer instanceof optim.Optimizer, true);
    assertEquals([optim[name].name, optimizer.constructor.name], [name, name]);
    const { params: _, ...group } = optimizer.paramGroups[0]!;
    assertEquals(group, OPTIMIZERS[name].rule.defaults);
    class Own extends optim[name] {}
    assertThrows(() => new Own(params, { lr: -1 }), RangeError, "Cannot run Own: lr must lie");
  });
}

gpuTest("every optimizer does with infinite numbers what PyTorch does", () => {
  for (const name of Object.keys(OPTIMIZERS) as OptimizerName[]) {
    scope(() => checkInfinite(subjectOf(name), { dtype: "float32", device: "gpu" }));
  }
});

Deno.test("every functional step is some optimizer's, and a row that lacks something does not compile", () => {
  assertType<IsExact<(typeof STEPS)[OptimizerName], StepName>>(true);
  type Fits<Rows> = Rows extends typeof OPTIMIZERS ? true : false;
  assertType<IsExact<Fits<typeof OPTIMIZERS>, true>>(true);
  assertType<IsExact<Fits<Omit<typeof OPTIMIZERS, "SGD">>, false>>(true);
  type Lacking = Omit<typeof OPTIMIZERS.SGD, "refuses"> & {
    refuses: Omit<typeof OPTIMIZERS.SGD.refuses, "momentum">;
  };
  assertType<IsExact<Fits<{ SGD: Lacking } & Omit<typeof OPTIMIZERS, "SGD">>, false>>(true);
});

Deno.test("an optimizer is a type too", () => {
  const made: optim.SGD = new optim.SGD([tensor([1], { requiresGrad: true })], { momentum: 0.9 });
  assertEquals(made.paramGroups[0]!.momentum, 0.9);
});

const adam = subjectOf("Adam");
const { rule } = adam.row;

/** Adam made of another rule. */
function madeOf(other: OptimizerRule<Options>): Subject["make"] {
  return optimizerClass<Options, RuleState>("Adam", other);
}

/** Adam whose steps are too large by a share. */
function hasty(share: number): Subject["make"] {
  return madeOf({
    defaults: rule.defaults,
    check: rule.check,
    keeps: rule.keeps,
    step: (p, g, kept, options, count) => {
      const [next, after] = rule.step(p, g, kept, options, count);
      return [next.add(next.sub(p).mul(share)), after];
    },
  });
}

/** Adam whose steps depend on all elements, which its rule does not say. */
const mixing = madeOf({
  defaults: rule.defaults,
  check: rule.check,
  keeps: rule.keeps,
  step: (p, g, ...rest) => rule.step(p, g.size === 0 ? g : g.sub(g.mean()), ...rest),
});

/** Adam to whose gradient decay is added where there is none. */
const undecayed = madeOf({
  defaults: rule.defaults,
  check: rule.check,
  keeps: rule.keeps,
  step: (p, g, ...rest) => rule.step(p, g.add(p.mul(0)), ...rest),
});

/** Adam that forgets its means where a state is loaded. */
class Forgetful extends optim.Adam {
  override loadStateDict(state: ReturnType<optim.Adam["stateDict"]>): void {
    const forgotten = state.state.map((own) =>
      own && { ...own, expAvg: (own["expAvg"] as Tensor).mul(0) }
    );
    super.loadStateDict({ ...state, state: forgotten });
  }
}

/** Adam that steps where there is no gradient too. */
class Restless extends optim.Adam {
  override step(): void {
    for (const p of this.paramGroups.flatMap(({ params }) => params)) p.grad ??= ones([1]);
    super.step();
  }
}

/** A fault for each check: a subject that it must not let pass, and what it then says. */
const FAULTS: Readonly<Record<Check, readonly [subject: Subject, says: string]>> = {
  "follows PyTorch, each group at its own rate": [
    { ...adam, make: hasty(1e-6) },
    "after a step with {}",
  ],
  "follows PyTorch in float32, as far as that goes": [
    { ...adam, make: hasty(1e-3) },
    "in the end with {}",
  ],
  "equals its functional step": [
    { ...adam, step: subjectOf("AdamW").step, row: subjectOf("AdamW").row },
    "with {}: Values are not close",
  ],
  "is the same without its kernel": [
    { ...adam, row: { ...adam.row, rule: subjectOf("AdamW").row.rule } },
    "with {}: Values are not close",
  ],
  "goes on from a state dict as if it had not stopped": [
    { ...adam, make: Forgetful as unknown as Subject["make"] },
    "not equal",
  ],
  "works in float32, and skips what has no gradient": [
    { ...adam, make: Restless as unknown as Subject["make"] },
    "not equal",
  ],
  "does with infinite numbers what PyTorch does": [
    { ...adam, make: undecayed },
    "step 1 in float32 with {}",
  ],
  "steps many parameters with the bits of each alone": [
    { ...adam, make: mixing },
    "with {}",
  ],
  "is tried with another value of each option": [
    { ...adam, name: "SGD" },
    "no trajectory has another betas than the default",
  ],
  "has the options of PyTorch's, with their defaults": [
    { ...adam, name: "AdamW" },
    "weightDecay: 0.01",
  ],
  "refuses options out of range, wherever they are given": [
    { ...adam, make: madeOf({ ...rule, check: () => {} }) },
    "to throw",
  ],
};

for (const [title, [subject, says]] of Object.entries(FAULTS)) {
  Deno.test(`an optimizer of which it is not true that it ${title} is found`, () => {
    const { message } = assertThrows(() => CHECKS[title as Check](subject), Error);
    assertMatch(message, new RegExp(says));
  });
}

Deno.test("parameters that lie in one place are stepped one after the other", () => {
  const make = () => {
    const whole = tensor([1, 2, 3, 4]);
    const [a, b] = [whole.narrow(0, 0, 3), whole.narrow(0, 1, 3)].map((x) =>
      x.detach().requiresGrad_()
    ) as [Tensor, Tensor];
    // The gradient of the second lies where the first does, and changes with it.
    [a.grad, b.grad] = [tensor([1, -2, 3]), whole.narrow(0, 0, 3).detach()];
    return { whole, params: [a, b] };
  };
  const [together, apart] = [make(), make()];
  new optim.Adagrad(together.params, { lr: 0.5 }).step();
  for (const p of apart.params) new optim.Adagrad([p], { lr: 0.5 }).step();
  assertEquals(together.whole.toArray(), apart.whole.toArray());
});

Deno.test("ASGD's mean is the parameter until it begins", () => {
  const p = tensor([1, -Infinity, 0.3], { requiresGrad: true });
  const optimizer = new optim.ASGD([p], { t0: 3 });
  for (let step = 0; step < 3; step++) {
    p.grad = tensor([0.1, 1, 7]);
    optimizer.step();
  }
  assertEquals((optimizer.stateDict().state[0]!["ax"] as Tensor).toArray(), p.toArray());
});

Deno.test("a large parameter has the bits of its parts", () => {
  for (const name of Object.keys(OPTIMIZERS) as OptimizerName[]) {
    const { make, row: { rule } } = subjectOf(name);
    // Where elements depend on each other, parts are something else.
    if (rule.mixes === true) continue;
    for (const options of variantsOf(name)) {
      const whole = arange(140_001).mul(0.7).cos();
      const parts = [whole.narrow(0, 0, 100_001), whole.narrow(0, 100_001, 40_000)];
      const [p, ...apart] = [whole, ...parts].map((x) => x.clone().requiresGrad_());
      const together = new make([p!], { ...options, lr: 0.05 });
      const each = new make(apart, { ...options, lr: 0.05 });
      for (let step = 0; step < 3; step++) {
        for (const x of [p!, ...apart]) x.grad = x.detach().mul(3).add(step).sin();
        together.step();
        each.step();
      }
      const same = (a: Tensor, b: Tensor) => a.eq(b).all().item() === 1;
      assertEquals(same(p!, cat(apart, 0)), true, `${name} with ${Deno.inspect(options)}`);
      const [own] = together.stateDict().state;
      const others = each.stateDict().state;
      for (const [key, kept] of Object.entries(own ?? {})) {
        if (typeof kept === "number") continue;
        const joined = cat(others.map((state) => state![key] as Tensor), 0);
        assertEquals(same(kept, joined), true, `${key} of ${name}`);
      }
    }
  }
});

for (const bad of [NaN, Infinity]) {
  Deno.test(`a gradient of ${bad} spoils no other element of Adafactor's vectors, as in PyTorch`, () => {
    const x = ones([3], { requiresGrad: true });
    const optimizer = new optim.Adafactor([x], { lr: 0.1 });
    for (const [first, expected] of [[bad, 0.9], [0.5, 0.8999]] as const) {
      x.grad = tensor([first, 0.5, 0.5]);
      optimizer.step();
      assertClose(x.detach(), [NaN, expected, expected], { rtol: 1e-6 });
    }
  });
}

Deno.test("Rprop sees that small gradients agree, though their product is 0 in their type", () => {
  for (const [dtype, size] of [["float32", 1e-30], ["float64", 1e-200]] as const) {
    const p = zeros([2], { dtype, requiresGrad: true });
    const optimizer = new optim.Rprop([p], { lr: 0.1 });
    for (let step = 0; step < 3; step++) {
      p.grad = tensor([size, step === 2 ? size : -size], { dtype });
      optimizer.step();
    }
    // Steps of 0.1, 0.12 and 0.144; the second one's last is a turn.
    assertClose(p.detach(), tensor([-0.364, 0.22], { dtype }), { rtol: 1e-6 });
  }
});
