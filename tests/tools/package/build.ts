/** Builds a native library that runs on other machines than this one. */

import { LIBRARY_FILE } from "../../../lib/core/platform.ts";
import { quietly, runWith } from "../run.ts";
import { ROOT } from "../places.ts";

/** The oldest C library that Linux may have: Debian 10's. Deno itself needs nearly that. */
export const GLIBC = "2.28";

/** A linker for that C library, and how cargo calls it. */
const LINKER = ["cargo-zigbuild==0.24.1", "ziglang==0.17.1"];

const FOLDER = new URL("target/package/", ROOT);

/** The folder of the linker's programs, in a separate Python environment. */
async function linker(): Promise<string> {
  const folder = new URL("linker/", FOLDER).pathname;
  const bin = `${folder}bin`;
  await quietly({}, "python3", "-m", "venv", folder);
  await quietly({}, `${bin}/python`, "-m", "pip", "install", "--quiet", ...LINKER);
  return bin;
}

/** Keeps local paths out of the library, so that its bytes are the same on any machine. */
function portableFlags(): string[] {
  const home = Deno.env.get("CARGO_HOME") ?? `${Deno.env.get("HOME")}/.cargo`;
  const root = ROOT.pathname.slice(0, -1);
  return [
    `--remap-path-prefix=${home}/registry/src=/crates`,
    `--remap-path-prefix=${root}=/adjoint`,
    // Windows has the C library only if a program has installed it.
    ...Deno.build.os === "windows" ? ["-Ctarget-feature=+crt-static"] : [],
  ];
}

/** Builds the library for machines like this one; returns its path. */
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

/**
 * The versions of the C library's symbols, in the output of `readelf --version-info`, that are too
 * new.
 */
export function tooNew(printed: string, newest = GLIBC): string[] {
  const found = new Set([...printed.matchAll(/\bGLIBC_(\d+(?:\.\d+)+)/g)].map(([, v]) => v!));
  if (found.size === 0) throw new Error("Cannot tell which C library is needed: no version found");
  const order = new Intl.Collator("en", { numeric: true }).compare;
  return [...found].filter((version) => order(version, newest) > 0).toSorted(order);
}

/** Refuses a library that needs a newer C library than the oldest supported. */
export async function checkGlibc(library: string, newest = GLIBC): Promise<void> {
  const { output } = await quietly({}, "readelf", "--version-info", "--wide", library);
  const versions = tooNew(output, newest);
  if (versions.length > 0) {
    throw new Error(
      `Cannot package ${library}: it needs glibc ${versions.join(", ")}, not ${newest}`,
    );
  }
}
