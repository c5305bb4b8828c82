/** Targets that a loss cannot mean are refused, whatever its call is, and those at its ends are not. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DOMAINS } from "../../lib/loss/domain.ts";
import { cat, full, grad, jvp, losses, type Tensor, tensor, vmap } from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";
import { CLAIMS } from "./claims.ts";
import type { Inputs } from "./row.ts";
import { LOSSES, type LossName } from "./table.ts";

type Run = (inputs: readonly Tensor[], options?: object) => Tensor;

const names = (Object.keys(DOMAINS) as `losses.${LossName}`[])
  .map((op) => op.slice("losses.".length) as LossName);

const runOf = (name: LossName): Run => (inputs, options) =>
  (losses[name] as (...call: unknown[]) => Tensor)(...inputs, options);

/** The place of the target among the inputs; that of classes alone stands last. */
const placeOf = (name: LossName) => CLAIMS[name].target ?? 2;

/** Inputs that have targets of numbers. */
function samplesOf(name: LossName): Inputs[] {
  const { samples } = LOSSES[name] as { samples: readonly { inputs: () => Inputs }[] };
  return samples.map(({ inputs }) => inputs())
    .filter((inputs) =>
      inputs[placeOf(name)]!.dtype === "float64" || DOMAINS[`losses.${name}`]!.ends
    )
    .filter((inputs) => inputs.every((x) => x.size > 0));
}

/** The inputs with one target in the last place. */
function withLast(inputs: Inputs, at: number, value: number, dtype?: "float32"): Tensor[] {
  return inputs.map((x, i) => {
    if (i !== at) return x.detach();
    const data = valuesOf(x);
    data[data.length - 1] = value;
    return tensor(data, { dtype: dtype ?? "float64" }).reshape(x.shape);
  });
}

/** Numbers that lie outside of a domain. */
function outside(name: LossName): number[] {
  const { low, high, ends } = DOMAINS[`losses.${name}`]!;
  const finite = high < Number.MAX_VALUE ? [high + 1, high + 0.01] : [];
  return [low - 1, low - 0.01, -Infinity, Infinity, ...finite, ...ends ? [(low + high) / 2] : []];
}

function inside(name: LossName): number[] {
  const { low, high, ends } = DOMAINS[`losses.${name}`]!;
  return [low, Math.min(high, 1), ...ends ? [] : [low + 0.25]];
}

function checkRefusals(name: LossName, run: Run): void {
  const [at, { needed }] = [placeOf(name), DOMAINS[`losses.${name}`]!];
  const given = samplesOf(name);
  assert(given.length > 0, "no sample has a target of numbers");
  for (const inputs of given) {
    for (const value of outside(name)) {
      for (const dtype of [undefined, "float32"] as const) {
        for (const reduction of ["mean", "sum", "none"]) {
          const wrong = withLast(inputs, at, value, dtype);
          const { message } = assertThrows(() => run(wrong, { reduction }), RangeError);
          assert(message.startsWith(`Cannot compute losses.${name}: `), message);
          assert(message.includes(`must ${needed}, got `), message);
        }
      }
    }
    for (const value of inside(name)) run(withLast(inputs, at, value));
  }
}

for (const name of names) {
  Deno.test(`losses.${name} refuses targets beyond its domain and takes its ends`, () =>
    checkRefusals(name, runOf(name)));

  Deno.test(`losses.${name} refuses them under vmap, jvp and grad too`, () => {
    const [at, [sample]] = [placeOf(name), samplesOf(name)];
    const wrong = withLast(sample!, at, outside(name)[0]!);
    const run = runOf(name);
    const over = (p: Tensor) => run(wrong.map((x, i) => i === 0 ? p : x)).sum();
    assertThrows(() => jvp(over, [wrong[0]!], [wrong[0]!]), RangeError, "got");
    assertThrows(() => grad(over(wrong[0]!.clone().requiresGrad_()), [wrong[0]!]), RangeError);
    const mapped = vmap((p: Tensor, t: Tensor) =>
      run(wrong.map((x, i) => i === 0 ? p : i === at ? t : x)).sum()
    );
    const twice = (x: Tensor) => cat([x.unsqueeze(0), x.unsqueeze(0)], 0);
    assertThrows(() => mapped(twice(wrong[0]!), twice(wrong[at]!)), RangeError, "got");
  });
}

Deno.test("a loss that takes any targets is found", () => {
  const free: Run = ([p, t]) => p!.sub(t!).square().sum();
  assertThrows(() => checkRefusals("bce", free), Error, "to throw");
});

Deno.test("one target of many is found, again after a write, and not behind a mask", () => {
  for (const dtype of ["float32", "float64"] as const) {
    for (const [loss, good, bad] of [[losses.bce, 0.5, 1.5], [losses.hinge, -1, 0]] as const) {
      const [p, t] = [full([5000], 0.5, { dtype }), full([5000], good, { dtype })];
      const value = loss(p, t).item();
      assertEquals(loss(p, t).item(), value);
      t.slice(0, 4321, 4322).fill_(bad);
      assertThrows(() => loss(p, t), RangeError, `got ${bad} at index 4321`);
      assertAlmostEquals(loss(p, t, { mask: t.ne(bad) }).item(), value, 1e-5);
      t.fill_(good);
      assertEquals(loss(p, t).item(), value);
      t.data[7] = bad;
      assertThrows(() => loss(p, t), RangeError, `got ${bad} at index 7`);
      t.data[7] = good;
      loss(p, t);
      t.data[8] = NaN;
      assertThrows(() => loss(p, t), RangeError, "must be numbers, got NaN at index 8");
    }
  }
});

Deno.test("a view that was looked at says nothing of the elements beside it", () => {
  for (const [loss, good, bad] of [[losses.bce, 0.5, 1.5], [losses.hinge, -1, 0]] as const) {
    const views: Record<string, (t: Tensor) => Tensor> = {
      "one for all": (t) => t.slice(0, 0, 1).expand([4096]),
      "one row for all": (t) => t.reshape([64, 64]).slice(0, 0, 1).expand([64, 64]),
      "the first half": (t) => t.slice(0, 0, 2048),
    };
    for (const [what, view] of Object.entries(views)) {
      const t = full([4096], good);
      t.slice(0, 4095, 4096).fill_(bad);
      const seen = view(t);
      loss(full(seen.shape, 0.5), seen);
      assertThrows(() => loss(full([4096], 0.5), t), RangeError, `got ${bad} at index 4095`, what);
    }
  }
});

Deno.test("targets that one loss takes are looked at again by one with other bounds", () => {
  const mixed = full([4096], 1);
  mixed.slice(0, 0, 2048).fill_(-1);
  const x = full([4096], 0.5);
  for (
    const [t, takes, refuses] of [
      [mixed, [losses.hinge, losses.softMargin], [losses.bce, losses.focal, losses.klDiv]],
      [full([4096], 1), [losses.hinge, losses.bce, losses.focal, losses.klDiv], []],
      [full([4096], 0), [losses.bce, losses.focal, losses.klDiv], [losses.hinge]],
      [full([4096], 1.00005), [losses.hinge, losses.bce], [losses.hingeEmbedding, losses.focal]],
      [full([4096], 0.5), [losses.bce, losses.softMargin], [losses.hinge, losses.focal]],
    ] as const
  ) {
    for (let round = 0; round < 2; round++) {
      for (const loss of takes) loss(x, t);
      for (const loss of refuses) assertThrows(() => loss(x, t), RangeError, "target must");
    }
  }
});

Deno.test("logarithms of probabilities are below Infinity, and may be those of 0", () => {
  const x = tensor([-1, -1]);
  for (const loss of [losses.klDiv, losses.jsDiv]) {
    const run = (t: number[]) => loss(x, tensor(t), { logTarget: true }).item();
    assert(Number.isFinite(run([-Infinity, 0])));
    assertThrows(() => run([0, Infinity]), RangeError, "must be below Infinity");
    assertThrows(() => loss(x, tensor([-1, 0])), RangeError, "set logTarget: true");
  }
});

/** Losses that are NaN for some predictions, with those and with others. */
const PREDICTIONS: readonly {
  name: "bce" | "poissonNll";
  given?: losses.PoissonNLLOptions;
  wrong: readonly number[];
  right: readonly number[];
  says: string;
}[] = [
  {
    name: "bce",
    wrong: [-1e-6, 1 + 1e-6, 3, Infinity],
    right: [0, 1e-6, 1],
    says: "prediction must lie in 0 to 1, got",
  },
  {
    name: "poissonNll",
    given: { logInput: false },
    wrong: [-1e-6, -3, -Infinity],
    right: [0, 1e-6, 3],
    says: "prediction must be finite and at least 0, got",
  },
  { name: "poissonNll", wrong: [], right: [-3, 0, 3], says: "" },
];

for (const { name, given, wrong, right, says } of PREDICTIONS) {
  Deno.test(`losses.${name} refuses predictions of which it is NaN, with ${given?.logInput}`, () => {
    const [run, target] = [runOf(name), tensor([0.5, 0.5, 0.5])];
    const message = `Cannot compute losses.${name}: ${says}`;
    for (const reduction of ["mean", "sum", "none"]) {
      for (const weight of [undefined, tensor([1, 2, 3])]) {
        const options = { ...given, reduction, ...weight && { weight } };
        for (const value of wrong) {
          const p = tensor([0.5, value, 0.5]);
          assertThrows(() => run([p, target], options), RangeError, `${message} ${p.at(1).item()}`);
          assertThrows(() => jvp((x) => run([x, target], options), p, p), RangeError, message);
          const twice = vmap((x: Tensor) => run([x, target], options));
          assertThrows(() => twice(p.expand([2, 3])), RangeError, message);
          const mask = tensor([true, false, true]);
          assert(run([p, target], { ...options, mask }).isfinite().all().item());
        }
        for (const value of right) {
          assert(run([tensor([0.5, value, 0.5]), target], options).isfinite().all().item());
        }
        const lost = run([tensor([0.5, NaN, 0.5]), target], options);
        assertEquals(lost.isnan().any().item(), 1);
      }
    }
  });
}
