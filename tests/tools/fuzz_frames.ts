/**
 * Runs hostile frames in separate processes: a frame that ends its process or takes over two
 * seconds is reported, and the others still run. `--frames=N` is their number (20,000), `--seed=N`
 * their seed (1).
 *
 *     deno run -A tests/tools/fuzz_frames.ts --frames=500000
 */

import { parseArgs } from "node:util";
import type { Counts, Task } from "./fuzz_worker.ts";

/** Milliseconds after which a frame counts as hung. */
const LONG = 2000;

/** Exit status if a worker failed other than by a frame. */
const BROKEN = 4;
/** Exit status if a frame hung. */
const HUNG = 3;

/** The result of all frames. */
export interface Fuzzed extends Counts {
  /** Frames that ended their process or hung, and how. */
  readonly ended: string[];
}

/** In the child: watches a worker, and ends the process if it stays at one frame. */
function watch(task: Omit<Task, "current">): void {
  const current = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL("./fuzz_worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => {
    console.log(JSON.stringify(data));
    Deno.exit(0);
  };
  worker.onerror = () => Deno.exit(BROKEN);
  worker.postMessage({ ...task, current });
  let [seen, since] = [-1, performance.now()];
  setInterval(() => {
    const number = Atomics.load(current, 0);
    if (number !== seen) [seen, since] = [number, performance.now()];
    // The first number arrives after the launches have been recorded.
    else if (performance.now() - since > LONG && number > 0) {
      console.log(`hung at ${number}`);
      Deno.exit(HUNG);
    }
  }, 100);
}

async function child(task: Omit<Task, "current">): Promise<{ code: number; last: string }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", import.meta.filename!, `--task=${JSON.stringify(task)}`],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).output();
  return { code, last: new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)! };
}

/** Runs a range of frames; those that end their process are skipped and reported. */
export async function fuzz(
  frames: number,
  seed = 1,
  planted = "",
  report: (text: string) => void = () => {},
): Promise<Fuzzed> {
  const sum: Fuzzed = { kernels: {}, faults: [], ended: [] };
  // Frames are counted from 1, as 0 means that the worker has not started.
  const whole = { from: 1, to: frames + 1, seed, planted, each: false };
  const tasks = [whole];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if (task.from >= task.to) continue;
    const { code, last } = await child(task);
    if (code === BROKEN) throw new Error("The frames could not be run");
    if (code === 0) {
      const { kernels, faults }: Counts = JSON.parse(last);
      for (const [name, [ran, past]] of Object.entries(kernels)) {
        const count = sum.kernels[name] ??= [0, 0];
        count[0] += ran;
        count[1] += past;
      }
      sum.faults.push(...faults);
      report(`frames ${task.from} to ${task.to - 1}`);
      continue;
    }
    // If the process has ended, the frames run again, each named before it runs.
    const named = code === HUNG ? last : (await child({ ...task, each: true })).last;
    const number = Number(named.match(/\d+$/)?.[0] ?? task.from);
    const how = code === HUNG ? `took over ${LONG} ms` : `ended the process with status ${code}`;
    sum.ended.push(`frame ${number} ${how}`);
    report(sum.ended.at(-1)!);
    tasks.push(
      { ...task, from: number + 1, planted: "" },
      { ...task, to: number, planted: "" },
    );
  }
  return sum;
}

if (import.meta.main) {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { frames: text, seed: text, task: text } });
  if (values.task !== undefined) watch(JSON.parse(values.task));
  else {
    const frames = Number(values.frames ?? 20_000);
    const { kernels, faults, ended } = await fuzz(
      frames,
      Number(values.seed ?? 1),
      "",
      console.log,
    );
    for (const [name, [ran, past]] of Object.entries(kernels)) {
      console.log(`${name.padEnd(20)} ${ran} frames, ${past} past the extent checks`);
    }
    const least = Math.min(...Object.values(kernels).map(([, past]) => past));
    console.log([...faults, ...ended].join("\n"));
    console.log(
      `${frames} frames: ${faults.length} with faults, ${ended.length} crashed or hung; at least ` +
        `${least} of each kernel past the extent checks`,
    );
    Deno.exit(faults.length + ended.length === 0 ? 0 : 1);
  }
}
