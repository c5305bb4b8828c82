/** Values and gradients of the ops against those of PyTorch; `fixtures/ops.py` wrote the files. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { registeredOps } from "../../lib/ops/registry.ts";
import * as window from "../../lib/ops/window/mod.ts";
import * as adjoint from "../../mod.ts";
import { type DType, grad, Tensor } from "../../mod.ts";
import { NUMBERS, plainStored, type Stored } from "../fixtures/stored.ts";
import { endOf, familyOf, filesOf, find, ROOT, shown } from "../tools/places.ts";
import { opOf } from "../common/op_names.ts";
import { OP_CASES } from "./op_cases.ts";
import { assertTensor } from "../common/compare.ts";
import { count, type Plain, tensorOf } from "../common/samples.ts";

/** A case in the file of an op. */
interface Case {
  readonly args: readonly unknown[];
  readonly inputs: readonly Stored[];
  readonly outputs: readonly Stored[];
  readonly cotangents?: readonly Stored[];
  readonly gradients?: readonly (Stored | null)[];
}

/** The op, type and rank of both inputs, and the type of the result. */
type Promotion = readonly [string, DType, number, DType, number, DType | "error"];

/** A case and its position. */
interface Placed extends Case {
  readonly op: string;
  readonly number: number;
}

function stored(path: string): unknown {
  return JSON.parse(Deno.readTextFileSync(new URL(path, ROOT)));
}

const files = filesOf(ROOT, "tests/fixtures/ops", ".json");
const names = files.map((file) => file.split("/").at(-1)!.slice(0, -".json".length));
const cases = names.flatMap((op, i) =>
  (stored(files[i]!) as Case[]).map((one, number): Placed => ({ ...one, op, number }))
);
const promotions = stored("tests/fixtures/promotions.json") as Promotion[];

function zerosOf(shape: readonly number[]): Plain {
  return { shape, data: new Array<number>(count(shape)).fill(0) };
}

/** Puts the inputs into the places where the arguments name them. */
function filled(arg: unknown, inputs: readonly Tensor[]): unknown {
  if (Array.isArray(arg)) return arg.map((part) => filled(part, inputs));
  if (typeof arg === "object" && arg !== null) {
    if ("in" in arg) return inputs[arg.in as number];
    return Object.fromEntries(
      Object.entries(arg).map(([key, value]) => [key, filled(value, inputs)]),
    );
  }
  return typeof arg === "string" ? Reflect.get(NUMBERS, arg) ?? arg : arg;
}

/** The results of an op, whether one tensor, values and indices, or a boolean. */
function results(y: unknown): Tensor[] {
  if (typeof y === "boolean") return [adjoint.tensor(y)];
  return y instanceof Tensor ? [y] : Object.values(y as Record<string, Tensor>);
}

// Both sides compute in float64 and may round sums in another order.
const TOLERANCE = { rtol: 1e-12, atol: 1e-13 };

for (const one of cases) {
  const shapes = one.inputs.map(({ shape }) => `[${shape.join(", ")}]`).join(" ");
  Deno.test(`${one.op}() case ${one.number} of ${shapes} is that of PyTorch`, () => {
    const inputs = one.inputs.map((stored) => {
      const x = tensorOf(plainStored(stored), stored.dtype);
      return stored.dtype === "float64" ? x.requiresGrad_() : x;
    });
    const outputs = results(opOf(one.op)(...filled(one.args, inputs) as unknown[]));
    assertEquals(outputs.length, one.outputs.length);
    outputs.forEach((y, i) => {
      const wanted = one.outputs[i]!;
      assertTensor(`${one.op}()`, y, plainStored(wanted), wanted.dtype, TOLERANCE);
    });
    if (one.cotangents === undefined) return;
    const roots = outputs.filter((y) => y.requiresGrad);
    assertEquals(roots.length, one.cotangents.length, `${one.op}(): results with a gradient`);
    const leaves = inputs.filter((x) => x.requiresGrad);
    const gradOutputs = one.cotangents.map((g) => tensorOf(plainStored(g), "float64"));
    const gradients = grad(roots, leaves, { gradOutputs, allowUnused: true });
    gradients.forEach((gradient, i) => {
      const wanted = one.gradients![i] ?? null;
      const what = `gradient of input ${i} of ${one.op}()`;
      if (gradient === null) return assertEquals(wanted, null, `${what}: there is none`);
      // Where PyTorch returns no gradient, zeros are equal to it.
      const expected = wanted === null ? zerosOf(gradient.shape) : plainStored(wanted);
      assertTensor(what, gradient, expected, "float64", TOLERANCE);
    });
  });
}

/**
 * Ops that exist only as functions: their first argument is not a tensor, or not the main one, or
 * PyTorch has no method either.
 */
const FUNCTIONS = [
  ...["where", "cat", "stack", "meshgrid", "oneHot", "einsum", "layerNorm", "polygamma"],
  ...["trapezoid", "normalize", "cosineSimilarity", "cdist", "tensordot", "searchsorted"],
  ...names.filter((op) => op.startsWith("linalg.") && !["linalg.det", "linalg.inv"].includes(op)),
  ...Object.keys(window),
];

/** Methods with another name. */
const METHODS: Readonly<Record<string, string>> = {
  variance: "var",
  "linalg.det": "det",
  "linalg.inv": "inverse",
};

/** An op as a method. */
function callMethod(op: string, [x, ...rest]: readonly unknown[]): unknown {
  const member = Reflect.get(x as Tensor, METHODS[op] ?? op);
  if (typeof member !== "function") return member;
  return member.apply(x, op === "at" ? rest[0] : rest);
}

for (const op of names) {
  if (FUNCTIONS.includes(op)) continue;
  Deno.test(`${op} is a method that does what the function does`, () => {
    let tried = 0;
    for (const one of cases) {
      if (one.op !== op) continue;
      const inputs = one.inputs.map((stored) => tensorOf(plainStored(stored), stored.dtype));
      const args = filled(one.args, inputs) as unknown[];
      if (!(args[0] instanceof Tensor)) continue;
      const [ours, wanted] = [results(callMethod(op, args)), results(opOf(op)(...args))];
      assertEquals(
        ours.map((y) => [y.dtype, y.toArray()]),
        wanted.map((y) => [y.dtype, y.toArray()]),
      );
      tried++;
    }
    assert(tried > 0, `${op} was not tried`);
  });
}

for (const op of new Set(promotions.map(([op]) => op))) {
  Deno.test(`${op}() gives the types that PyTorch gives`, () => {
    for (const [name, a, aRank, b, bRank, wanted] of promotions) {
      if (name !== op) continue;
      const make = (dtype: DType, rank: number) =>
        adjoint.ones(new Array<number>(rank).fill(2), { dtype });
      const call = () => opOf(op)(make(a, aRank), make(b, bRank)) as Tensor;
      // PyTorch refuses bool with numbers only in differences; here it counts as in sums.
      if (op === "sub" && (a === "bool") !== (b === "bool")) continue;
      const what = `${op} of ${a} with ${aRank} and ${b} with ${bRank} dimensions`;
      if (wanted === "error") assertThrows(call, adjoint.DTypeError, op, what);
      else assertEquals(call().dtype, wanted, what);
    }
  });
}

const makerOf = (op: string) => `tests/fixtures/makers/${familyOf(ROOT, op)}.py`;

/** How to make the fixture of an op. */
function making(op: string): string {
  const maker = makerOf(op);
  const found = find(ROOT, [maker], new RegExp(`"${op}"`));
  const run = `run \`python tests/fixtures/ops.py ${op}\``;
  if (found !== undefined) return `${run}, which computes its cases in ${shown(found)}`;
  return `write its cases in ${shown(endOf(ROOT, maker))}, then ${run}`;
}

/** What to change so that each op has a fixture, and each fixture an op. */
function differences(ops: readonly string[], fixtures: readonly string[]): string[] {
  const missing = ops.filter((op) => !fixtures.includes(op)).map((op) =>
    `${op} has no fixture: ${making(op)}`
  );
  const makers = filesOf(ROOT, "tests/fixtures/makers", ".py");
  const surplus = fixtures.filter((op) => !ops.includes(op)).map((op) => {
    const place = find(ROOT, makers, new RegExp(`"${op}"`));
    const also = place === undefined ? "" : `, and the cases in ${shown(place)}`;
    return `tests/fixtures/ops/${op}.json:1 is of no public op: remove it${also}`;
  });
  return [...missing, ...surplus];
}

Deno.test("each public op has a fixture, and each fixture an op", () => {
  const elementwise = registeredOps().filter((op) => op.arity !== undefined).map((op) => op.name);
  const ops = [...elementwise, ...Object.keys(OP_CASES)];
  assertEquals(differences(ops, names).join("\n"), "");
  const without = (op: string) => names.filter((name) => name !== op);
  assertMatch(
    differences(ops, without("atan2"))[0]!,
    /^atan2 has no fixture: run `python .*ops\.py atan2`, .* in .*makers\/elementwise\.py:\d+$/,
  );
  assertMatch(
    differences(ops.filter((op) => op !== "linalg.norm"), names)[0]!,
    /ops\/linalg\.norm\.json:1 is of no public op: remove it, and .*makers\/linalg\.py:\d+$/,
  );
  // Cases that are still missing belong at the end.
  const { file, line } = endOf(ROOT, "tests/fixtures/makers/copy.py");
  const write = `copy_ has no fixture: write its cases in ${file}:${line}, then run`;
  assert(differences([...ops, "copy_"], names)[0]!.startsWith(write));
});

Deno.test("the cases of an op stand in the maker of its family", () => {
  const astray = names.filter((op) =>
    find(ROOT, [makerOf(op)], new RegExp(`"${op}"`)) === undefined
  );
  assertEquals(astray, []);
});
