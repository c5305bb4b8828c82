/** The folder of the npm package with the native library of this platform. */

import { gzipSync } from "node:zlib";
import meta from "../../../deno.json" with { type: "json" };
import { LIBRARY_FILE, LIBRARY_PACKAGE } from "../../../lib/core/platform.ts";
import { ROOT } from "../places.ts";
import { licences } from "./licences.ts";

/** npm's names of Deno's platforms. */
const NPM: Readonly<Record<string, string>> = {
  windows: "win32",
  x86_64: "x64",
  aarch64: "arm64",
  gnu: "glibc",
};
const npm = (word: string) => NPM[word] ?? word;

/** The package's `package.json`. */
function manifest(): Record<string, unknown> {
  const { os, arch, env } = Deno.build;
  const repository = Deno.env.get("GITHUB_REPOSITORY");
  return {
    name: LIBRARY_PACKAGE,
    version: meta.version,
    description: `The native library of ${meta.name} for ${os} on ${arch}`,
    license: meta.license,
    // If a workflow publishes it, npm compares this with where it was built.
    ...repository === undefined ? {} : { repository: `git+https://github.com/${repository}.git` },
    type: "module",
    exports: "./index.js",
    os: [npm(os)],
    cpu: [npm(arch)],
    ...os === "linux" && env != null ? { libc: [npm(env)] } : {},
  };
}

/** The module that the code imports: the location of the library, and its checksum. */
function entry(sha256: string): string {
  return [
    `// The native library of ${meta.name}; used only by it.`,
    `export default new URL("./${LIBRARY_FILE}", import.meta.url);`,
    `export const sha256 = "${sha256}";`,
    "",
  ].join("\n");
}

/** The result of packaging. */
export interface Packaged {
  readonly sha256: string;
  /** The size of the library in bytes, and compressed. */
  readonly plain: number;
  readonly packed: number;
}

/** Writes the package of a stripped library into a folder. */
export async function writePackage(library: string, folder: string): Promise<Packaged> {
  const bytes = await Deno.readFile(library);
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  const own = (await Deno.readTextFile(new URL("LICENSE", ROOT))).trim();
  const texts = {
    "package.json": JSON.stringify(manifest(), null, 2) + "\n",
    "index.js": entry(sha256),
    "README.md": `# ${LIBRARY_PACKAGE}\n\nThe native library of [${meta.name}](https://jsr.io/` +
      `${meta.name}), which imports it automatically. SHA-256 ${sha256}.\n`,
    "LICENSE": await licences(Deno.build.target, own),
  };
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(texts)) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  await Deno.writeFile(`${folder}/${LIBRARY_FILE}`, bytes);
  return { sha256, plain: bytes.length, packed: gzipSync(bytes, { level: 9 }).length };
}
