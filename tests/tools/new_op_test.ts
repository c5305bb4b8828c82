/** `deno task new op` on copies of the checkout: what it writes, and what it refuses. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { checkoutCopy, contents, typeErrors } from "./checkout_copy.ts";
import { make } from "./new.ts";
import { Draft, Refusal } from "./new/draft.ts";
import { snakeCase } from "./new/names.ts";
import { ROOT } from "./places.ts";

/** One op of each form. */
const OPS: readonly (readonly string[])[] = [
  ["chirp", "--family", "elementwise", "--kind=primitive"],
  ["merge", "--family", "elementwise", "--kind", "primitive", "--inputs", "2"],
  ["logAddExp", "--family", "elementwise", "--kind", "composite", "--inputs", "2"],
  ["renorm", "--family", "window", "--kind", "composite"],
  ["runningMax", "--family", "scan", "--kind", "fused"],
  ["logDet", "--family", "linalg", "--kind", "primitive"],
];

Deno.test("new op: what is left to write is where the compiler finds something missing", async () => {
  await using copy = await checkoutCopy();
  const before = contents(copy.root);
  const places: string[] = [];
  for (const [name, ...options] of OPS) {
    const lines = await make(copy.root, ["op", name!, ...options]);
    const written = lines.slice(0, lines.indexOf("")).map((line) => line.replace("wrote ", ""));
    for (const file of written) {
      const text = contents(copy.root).get(file)!;
      assert(text.includes(name!) || text.includes(snakeCase(name!)), file);
    }
    for (const line of lines.slice(lines.indexOf("") + 2)) {
      const [, file, number] = /^(\S+):(\d+) {2}\S/.exec(line)!;
      const text = contents(copy.root).get(file!)!.split("\n")[Number(number) - 1]!;
      assert(text.trim() !== "" || file!.endsWith(".py"), line);
      // Line numbers change as ops are added, so places are identified by their text.
      places.push(`${file}: ${text.trim()}`);
    }
  }
  const now = contents(copy.root);
  for (const [file, text] of before) {
    // All former lines are still there, in order, except for lists that became longer.
    const lines = now.get(file)!.split("\n");
    const lost = text.split("\n").filter((line) => !lines.includes(line));
    const longer = lost.every((line) =>
      /^(composites\(|export \{|pub\(super\) const ROWS)/.test(line)
    );
    assert(longer, `${file} has lost ${lost}`);
  }
  const errors = await typeErrors(copy.root);
  const found = errors.map(({ file, line }) =>
    `${file}: ${now.get(file)!.split("\n")[line - 1]!.trim()}`
  );
  assertEquals(found.filter((place) => !places.includes(place)), []);
  const missing = (file: string) => found.some((place) => place.startsWith(`${file}: `));
  for (
    const file of [
      "lib/ops/elementwise/unary.ts",
      "lib/ops/elementwise/binary.ts",
      "lib/ops/elementwise/composites.ts",
      "lib/ops/window/renorm.ts",
      "lib/ops/scan/running_max.ts",
      "lib/ops/linalg/log_det.ts",
      "tests/matrix/scan/mod.ts",
      "tests/matrix/linalg/mod.ts",
    ]
  ) assert(missing(file), `${file} compiles`);
});

Deno.test("new op: the row in Rust lacks its function, and PyTorch's cases are named", async () => {
  await using copy = await checkoutCopy();
  for (const [name, ...options] of OPS) await make(copy.root, ["op", name!, ...options]);
  const texts = [...contents(copy.root)];
  const rust = texts.filter(([file]) => file.endsWith(".rs")).map(([, text]) => text).join("\n");
  assertMatch(rust, /^ {4}"chirp" \|x\| ; ""\n\}/m);
  assertMatch(rust, /^ {4}"merge" \|a, b\| ; ""\n\}/m);
  for (const row of ["running_max", "log_det"]) {
    const form =
      `Kernel { name: "${row}", outputs: 1, cpu: Cpu::Custom(${row}), wgsl: Wgsl::None },`;
    assert(rust.includes(`\n    ${form}\n    `), form);
    assert(!rust.includes(`fn ${row}`), `${row} is there`);
  }
  const makers = texts.filter(([file]) => file.endsWith(".py")).map(([, text]) => text).join("\n");
  for (const [name] of OPS) assertMatch(makers, new RegExp(`^case\\("${name}", lambda`, "m"));
});

const PRIMITIVE = ["--family", "elementwise", "--kind", "primitive"];

/** Refused command lines, and the errors. */
const REFUSED: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["op", "tanh", ...PRIMITIVE], /is taken in lib\/ops\/elementwise\/unary\.ts:\d+$/],
  [["op", "zeros", ...PRIMITIVE], /is taken in lib\/tensor\/create\.ts:\d+$/],
  [["op", "item", ...PRIMITIVE], /is taken in lib\/tensor\/tensor\.ts:\d+$/],
  [["op", "uniform", ...PRIMITIVE], /is taken in rust\/src\/\S+\.rs:\d+$/],
  [["op", "clamp", "--family", "shape", "--kind", "composite"], /is taken in .*clamp\.ts:\d+$/],
  [["op", "lanes", "--family", "scan", "--kind", "fused"], /scan\/lanes\.ts: it exists already$/],
  [["op", "Chirp", ...PRIMITIVE], /must be a word in camelCase; did you mean chirp$/],
  [["op", "log_add_exp", ...PRIMITIVE], /camelCase; did you mean logAddExp$/],
  [["op", "1x", ...PRIMITIVE], /must be a word in camelCase$/],
  [["op", "a;b", ...PRIMITIVE], /must be a word in camelCase; did you mean aB$/],
  [["op", "delete", ...PRIMITIVE], /that word is reserved/],
  [
    ["op", "chirp", "--family", "elementwise"],
    /--kind must be one of primitive, composite, fused$/,
  ],
  [
    ["op", "chirp", "--family", "elementwise", "--kind", "primitve"],
    /--kind must be one of .*, got primitve; did you mean primitive$/,
  ],
  [["op", "chirp", "--family", "elementwse", "--kind", "fused"], /did you mean elementwise$/],
  [["op", "chirp", "--family", "copy", "--kind", "fused"], /--family must be one of .*, got copy/],
  [["op", "chirp", ...PRIMITIVE, "--inputs", "3"], /--inputs must be one of 1, 2, got 3$/],
  [["op", "chirp", "--famly", "elementwise"], /no option "famly" .*did you mean "family"$/],
  [["op", "chirp", "--family"], /--family needs a value$/],
  [["op", "chirp", "--bad"], /there is no option "bad" among family, kind, inputs$/],
  [["op"], /give one name/],
  [["op", "chirp", "cosc", ...PRIMITIVE], /give one name/],
  [["opp", "chirp"], /must be one of op.*got opp; did you mean op$/],
  [[], /what to make must be one of op/],
  [["op", "rot90", "--family", "shape", "--kind", "primitive"], /shape has no kernels/],
];

Deno.test("new op: what is refused changes nothing", async () => {
  await using copy = await checkoutCopy();
  const before = contents(copy.root);
  for (const [args, message] of REFUSED) {
    const error = await assertRejects(() => make(copy.root, args), Refusal, "", args.join(" "));
    assertMatch(error.message, message);
    assertMatch(error.message, /^Cannot [^\n]*[^.\n]$/);
  }
  assertEquals(contents(copy.root), before);
  // Files of an unexpected form are noticed before anything is written.
  const methods = new URL("lib/tensor/methods/elementwise.ts", copy.root);
  Deno.writeTextFileSync(methods, Deno.readTextFileSync(methods) + "const more = 1;\n");
  const broken = contents(copy.root);
  await assertRejects(
    () => make(copy.root, ["op", "chirp", ...PRIMITIVE]),
    Refusal,
    "has no class that ends the file",
  );
  assertEquals(contents(copy.root), broken);
});

Deno.test("new op twice: the second time it exists", async () => {
  await using copy = await checkoutCopy();
  await make(copy.root, ["op", "chirp", ...PRIMITIVE]);
  const once = contents(copy.root);
  await assertRejects(() => make(copy.root, ["op", "chirp", ...PRIMITIVE]), Refusal, "unary.ts:");
  assertEquals(contents(copy.root), once);
});

Deno.test("a draft that fails half way leaves the files as they were", async () => {
  await using copy = await checkoutCopy();
  const before = contents(copy.root);
  const draft = new Draft(copy.root);
  draft.append("lib/ops/mod.ts", "export {};\n");
  draft.create("lib/ops/new.ts", "export {};\n");
  draft.append("mod.ts", "export {};\n");
  const rename = Deno.renameSync;
  let left = 2;
  Deno.renameSync = (from, to) => {
    if (left-- === 0) throw new Error("no space");
    rename(from, to);
  };
  try {
    assertThrows(() => draft.write(), Error, "no space");
  } finally {
    Deno.renameSync = rename;
  }
  assertEquals(contents(copy.root), before);
  draft.write();
  assertEquals(contents(copy.root).size, before.size + 1);
});

Deno.test("deno task new ends with 1 and a sentence", async () => {
  const script = new URL("tests/tools/new.ts", ROOT).pathname;
  const args = ["run", "-A", script, "op", "tanh", ...PRIMITIVE];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  assertEquals(code, 1);
  assertMatch(
    new TextDecoder().decode(stderr),
    /^Cannot make op tanh: that name is taken in lib\/ops\/elementwise\/unary\.ts:\d+\n$/,
  );
});
