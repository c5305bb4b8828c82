/** Builds the native library for other machines, and writes the npm package that holds it. */

import { LIBRARY_PACKAGE } from "../../lib/core/platform.ts";
import { buildPortable, checkGlibc } from "./package/build.ts";
import { writePackage } from "./package/folder.ts";
import { ROOT } from "./places.ts";

/** The largest size of the library in bytes, and compressed. */
const MOST = { plain: 10e6, packed: 3.5e6 };

const library = await buildPortable();
if (Deno.build.os === "linux") await checkGlibc(library);
const folder = new URL(`target/package/npm/${LIBRARY_PACKAGE}`, ROOT).pathname;
const { sha256, plain, packed } = await writePackage(library, folder);
const mega = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
console.log(`\n${folder}\n${mega(plain)}, ${mega(packed)} packed, SHA-256 ${sha256}`);
if (plain > MOST.plain || packed > MOST.packed) {
  console.error(`It may have ${mega(MOST.plain)}, and ${mega(MOST.packed)} packed`);
  Deno.exit(1);
}
