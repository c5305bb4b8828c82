/** The licences of everything that is linked into the native library, as one text. */

import { quietly } from "../run.ts";

/** The description of a crate by `cargo metadata`. */
interface Crate {
  readonly name: string;
  readonly version: string;
  readonly license: string | null;
  readonly authors: readonly string[];
  readonly manifest_path: string;
}

async function cargo(command: string, ...args: readonly string[]): Promise<string> {
  return (await quietly({}, "cargo", command, "--locked", "--quiet", ...args)).output;
}

/** The crates whose code is in the library; those that only run during the build are not. */
async function linkedCrates(target: string): Promise<Crate[]> {
  const edges = ["--edges=normal,no-proc-macro", "--prefix=none", "--format={p}"];
  const tree = (await cargo("tree", ...edges, "--target", target)).split("\n");
  const linked = new Set(tree.map((line) => line.split(" ", 2).join(" ")));
  const { packages }: { packages: readonly Crate[] } = JSON.parse(
    await cargo("metadata", "--format-version=1"),
  );
  return packages.filter(({ name, version }) => linked.has(`${name} v${version}`))
    .filter(({ name }) => name !== "adjoint").toSorted((a, b) => a.name < b.name ? -1 : 1);
}

/** The licences that a crate contains. */
function textsOf({ manifest_path }: Crate): string[] {
  const folder = manifest_path.slice(0, -"Cargo.toml".length);
  return [...Deno.readDirSync(folder)]
    .filter(({ name, isFile }) => isFile && /^(LICEN[CS]E|COPYING|NOTICE|UNLICENSE)/i.test(name))
    .map(({ name }) => Deno.readTextFileSync(folder + name).replaceAll("\r\n", "\n").trim())
    .toSorted();
}

/** The text of each licence once, below the names of its crates. */
export async function licences(target: string, own: string): Promise<string> {
  const crates = await linkedCrates(target);
  const carriers = new Map<string, string[]>();
  const enter = (text: string, by: string) => carriers.set(text, [...carriers.get(text) ?? [], by]);
  const named = ({ name, version, license }: Crate) => `${name} ${version} (${license})`;
  for (const crate of crates) for (const text of textsOf(crate)) enter(text, named(crate));
  const apache = [...carriers.keys()].find((text) =>
    /^\s*Apache License\s+Version 2\.0/.test(text)
  );
  if (apache === undefined) throw new Error("Cannot list the licences: none is Apache's");
  enter(apache, "Rust's standard library (MIT OR Apache-2.0)");
  for (const crate of crates.filter((crate) => textsOf(crate).length === 0)) {
    const { license, authors } = crate;
    if (license?.includes("Apache-2.0")) enter(apache, named(crate));
    // The terms are those of this project's licence, with other owners.
    else if (license === "MIT") {
      enter(own.replace(/^Copyright .*$/m, `Copyright (c) ${authors.join(", ")}`), named(crate));
    } else throw new Error(`Cannot list the licences: ${named(crate)} carries no text`);
  }
  const rule = "-".repeat(80);
  return [own, ...[...carriers].map(([text, by]) => `${by.join("\n")}\n\n${text}`)]
    .join(`\n\n${rule}\n\n`) + "\n";
}
