/** What is checked of every loss, by its row of the table and the values of PyTorch. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import { detectAnomaly, DeviceError, grad, type losses, Tensor } from "../../mod.ts";
import { casesOf, optionsOf, type Stored, unstored } from "../fixtures/stored.ts";
import { checkMapped } from "../common/mapped.ts";
import { valuesOf } from "../common/samples.ts";
import type { Claims } from "./claims.ts";
import type { Entries, Inputs, LossRow, LossSample } from "./row.ts";

type Options = losses.LossOptions<string>;

/** A loss with all that is known of it. */
export interface Subject<O extends Options = Options> {
  readonly name: string;
  readonly run: (inputs: Inputs, options?: O) => Tensor;
  readonly make: (options?: O) => { forward(...inputs: Inputs): Tensor };
  readonly row: LossRow<O>;
  readonly claims: Claims;
}

type Loose = Readonly<Record<string, unknown>>;

/** The values of the options that go with a sample. */
function valuesFor({ row }: Subject, { without = [] }: LossSample<Options>, inputs: Inputs) {
  return Object.entries(row.options)
    .filter(([key]) => !(without as readonly string[]).includes(key))
    .map(([key, make]): [string, readonly unknown[]] => [key, make(inputs)]);
}

/** All combinations of the options' values, each left out too. */
function combinations(subject: Subject, sample: LossSample<Options>, inputs: Inputs): Options[] {
  return valuesFor(subject, sample, inputs).reduce<Options[]>(
    (made, [key, values]) =>
      made.flatMap((
        options,
      ) => [options, ...values.map((value) => ({ ...options, [key]: value }))]),
    [{ ...sample.beside }],
  );
}

/** No options, each value alone, and the first of all together. */
function fewOptions(subject: Subject, sample: LossSample<Options>, inputs: Inputs): Options[] {
  const all = valuesFor(subject, sample, inputs).filter(([key]) => key !== "reduction");
  const single = all.flatMap(([key, values]) => values.map((value) => ({ [key]: value })));
  const together = Object.fromEntries(all.map(([key, [first]]) => [key, first]));
  const few = [{}, { reduction: "none" }, ...single, together, { ...together, reduction: "sum" }];
  return few.map((options) => ({ ...sample.beside, ...options }));
}

function isFloat(x: unknown): x is Tensor {
  return x instanceof Tensor && x.dtype.startsWith("float");
}

/** All floats in float32. */
function narrowed<T>(x: T): T {
  return isFloat(x) ? x.detach().to({ dtype: "float32" }).requiresGrad_() as T & Tensor : x;
}

function narrowedOptions(options: Options): Options {
  return Object.fromEntries(Object.entries(options).map(([key, x]) => [key, narrowed(x)]));
}

/** The inputs, each changed. */
function mapped(inputs: Inputs, change: (x: Tensor, i: number) => Tensor): Inputs {
  const [p, t, ...more] = inputs.map(change);
  return [p!, t!, ...more];
}

function reducedEntries({ each, shape, total }: Entries, { reduction = "mean" }: Options) {
  const sum = each.reduce((all, one) => all + one, 0);
  if (reduction === "none") return { shape, values: each };
  const divisor = { mean: total, batchmean: shape[0] ?? 1, sum: 1 }[reduction];
  return { shape: [], values: [sum / divisor!] };
}

function shown(what: string, options: Options): string {
  return `${what} with ${Deno.inspect(options, { depth: 1, breakLength: Infinity })}`;
}

function compareWithReference(
  { run, row }: Subject,
  title: string,
  inputs: Inputs,
  options: Options,
  tolerance: { rtol: number; atol: number },
): void {
  const value = run(inputs, options);
  const { shape, values } = reducedEntries(row.reference(inputs, options), options);
  const message = shown(title, options);
  assertEquals(value.shape, shape, message);
  assertEquals(value.dtype, inputs[0].dtype, message);
  assertClose(Float64Array.from(valuesOf(value)), Float64Array.from(values), {
    ...tolerance,
    message,
  });
}

/** Gradients of the sum of all entries, of the inputs that have one. */
function gradientsOf(value: Tensor, inputs: readonly unknown[]): (Tensor | null)[] {
  const leaves = inputs.filter((x): x is Tensor => isFloat(x) && x.requiresGrad);
  return grad(value.sum(), leaves, { createGraph: true, allowUnused: true });
}

/** Gradients of the gradient's square; a loss that is linear has none. */
function secondOf(g: Tensor, inputs: readonly unknown[]): (Tensor | null)[] {
  return g.requiresGrad ? gradientsOf(g.square(), inputs) : [];
}

const plain = (x: Tensor | null) => x === null ? null : [x.dtype, x.toArray()];

function allZero(x: Tensor): boolean {
  return x.eq(0).all().item() === 1;
}

/** A loss and its gradients in PyTorch. */
interface TorchCase {
  readonly options: Loose;
  readonly inputs: readonly Stored[];
  readonly value: Stored;
  readonly gradients: readonly Stored[];
}

/** Options that are weights. */
const WEIGHTS: readonly string[] = ["weight", "posWeight"];

/** How near float64 is to a formula in plain numbers. */
const EXACT = { rtol: 1e-12, atol: 1e-13 };

/** The checks, by what they say of a loss. */
export const CHECKS = {
  "has the values that its formula has in plain numbers": (subject: Subject) => {
    for (const sample of subject.row.samples) {
      const inputs = sample.inputs();
      for (const options of combinations(subject, sample, inputs)) {
        compareWithReference(subject, sample.title, inputs, options, EXACT);
      }
    }
  },
  "has them in float32 too": (subject: Subject) => {
    for (const sample of subject.row.samples) {
      const inputs = mapped(sample.inputs(), narrowed);
      for (const options of combinations(subject, sample, inputs)) {
        const tolerance = { rtol: 1e-5, atol: 1e-6 };
        compareWithReference(subject, sample.title, inputs, narrowedOptions(options), tolerance);
      }
    }
  },
  "is another loss with each of its options": (subject: Subject) => {
    const { run, row } = subject;
    for (const key of Object.keys(row.options)) {
      const effective = row.samples.some((sample) => {
        const inputs = sample.inputs();
        const own = new Map<string, Options>(Object.entries(row.beside ?? {})).get(key);
        const beside = { ...sample.beside, ...own };
        const before = run(inputs, beside).toArray();
        const values = new Map(valuesFor(subject, sample, inputs)).get(key) ?? [];
        return values.some((value) =>
          Deno.inspect(run(inputs, { ...beside, [key]: value }).toArray()) !==
            Deno.inspect(before)
        );
      });
      assert(effective, `no value of ${key} makes a difference`);
    }
  },
  "is the same as a module": ({ run, make, ...subject }: Subject) => {
    for (const sample of subject.row.samples) {
      const inputs = sample.inputs();
      for (const options of combinations({ run, make, ...subject }, sample, inputs)) {
        const leaves = [...inputs, ...Object.values(options)];
        const [ours, wanted] = [make(options).forward(...inputs), run(inputs, options)];
        const message = shown(sample.title, options);
        assertEquals(plain(ours), plain(wanted), message);
        const gradients = [ours, wanted].map((value) => gradientsOf(value, leaves).map(plain));
        assertEquals(gradients[0], gradients[1], message);
      }
    }
  },
  "has the values and gradients of its reference": ({ name, run }: Subject) => {
    for (
      const { options: given, inputs, value, gradients } of casesOf<TorchCase>(`losses/${name}`)
    ) {
      const options = optionsOf<Options>(given);
      const leaves = inputs.map((stored) => {
        const x = unstored(stored);
        return isFloat(x) ? x.requiresGrad_() : x;
      });
      const message = shown(`[${inputs[0]!.shape}]`, options);
      const [p, t, ...more] = leaves;
      const ours = run([p!, t!, ...more], options);
      assertClose(ours, unstored(value), { rtol: 1e-12, atol: 1e-12, message });
      gradientsOf(ours, leaves).forEach((g, i) =>
        assertClose(g!, unstored(gradients[i]!), { rtol: 1e-10, atol: 1e-12, message })
      );
    }
  },
  "has the gradients that differences have, of first and second order": (subject: Subject) => {
    const { run, row } = subject;
    for (const sample of row.samples) {
      const inputs = sample.inputs();
      if (inputs[0].size === 0 || sample.slopes === false) continue;
      for (const options of fewOptions(subject, sample, inputs)) {
        const keys = Object.keys(options);
        const tensors = keys.filter((key) => isFloat(Reflect.get(options, key)));
        const given = tensors.map((key): Tensor => Reflect.get(options, key));
        const fn = (...all: Tensor[]) => {
          const [p, t, ...rest] = all;
          const more = rest.splice(0, inputs.length - 2);
          const held = Object.fromEntries(rest.map((x, i) => [tensors[i]!, x]));
          return run([p!, t!, ...more], { ...options, ...held });
        };
        gradcheck(fn, [...inputs, ...given]);
        gradgradcheck(fn, [...inputs, ...given]);
      }
    }
  },
  "is the loop over examples under vmap, with its gradients": (subject: Subject) => {
    for (const sample of subject.row.samples) {
      const inputs = sample.inputs();
      for (const options of fewOptions(subject, sample, inputs)) {
        const fn = (...own: Tensor[]) => subject.run(own as unknown as Inputs, options);
        const check = () =>
          checkMapped(shown(sample.title, options), fn, inputs.map((x) => x.detach()));
        if (!subject.claims.readsLabels) check();
        else assertThrows(check, TypeError, "under vmap: it depends on the elements");
      }
    }
  },
  "has gradients without elements where it has none": (subject: Subject) => {
    for (const sample of subject.row.samples) {
      const inputs = sample.inputs();
      if (inputs[0].size > 0) continue;
      for (const options of fewOptions(subject, sample, inputs)) {
        const [g] = gradientsOf(subject.run(inputs, options), inputs);
        assertEquals(g?.shape, inputs[0].shape, shown(sample.title, options));
      }
    }
  },
  "takes its limits, and the side of a kink that PyTorch takes": ({ run, row }: Subject) => {
    for (const { title, inputs: make, options, value, gradient } of row.points) {
      const inputs = make();
      // What is chosen by a `where` must not be made beside a NaN or an infinity.
      detectAnomaly(() => {
        const ours = run(inputs, options);
        const near = { ...(ours.dtype === "float64" ? EXACT : {}), message: title };
        assertClose(ours, value, near);
        const [g, ...others] = gradientsOf(ours, inputs);
        assertClose(g!, gradient as number[], near);
        for (const x of [...others, ...secondOf(g!, inputs)]) {
          assert(x?.isfinite().all().item() !== 0, `${title}: a gradient is not finite`);
        }
      });
    }
  },
  "is right and finite for what is very large or small": ({ run, row }: Subject) => {
    for (const make of row.extremes) {
      for (const reduction of ["none", "mean"] as const) {
        const inputs = make();
        const value = run(inputs, { reduction });
        const { values } = reducedEntries(row.reference(inputs, { reduction }), { reduction });
        const message = shown(`predictions ${inputs[0].detach()}`, { reduction });
        assertClose(Float64Array.from(valuesOf(value)), Float64Array.from(values), {
          rtol: 1e-5,
          atol: 0,
          message,
        });
        for (const g of gradientsOf(value, inputs)) {
          assert(g?.isfinite().all().item() === 1, `${message}: the gradient is not finite`);
        }
      }
    }
  },
  "is NaN as a mean of nothing, and reaches nothing": ({ run, row }: Subject) => {
    for (const { inputs: make, options: optionsFor } of row.nothing) {
      for (const reduction of ["mean", "sum", "none"] as const) {
        const inputs = make();
        const options = { ...optionsFor(inputs), reduction };
        const message = shown(`[${inputs[0].shape}]`, options);
        const loss = run(inputs, options);
        assertEquals(Number.isNaN(loss.sum().item()), reduction === "mean", message);
        if (reduction !== "mean") assert(allZero(loss), message);
        const leaves = [...inputs, ...Object.values(options)];
        const gradients = gradientsOf(loss, leaves);
        const second = gradients.flatMap((g) => g === null ? [] : secondOf(g, leaves));
        for (const g of [...gradients, ...second]) assert(g === null || allZero(g), message);
      }
    }
  },
  "refuses what does not fit, in words that say why": ({ run, make, row }: Subject) => {
    for (const { inputs, options: given, error, says } of row.refuses) {
      const options = given as Options | undefined;
      const wrong = (inputs ?? row.samples[0]!.inputs)() as Inputs;
      const calls = [() => run(wrong, options), () => make(options).forward(...wrong)];
      if (inputs === undefined) calls.push(() => make(options) as unknown as Tensor);
      for (const call of calls) {
        const { message } = assertThrows(call, error);
        assertStringIncludes(message, says);
        assert(/^Cannot (compute|make) losses\.[^\n]*[^.\n]$/.test(message), message);
      }
    }
  },
  "refuses weights below 0, infinite ones and NaN": (subject: Subject) => {
    for (const sample of subject.row.samples) {
      const inputs = sample.inputs();
      for (const [key, values] of valuesFor(subject, sample, inputs)) {
        if (!WEIGHTS.includes(key)) continue;
        for (const weight of (values as Tensor[]).filter(({ size }) => size > 0)) {
          for (const odd of [-1, NaN, Infinity, -Infinity]) {
            const wrong = weight.detach().mul(0).add(odd);
            const call = () => subject.run(inputs, { ...sample.beside, [key]: wrong });
            assertThrows(
              call,
              RangeError,
              `${key} must be finite and at least 0, got ${odd} at index 0`,
            );
          }
        }
      }
    }
  },
  "takes integers and truth values as the numbers they are, or refuses them by its own name": (
    { name, run, row },
  ) => {
    for (const { inputs: make, beside } of row.samples) {
      const inputs = make();
      const { dtype } = inputs[0];
      for (const place of inputs.keys()) {
        for (const type of ["bool", "int32"] as const) {
          const given = inputs[place]!.detach().to({ dtype: type });
          const runWith = (x: Tensor) => run(mapped(inputs, (y, i) => i === place ? x : y), beside);
          let taken: Tensor;
          try {
            taken = runWith(given);
          } catch (error) {
            assertStringIncludes((error as Error).message, `compute losses.${name}: `);
            continue;
          }
          const as = isFloat(inputs[place]) ? given.to({ dtype }) : inputs[place]!;
          assertClose(taken, runWith(as), { rtol: 1e-12, message: `${type} as input ${place}` });
        }
      }
    }
  },
  "refuses inputs on different devices": ({ run, row }: Subject) => {
    const inputs = mapped(row.samples[0]!.inputs(), narrowed);
    for (const place of inputs.keys()) {
      const apart = mapped(inputs, (x, i) => i === place ? x.to({ device: "gpu" }) : x);
      assertThrows(() => run(apart, row.samples[0]!.beside), DeviceError, "Cannot ");
    }
  },
} as const satisfies Readonly<Record<string, (subject: Subject) => void>>;

/** Whether a row has what a check is about. */
export function isAbout(check: keyof typeof CHECKS, row: LossRow<Options>): boolean {
  const lists: { [K in keyof typeof CHECKS]?: readonly unknown[] } = {
    "takes its limits, and the side of a kink that PyTorch takes": row.points,
    "is right and finite for what is very large or small": row.extremes,
    "is NaN as a mean of nothing, and reaches nothing": row.nothing,
    "refuses weights below 0, infinite ones and NaN": WEIGHTS.filter((key) => key in row.options),
  };
  return lists[check]?.length !== 0;
}
