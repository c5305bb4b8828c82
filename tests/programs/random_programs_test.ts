/**
 * Random programs run as they are, and as their twins on contiguous float64 copies. More of each op:
 * `deno test -A tests/programs/random_programs_test.ts -- --each=60 --seed=7`.
 */

import { makeTensor } from "../../lib/core/tensor.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseArgs } from "node:util";
import { Tensor, tensor, zeros } from "../../mod.ts";
import { type Item, listing, Ref, without } from "./program.ts";
import { firstProblem, namesOf, nameText, randomProgram, runPrograms } from "./random_programs.ts";
import { Rounding } from "./rounding.ts";
import { TABLE } from "./table.ts";
import { judge } from "./verdict.ts";
import { OPS, type Ops } from "./world.ts";

const FEW = 4;
const SEED = "adjoint";
const { values } = parseArgs({
  args: Deno.args,
  options: { each: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const each = Number(values.each ?? FEW);
const seed = String(values.seed ?? SEED);

Deno.test(`${each} random programs of each op equal their float64 twins or fail with our errors`, () => {
  const statistics = runPrograms(each, seed);
  const { programs } = statistics;
  if (each > FEW) console.log(`${statistics}`);
  assertEquals(statistics.problems, [], statistics.problems.join("\n\n"));
  assert(statistics.completed >= 0.6 * programs, `${statistics}`);
  assert(statistics.failed > 0, "the programs make mistakes");
  if (each < FEW) return;
  assert(statistics.gradients >= 0.2 * programs, `${statistics}`);
  assert(statistics.withLoose <= 0.1 * programs, `${statistics}`);
  const never = [...statistics.calls].filter(([, calls]) => calls === 0).map(([op]) => op);
  assertEquals(never, [], "ops of which no call worked");
});

/** The programs of a table by name, with all of their elements. */
function programsOf(table: typeof TABLE): Map<string, string> {
  return new Map(
    namesOf(2, SEED, table).map((
      name,
    ) => [nameText(name), JSON.stringify(randomProgram(name, table))]),
  );
}

Deno.test("a name stands for one program, and an op more or less changes no other program", () => {
  const all = programsOf(TABLE);
  assertEquals(new Set(all.values()).size, 2 * TABLE.rows.size);
  assertEquals(programsOf(TABLE), all);
  for (const op of ["softplus", "cumprod", "avgPool2d"]) {
    const rows = new Map([...TABLE.rows].filter(([name]) => name !== op));
    const others = [...all].filter(([name]) => !name.includes(` ${op} `));
    assertEquals(others.length, all.size - 2);
    assertEquals([...programsOf({ ...TABLE, rows })], others);
    // Were all ops companions, there would be others.
    const mixed = programsOf({ rows, companions: [...rows.keys()] });
    const wider = programsOf({ rows: TABLE.rows, companions: [...TABLE.rows.keys()] });
    assert([...mixed].some(([name, program]) => wider.get(name) !== program));
  }
});

type Run = (...args: unknown[]) => unknown;

/** The tensors as a kernel sees them that mistakes how they lie; their place on the tape stays. */
function misread(strides: (x: Tensor) => readonly number[], offset: (x: Tensor) => number) {
  const misplaced = (x: unknown) => {
    if (!(x instanceof Tensor)) return x;
    const wrong = makeTensor(x.storage, x.shape, strides(x), offset(x), x.size, x.dense);
    wrong.node = x.node;
    wrong.outputIndex = x.outputIndex;
    return wrong;
  };
  return (run: Run): Run => (...args) => run(...args.map(misplaced));
}

const withoutOffset = misread(({ strides }) => strides, () => 0);

/** Exchanges the strides of the last two dimensions, where that stays within the memory. */
const exchanged = misread(({ ndim, shape, strides }) => {
  const [a, b] = [ndim - 2, ndim - 1];
  if (ndim < 2 || shape[a] !== shape[b]) return strides;
  return strides.with(a, strides[b]!).with(b, strides[a]!);
}, ({ offset }) => offset);

/** Aligns the second shape with the first dimensions of the first, in place of the last. */
function leftAligned(run: Run): Run {
  return (a, b) => {
    if (!(a instanceof Tensor) || !(b instanceof Tensor) || b.ndim === 0) return run(a, b);
    const fits = b.ndim < a.ndim && b.shape.every((n, i) => n === a.shape[i]);
    return run(a, fits ? b.reshape([...b.shape, ...a.shape.slice(b.ndim).map(() => 1)]) : b);
  };
}

/** Changes the tensors that an op gives. */
function after(change: (y: Tensor) => Tensor): (run: Run) => Run {
  return (run) => (...args) => {
    const y = run(...args);
    return y instanceof Tensor ? change(y) : y;
  };
}

function refuses(error: Error): (run: Run) => Run {
  return (run) => (x, ...rest) => {
    if (x instanceof Tensor && x.ndim === 3) throw error;
    return run(x, ...rest);
  };
}

/** What is wrong, with which ops, in what way. */
const FAULTS: readonly (readonly [string, readonly string[], (run: Run) => Run])[] = [
  ["ignores an offset", ["mul"], withoutOffset],
  ["ignores an offset", ["sum"], withoutOffset],
  ["ignores an offset", ["argmax"], withoutOffset],
  ["exchanges two strides", ["exp"], exchanged],
  ["exchanges two strides", ["cumsum"], exchanged],
  ["exchanges two strides", ["matmul"], exchanged],
  ["exchanges two strides", ["where"], exchanged],
  ["broadcasts from the left", ["add", "sub", "mul", "div", "maximum", "lt"], leftAligned],
  ["is off by 1e-5", ["tanh"], after((y) => y.mul(1 + 2 ** -16))],
  ["is off by 1", ["floor"], after((y) => y.add(1))],
  ["has no gradient", ["square"], after((y) => y.detach())],
  ["has twice its gradient", ["sin"], after((y) => y.mul(2).sub(y.detach()))],
  ["gives another shape", ["reshape"], after((y) => y.unsqueeze(0))],
  ["gives another type", ["argsort"], after((y) => y.to({ dtype: "float32" }))],
  ["changes its input", ["neg"], (run) => (x) => {
    const y = run(x);
    (x as Tensor).detach().fill_(0);
    return y;
  }],
  ["refuses what the twin takes", ["permute"], refuses(new RangeError("Cannot permute: no"))],
  ["fails with another class", ["clone"], refuses(new Error("Cannot clone: no"))],
  ["fails with an error of the engine", ["flip"], refuses(new TypeError("x is undefined"))],
];

for (const [fault, names, change] of FAULTS) {
  Deno.test(`random programs find that ${names.join(", ")} ${fault}`, () => {
    const changed = Object.fromEntries(names.map((name) => [name, change(OPS[name] as Run)]));
    const found = firstProblem(FEW, SEED, changed as Ops);
    assert(found !== null, "not found");
    assert(listing(found).split("\n").length <= 6, `not cut down:\n${listing(found)}`);
  });
}

/** A leaf as an item. */
function leaf(data: readonly number[], dtype: "float32" | "float64" = "float32"): Item {
  const shape = [data.length];
  return {
    kind: "leaf",
    plain: { shape, data },
    shape,
    dtype,
    layout: "dense",
    requiresGrad: false,
  };
}

function call(op: string, ...args: Extract<Item, { kind: "call" }>["args"]): Item {
  return { kind: "call", op, args };
}

Deno.test("a decision that hangs on a rounding is not judged, others are", () => {
  // In float32, not in float64, the tangent of such a number is the number.
  const tiny = [leaf([2 ** -20, 1]), call("tan", new Ref(0)), call("ne", new Ref(1), new Ref(0))];
  const decided = judge(tiny);
  assertEquals([decided.outcome, decided.problem, decided.loose], ["completed", null, 1]);
  const shaped = judge([...tiny, call("nonzero", new Ref(2)), call("sum", new Ref(3))]);
  assertEquals([shaped.outcome, shaped.problem], ["undecided", null]);
  const always = { ...OPS, ne: (x: Tensor) => x.isnan() };
  assertMatch(judge(tiny, always).problem ?? "", /^v2: element 1 of \[2\] is 0, the twin's 1/);
  // Nothing is rounded in float64.
  assertEquals(judge([leaf([2 ** -20, 1], "float64"), ...tiny.slice(1)]).loose, 0);
});

Deno.test("a value may be off by what its rounding errors have become, and no more", () => {
  const cancelling = [
    leaf([1.1, 3].map(Math.fround)),
    call("exp", new Ref(0)),
    call("sub", new Ref(1), 3),
    call("exp", new Ref(1)),
  ];
  assertEquals(judge(cancelling).problem, null);
  for (const off of [1 + 2 ** -16, 1 - 2 ** -16]) {
    const wrong = { ...OPS, sub: (x: Tensor, y: number) => x.sub(y).mul(off) };
    assertMatch(judge(cancelling, wrong).problem ?? "", /^v2: element/);
  }
  // Inside of fused ops too.
  const scattered = Array.from({ length: 300 }, (_, i) => 0.1 * (i * 7 % 11));
  const adding = [
    leaf(scattered, "float64"),
    call("variance", new Ref(0)),
    call("norm", new Ref(0)),
  ];
  for (const op of ["variance", "norm"]) {
    const off = (by: number) => ({
      ...OPS,
      [op]: (x: Tensor) => (op === "norm" ? x.norm() : x.var()).mul(1 + by),
    });
    assertEquals(judge(adding, off(2 ** -46)).problem, null);
    assertMatch(judge(adding, off(2 ** -43)).problem ?? "", /^v[12]: element/);
  }
  const inside = [leaf([-1, -0.4586751].map(Math.fround)), call("logsumexp", new Ref(0))];
  assertEquals(judge(inside).problem, null);
  const wrong = { ...OPS, logsumexp: (x: Tensor) => x.logsumexp().add(2 ** -16) };
  assertMatch(judge(inside, wrong).problem ?? "", /^v1: element/);
});

Deno.test("errors count if they are ours, and at the same item in the twin", () => {
  const program = [leaf([1, 2]), call("sum", new Ref(0), 3)];
  const { outcome, problem, error } = judge(program);
  assertEquals([outcome, problem, error], ["failed", null, { name: "RangeError", op: "sum" }]);
  assertMatch(judge([leaf([1]), call("nothing", new Ref(0))]).problem ?? "", /none of ours/);
  const lenient = { ...OPS, sum: (x: Tensor) => x };
  assertMatch(judge(program, lenient).problem ?? "", /^no error, but in the twin RangeError at v1/);
});

Deno.test("without() takes what needs an item away with it", () => {
  const program: Item[] = [
    leaf([1]),
    leaf([2]),
    call("add", new Ref(0), new Ref(1)),
    call("cat", [new Ref(2)], 0),
    { kind: "backward", outputs: [new Ref(1), new Ref(3)], bare: false },
  ];
  const cut = without(program, 0);
  assertEquals(cut.map((item) => item?.kind ?? null), [null, "leaf", null, null, "backward"]);
  assertEquals(listing(cut), "v1 = float32 [1] dense: 2\nbackward from the weighted sum of v1");
});

Deno.test("simulated rounding leaves exact numbers and moves others alike", () => {
  const rounded = (salt: number, single: boolean, ...data: number[]) => {
    const y = tensor(data, { dtype: "float64" });
    new Rounding(salt, single).made("exp", y, []);
    return [...y.data];
  };
  for (const salt of [0, 1, 2]) {
    assertEquals(rounded(salt, true, 0.375, 0, -5, NaN, Infinity, 1e300), [
      0.375,
      0,
      -5,
      NaN,
      Infinity,
      Infinity,
    ]);
    const [a, b, c, d] = rounded(salt, true, 0.1, 0.1, -0.2, 1e-60);
    assertEquals([b, c, d], [a, -2 * a!, 0]);
    assert(Math.abs(a! - 0.1) <= 0.1 * 2 ** -21 && Math.fround(a!) === a);
  }
  assertEquals(rounded(0, true, 0.1), [Math.fround(0.1)]);
  const many = Array.from({ length: 20 }, (_, salt) => rounded(salt + 1, true, 0.1)[0]);
  assert(new Set(many).size > 4);
  const fine = rounded(1, false, 0.1)[0]!;
  assert(fine !== 0.1 && Math.abs(fine - 0.1) <= 0.1 * 2 ** -50);
});

Deno.test("simulated rounding knows what a sum may lose inside", () => {
  const moved = (terms: number[]) => {
    const y = zeros([1], { dtype: "float64" });
    new Rounding(1, true).made("sum", y, [tensor(terms, { dtype: "float64" })]);
    return Math.abs(y.item());
  };
  assertEquals(moved([1000, 0.125, -1000.125]), 0);
  const lost = moved([2 ** 25, 0.125, -(2 ** 25)]);
  assert(lost > 0 && lost <= 3 * 2 ** 25 * 2 ** -22);
});
