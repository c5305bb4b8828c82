/**
 * A build of the native library with AddressSanitizer, without the GPU, and the environment in which
 * Deno uses it. A fault that is planted first must be noticed.
 */

import { run, runWith } from "./run.ts";

const TARGET = "x86_64-unknown-linux-gnu";
const FOLDER = new URL("../../target/sanitize/", import.meta.url);

/** What the sanitizer says first of any fault. */
export const REPORT = "ERROR: AddressSanitizer";

/** Reads the last element of an array that ends where its memory does. */
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
    // The option belongs to compilers that are not released; this lets a released one have it.
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

/** Builds the library; gives what the environment of its users must have. */
export async function sanitized(): Promise<Readonly<Record<string, string>>> {
  if (Deno.build.target !== TARGET) fail(`it is for ${TARGET}, this is ${Deno.build.target}`);
  // The library is no program, so what the sanitizer itself consists of is loaded before it.
  const found = await run("cc", "-print-file-name=libasan.so");
  const runtime = found.output.trim();
  if (!runtime.startsWith("/")) fail("the compiler cc has no libasan.so");
  const env = {
    ADJOINT_LIBRARY_PATH: new URL(`${TARGET}/release/libadjoint.so`, FOLDER).pathname,
    LD_PRELOAD: runtime,
    // What V8 keeps until its end is no leak.
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
