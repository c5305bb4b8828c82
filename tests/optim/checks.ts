/** What is checked of every optimizer, by its row of the table and the trajectories of PyTorch. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { optimizerClass, type RuleState } from "../../lib/optim/rule.ts";
import { assertClose } from "../../lib/testing/mod.ts";
import { arange, type Device, type DType, grad, ones, type optim, type Tensor } from "../../mod.ts";
import { casesOf, optionsOf, type Stored, unstored } from "../fixtures/stored.ts";
import { type OptimizerRow, shapeOf } from "./table.ts";

/** What optimizers have in common, whatever their options are. */
export interface Options {
  lr: number;
}

type Some = Readonly<Record<string, unknown>>;

/** An optimizer with all that is known of it. */
export interface Subject {
  readonly name: string;
  readonly make: optim.OptimizerClass<Options, RuleState>;
  readonly step: optim.functional.FunctionalStep<Some, object>;
  readonly row: OptimizerRow<Options>;
}

/** A trajectory of PyTorch. */
interface Trajectory {
  readonly options: Some;
  readonly start: readonly Stored[];
  readonly steps: number;
  readonly first: readonly Stored[];
  readonly last: readonly Stored[];
  /** What is kept in the end for the first parameter. */
  readonly kept: Readonly<Record<string, Stored>>;
}

/** Steps of PyTorch with infinite parameters and gradients. */
interface Infinite {
  readonly options: Some;
  readonly start: Stored;
  readonly grads: readonly Stored[];
  readonly after: readonly Stored[];
}

/** The options that are tried, as PyTorch's trajectories have them. */
export function variantsOf(name: string): readonly Some[] {
  return casesOf<Trajectory>(`optimizers/${name}`).map(({ options }) => optionsOf(options));
}

const RATE = { lr: 0.05 };

/** What the trajectories descend. */
function objective(a: Tensor, matrix: Tensor): Tensor {
  const b = matrix.flatten();
  return a.matmul(b).sub(1).tanh().square().sum().add(a.mul(b).tanh().sum());
}

type Pair = readonly [a: Tensor, b: Tensor];

function startOf({ start: [a, b] }: Trajectory): Pair {
  return [unstored(a!).requiresGrad_(), unstored(b!).requiresGrad_()];
}

function descend(optimizer: { zeroGrad(): void; step(): void }, [a, b]: Pair, steps = 1): void {
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    objective(a, b).backward();
    optimizer.step();
  }
}

function compare(
  xs: readonly Tensor[],
  wanted: readonly Stored[],
  message: string,
  tolerances = { rtol: 1e-9, atol: 1e-12 },
): void {
  xs.forEach((x, i) => {
    const wide = x.detach().to({ dtype: "float64" });
    assertClose(wide, unstored(wanted[i]!), { ...tolerances, message });
  });
}

/** A check for each trajectory; its options are named where it fails. */
function forEach(check: (subject: Subject, trajectory: Trajectory, says: string) => void) {
  return (subject: Subject) => {
    for (const trajectory of casesOf<Trajectory>(`optimizers/${subject.name}`)) {
      check(subject, trajectory, `with ${JSON.stringify(trajectory.options)}`);
    }
  };
}

function optionsIn({ options }: Trajectory): Options {
  return { ...RATE, ...optionsOf(options) };
}

/** What is kept for a parameter, without how many steps there were. */
function keptOf(
  { state: [first] }: { readonly state: readonly (object | null)[] },
): [string, Tensor][] {
  return Object.entries(first ?? {}).filter(([name]) => name !== "step");
}

/** Options of PyTorch that say how a step is computed, and not what. Adam that decays apart is AdamW. */
const NOT_TAKEN: readonly string[] = ["foreach", "fused", "capturable", "differentiable"];

/** Parameters of many sizes: small and large, of both types, in other orders in memory, empty. */
function crowd(row: OptimizerRow<Options>): Tensor[] {
  const sizes = [3, 1, 7, 5000, 0, 600, 33, 2, 2048];
  const params = sizes.map((size, i) => {
    const dtype = i % 3 === 1 ? "float32" : "float64";
    return arange(size, { dtype }).mul(0.7).cos().reshape(shapeOf(row, size));
  });
  const turned = arange(6, { dtype: "float64" }).sin().reshape([2, 3]).transpose(0, 1);
  return [...params, turned].map((p) => p.detach().requiresGrad_());
}

/** Checks an optimizer and its functional step beside PyTorch where numbers are infinite. */
export function checkInfinite(
  { name, make, step, row }: Subject,
  where: { readonly dtype: DType; readonly device?: Device },
): void {
  // There one that is infinite leaves little of the others.
  if (row.rule.mixes === true) return;
  const [all] = casesOf<Readonly<Record<string, readonly Infinite[]>>>("optimizers/infinite");
  for (const { options: given, start, grads, after } of all![name]!) {
    const options: Options = { ...RATE, ...optionsOf(given) };
    const p = unstored(start).to(where).requiresGrad_();
    const optimizer = new make([p], options);
    let [params, state]: [readonly Tensor[], object] = [[p.detach().clone()], {}];
    grads.forEach((stored, i) => {
      const g = unstored(stored).to(where);
      p.grad = g;
      optimizer.step();
      ({ params, state } = step(params, [g], state, { ...row.functional, ...options }));
      const says = `step ${i + 1} in ${where.dtype} with ${JSON.stringify(given)}`;
      for (const [x, what] of [[p, ""], [params[0]!, "the functional "]] as const) {
        compare([x.to({ device: "cpu" })], [after[i]!], what + says, { rtol: 2e-6, atol: 0 });
      }
    });
  }
}

/** The checks, by what they say of an optimizer. */
export const CHECKS = {
  "follows PyTorch, each group at its own rate": forEach(({ make }, trajectory, says) => {
    const [a, b] = startOf(trajectory);
    const groups = [{ params: [a] }, { params: [b], lr: 0.02 }];
    const optimizer = new make(groups, optionsIn(trajectory));
    descend(optimizer, [a, b]);
    compare([a, b], trajectory.first, `after a step ${says}`);
    descend(optimizer, [a, b], trajectory.steps - 1);
    compare([a, b], trajectory.last, `in the end ${says}`);
    const kept = keptOf(optimizer.stateDict());
    assertEquals(kept.map(([name]) => name), Object.keys(trajectory.kept), says);
    compare(kept.map(([, x]) => x), Object.values(trajectory.kept), `what is kept ${says}`);
  }),
  "follows PyTorch in float32, as far as that goes": forEach(({ make }, trajectory, says) => {
    const [a, b] = startOf(trajectory).map((x) =>
      x.detach().to({ dtype: "float32" }).requiresGrad_()
    ) as [Tensor, Tensor];
    const groups = [{ params: [a] }, { params: [b], lr: 0.02 }];
    descend(new make(groups, optionsIn(trajectory)), [a, b], trajectory.steps);
    assertEquals([a.dtype, b.dtype], ["float32", "float32"]);
    compare([a, b], trajectory.last, `in the end ${says}`, { rtol: 1e-4, atol: 1e-5 });
  }),
  "equals its functional step": forEach(({ make, step, row }, trajectory, says) => {
    const own = startOf(trajectory);
    const optimizer = new make(own, optionsIn(trajectory));
    const options = { ...row.functional, ...optionsIn(trajectory) };
    let params: readonly Tensor[] = startOf(trajectory);
    let state = {};
    for (let i = 0; i < 5; i++) {
      descend(optimizer, own);
      const leaves = params.map((p) => p.detach().requiresGrad_());
      const grads = grad(objective(leaves[0]!, leaves[1]!), leaves);
      ({ params, state } = step(leaves, grads, state, options));
      own.forEach((p, j) =>
        assertClose(p.detach(), params[j]!.detach(), { rtol: 1e-12, atol: 1e-14, message: says })
      );
    }
  }),
  "is the same without its kernel": forEach(({ name, make, row: { rule } }, trajectory, says) => {
    const { kernel: _, ...slow } = rule;
    const pairs = [startOf(trajectory), startOf(trajectory)] as const;
    const makers = [make, optimizerClass<Options, RuleState>(name, slow)] as const;
    const [fast, plain] = makers.map((Made, i) => {
      const optimizer = new Made(pairs[i]!, optionsIn(trajectory));
      descend(optimizer, pairs[i]!, 5);
      return [...pairs[i]!, ...keptOf(optimizer.stateDict()).map(([, x]) => x)];
    });
    assertEquals(fast!.length, plain!.length, says);
    fast!.forEach((x, i) =>
      assertClose(x.detach(), plain![i]!.detach(), { rtol: 1e-12, atol: 1e-14, message: says })
    );
  }),
  "goes on from a state dict as if it had not stopped": forEach(
    ({ make, row }, trajectory, says) => {
      const own = startOf(trajectory);
      const optimizer = new make(own, optionsIn(trajectory));
      descend(optimizer, own, 3);
      const twin = own.map((p) => p.detach().clone().requiresGrad_()) as [Tensor, Tensor];
      const other = new make(twin, { lr: 9 });
      other.loadStateDict(optimizer.stateDict());
      descend(optimizer, own, 3);
      descend(other, twin, 3);
      assertEquals(twin.map((p) => p.toArray()), own.map((p) => p.toArray()), says);
      const wrong = new make([ones(shapeOf(row, 1)).requiresGrad_()]);
      assertThrows(() => wrong.loadStateDict(optimizer.stateDict()), RangeError, "groups have [1]");
    },
  ),
  "works in float32, and skips what has no gradient": forEach(({ make, row }, trajectory, says) => {
    const one = (dtype: DType) => ones(shapeOf(row, 1), { dtype }).requiresGrad_();
    const [x, y] = [one("float32"), one("float32")];
    const options = optionsIn(trajectory);
    const optimizer = new make([x, y], options);
    x.square().sum().backward();
    const before = x.item();
    optimizer.step();
    const uphill = Reflect.get(options, "maximize") === true;
    assertEquals(
      [x.item() > before, x.item() < before, x.dtype],
      [uphill, !uphill, "float32"],
      says,
    );
    assertEquals([y.item(), optimizer.stateDict().state[1]], [1, null], says);
    const wide = one("float64");
    const twin = new make([wide], options);
    wide.square().sum().backward();
    twin.step();
    assertClose(x.item(), wide.item(), { rtol: 1e-6, message: says });
  }),
  "does with infinite numbers what PyTorch does": (subject: Subject) => {
    checkInfinite(subject, { dtype: "float32" });
    checkInfinite(subject, { dtype: "float64" });
  },
  "steps many parameters with the bits of each alone": forEach(
    ({ make, row }, trajectory, says) => {
      const together = crowd(row);
      const apart = together.map((p) => p.detach().clone().requiresGrad_());
      const one = new make(
        [{ params: together.slice(0, 5) }, { params: together.slice(5), lr: 0.02 }],
        optionsIn(trajectory),
      );
      const each = apart.map((p, i) =>
        new make([p], { ...optionsIn(trajectory), ...i < 5 ? {} : { lr: 0.02 } })
      );
      for (let step = 0; step < 4; step++) {
        together.forEach((p, i) => {
          // The third has no gradient at first, so that it is a step behind the others.
          const g = step === 0 && i === 2 ? null : p.detach().mul(3).add(step - i).sin();
          [p.grad, apart[i]!.grad] = [g, g?.clone() ?? null];
        });
        one.step();
        each.forEach((optimizer) => optimizer.step());
      }
      const bits = (x: Tensor | number) => typeof x === "number" ? x : [x.shape, x.toArray()];
      const all = ({ state }: ReturnType<typeof one.stateDict>) =>
        state.map((own) => Object.entries(own!).map(([name, x]) => [name, bits(x)]));
      assertEquals(together.map(bits), apart.map(bits), says);
      assertEquals(all(one.stateDict()), each.flatMap((optimizer) => all(optimizer.stateDict())));
    },
  ),
  "is tried with another value of each option": ({ name, row: { rule } }: Subject) => {
    const variants = variantsOf(name);
    for (const [key, value] of Object.entries(rule.defaults)) {
      const tried = variants.some((options) =>
        key in options && Deno.inspect(options[key]) !== Deno.inspect(value)
      );
      assert(tried, `no trajectory has another ${key} than the default`);
    }
  },
  "has the options of PyTorch's, with their defaults": ({ name, row: { rule } }: Subject) => {
    const [signatures] = casesOf<Readonly<Record<string, Some>>>("optimizers/signatures");
    const wanted = Object.entries(signatures![name]!).filter(([option]) =>
      !NOT_TAKEN.includes(option) && !(name === "Adam" && option === "decoupledWeightDecay")
    );
    assertEquals({ ...rule.defaults }, Object.fromEntries(wanted));
  },
  "refuses options out of range, wherever they are given": ({ make, step, row }: Subject) => {
    const two = () => ones(shapeOf(row, 2));
    const leaf = () => two().requiresGrad_();
    for (
      const [key, refused] of Object.entries<OptimizerRow<Options>["refuses"]["lr"]>(row.refuses)
    ) {
      for (const [value, says] of refused) {
        const options = { [key]: value } as Partial<Options>;
        const calls = [
          () => new make([leaf()], options),
          () => new make([leaf()]).addParamGroup({ params: [leaf()], ...options }),
          () => step([two()], [two()], {}, { ...row.functional, ...options }),
        ];
        for (const call of calls) {
          const { message } = assertThrows(call, Error);
          assertStringIncludes(message, says);
          assert(/^Cannot [^\n]*[^.\n]$/.test(message), message);
        }
      }
    }
  },
} as const satisfies Readonly<Record<string, (subject: Subject) => void>>;
