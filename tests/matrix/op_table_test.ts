/** The table of public ops is complete and true, and the README shows it. */

import { membersOf } from "../common/samples.ts";
import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { registeredOps } from "../../lib/ops/registry.ts";
import { GradError, Tensor, zeros } from "../../mod.ts";
import { DTYPES } from "./cases.ts";
import { IN_PLACE_CASES } from "./copy/inplace_cases.ts";
import { markdownTable, OP_TABLE, type OpRow, README, withTable } from "./op_table.ts";

const IN_PLACE = Object.keys(IN_PLACE_CASES);
const CPU = "on the CPU alone: for a reason";

Deno.test("OP_TABLE has every method that writes in place, and no name twice", () => {
  const registered = registeredOps().filter(({ kind }) => kind === "in place");
  assertEquals(registered.map(({ name }) => name).toSorted(), IN_PLACE.toSorted());
  const methods = membersOf(Tensor.prototype).map(([name]) => name);
  assertEquals(IN_PLACE.filter((name) => !methods.includes(name)), []);
  // `requiresGrad_` ends in _ as in PyTorch, though it changes no element.
  const marked = methods.filter((name) => name.endsWith("_") && name !== "requiresGrad_");
  assertEquals(marked.filter((name) => !IN_PLACE.includes(name)), []);
  assertEquals(new Set(OP_TABLE.map(({ name }) => name)).size, OP_TABLE.length);
});

Deno.test("OP_TABLE tells the four kinds apart, and what is flat", () => {
  const row = (name: string) => {
    const { kind, dtypes, order, flat } = OP_TABLE.find((op) => op.name === name)!;
    return [kind, dtypes, order, flat];
  };
  assertEquals(row("exp"), ["primitive", DTYPES, 3, false]);
  assertEquals(row("matmul"), ["primitive", ["float32", "float64", "int32"], 3, false]);
  assertEquals(row("softmax"), ["fused", DTYPES, 3, false]);
  assertEquals(row("flip"), ["composite", DTYPES, 3, false]);
  assertEquals(row("floor"), ["primitive", ["float32", "float64", "int32"], 1, true]);
  assertEquals(row("lt"), ["primitive", DTYPES, 0, true]);
  assertEquals(row("argmax"), ["primitive", DTYPES, 0, true]);
  assertEquals(row("oneHot"), ["composite", ["int32"], 0, true]);
  assertEquals(row("setAt"), ["in place", DTYPES, 0, false]);
});

Deno.test("OP_TABLE has a reason for each of the ops that the GPU does not run", () => {
  const absent = OP_TABLE.filter(({ gpu }) => gpu !== true);
  // Layers, losses and optimizers may call one of them only for a few numbers on the CPU.
  assertEquals(
    absent.map(({ name }) => name),
    ["cholesky", "det", "eigh", "inv", "qr", "solve", "solveTriangular"]
      .map((name) => `linalg.${name}`),
  );
  for (const { name, gpu } of absent) assertMatch(String(gpu), /^on the CPU alone: .{20,}/, name);
});

for (const name of IN_PLACE) {
  Deno.test(`${name}() changes nothing that is recorded, whatever its arguments`, () => {
    const x = zeros([2], { requiresGrad: true });
    const method = Reflect.get(x, name) as () => unknown;
    assertThrows(() => method.call(x), GradError, "only under noGrad");
  });
}

Deno.test("the README shows the table of ops", () => {
  const text = Deno.readTextFileSync(README);
  assert(withTable(text, OP_TABLE) === text, "it is another: run `deno task ops --write`");
  // Any change of the table is noticed.
  for (
    const change of [{ kind: "fused" }, { gpu: CPU }, { order: 1 }, { name: "exp0" }] as const
  ) {
    const rows = OP_TABLE.map((row): OpRow => row.name === "exp" ? { ...row, ...change } : row);
    assertNotEquals(withTable(text, rows), text);
  }
  assertNotEquals(withTable(text, OP_TABLE.slice(1)), text);
  assertThrows(() => withTable("# A title", OP_TABLE), Error, "no place for the table");
});

Deno.test("markdownTable() gathers ops that are alike in one row", () => {
  const alike = {
    dtypes: ["float32"],
    gpu: true,
    order: 3,
    vmap: true,
    jvp: true,
    flat: false,
  } as const;
  const rows: OpRow[] = [
    { name: "c", kind: "in place", ...alike, order: 0, gpu: CPU, jvp: "refused: in place" },
    { name: "a", kind: "primitive", ...alike },
    { name: "b", kind: "primitive", ...alike },
    { name: "d", kind: "primitive", ...alike, order: 1, flat: true },
  ];
  assertEquals(markdownTable(rows).split("\n").slice(2), [
    "| primitive | to the 3rd order | vmap, jvp | CPU, GPU | `a` `b` |",
    "| primitive | zeros | vmap, jvp | CPU, GPU | `d` |",
    "| in place | none | vmap | CPU | `c` |",
  ]);
});

Deno.test("deno task ops --json prints the table in its last line", async () => {
  const script = new URL("../tools/ops.ts", import.meta.url);
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", script.href, "--json"] });
  const { stdout } = await command.output();
  const last = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!;
  assertEquals(JSON.parse(last), JSON.parse(JSON.stringify(OP_TABLE)));
  assertEquals(Object.keys(JSON.parse(last)[0]), [
    "name",
    "kind",
    "dtypes",
    "gpu",
    "order",
    "vmap",
    "jvp",
    "flat",
  ]);
});
