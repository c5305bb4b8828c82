/**
 * Run by `tests/device/allocation_test.ts` with a preloaded library that makes requests for memory
 * fail. Each scene is tried with failures at successive requests until none occurs. Prints each try
 * before it, as the process may end there, and finally a report as JSON. With `planted` as second
 * argument, the only scene is one that swallows a failure.
 */

import { kernelTable } from "../../lib/ffi/library.ts";
import { setThreads } from "../../mod.ts";
import { kernelScenes } from "./kernel_scenes.ts";
import { watchLaunches } from "./native_calls.ts";

/** The report. */
export interface Report {
  /** Tries in which a request failed. */
  tries: number;
  /** Tries that did not end in a RangeError about memory. */
  wrong: string[];
  /** Kernels that no scene has launched. */
  unseen: string[];
}

const shim = Deno.dlopen(Deno.args[0]!, {
  fail_request: { parameters: ["u32", "u32", "u32"], result: "void" },
  failed_requests: { parameters: [], result: "u32" },
}).symbols;

let scenes = kernelScenes((large) => large);

const report: Report = { tries: 0, wrong: [], unseen: [] };
const seen = new Set<number>();
const text = new TextEncoder();

if (Deno.args[1] === "planted") {
  const { sort } = scenes;
  scenes = {
    planted: () => {
      try {
        sort!();
      } catch {
        // The fault that the report must notice.
      }
    },
  };
}

const OURS = /^Cannot run \w+: there is no memory for \d+ bytes$/;
const DONE = "no error";

/** The message of a scene's error while requests fail; null if none failed. */
function attempt(
  name: string,
  scene: () => unknown,
  failures: [bytes: number, n: number, all: number],
): string | null {
  Deno.stdout.writeSync(text.encode(`${name}\n`));
  let message = DONE;
  shim.fail_request(...failures);
  try {
    scene();
  } catch (error) {
    message = error instanceof RangeError ? error.message : String(error);
  }
  return shim.failed_requests() === 0 ? null : message;
}

for (const threads of [1, 3]) {
  setThreads(threads);
  for (const [name, scene] of Object.entries(scenes)) {
    watchLaunches(({ kernel }) => seen.add(kernel));
    scene();
    watchLaunches(null);
    for (let n = 1; n <= 12; n++) {
      // New threads, which have not allocated anything yet.
      setThreads(threads);
      const message = attempt(`${name}, request ${n}`, scene, [4096, n, 0]);
      if (message === null) break;
      report.tries++;
      if (!OURS.test(message)) report.wrong.push(`${name}, request ${n}: ${message}`);
    }
    // Small requests have a reserve, so a scene may succeed even if all requests fail.
    for (const n of [1, 3, 10, 30]) {
      const message = attempt(`${name}, all from request ${n} on`, scene, [1, n, 1]);
      if (message === null) break;
      report.tries++;
      if (!OURS.test(message) && message !== DONE) {
        report.wrong.push(`${name}, all from request ${n} on: ${message}`);
      }
    }
  }
}
report.unseen = kernelTable().filter((_, kernel) => !seen.has(kernel)).map(({ name }) => name);
console.log(JSON.stringify(report));
