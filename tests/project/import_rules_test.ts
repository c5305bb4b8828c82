/** The structure of the sources, as tests: who may import whom, and what may stand where. */

import { assert, assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);

interface Source {
  readonly path: string;
  readonly text: string;
  /** Without comments and strings, for looking at code alone. */
  readonly code: string;
}

function sources(folder: string, ending: string): Source[] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap((entry): Source[] => {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) return sources(`${path}/`, ending);
    if (!entry.name.endsWith(ending)) return [];
    const text = Deno.readTextFileSync(new URL(path, root));
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "")
      .replace(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, '""');
    return [{ path, text, code }];
  });
}

const library = sources("lib/", ".ts");
const everything = [
  ...library,
  ...["tests/", "bench/", "examples/"].flatMap((folder) => sources(folder, ".ts")),
];
const rust = sources("rust/src/", ".rs");

/** The files that a file imports, with paths from the root. */
function imports({ path, text }: Source): string[] {
  return [...text.replace(/\/\*[\s\S]*?\*\//g, "").matchAll(/(?:from|import) "(\.[^"]+)"/g)]
    .map(([, specifier]) => new URL(specifier!, new URL(path, root)).href.slice(root.href.length));
}

/** The paths that match the first pattern and import something that matches the second. */
function breaches(from: RegExp, to: RegExp): string[] {
  return library.filter(({ path }) => from.test(path)).flatMap((source) =>
    imports(source).filter((target) => to.test(target)).map((target) =>
      `${source.path} → ${target}`
    )
  );
}

Deno.test("areas above the tensor import no backend, no ffi and no ops/define", () => {
  const areas = /^lib\/(nn|loss|optim|data|testing)\//;
  assertEquals(breaches(areas, /^lib\/(device|ffi)\/|^lib\/ops\/(define|copy)\//), []);
});

Deno.test("only backends, the op tables and the runtime reach the ffi", () => {
  const others = /^lib\/(?!(?:device|ffi|ops)\/|tensor\/create\.ts)/;
  assertEquals(breaches(others, /^lib\/ffi\//), []);
});

Deno.test("the core knows nothing of the areas", () => {
  const core = /^lib\/(core|device|ffi|ops|autograd|tensor|transforms)\//;
  assertEquals(breaches(core, /^lib\/(nn|loss|optim|data|testing)\//), []);
});

Deno.test("the rules would notice a breach", () => {
  const planted = {
    path: "lib/nn/x.ts",
    text: 'import { cpu } from "../device/cpu.ts";',
    code: "",
  };
  assertEquals(imports(planted), ["lib/device/cpu.ts"]);
});

Deno.test("Deno.dlopen stands in one file", () => {
  const found = library.filter(({ code }) => code.includes("Deno.dlopen")).map(({ path }) => path);
  assertEquals(found, ["lib/ffi/library.ts"]);
});

Deno.test("unsafe code stands in the boundary, around gemm and in the allocator", () => {
  const found = rust.filter(({ code }) => /\bunsafe\b/.test(code.replaceAll("unsafe_code", "")));
  assertEquals(found.map(({ path }) => path).sort(), [
    "rust/src/abi.rs",
    "rust/src/abi_test.rs",
    "rust/src/allocator.rs",
    "rust/src/kernels/gemm.rs",
  ]);
});

Deno.test("no file is over 500 lines", () => {
  const exceptions = ["lib/tensor/tensor.ts"];
  const long = [...everything, ...rust].filter(({ path, text }) =>
    text.split("\n").length > 501 && !exceptions.includes(path)
  );
  assertEquals(long.map(({ path }) => path), []);
});

Deno.test("the library types everything: no any, no ts-ignore, no lint-ignore", () => {
  const loose = library.filter(({ code, text }) =>
    /(:|\bas|<) ?any\b/.test(code) || /@ts-|deno-lint-ignore/.test(text)
  );
  assertEquals(loose.map(({ path }) => path), []);
});

Deno.test("the areas above the tensor use no non-null assertions", () => {
  const loose = library.filter(({ path, code }) =>
    /^lib\/(nn|loss|optim|data|testing)\//.test(path) && /[\w)\]]!(?!=)/.test(code)
  );
  assertEquals(loose.map(({ path }) => path), []);
});

Deno.test("each entry point can be the first that is imported", async () => {
  const { exports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  for (const path of Object.values<string>(exports)) {
    const code = `await import("${new URL(path, root).href}")`;
    const command = new Deno.Command(Deno.execPath(), { args: ["eval", "--no-check", code] });
    const { success, stderr } = await command.output();
    assert(success, `${path}: ${new TextDecoder().decode(stderr)}`);
  }
});

Deno.test("nothing is left to do later", () => {
  const words = ["to" + "do!", "unimple" + "mented!", "TO" + "DO", "FIX" + "ME"];
  const found = [...everything, ...rust].filter(({ text }) =>
    words.some((word) => text.includes(word))
  );
  assertEquals(found.map(({ path }) => path), []);
});

Deno.test("the library imports no jsr: and no npm: package beside the native one", () => {
  const found = library.filter(({ text }) => /["'`](jsr|npm):/.test(text)).map(({ path }) => path);
  assertEquals(found, ["lib/ffi/library.ts"]);
});

Deno.test("only memory.ts decides about a storage after it was made", () => {
  const fields = "version|pass|holders|kept|shared|reusable|collector|gone";
  const written = new RegExp(`\\b(?:storage|fate)\\.(?:${fields})(?:\\+\\+|--|\\s*[-+]?=(?!=))`);
  const found = library.filter(({ code }) => written.test(code)).map(({ path }) => path);
  assertEquals(found, ["lib/device/memory.ts"]);
  assertEquals(written.test("g.storage.pass = 0;"), true);
});

Deno.test("only engine.ts changes the modes", () => {
  const modes = "recording|pass|watcher|scope|guard|floor";
  const written = new RegExp(`\\bengine\\.(?:${modes})\\s*=(?!=)`);
  const found = library.filter(({ code }) => written.test(code)).map(({ path }) => path);
  assertEquals(found, ["lib/core/engine.ts"]);
});
