/** The structure of the sources, as tests: who may import whom, and what may stand where. */

import { assertEquals, assertMatch } from "@std/assert";

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

/** The files that a file imports when it is loaded, or at all, with paths from the root. */
function imports({ path, text }: Source, which: "loaded" | "all" = "all"): string[] {
  const statements = text.replace(/\/\*[\s\S]*?\*\//g, "")
    .matchAll(/^(?:import|export) ((?:type )?)((?:[^;"]*? from )?)"(\.[^"]+)"/gm);
  return [...statements].filter(([, type, names]) => {
    const listed = /^\{([^}]*)\}/.exec(names!)?.[1]?.split(",").map((name) => name.trim());
    const types = type !== "" ||
      listed?.every((name) => name === "" || name.startsWith("type ")) === true;
    return which === "all" || !types;
  }).map(([, , , specifier]) =>
    new URL(specifier!, new URL(path, root)).href.slice(root.href.length)
  );
}

/** The paths that match the first pattern and import something that matches the second. */
function breaches(from: RegExp, to: RegExp, which: "loaded" | "all" = "all"): string[] {
  return library.filter(({ path }) => from.test(path)).flatMap((source) =>
    imports(source, which).filter((target) => to.test(target)).map((target) =>
      `${source.path} → ${target}`
    )
  );
}

/** A file that leads back to itself, as the way there; null if there is none. */
function circle(files: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const done = new Set<string>();
  const follow = (path: string, way: readonly string[]): readonly string[] | null => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const target of files.get(path) ?? []) {
      const found = follow(target, [...way, path]);
      if (found !== null) return found;
    }
    done.add(path);
    return null;
  };
  for (const path of files.keys()) {
    const found = follow(path, []);
    if (found !== null) return found;
  }
  return null;
}

/** The rooms, the lowest first: what stands in one line knows nothing of the lines below. */
const ROOMS = [
  ["core"],
  ["ffi"],
  ["device"],
  ["autograd", "ops"],
  ["tensor", "transforms"],
  ["nn", "optim", "distributions"],
  ["loss", "data", "io", "install"],
  ["meta", "metrics", "study", "testing", "rl", "classic"],
  ["train"],
  ["runs"],
  ["plot"],
] as const;
/** What people use: the rooms above the tensor. */
const AREAS = new RegExp(`^lib/(${ROOMS.slice(5).flat().join("|")})/`);

Deno.test("rooms import only rooms below when they are loaded", () => {
  const known = ROOMS.flat() as string[];
  const rooms = [...Deno.readDirSync(new URL("lib/", root))].map(({ name }) => name);
  assertEquals(rooms.filter((room) => !known.includes(room)), []);
  const found = ROOMS.flatMap((line, i) => {
    const above = ROOMS.slice(i + 1).flat().join("|");
    return above === ""
      ? []
      : breaches(new RegExp(`^lib/(${line.join("|")})/`), new RegExp(`^lib/(${above})/`), "loaded");
  });
  assertEquals(found, []);
});

Deno.test("no files import each other in a circle when they are loaded", () => {
  const files = library.map((source) => [source.path, imports(source, "loaded")] as const);
  assertEquals(circle(new Map(files)), null);
  assertEquals(circle(new Map([["a", ["b"]], ["b", ["c", "d"]], ["d", ["b"]]])), ["b", "d", "b"]);
});

Deno.test("any file of the library can be the first that is imported", async () => {
  const script = new URL("tests/tools/import_first.ts", root).pathname;
  const files = library.map(({ path }) => new URL(path, root).href);
  const first = async (files: readonly string[]) => {
    const args = ["run", "-A", "--no-check", script, ...files];
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    return [new TextDecoder().decode(stdout), success ? "" : new TextDecoder().decode(stderr)];
  };
  assertEquals(await first(files), ["", ""]);
  assertMatch((await first([new URL("lib/no_such.ts", root).href]))[0]!, /no_such/);
});

Deno.test("areas above the tensor import no device, no ffi and no ops/define", () => {
  assertEquals(breaches(AREAS, /^lib\/(device|ffi)\/|^lib\/ops\/(define|copy)\//), []);
});

Deno.test("only devices, the op tables and the creation of tensors reach the ffi", () => {
  const others = /^lib\/(?!(?:device|ffi|ops)\/|tensor\/(?:rand|random_tensors)\.ts)/;
  assertEquals(breaches(others, /^lib\/ffi\//), []);
});

const { exports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));

/** What users import. */
const PUBLIC = Object.values<string>(exports).map((path) => path.slice("./".length));

/** What all tests may use beside that and their own room, here and in the library. */
const SHARED = /^tests\/(?:common|tools|fixtures)\//;

/** What else the subject of a room of tests is. */
const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  // The ops and the engine under them.
  common: ["lib/ops/", "lib/ffi/"],
  matrix: ["lib/ops/", "lib/core/", "lib/autograd/", "lib/device/", "lib/ffi/"],
  // With what a vmap may refuse.
  programs: [
    "lib/ops/",
    "lib/core/",
    "lib/autograd/",
    "lib/device/cpu.ts",
    "tests/matrix/vmap_refusals.ts",
  ],
  // A row for each function of these modules, checked by their types; optimizers by their own table.
  area_calls: ["lib/core/", "lib/device/", "lib/tensor/", "lib/ops/", "tests/optim/"],
  // Ops that are made for a test, and what devices count of what passes made.
  autograd: ["lib/ops/define/", "lib/device/"],
  // The modes that a scope changes, good calls to be made on both devices, and where these may differ.
  device: ["lib/core/engine.ts", "tests/area_calls/", "tests/matrix/gpu_differences.ts"],
  // A site is HTML, as reports are.
  gallery: ["lib/core/html.ts"],
  // The losses as functions of a number.
  loss: ["examples/loss_zoo.ts"],
  // What the library is called, what is looked for in it, and a notebook that needs it.
  delivery: [
    "lib/core/platform.ts",
    "lib/ffi/symbols.ts",
    "tests/notebook/kernel.ts",
    "deno.json",
  ],
  // What kernels are launched on.
  ffi: ["lib/device/"],
  // The sources as such, with the registry that tells what they define, and what is exported.
  project: ["bench/", "lib/ops/registry.ts", "deno.json"],
  // Launches as such, the nearest word to a wrong one, what the library is called, tables that are
  // printed, and the list of tasks.
  tools: [
    "lib/ffi/",
    "lib/core/columns.ts",
    "lib/core/options.ts",
    "lib/core/platform.ts",
    "tests/matrix/op_table.ts",
    "tests/loss/loss_table.ts",
    "tests/nn/subjects.ts",
    "tests/loss/pages.ts",
    "deno.json",
  ],
};

/** What a file of the tests imports though it is neither public nor shared nor its own. */
function strays(source: Source): string[] {
  const [, room] = source.path.split("/") as [string, string];
  const own = [`tests/${room}/`, `lib/${room}/`, ...SUBJECTS[room] ?? []];
  return imports(source).filter((target) =>
    !PUBLIC.includes(target) && !SHARED.test(target) &&
    !own.some((start) => target.startsWith(start))
  ).map((target) => `${source.path} → ${target}`);
}

Deno.test("tests import what is public, what they share, and their own room", () => {
  assertEquals(sources("tests/", ".ts").flatMap(strays), []);
  const planted = (path: string, ...targets: string[]) =>
    strays({ path, text: targets.map((to) => `import { x } from "${to}";\n`).join(""), code: "" });
  const targets = [
    "../../lib/core/shape.ts",
    "../../lib/nn/mod.ts",
    "../matrix/cases.ts",
    "./x.ts",
  ];
  assertEquals(planted("tests/nn/x_test.ts", ...targets), [
    "tests/nn/x_test.ts → lib/core/shape.ts",
    "tests/nn/x_test.ts → tests/matrix/cases.ts",
  ]);
  assertEquals(planted("tests/core/x_test.ts", ...targets), [
    "tests/core/x_test.ts → tests/matrix/cases.ts",
  ]);
  assertEquals(planted("tests/matrix/x_test.ts", ...targets), []);
});

Deno.test("no exception of a room of tests is idle", () => {
  const idle = Object.entries(SUBJECTS).flatMap(([room, starts]) => {
    const reached = sources(`tests/${room}/`, ".ts").flatMap((source) => imports(source));
    return starts.filter((start) => !reached.some((target) => target.startsWith(start)));
  });
  assertEquals(idle, []);
});

Deno.test("the rules would notice a breach", () => {
  const planted = {
    path: "lib/nn/x.ts",
    text: 'import { cpu } from "../device/cpu.ts";\nimport type { Node } from "./y.ts";\n',
    code: "",
  };
  assertEquals(imports(planted), ["lib/device/cpu.ts", "lib/nn/y.ts"]);
  assertEquals(imports(planted, "loaded"), ["lib/device/cpu.ts"]);
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
    "rust/src/kernels/linalg/gemm.rs",
  ]);
});

Deno.test("no file is over 500 lines", () => {
  const long = [...everything, ...rust].filter(({ text }) => text.split("\n").length > 501);
  assertEquals(long.map(({ path }) => path), []);
});

Deno.test("the library types everything: no any, no ts-ignore, no lint-ignore", () => {
  const loose = library.filter(({ code, text }) =>
    /(:|\bas|<) ?any\b/.test(code) || /@ts-|deno-lint-ignore/.test(text)
  );
  assertEquals(loose.map(({ path }) => path), []);
});

Deno.test("the areas above the tensor use no non-null assertions", () => {
  const loose = library.filter(({ path, code }) => AREAS.test(path) && /[\w)\]]!(?!=)/.test(code));
  assertEquals(loose.map(({ path }) => path), []);
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

Deno.test("packages are imported for images and pictures alone, which nothing else imports", () => {
  const foreign = /^import (?:[^;"]*? from )?"(?!\.|node:)/m;
  const rooms = /^lib\/(data\/(pixels|images|image_\w+)\.ts$|plot\/)/;
  const found = library.filter(({ text }) => foreign.test(text)).map(({ path }) => path);
  assertEquals(found.filter((path) => !rooms.test(path)), []);
  assertEquals(found.includes("lib/data/pixels.ts") && found.includes("lib/plot/svg.ts"), true);
  const outside = library.filter(({ path }) => !rooms.test(path));
  assertEquals(
    outside.flatMap((source) => imports(source, "loaded").filter((target) => rooms.test(target))),
    [],
  );
  assertEquals(
    ['import "./x.ts";', 'import p from "node:x";'].some((text) => foreign.test(text)),
    false,
  );
});

Deno.test("only memory.ts decides about a storage after it was made", () => {
  const fields = "version|pass|references|kept|shared|reusable|collector|gone";
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
