/**
 * Builds the native library from source, for platforms without a package. Needs Rust and a C linker; the
 * sources are part of this module, and the crates that they use come from Rust's registry.
 *
 * ```sh
 * deno run -A jsr:@adjoint/ml/install            # into the current folder
 * deno run -A jsr:@adjoint/ml/install ~/adjoint  # into another one
 * deno run -A jsr:@adjoint/ml/install --no-gpu   # without the GPU, in a third of the time
 * ```
 *
 * Programs find the library by the variable that it prints, `ADJOINT_LIBRARY_PATH`.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import meta from "../../deno.json" with { type: "json" };
import { LIBRARY_FILE } from "../core/platform.ts";

/** Where this module's package lies: a checkout, or a registry. */
const ROOT = new URL("../../", import.meta.url);

/** What of a package cargo needs. */
const SOURCES = /^\/(?:Cargo\.(?:toml|lock)|rust\/.*)$/;

/** What a registry says of each file. */
type Manifest = Readonly<Record<string, { readonly checksum: string }>>;

async function fetched(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`Cannot build the native library: ${url} answered ${response.status}`);
  }
  return await response.bytes();
}

/** Fetches the sources from the registry into a folder. */
async function fetchSources(folder: URL): Promise<void> {
  const about = await fetched(new URL(`../${meta.version}_meta.json`, ROOT));
  const { manifest }: { manifest: Manifest } = JSON.parse(new TextDecoder().decode(about));
  const paths = Object.keys(manifest).filter((path) => SOURCES.test(path));
  const files = await Promise.all(paths.map(async (path) => {
    const bytes = await fetched(new URL(`.${path}`, ROOT));
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    if (`sha256-${sum}` !== manifest[path]?.checksum) {
      throw new Error(`Cannot build the native library: ${path} is not what was published`);
    }
    return [new URL(`.${path}`, folder), bytes] as const;
  }));
  for (const [file, bytes] of files) {
    await Deno.mkdir(new URL(".", file), { recursive: true });
    await Deno.writeFile(file, bytes);
  }
}

/** Runs cargo on the sources in a folder; what it builds lies in `target`. */
async function cargo(sources: URL, target: URL, args: readonly string[]): Promise<void> {
  const command = new Deno.Command("cargo", {
    args: ["build", "--release", "--locked", "--target-dir", fileURLToPath(target), ...args],
    cwd: sources,
  });
  try {
    const { success } = await command.spawn().status;
    if (!success) throw new Error("Cannot build the native library: cargo failed");
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(
      "Cannot build the native library: it needs Rust, which https://rustup.rs installs",
      { cause },
    );
  }
}

async function install(to: string, args: readonly string[]): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const [sources, target] = ["sources/", "target/"]
      .map((name) => new URL(name, pathToFileURL(`${folder}/`))) as [URL, URL];
    const checkout = ROOT.protocol === "file:";
    if (!checkout) await fetchSources(sources);
    await cargo(checkout ? ROOT : sources, target, args);
    const library = resolve(to, LIBRARY_FILE);
    await Deno.mkdir(to, { recursive: true });
    // Renamed, so that no program opens half of it.
    await Deno.copyFile(new URL(`release/${LIBRARY_FILE}`, target), `${library}.new`);
    await Deno.rename(`${library}.new`, library);
    return library;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads the command line; a wrong one is told in one line, and ends the program. */
function given() {
  try {
    return parseArgs({
      options: { "no-gpu": { type: "boolean", default: false } },
      allowPositionals: true,
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(2);
  }
}

if (import.meta.main) {
  const { values, positionals } = given();
  const library = await install(
    positionals[0] ?? ".",
    values["no-gpu"] ? ["--no-default-features"] : [],
  );
  console.log(`\n${library}\n\nADJOINT_LIBRARY_PATH names it to programs, which may read that:`);
  console.log(
    `ADJOINT_LIBRARY_PATH=${library} deno run --allow-ffi --allow-env=ADJOINT_LIBRARY_PATH train.ts`,
  );
}
