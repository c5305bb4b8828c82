/** Which tests `deno task test --op` runs. */

import { assertEquals } from "@std/assert";
import { filterOf, OP_FILES, refusalOf, SHARED } from "./op_filter.ts";
import { ROOT } from "./places.ts";

/** Names of tests, and whether they concern the op. */
const NAMES: readonly (readonly [op: string, name: string, concerns: boolean])[] = [
  ["tanh", "tanh() float32 forward [2, 3]", true],
  ["tanh", "gpu: tanh() equals the CPU", true],
  ["tanh", "the rule of tanh is caught with any gradient 1 % too large", true],
  ["tanh", "derivatives at singular points: tanh() of zeros", true],
  ["tanh", "tanh refuses wrong arguments in words of its own", true],
  ["tanh", "atanh() float32 forward [2, 3]", false],
  ["tanh", "tan() float32 forward [2, 3]", false],
  ["any", "sin() gives the same bits on any number of threads", false],
  ["where", "div() of float32 stays in range where its result does", false],
  ["at", "setAt() [5] [2] writes where at() reads", true],
  ["norm", "linalg.norm() float64 gradcheck [2]", false],
  ["norm", "scaled inputs: norm of order 2, float32", true],
  ["linalg.norm", "linalg.norm() float64 gradcheck [2]", true],
  ["linalg.norm", "linalgXnorm() float64 gradcheck [2]", false],
  ["linalg.norm", "norm() float64 gradcheck [2]", false],
  ["tanh", "messages of calls that must fail are those of the file", true],
];

Deno.test("filterOf() takes the tests of an op, and no others", () => {
  for (const [op, name, concerns] of NAMES) {
    assertEquals(new RegExp(filterOf(op)).test(name), concerns, `${op}: ${name}`);
  }
});

Deno.test("deno test understands the filter", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/names_test.ts`;
  const names = NAMES.filter(([op]) => op === "tanh");
  const tests = names.map(([, name]) => `Deno.test(${JSON.stringify(name)}, () => {});`);
  await Deno.writeTextFile(file, tests.join("\n"));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", "--no-config", `--filter=/${filterOf("tanh")}/`, file],
    env: { NO_COLOR: "1" },
  }).output();
  await Deno.remove(folder, { recursive: true });
  const passed = / (\d+) passed /.exec(new TextDecoder().decode(stdout))?.[1];
  assertEquals(Number(passed), names.filter(([, , concerns]) => concerns).length);
});

Deno.test("the tests that ops share are there", () => {
  const text = OP_FILES.map((file) => Deno.readTextFileSync(new URL(file, ROOT))).join("\n");
  assertEquals(SHARED.filter((begin) => !text.includes(`Deno.test("${begin}`)), []);
});

Deno.test("refusalOf() suggests the op that was meant", () => {
  const ops = ["tan", "tanh", "logSoftmax", "linalg.det", "variance"];
  assertEquals(refusalOf("tanh", ops), null);
  for (
    const [op, meant] of [
      ["tanhh", "tanh"],
      ["log_softmax", "logSoftmax"],
      ["det", "linalg.det"],
      ["linalg.tanh", "tanh"],
    ]
  ) {
    const wanted = `Cannot test ${op}: no public op has that name; did you mean ${meant}`;
    assertEquals(refusalOf(op!, ops), wanted);
  }
  assertEquals(refusalOf("xyzzy", ops), "Cannot test xyzzy: no public op has that name");
});
