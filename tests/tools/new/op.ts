/** The stubs of a new op. Whatever is missing does not compile, so that nothing is forgotten. */

import { filesOf, find } from "../places.ts";
import { Draft, Refusal, type Step } from "./draft.ts";
import { checkFree, checkName, exportOf, memberOf, oneOf, snakeCase } from "./names.ts";

/** The kinds of ops. In place is not among them, as such ops have no gradient. */
const KINDS = ["primitive", "composite", "fused"];

/** The options of the command line. */
export interface OpOptions {
  readonly family?: string | undefined;
  readonly kind?: string | undefined;
  readonly inputs?: string | undefined;
}

/** A planned op. */
interface NewOp {
  readonly name: string;
  readonly family: string;
  readonly kind: string;
  /** Whether it is elementwise in two tensors. */
  readonly binary: boolean;
}

/** The folders of ops with public names. */
export function familiesOf(root: URL): string[] {
  return filesOf(root, "lib/ops", "/mod.ts").map((file) => file.split("/"))
    .filter((parts) => parts.length === 4 && parts[2] !== "copy").map((parts) => parts[2]!);
}

/** Drafts the files of a new op, and lists what remains to be written in them. */
export function newOp(root: URL, name: string, options: OpOptions): [Draft, Step[]] {
  checkName("op", name, false);
  const kind = oneOf("--kind", options.kind, KINDS);
  const family = oneOf("--family", options.family, familiesOf(root));
  const inputs = oneOf("--inputs", options.inputs ?? "1", ["1", "2"]);
  checkFree("op", name, exportOf(root, ROOMS, name) ?? memberOf(root, name));
  const draft = new Draft(root);
  const op: NewOp = { name, family, kind, binary: inputs === "2" };
  const elementwise = family === "elementwise" && kind === "primitive";
  const steps = [
    ...(elementwise
      ? elementwisePrimitive(draft, op)
      : kind === "composite"
      ? composite(draft, op)
      : ownFile(draft, op)),
    ...method(root, draft, op),
    ...(kind === "composite" ? [] : kernel(root, draft, op)),
    ...fixture(draft, op),
  ];
  if (!elementwise) steps.push(...structuralRows(root, op));
  return [draft, steps];
}

/** The folders whose exports are all in `mod.ts`, or may be. */
const ROOMS = ["ops", "tensor", "transforms", "autograd", "core", "device"].map((room) =>
  `lib/${room}`
);

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** An entry in the table of its family. */
function elementwisePrimitive(draft: Draft, { name, binary }: NewOp): Step[] {
  const table = binary ? "binary" : "unary";
  const file = `lib/ops/elementwise/${table}.ts`;
  const entry = `export const ${name}: ${capital(table)}Op = ${table}("${name}", {});`;
  draft.append(file, `\n${entry}\n`);
  const what = binary
    ? "the gradients (`vjp`, one for each input, and what they read in `saves`), the same for " +
      "numbers (`ref`), and a docstring"
    : "the gradient (`vjp`, and what it reads in `saves`), the same for numbers (`ref`), and a " +
      "docstring";
  return [{ file, at: new RegExp(`^export const ${name}\\b`), what }];
}

function parameters({ binary }: NewOp): string {
  return binary ? "a: Tensor, b: Tensor" : "x: Tensor";
}

function checks({ name, binary }: NewOp): string {
  const each = binary
    ? `checkTensor("${name}", a, "the first input");\n  checkTensor("${name}", b, "the second input");`
    : `checkTensor("${name}", x);`;
  return `checkCount("compute ${name}", arguments.length, ${binary ? 2 : 1});\n  ${each}`;
}

const IMPORTS = [
  'import { checkCount } from "../../core/options.ts";',
  'import type { Tensor } from "../../tensor/tensor.ts";',
  'import { checkTensor } from "../define/checks.ts";',
  "",
].join("\n");

/** A function of other ops, next to the other composites of its family. */
function composite(draft: Draft, op: NewOp): Step[] {
  const { name, family } = op;
  const body = `export function ${name}(${parameters(op)}): Tensor {\n  ${checks(op)}\n}\n`;
  const shared = `lib/ops/${family}/composites.ts`;
  let file = shared;
  if (draft.read(shared) === null) {
    file = `lib/ops/${family}/${snakeCase(name)}.ts`;
    const imports = `${IMPORTS}import { composites } from "../registry.ts";\n`;
    draft.create(
      file,
      `/** Composite: ${name}. */\n\n${imports}\n${body}\ncomposites({ ${name} });\n`,
    );
  } else {
    draft.edit(
      file,
      /^composites\(\{([^}]*?),?\s*\}\);/m,
      (_, names) => `${body}\ncomposites({${names}, ${name} });`,
      "list of composites",
    );
  }
  exported(draft, op, file);
  return [{
    file,
    at: new RegExp(`^export function ${name}\\b`),
    what: "its other arguments, what it returns, and a docstring",
  }];
}

/** The file of an op with a kernel. */
function ownFile(draft: Draft, op: NewOp): Step[] {
  const { name, family, kind, binary } = op;
  const file = `lib/ops/${family}/${snakeCase(name)}.ts`;
  const kernelName = snakeCase(name);
  const inputs = binary ? "a, b" : "x";
  const [imports, table, rest] = kind === "fused"
    ? [
      `${IMPORTS}import { fused } from "../define/fused.ts";\n`,
      `const ${name}Op = fused<null>("${name}", { kernel: "${kernelName}" });`,
      `return ${name}Op([${inputs}], null)[0]!;`,
    ]
    : [
      IMPORTS.replace(
        "import type",
        'import { kernelNumber } from "../../ffi/library.ts";\nimport type',
      ) + `import { ${binary ? "anyBatched, inBatch" : "inBatch"} } from "../define/batch.ts";\n` +
      `import { record${binary ? 2 : 1}, result, rule } from "../define/record.ts";\n`,
      `const ${name}Kernel = kernelNumber("${kernelName}");\n` +
      `const ${name}Rule = rule("${name}", {});`,
      binary
        ? `if (anyBatched([a, b])) return inBatch(${name}Rule.batch, [a, b], null)[0]!;\n` +
          `  const y = result(a, a.dtype);\n  a.storage.backend.run2(${name}Kernel, y, a, b);\n` +
          `  return record2(${name}Rule, a, b, y);`
        : `if (x.batched !== null) return inBatch(${name}Rule.batch, [x], null)[0]!;\n` +
          `  const y = result(x, x.dtype);\n  x.storage.backend.run1(${name}Kernel, y, x);\n` +
          `  return record1(${name}Rule, x, y);`,
    ];
  const body = `export function ${name}(${parameters(op)}): Tensor {\n  ${
    checks(op)
  }\n  ${rest}\n}\n`;
  draft.create(file, `/** ${capital(kind)}: ${name}. */\n\n${imports}\n${table}\n\n${body}`);
  exported(draft, op, file);
  const signature: Step = {
    file,
    at: new RegExp(`^export function ${name}\\b`),
    what: "its other arguments, and a docstring",
  };
  if (kind === "fused") {
    const what =
      "the reference in other ops (`composite`), the shapes of the outputs, and what the " +
      "gradients read (`saves`)";
    return [{ file, at: new RegExp(`^const ${name}Op`), what }, signature];
  }
  return [
    { file, at: new RegExp(`^const ${name}Rule`), what: "the gradient of each input (`vjp`)" },
    signature,
    { file, at: /^ {2}const y = /, what: "the shape of the output" },
  ];
}

/** Adds a name to the exports of the family. */
function exported(draft: Draft, { name, family }: NewOp, file: string): void {
  const mod = `lib/ops/${family}/mod.ts`;
  const from = `./${file.split("/").at(-1)}`;
  const list = new RegExp(
    `^export \\{([^}]*?),?\\s*\\} from "${from.replaceAll(".", "\\.")}";`,
    "m",
  );
  if (draft.read(mod)?.match(list)) {
    draft.edit(mod, list, (_, names) => `export {${names}, ${name} } from "${from}";`, "exports");
  } else {
    draft.append(mod, `export { ${name} } from "${from}";\n`);
  }
}

/** The tensor method, next to those of the family. */
function method(root: URL, draft: Draft, { name, family, kind, binary }: NewOp): Step[] {
  const file = `lib/tensor/methods/${family}.ts`;
  if (
    find(root, [file].filter((path) => draft.read(path) !== null), /^export abstract/) === undefined
  ) {
    return [];
  }
  const scalar = family === "elementwise" && kind === "primitive" ? " | number" : "";
  const [given, passed] = binary ? [`, other: Tensor${scalar}`, ", other"] : ["", ""];
  const text = `  ${name}(this: Tensor${given}): Tensor {
    checkCount("run ${name}", arguments.length, ${binary ? 1 : 0});
    return ops.${name}(this${passed});
  }
}
`;
  draft.edit(file, /^\}\n(?![^])/m, () => text, "class that ends the file");
  const what = "its other arguments, if there are any, and a docstring";
  return [{ file, at: new RegExp(`^  ${name}\\(this`), what }];
}

/** The kernel's row, next to those of the family. */
function kernel(root: URL, draft: Draft, { name, family, kind, binary }: NewOp): Step[] {
  const files = filesOf(root, "rust/src/kernels", ".rs");
  const elementwise = family === "elementwise";
  const row = elementwise && kind === "primitive" ? name : snakeCase(name);
  checkFree("op", name, find(root, files, new RegExp(`^\\s*"${row}"\\s+\\||\\bname: "${row}"`)));
  if (elementwise) {
    const macro = binary ? "binary" : "unary";
    const place = find(root, files, new RegExp(`^${macro}! \\{`));
    if (place === undefined) {
      throw new Refusal(`Cannot make op ${name}: Rust has no table ${macro}!`);
    }
    draft.edit(
      place.file,
      new RegExp(`^(${macro}! \\{[^]*?\\n)(?=\\})`, "m"),
      (_, rows) => `${rows}    "${row}" |${binary ? "a, b" : "x"}| ; ""\n`,
      `table ${macro}!`,
    );
    const what = "the function of floats in Rust, behind `int` that of int32 if it has one, and " +
      "the same in WGSL";
    return [{ file: place.file, at: new RegExp(`^\\s*"${row}"\\s+\\|`), what }];
  }
  const used = filesOf(root, `lib/ops/${family}`, ".ts").flatMap((file) =>
    [
      ...Deno.readTextFileSync(new URL(file, root))
        .matchAll(/kernelNumber\("(\w+)"\)|\bkernel: "(\w+)"/g),
    ].map((match) => match[1] ?? match[2]!)
  );
  const place = used.map((kernel) => find(root, files, new RegExp(`\\bname: "${kernel}"`)))
    .find((place) => place !== undefined);
  if (place === undefined) {
    throw new Refusal(
      `Cannot make op ${name}: the family ${family} has no kernels, its ops are composites`,
    );
  }
  checkFree("op", name, find(root, [place.file], new RegExp(`\\bfn ${row}\\b`)));
  draft.edit(
    place.file,
    /\bROWS: &\[Kernel\] =\s*&\[\s*/,
    (begin) =>
      `${begin.trimEnd()}\n    Kernel { name: "${row}", outputs: 1, cpu: Cpu::Custom(${row}), wgsl: Wgsl::None },\n    `,
    "table of kernels",
  );
  const what = `the function \`${row}\`, and its program for the GPU if it has one`;
  return [{ file: place.file, at: new RegExp(`name: "${row}"`), what }];
}

/** Cases for PyTorch. */
function fixture(draft: Draft, { name, family, kind, binary }: NewOp): Step[] {
  const file = `tests/fixtures/makers/${family}.py`;
  const torch = snakeCase(name);
  const points = family === "elementwise" && kind === "primitive";
  const inputs = binary
    ? "values([2, 3]), values([2, 3], 5)"
    : points
    ? "f64(POINTS)"
    : "values([2, 3])";
  const call = family === "window" ? `F.${torch}(x)` : `x.${torch}()`;
  const fn = binary ? `lambda a, b: a.${torch}(b)` : `lambda x: ${call}`;
  draft.append(file, `case("${name}", ${fn}, [${inputs}])\n`);
  const what =
    `the cases, in PyTorch's words; then \`python tests/fixtures/ops.py ${name}\` writes ` +
    `tests/fixtures/ops/${name}.json`;
  return [{ file, at: new RegExp(`^case\\("${name}"`), what }];
}

/**
 * The rows that the compiler requires in the tests of an op that is not in an elementwise table.
 */
function structuralRows(root: URL, { name, family, kind }: NewOp): Step[] {
  // Tables of all ops, and those of the family, from which the table of cases is assembled.
  const table = new RegExp(
    `^(?:export )?const (\\w+): Readonly<Record<(?:Name\\b[^,]*|Names\\["${family}"\\]), (.*)>> =`,
  );
  const files = filesOf(root, "tests", ".ts").filter((file) => !file.endsWith("/op_cases.ts"));
  const steps = files.flatMap((file) =>
    Deno.readTextFileSync(new URL(file, root)).split("\n").flatMap((line): Step[] => {
      const found = table.exec(line);
      if (found === null) return [];
      const [, constant, type] = found;
      return [{
        file,
        at: new RegExp(`const ${constant}: `),
        what: `a row for ${name} of type \`${type}\``,
      }];
    })
  );
  const place = find(root, files, /const FUSED_CASES\b/);
  if (kind === "fused" && place !== undefined) {
    const what = `a row for ${name}: its inputs, and its composite`;
    steps.push({ file: place.file, at: /const FUSED_CASES\b/, what });
  }
  return steps;
}
