/**
 * Wrong calls of every op, as function and as method: each argument, each entry of a list and each
 * option in turn is replaced by typical mistakes, lists are spread out, keys misspelt, arguments
 * added. The library must refuse each in its own words, and must not silently do something else. An
 * op without a row does not compile.
 */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  clone,
  fromTypedArray,
  NativeError,
  neg,
  ShapeError,
  sum,
  type Tensor,
  Tensor as TensorClass,
  zeros,
} from "../../mod.ts";
import { type Arg, of, type Options, options } from "../common/calls.ts";
import { complaint, faultsOf, valueOf } from "../common/refusals.ts";
import { OP_CALLS, type OpCall } from "./op_calls.ts";
import { OP_TABLE } from "./op_table.ts";

const CALL = OP_CALLS.find(({ title }) => title === "sum()")!;
const TITLES = Map.groupBy(OP_CALLS, ({ title }) => title);

for (const [title, calls] of TITLES) {
  Deno.test(`${title} refuses wrong arguments in words of its own`, () => {
    assertEquals(calls.flatMap(({ name, call, run }) => faultsOf(name, call, run)), []);
  });
}

/** The elements of a call's result, with their types. */
function plain(result: unknown): unknown {
  if (result instanceof TensorClass) return [result.dtype, result.toArray()];
  if (Array.isArray(result)) return result.map(plain);
  return Object.entries(result as object).map(([key, value]) => [key, plain(value)]);
}

/** The result of a call, or its message. */
function outcomeOf(run: OpCall["run"], args: readonly unknown[]): string {
  try {
    return JSON.stringify(plain(run(...args)));
  } catch (error) {
    return String(error);
  }
}

function isOptional(arg: Arg | Options): boolean {
  return "keys" in arg || arg.takes.includes("undefined");
}

/** Values that should mean the same as an omitted argument, but do not. */
function meaningsOf({ title, call: { args }, run }: OpCall): string[] {
  const good = args.map(valueOf);
  const differs = (changed: readonly unknown[], like: readonly unknown[]) =>
    outcomeOf(run, changed) !== outcomeOf(run, like);
  return args.flatMap((arg, i): string[] => {
    if (!isOptional(arg)) return [];
    const absent = good.with(i, undefined);
    const lines: string[] = [];
    // A range must have both ends, so that it is not a list of positions.
    const rest = !title.startsWith("a range") && args.slice(i + 1).every(isOptional);
    if (rest && differs(good.with(i, undefined).slice(0, i + 1), good.slice(0, i))) {
      lines.push(`${title}: undefined as argument ${i}`);
    }
    if ("keys" in arg && differs(good.with(i, {}), absent)) {
      lines.push(`${title}: {} as argument ${i}`);
    }
    if (!("keys" in arg) && arg.takes.includes("null") && differs(good.with(i, null), absent)) {
      lines.push(`${title}: null as argument ${i}`);
    }
    return lines;
  });
}

Deno.test("what is left out, undefined, null where it is taken, and {} mean the same", () => {
  assertEquals(OP_CALLS.flatMap(meaningsOf), []);
});

const FAR = [-1, -(2 ** 31), 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53, 1e308, Infinity, -Infinity];

/** Huge arguments that cause neither a result nor one of our errors. */
function farOff({ title, name, call: { args }, run }: OpCall): string[] {
  const good = args.map(valueOf);
  const places = good.flatMap((value, i): [what: string, at: (far: number) => unknown[]][] => {
    if (typeof value === "number") return [[`argument ${i}`, (far) => good.with(i, far)]];
    const arg = args[i]!;
    if (!("keys" in arg)) return [];
    return Object.entries(value as object).flatMap(([key, own]) =>
      typeof own === "number"
        ? [[`${key}`, (far) => good.with(i, { ...value as object, [key]: far })]]
        : []
    );
  });
  return places.flatMap(([what, at]) =>
    FAR.flatMap((far) => {
      const said = complaint(name, () => run(...at(far)));
      return said === null || said.startsWith("was accepted")
        ? []
        : [`${title}, ${what} ${far}: ${said}`];
    })
  );
}

Deno.test("numbers that are far off are refused in words of the library's own, or do no harm", () => {
  assertEquals(OP_CALLS.flatMap(farOff), []);
});

/** Empty tensors with extents that a frame can just hold. */
const HOLLOW: Readonly<Record<string, () => Tensor>> = {
  "[2147483647, 0]": () => zeros([1, 0]).expand([2 ** 31 - 1, 0]),
  "[0, 2147483647]": () => zeros([0, 1]).expand([0, 2 ** 31 - 1]),
  "[0, 65536, 32767]": () => zeros([0, 65536, 32767]),
  "[16384, 0, 65536]": () => zeros([16384, 0, 65536]),
};

/** Empty tensors with large extents that cause neither a result nor one of our errors. */
function tripsOver({ title, call: { args }, run }: OpCall): string[] {
  const good = args.map(valueOf);
  return good.flatMap((value, i) => {
    if (!(value instanceof TensorClass)) return [];
    return Object.entries(HOLLOW).flatMap(([shape, make]) => {
      const hollow = make().to({ dtype: value.dtype });
      // Which of several ops refuses it does not matter.
      const said = complaint("Cannot", () => run(...good.with(i, hollow)));
      return said === null || said.startsWith("was accepted")
        ? []
        : [`${title}, ${shape}: ${said}`];
    });
  });
}

Deno.test("tensors of nothing with large extents are refused in the library's words, or do no harm", () => {
  assertEquals(OP_CALLS.filter(({ title }) => title.endsWith("()")).flatMap(tripsOver), []);
  const careless: OpCall["run"] = (x) =>
    Array.from((x as Tensor).shape).map((n) => new Array(n * 4));
  const planted = { ...CALL, run: careless };
  assertStringIncludes(tripsOver(planted).join(), "sum(), [2147483647, 0]: ended in");
});

Deno.test("a tensor that takes 4 GiB is refused before its memory is asked for", () => {
  const wide = zeros([1], { dtype: "bool" }).expand([2 ** 29]);
  for (const dtype of ["float32", "float64", "int32"] as const) {
    const extent = dtype === "float64" ? 2 ** 29 : 2 ** 30;
    const x = zeros([1], { dtype }).expand([extent]);
    for (const make of [clone, neg, () => x.add(x), () => x.roll(1)]) {
      assertThrows(() => make(x), ShapeError, `[${extent}] and type ${dtype}`);
    }
  }
  assertThrows(() => wide.to({ dtype: "float64" }), ShapeError, "4 GiB or more");
  const shape = [2 ** 29];
  assertThrows(() => zeros(shape, { dtype: "float64" }), ShapeError, "4 GiB or more");
  assertThrows(() => fromTypedArray(new Float64Array(2 ** 29), shape), ShapeError, "4 GiB or more");
});

Deno.test("every op has calls, and every method of a tensor that is one", () => {
  const names = OP_CALLS.map(({ name }) => name);
  assertEquals(OP_TABLE.filter(({ name }) => !names.includes(name)), []);
  const methods = OP_CALLS.flatMap(({ title }) => /^x\.(\w+)\(\)$/.exec(title)?.[1] ?? []);
  const ops = OP_TABLE.filter(({ name }) => Reflect.has(TensorClass.prototype, name));
  const absent = ops.map(({ name }) => name).filter((name) => !methods.includes(name));
  // A getter, which has no arguments.
  assertEquals(absent, ["mT"]);
});

// deno-lint-ignore no-explicit-any
type Careless = (x: any, dim?: any, options?: any) => Tensor;

const PLANTED: Readonly<Record<string, readonly [careless: Careless, found: readonly string[]]>> = {
  "swallows its options": [
    (x, dim, ...rest) => rest.length > 1 ? sum(x, dim, ...rest as []) : sum(x, dim),
    ["tensor as options: was accepted", "keepdim: text: was accepted", '"Keepdim": was accepted'],
  ],
  "knows keys, not kinds": [
    (x, dim, given = {}, ...rest) => {
      const { keepdim, ...more } = given;
      return sum(x, dim, { ...keepdim ? { keepdim: true } : {}, ...more }, ...rest as []);
    },
    ["number as options: was accepted", "keepdim: text: was accepted"],
  ],
  "drops surplus arguments": [
    (x, dim, options) => sum(x, dim, options),
    ["an argument too many: was accepted"],
  ],
  "ends in JavaScript's words": [
    (x, dim, options, ...rest) => {
      if (dim?.shape !== undefined) dim.shape.none.length;
      return sum(x, dim, options, ...rest as []);
    },
    ['argument 1: tensor: ended in "TypeError: Cannot read properties'],
  ],
  "ends in a kernel": [
    (x, dim, options, ...rest) => {
      if (dim === null) throw new NativeError("Cannot run sum: a kernel refused");
      return sum(x, dim, options, ...rest as []);
    },
    ['argument 1: null: ended in "NativeError'],
  ],
  "does not tell its name": [
    (x, dim, options, ...rest) => {
      if (typeof dim === "bigint") throw new TypeError("Cannot do this");
      return sum(x, dim, options, ...rest as []);
    },
    ["argument 1: bigint: does not say sum"],
  ],
};

for (const [fault, [careless, found]] of Object.entries(PLANTED)) {
  Deno.test(`an op that ${fault} is found`, () => {
    const lines = faultsOf("sum", CALL.call, careless as OpCall["run"]);
    for (const line of found) assertStringIncludes(lines.join("\n"), line);
  });
}

Deno.test("an op that takes undefined for 0, or trips over a large number, is found", () => {
  const over = (dim: unknown) => typeof dim === "number" && dim > 2 ** 32;
  const careless: OpCall["run"] = (x, ...rest) => {
    if (over(rest[0])) throw new NativeError("Cannot run sum: a kernel refused");
    return rest.length > 0 && rest[0] === undefined ? sum(x as Tensor, 0) : sum(x as Tensor);
  };
  const args = [CALL.call.args[0]!, of(() => 1, "undefined"), options({})];
  const planted = { title: "sum()", name: "sum", call: { args }, run: careless };
  assertEquals(meaningsOf(planted), ["sum(): undefined as argument 1"]);
  assert(farOff(planted).some((line) => line.startsWith("sum(), argument 1 1099511627776: ended")));
});
