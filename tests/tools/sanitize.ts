/**
 * Builds the native library with AddressSanitizer and without the GPU, and makes the environment in
 * which Deno uses it. A planted fault must be noticed first.
 */

import { run, runWith } from "./run.ts";

const TARGET = "x86_64-unknown-linux-gnu";
const FOLDER = new URL("../../target/sanitize/", import.meta.url);

/** The beginning of every report of the sanitizer. */
export const REPORT = "ERROR: AddressSanitizer";

/** Reads the last element of an array that ends at the end of its memory. */
const TRIAL = `
  const { fromTypedArray } = await import(${
  JSON.stringify(new URL("../../mod.ts", import.meta.url).href)
});
  console.log(fromTypedArray(new Float32Array(4096), [4096]).sum().item());
`;

/** Ends this process with a sentence. */
function fail(reason: string): never {
  console.error(`\nThe tests cannot run with a sanitizer: ${reason}`);
  Deno.exit(1);
}

async function build(...features: string[]): Promise<void> {
  const { code } = await runWith(
    // The option exists only in unreleased compilers; this enables it in a released one.
    { env: { RUSTC_BOOTSTRAP: "1", RUSTFLAGS: "-Zsanitizer=address" } },
    "cargo",
    "build",
    "--release",
    "--no-default-features",
    ...features.flatMap((feature) => ["--features", feature]),
    ...["--target", TARGET, "--target-dir", FOLDER.pathname],
  );
  if (code !== 0) fail("the build failed");
}

/** Builds the library; returns the environment for programs that use it. */
export async function sanitized(): Promise<Readonly<Record<string, string>>> {
  if (Deno.build.target !== TARGET) fail(`it is for ${TARGET}, this is ${Deno.build.target}`);
  // The library is not a program, so the sanitizer's runtime must be loaded before it.
  const found = await run("cc", "-print-file-name=libasan.so");
  const runtime = found.output.trim();
  if (!runtime.startsWith("/")) fail("the compiler cc has no libasan.so");
  const env = {
    ADJOINT_LIBRARY_PATH: new URL(`${TARGET}/release/libadjoint.so`, FOLDER).pathname,
    LD_PRELOAD: runtime,
    // What V8 keeps until the process ends is not a leak.
    ASAN_OPTIONS: "detect_leaks=0",
  };
  const trial = () => runWith({ env }, Deno.execPath(), "eval", TRIAL);
  await build("planted-over-read");
  const planted = await trial();
  if (planted.code === 0 || !planted.output.includes(REPORT)) {
    fail("a planted fault is not noticed");
  }
  console.log("\nThe planted fault was noticed, as it must be");
  await build();
  const sound = await trial();
  if (sound.code !== 0) fail("a sum of zeros ends in an error");
  return env;
}
