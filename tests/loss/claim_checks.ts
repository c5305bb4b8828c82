/** What is checked of a loss by its claims. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { full, grad, type losses, type Tensor, tensor } from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";
import type { Subject } from "./checks.ts";
import type { Claims } from "./claims.ts";
import type { Inputs } from "./row.ts";

type Options = losses.LossOptions<string>;

const SUM: Options = { reduction: "sum" };

/** The inputs, each as another tensor of a type that may require a gradient. */
function changed(inputs: Inputs, change: (x: Tensor, i: number) => Tensor): Inputs {
  const [p, t, ...more] = inputs.map((x, i) => {
    const other = change(x.detach(), i);
    return x.requiresGrad ? other.detach().requiresGrad_() : other;
  });
  return [p!, t!, ...more];
}

const single = (x: Tensor) => x.dtype === "float64" ? x.to({ dtype: "float32" }) : x;

/** The inputs with one target for all. */
function ofClass(inputs: Inputs, target: number): Inputs {
  return changed(inputs, (x, i) => i === 1 ? full(x.shape, target, { dtype: x.dtype }) : x);
}

/** The samples that have elements, and the loss with the options that they need. */
function samplesOf(subject: Subject): (readonly [Subject, Inputs])[] {
  return subject.row.samples.map(({ inputs, beside }) => {
    const run = (x: Inputs, options?: Options) => subject.run(x, { ...beside, ...options });
    return [{ ...subject, run }, inputs()] as const;
  }).filter(([, [x]]) => x.size > 0);
}

function gradientOf({ run }: Subject, inputs: Inputs): Tensor {
  return grad(run(inputs, SUM), [inputs[0]], { allowUnused: true })[0] ?? inputs[0].mul(0);
}

function assertFinite(x: Tensor, what: string): void {
  assert(x.isfinite().all().item() === 1, `${what} is not finite`);
}

const shapeOf = ([x]: Inputs) => `[${x.shape.join(", ")}]`;

/** Factors of both signs, eight for each decade. */
const FACTORS = Array.from({ length: 65 }, (_, i) => 10 ** (i / 8 - 4)).flatMap((f) => [f, -f]);

/** The checks, by what they say of a loss. */
export const CLAIM_CHECKS = {
  "has in float32 the gradients of float64": (given: Subject) => {
    for (const [subject, inputs] of samplesOf(given)) {
      const double = gradientOf(subject, inputs);
      const near = gradientOf(subject, changed(inputs, single));
      const atol = 1e-5 * Math.max(1, double.abs().max().item());
      assertClose(near.to({ dtype: "float64" }), double, {
        rtol: 1e-4,
        atol,
        message: shapeOf(inputs),
      });
    }
  },
  "does not change with a common offset of 1e4": (given: Subject) => {
    for (const [subject, inputs] of samplesOf(given)) {
      // Multiples of 1/64 stay what they are beside 1e4 in float32.
      const rounded = changed(
        inputs,
        (x) => x.dtype === "float64" ? single(x.mul(64).round().div(64)) : x,
      );
      const moved = changed(
        rounded,
        (x, i) => given.claims.offset!.includes(i) ? x.add(1e4) : x,
      );
      const near = { rtol: 1e-5, atol: 1e-5, message: shapeOf(inputs) };
      assertClose(subject.run(moved, SUM), subject.run(rounded, SUM), near);
      assertClose(gradientOf(subject, moved), gradientOf(subject, rounded), near);
    }
  },
  "is 0 where it claims to be": (given: Subject) => {
    for (const [subject, inputs] of samplesOf(given)) {
      const equal = given.claims.zero!(inputs);
      assertClose(subject.run(equal, SUM).item(), 0, { atol: 1e-12, message: shapeOf(inputs) });
      assertFinite(gradientOf(subject, equal), "the gradient");
    }
  },
  "has slopes up to its bound and none beyond": (given: Subject) => {
    const { bound = NaN, onlyClass } = given.claims;
    let steepest = 0;
    for (const [subject, inputs] of samplesOf(given)) {
      const certain = onlyClass === undefined ? [] : [ofClass(inputs, onlyClass)];
      for (const one of [inputs, ...certain]) {
        for (const factor of FACTORS) {
          const scaled = changed(one, (x, i) => i === 0 ? x.mul(factor) : x);
          steepest = Math.max(steepest, gradientOf(subject, scaled).abs().max().item());
        }
      }
    }
    assert(steepest <= bound * (1 + 1e-9), `the slope is ${steepest}, beyond ${bound}`);
    assert(steepest >= bound * 0.95, `the slope is ${steepest}, so that ${bound} says nothing`);
  },
  "does not depend on the order of a batch": (given: Subject) => {
    let tried = 0;
    for (const [subject, inputs] of samplesOf(given)) {
      const dims = given.claims.batch ?? inputs.map(() => 0);
      const extents = inputs.flatMap((x, i) => dims[i] === null ? [] : [x.shape[dims[i]!]]);
      const [rows = 0] = extents;
      if (inputs[0].ndim < 2 || rows < 2 || extents.some((extent) => extent !== rows)) continue;
      tried++;
      const order = tensor(Int32Array.from({ length: rows }, (_, i) => (i + 1) % rows));
      const turned = changed(
        inputs,
        (x, i) => dims[i] === null ? x : x.indexSelect(dims[i]!, order),
      );
      const near = { rtol: 1e-12, atol: 1e-12, message: shapeOf(inputs) };
      assertClose(subject.run(turned, SUM), subject.run(inputs, SUM), near);
      const gradients = [gradientOf(subject, turned), gradientOf(subject, inputs)];
      assertClose(gradients[0]!, gradients[1]!.indexSelect(dims[0]!, order), near);
    }
    assert(tried > 0, "no sample is a batch");
  },
  "is right where a class is missing": (given: Subject) => {
    for (const [subject, inputs] of samplesOf(given)) {
      const only = ofClass(inputs, given.claims.onlyClass!);
      const { each } = given.row.reference(only, SUM);
      const value = valuesOf(subject.run(only, SUM))[0]!;
      const wanted = each.reduce((sum, one) => sum + one, 0);
      assertClose(value, wanted, { rtol: 1e-10, atol: 1e-12, message: shapeOf(inputs) });
      assertFinite(gradientOf(subject, only), "the gradient");
    }
  },
  "is finite at ±1e4 in float32": (given: Subject) => {
    for (const [subject, inputs] of samplesOf(given)) {
      const large = changed(inputs, (x, i) => i === 0 ? single(x.sign().mul(1e4)) : single(x));
      assertFinite(subject.run(large, SUM), "the loss at ±1e4");
      assertFinite(gradientOf(subject, large), "the gradient at ±1e4");
    }
  },
  "refuses a NaN of its target": (given: Subject) => {
    const { target = NaN } = given.claims;
    let tried = 0;
    for (const [subject, inputs] of samplesOf(given)) {
      if (inputs[target]!.dtype !== "float64") continue;
      const odd = changed(inputs, (x, i) => i === target ? x.mul(NaN) : x);
      for (const reduction of ["mean", "sum", "none"] as const) {
        const call = () => subject.run(odd, { reduction });
        assertThrows(call, RangeError, "must be numbers, got NaN at index 0");
        tried++;
      }
      // That of a prediction is the model's, and no wrong call.
      const lost = changed(inputs, (x, i) => i === 0 ? x.mul(NaN) : x);
      assertEquals(subject.run(lost, SUM).item(), NaN, shapeOf(inputs));
    }
    assert(tried > 0, "no sample has a target of numbers");
  },
  "is known without rows, and where nothing counts": ({ row }: Subject) => {
    assertEquals(row.samples.some(({ inputs }) => inputs()[0].size === 0), true, "no empty one");
    const ignores = ["mask", "ignoreIndex"].some((key) => key in row.options);
    assert(!ignores || row.nothing.length > 0, "no call in which nothing counts");
  },
} as const satisfies Readonly<Record<string, (subject: Subject) => void>>;

/** The checks that are about some losses alone, and which. */
const CLAIMED: { readonly [Check in keyof typeof CLAIM_CHECKS]?: (claims: Claims) => boolean } = {
  "does not change with a common offset of 1e4": ({ offset }) => offset !== undefined,
  "is 0 where it claims to be": ({ zero }) => zero !== undefined,
  "has slopes up to its bound and none beyond": ({ bound }) => bound !== undefined,
  "is right where a class is missing": ({ onlyClass }) => onlyClass !== undefined,
  "refuses a NaN of its target": ({ target }) => target !== undefined,
  "is finite at ±1e4 in float32": ({ domain }) => domain === undefined,
};

/** Whether a check follows from the claims of a loss. */
export function isClaimed(check: keyof typeof CLAIM_CHECKS, claims: Claims): boolean {
  return CLAIMED[check]?.(claims) ?? true;
}
