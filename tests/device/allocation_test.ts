/** Memory that the native library asks for and does not get is an error, never the end of the process. */

import { assert, assertEquals } from "@std/assert";
import type { Report } from "../tools/allocation_scenes.ts";

const root = new URL("../../", import.meta.url);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The library that lets requests fail, or null where it cannot be built or preloaded. */
function buildShim(): string | null {
  if (Deno.build.os !== "linux" || Deno.env.get("LD_PRELOAD")) return null;
  const shim = `${Deno.makeTempDirSync()}/failing_malloc.so`;
  const source = new URL("fixtures/failing_malloc.c", import.meta.url).pathname;
  try {
    const args = ["-O1", "-shared", "-fPIC", "-o", shim, source];
    return new Deno.Command("cc", { args }).outputSync().success ? shim : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function tryScenes(shim: string, ...more: string[]): Report {
  const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "tests/tools/allocation_scenes.ts", shim, ...more],
    cwd: root,
    env: { LD_PRELOAD: shim },
  }).outputSync();
  const last = text(stdout).trimEnd().split("\n").at(-1)!;
  assert(success, `The process ended in "${last}": ${text(stderr)}`);
  return JSON.parse(last);
}

const shim = buildShim();
const ignore = shim === null;

Deno.test("a failed native allocation is a RangeError, in every kernel", { ignore }, () => {
  const { tries, wrong, unseen } = tryScenes(shim!);
  assertEquals({ wrong, unseen }, { wrong: [], unseen: [] });
  assert(tries >= 150, `only ${tries} tries`);
});

Deno.test("a failed allocation that is kept secret would be noticed", { ignore }, () => {
  const { tries, wrong } = tryScenes(shim!, "planted");
  assert(tries > 0 && wrong.length >= tries / 2, `${wrong.length} of ${tries} tries`);
});
