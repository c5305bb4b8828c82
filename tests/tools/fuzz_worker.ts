/** Runs hostile frames for `fuzz_frames.ts`, which watches the number of the current one. */

import { kernelTable, native } from "../../lib/ffi/library.ts";
import { hostile, type NativeLaunch, recordLaunches, runFrame, writtenOperands } from "./frames.ts";

/** What to run. */
export interface Task {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Where the number of the current frame is written. */
  readonly current: Int32Array;
  /** A planted fault that must be found, ten frames after the first. */
  readonly planted: string;
  /** Whether each frame is named before it runs. */
  readonly each: boolean;
}

/** The result. */
export interface Counts {
  /** By kernel: the number of frames, and of those that reached the kernel itself. */
  readonly kernels: Record<string, [frames: number, past: number]>;
  readonly faults: string[];
}

/** Launches that do what no kernel may do. */
const PLANTED: Record<string, NativeLaunch> = {
  write: (_kernel, _frame, _words, a) => {
    new Uint8Array(a!.buffer)[a!.byteOffset + a!.length] = 0;
    return 0;
  },
  input: (_kernel, _frame, _words, _a, b) => {
    b![0]! ^= 1;
    return 0;
  },
  hang: () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    return 0;
  },
  crash: () => {
    Deno.kill(Deno.pid, "SIGKILL");
    return 0;
  },
};

function work({ seed, from, to, current, planted, each }: Task): Counts {
  const launch: NativeLaunch = (kernel, frame, words, ...[a, b, c, d, e, f, g, h]) =>
    frame[24]! > 4 || kernel % 2 === 0
      ? native.adjoint_launch8(kernel, frame, words, a!, b!, c!, d!, e!, f!, g!, h!)
      : native.adjoint_launch4(kernel, frame, words, a!, b!, c!, d!);
  const names = kernelTable().map(({ name }) => name);
  const all = recordLaunches(24);
  const counts: Counts = { kernels: {}, faults: [] };
  const outputs = all.map((cases, kernel) =>
    Math.max(...cases.map((one) => writtenOperands(one, names[kernel]!, launch)))
  );
  names.forEach((name) => counts.kernels[name] = [0, 0]);
  for (let number = from; number < to; number++) {
    Atomics.store(current, 0, number);
    if (each) Deno.stdout.writeSync(new TextEncoder().encode(`at ${number}\n`));
    const plant = number === from + 10 ? PLANTED[planted] : undefined;
    const one = plant === undefined ? hostile(seed, number, all) : all[0]![0]!;
    const name = names[one.kernel]!;
    const { past, fault } = runFrame(one, name, outputs[one.kernel]!, plant ?? launch);
    const count = counts.kernels[name]!;
    count[0]++;
    if (past) count[1]++;
    if (fault !== null) counts.faults.push(`frame ${number} of ${name}: ${fault}`);
  }
  return counts;
}

self.addEventListener("message", (event) => {
  (self as unknown as Pick<Worker, "postMessage">).postMessage(
    work((event as MessageEvent<Task>).data),
  );
});
