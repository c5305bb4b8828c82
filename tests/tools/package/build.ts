/** A native library that runs on other machines than the one that built it. */

import { LIBRARY_FILE } from "../../../lib/core/platform.ts";
import { quietly, runWith } from "../run.ts";
import { ROOT } from "../places.ts";

/** The C library that Linux must have at least: Debian 10's. Deno needs almost that. */
export const GLIBC = "2.28";

/** A linker for that C library, and cargo's way to it. */
const LINKER = ["cargo-zigbuild==0.24.1", "ziglang==0.17.1"];

const FOLDER = new URL("target/package/", ROOT);

/** The folder of the linker's programs, in a Python environment of its own. */
async function linker(): Promise<string> {
  const folder = new URL("linker/", FOLDER).pathname;
  const bin = `${folder}bin`;
  await quietly({}, "python3", "-m", "venv", folder);
  await quietly({}, `${bin}/python`, "-m", "pip", "install", "--quiet", ...LINKER);
  return bin;
}

/** What keeps the machine's own paths out of the library, so that its bytes are the same anywhere. */
function portableFlags(): string[] {
  const home = Deno.env.get("CARGO_HOME") ?? `${Deno.env.get("HOME")}/.cargo`;
  const root = ROOT.pathname.slice(0, -1);
  return [
    `--remap-path-prefix=${home}/registry/src=/crates`,
    `--remap-path-prefix=${root}=/adjoint`,
    // Windows has the C library only where a program has brought it.
    ...Deno.build.os === "windows" ? ["-Ctarget-feature=+crt-static"] : [],
  ];
}

/** Builds the library for machines like this one; gives its path. */
export async function buildPortable(): Promise<string> {
  const { os, target } = Deno.build;
  const linux = os === "linux";
  const path = Deno.env.get("PATH") ?? "";
  const env = {
    CARGO_ENCODED_RUSTFLAGS: portableFlags().join("\x1f"),
    ...linux ? { PATH: `${await linker()}:${path}` } : {},
  };
  const { code } = await runWith(
    { env },
    "cargo",
    linux ? "zigbuild" : "build",
    ...["--profile", "dist", "--locked", "--target-dir", new URL("build", FOLDER).pathname],
    ...["--target", linux ? `${target}.${GLIBC}` : target],
  );
  if (code !== 0) Deno.exit(code);
  return new URL(`build/${target}/dist/${LIBRARY_FILE}`, FOLDER).pathname;
}

/** The versions of the C library's symbols in what `readelf --version-info` prints that are too new. */
export function tooNew(printed: string, newest = GLIBC): string[] {
  const found = new Set([...printed.matchAll(/\bGLIBC_(\d+(?:\.\d+)+)/g)].map(([, v]) => v!));
  if (found.size === 0) throw new Error("Cannot tell which C library is needed: no version found");
  const order = new Intl.Collator("en", { numeric: true }).compare;
  return [...found].filter((version) => order(version, newest) > 0).toSorted(order);
}

/** Refuses a library that machines with the oldest C library cannot open. */
export async function checkGlibc(library: string, newest = GLIBC): Promise<void> {
  const { output } = await quietly({}, "readelf", "--version-info", "--wide", library);
  const versions = tooNew(output, newest);
  if (versions.length > 0) {
    throw new Error(
      `Cannot package ${library}: it needs glibc ${versions.join(", ")}, not ${newest}`,
    );
  }
}
