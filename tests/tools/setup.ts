/**
 * Makes the tests run without JSR: where its packages are not available, stand-ins replace them as
 * workspace members in `.std/`.
 *
 * @module
 */

import { ROOT } from "./places.ts";

const MEMBERS = new URL(".std/", ROOT);

/** This file is written last, so its time is that of the last failed probe. */
const LAST_FILE = "assert/deno.json";

/** How long a probe may take; Deno itself would wait forever on some networks. */
const PROBE_MS = 10_000;

/** How long a failed probe remains valid. */
const PROBE_VALID_MS = 60 * 60 * 1000;

/** The modules of each package: its export, the file in `.std/` and the stand-in. */
const PACKAGES: Record<string, [name: string, file: string, standIn: string][]> = {
  testing: [
    ["./bdd", "bdd.ts", "testing_bdd.ts"],
    ["./mock", "mock.ts", "testing_mock.ts"],
    ["./types", "types.ts", "testing_types.ts"],
  ],
  assert: [[".", "assert.ts", "assert.ts"]],
};

/** The paths and contents of all files of `.std/`, in the order of writing. */
function memberFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, modules] of Object.entries(PACKAGES)) {
    for (const [, file, standIn] of modules) {
      files.set(`${name}/${file}`, `export * from "../../tests/offline/${standIn}";\n`);
    }
    const exports = Object.fromEntries(modules.map(([entry, file]) => [entry, `./${file}`]));
    // Only with this file does the folder become a member, which then is complete.
    const manifest = { name: `@std/${name}`, exports };
    files.set(`${name}/deno.json`, JSON.stringify(manifest, null, 2) + "\n");
  }
  return files;
}

/** Resolves to undefined where the file or folder is missing. */
async function ifPresent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function isUpToDate(files: Map<string, string>): Promise<boolean> {
  for (const [path, content] of files) {
    if (await ifPresent(Deno.readTextFile(new URL(path, MEMBERS))) !== content) return false;
  }
  return true;
}

async function probeFailedRecently(): Promise<boolean> {
  const written = (await ifPresent(Deno.stat(new URL(LAST_FILE, MEMBERS))))?.mtime?.getTime();
  if (written === undefined) return false;
  const age = Date.now() - written;
  return age >= 0 && age < PROBE_VALID_MS;
}

/** The code that loads the real packages, in the versions of deno.json. */
async function probeCode(): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  return Object.entries(PACKAGES).flatMap(([name, modules]) =>
    modules.map(([entry]) => {
      const specifier = imports[`@std/${name}`] + entry.slice(1);
      return `import ${JSON.stringify(specifier)};\n`;
    })
  ).join("");
}

/** Asks Deno itself, so that its cache, proxy and certificates are used. */
async function canLoadStd(): Promise<boolean> {
  // Without the configuration, existing stand-ins have no effect and may stay.
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", "--no-lock", "--ext=ts", await probeCode()],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(PROBE_MS),
  }).spawn();
  return (await child.status).success;
}

/** Replaces a file in one step, so that no other process reads an incomplete one. */
async function writeWhole(file: URL, content: string): Promise<void> {
  const temporary = new URL(`${file.href}.${crypto.randomUUID()}.tmp`);
  try {
    await Deno.writeTextFile(temporary, content);
    await Deno.rename(temporary, file);
  } catch (error) {
    await ifPresent(Deno.remove(temporary));
    throw error;
  }
}

async function writeMembers(files: Map<string, string>): Promise<void> {
  for (const [path, content] of files) {
    const file = new URL(path, MEMBERS);
    await Deno.mkdir(new URL(".", file), { recursive: true });
    await writeWhole(file, content);
  }
}

async function removeMembers(): Promise<void> {
  // A folder without a manifest is not a member, so none is ever seen half removed.
  for (const name of Object.keys(PACKAGES)) {
    await ifPresent(Deno.remove(new URL(`${name}/deno.json`, MEMBERS)));
  }
  await ifPresent(Deno.remove(MEMBERS, { recursive: true }));
}

/** Makes the modules of `@std` available to the tests, and says which ones they get. */
export async function prepareStd(): Promise<"jsr" | "stand-ins"> {
  const files = memberFiles();
  const upToDate = await isUpToDate(files);
  if (upToDate && await probeFailedRecently()) return "stand-ins";
  if (await canLoadStd()) {
    await removeMembers();
    return "jsr";
  }
  if (upToDate) {
    await ifPresent(Deno.utime(new URL(LAST_FILE, MEMBERS), new Date(), new Date()));
    return "stand-ins";
  }
  await writeMembers(files);
  console.log("JSR is not reachable: the tests use the stand-ins of tests/offline");
  return "stand-ins";
}

if (import.meta.main) await prepareStd();
