/** Each file of ops holds ops of one kind, and begins with the word of that kind. */

import { assertEquals } from "@std/assert";
import { type Kind, registeredOps } from "../../lib/ops/registry.ts";
import * as adjoint from "../../mod.ts";

const folder = new URL("../../lib/ops/", import.meta.url);

/** What the header of a file says of its ops. */
const WORDS: Readonly<Record<Kind, string>> = {
  primitive: "Primitives:",
  composite: "Composites:",
  fused: "Fused:",
  "in place": "In place:",
};

const kinds = new Map(registeredOps().map(({ name, kind }) => [name, kind]));

/** A file of ops. */
interface OpFile {
  /** Its room and its name. */
  readonly path: string;
  readonly text: string;
  /** The names of its functions. */
  readonly functions: readonly string[];
}

/** Constants that are made by a call with a name, but for kernels. */
const NAMED =
  /^(?:export )?const \w+(?:: [^=]+)? = (?!kernelNumber)\w+(?:<[^(]*>)?\(\s*"([^"]+)"/gm;

/** The ops of a file: those that it exports, also into a namespace, and those that it defines. */
function opsOf({ path, text, functions }: OpFile): string[] {
  const [room] = path.split("/");
  const exported = functions.map((name) => kinds.has(`${room}.${name}`) ? `${room}.${name}` : name);
  const named = [...text.matchAll(NAMED)].map(([, name]) => name!);
  return [...new Set([...exported, ...named])].filter((name) => kinds.has(name));
}

/** What is wrong with a file; null if nothing. */
function fault(file: OpFile): string | null {
  const ops = opsOf(file);
  const [kind, ...others] = new Set(ops.map((name) => kinds.get(name)!));
  if (kind === undefined) return null;
  if (others.length > 0) return `${file.path} has ops of several kinds: ${ops.join(", ")}`;
  const begins = file.text.replace(/^\/\*\*\s*(?:\* )?/, "").startsWith(WORDS[kind]);
  return begins ? null : `${file.path} must begin with "${WORDS[kind]}"`;
}

/** The files of all rooms that define ops, without those that gather them. */
async function files(): Promise<OpFile[]> {
  const found: OpFile[] = [];
  for (const room of Deno.readDirSync(folder)) {
    if (!room.isDirectory || room.name === "define") continue;
    for (const { name } of Deno.readDirSync(new URL(`${room.name}/`, folder))) {
      if (name === "mod.ts" || name === "namespace.ts") continue;
      const path = `${room.name}/${name}`;
      const url = new URL(path, folder);
      const functions = Object.keys(await import(url.href));
      found.push({ path, text: Deno.readTextFileSync(url), functions });
    }
  }
  return found;
}

Deno.test("each file of ops holds ops of one kind, and begins with its word", async () => {
  const all = await files();
  assertEquals(all.map(fault).filter((text) => text !== null), []);
  // Nothing public is overlooked.
  const found = new Set(all.flatMap(opsOf));
  const hidden = [...kinds.keys()].filter((name) =>
    (Reflect.has(adjoint, name) || name.startsWith("linalg.")) && !found.has(name)
  );
  assertEquals(hidden, []);
});

Deno.test("a file of several kinds, or with another word, is noticed", () => {
  const file = (text: string, ...functions: string[]) => ({ path: "linalg/x.ts", text, functions });
  assertEquals(fault(file("/** Primitives: sums. */", "add", "sum")), null);
  assertEquals(
    fault(file("/** Primitives: sums. */", "add", "clamp")),
    "linalg/x.ts has ops of several kinds: add, clamp",
  );
  const hidden = '/** Primitives: sums. */\nconst lossOp = residualOp<null>(\n  "mse",\n);\n';
  assertEquals(
    fault(file(hidden, "add")),
    "linalg/x.ts has ops of several kinds: add, mse",
  );
  assertEquals(fault(file("/** Sums. */", "add")), 'linalg/x.ts must begin with "Primitives:"');
  assertEquals(
    fault(file("/**\n * Primitives: a norm.\n */", "norm")),
    'linalg/x.ts must begin with "Composites:"',
  );
  assertEquals(fault(file("/**\n * Composites: a norm.\n */", "norm")), null);
  assertEquals(fault(file("/** What they share. */", "helper")), null);
});
