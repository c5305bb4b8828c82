/**
 * Kills a training process at random moments, many of them inside a save, and resumes it: every run ends
 * with the same bits as one that was left alone, and no checkpoint is ever unreadable.
 *
 *   deno run -A tests/train/kill_resume.ts --kills 200
 *
 * Options: --kills N (default 200), --seed N.
 */

import { parseArgs } from "node:util";
import { io, RandomGenerator, train } from "../../mod.ts";
import { summary, trained } from "./resumable.ts";

/** Calls that a few saves make. */
const CALLS = 60;

/** The signs that a child gives: training begins, a save begins, a save is over. */
const [BEGINS, SAVES, SAVED] = ["b", "s", "d"] as const;

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** Whether the child writes a checkpoint at the moment. */
let saving = false;

/** Ends the process in the middle of what saves do with files, at the given one of these calls. */
function dieAt(call: number): void {
  let count = 0;
  const die = () => Deno.kill(Deno.pid, "SIGKILL");
  const dying = (
    owner: object,
    name: string,
    half?: (file: Deno.FsFile, bytes: Uint8Array) => void,
  ) => {
    const method = Reflect.get(owner, name);
    const value = function (this: unknown, ...args: unknown[]) {
      if (saving && ++count === call) {
        half?.(this as Deno.FsFile, args[0] as Uint8Array);
        die();
      }
      return Reflect.apply(method, this, args);
    };
    Object.defineProperty(owner, name, { value });
  };
  const { writeSync } = Deno.FsFile.prototype;
  dying(Deno.FsFile.prototype, "writeSync", (file, bytes) => {
    writeSync.call(file, bytes.subarray(0, bytes.length / 2));
  });
  dying(Deno.FsFile.prototype, "syncSync");
  for (const name of ["openSync", "renameSync", "readDirSync"]) dying(Deno, name);
}

/** What runs in the process that is killed. */
async function child(path: string): Promise<void> {
  const sign = (letter: string): train.Callback => ({
    afterOthers: true,
    onFitStart: () => letter === SAVES ? say(BEGINS) : undefined,
    onBatchEnd(_, { stepped }) {
      if (!stepped) return;
      say(letter);
      saving = letter === SAVES;
    },
  });
  const callbacks = [
    new train.EarlyStopping({ patience: 3, restoreBest: false }),
    sign(SAVES),
    new train.Checkpoint(path, { everySteps: 1 }),
    sign(SAVED),
  ];
  const ended = summary(await trained(path, { callbacks }));
  say(`\n${ended}\n`);
}

/** How a child ended. */
interface Outcome {
  /** What it gave in the end; null if it was killed before. */
  readonly result: string | null;
  /** Whether it was killed while it wrote a checkpoint. */
  readonly inSave: boolean;
  /** Milliseconds from the begin of the training. */
  readonly trained: number;
}

/** Runs a child; kills it some milliseconds after it began to train, or lets it die in a save. */
async function run(path: string, when: { delay: number } | { call: number }): Promise<Outcome> {
  const dies = "call" in when ? ["--die", `${when.call}`] : [];
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", import.meta.url, "--child", path, ...dies],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  let [timer, began]: [ReturnType<typeof setTimeout>?, number?] = [];
  const kill = () => {
    try {
      process.kill("SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  };
  const decoder = new TextDecoder();
  for await (const chunk of process.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (!text.includes(BEGINS)) continue;
    began ??= performance.now();
    if ("delay" in when) timer ??= setTimeout(kill, when.delay);
  }
  clearTimeout(timer);
  const { success } = await process.status;
  const [signs = "", result] = text.split("\n");
  return {
    result: success ? result ?? null : null,
    inSave: !success && signs.at(-1) === SAVES,
    trained: performance.now() - (began ?? NaN),
  };
}

/** What came of many kills. */
export interface Killed {
  /** How often a process was killed. */
  readonly kills: number;
  /** How many of them were inside a save. */
  readonly inSaves: number;
  /** How many runs came to their end. */
  readonly runs: number;
  /** What went wrong; nothing if all is well. */
  readonly faults: readonly string[];
}

/** Kills and resumes until there were so many kills. */
export async function killMany(kills: number, seed: number): Promise<Killed> {
  const folder = await Deno.makeTempDir();
  const generator = new RandomGenerator(seed);
  const random = () => (generator.words(1)[0] ?? 0) / 2 ** 32;
  const faults: string[] = [];
  let [done, inSaves, runs] = [0, 0, 0];
  try {
    const whole = summary(await trained(`${folder}/whole`));
    // Machines are not equally fast, nor equally busy.
    const { trained: time } = await run(`${folder}/timed`, { delay: 1e6 });
    for (let n = 0; done < kills; n++) {
      const path = `${folder}/run${n}`;
      for (let result: string | null = null; result === null;) {
        const when = done >= kills
          ? { delay: 1e6 }
          : random() < 0.5
          ? { call: 1 + Math.floor(random() * CALLS) }
          : { delay: random() * time };
        const outcome = await run(path, when);
        result = outcome.result;
        if (result !== null) {
          runs++;
          if (result !== whole) faults.push(`run ${n} ended with other bits`);
          continue;
        }
        done++;
        if (outcome.inSave) inSaves++;
        try {
          io.loadSafetensors(path);
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) faults.push(`run ${n}: ${error}`);
        }
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return { kills: done, inSaves, runs, faults };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      child: { type: "string" },
      die: { type: "string" },
    },
  });
  if (values.child !== undefined) {
    if (values.die !== undefined) dieAt(Number(values.die));
    await child(values.child);
  } else {
    const killed = await killMany(Number(values.kills), Number(values.seed));
    console.log(
      `${killed.kills} kills, ${killed.inSaves} of them inside a save; ${killed.runs} runs came to their ` +
        `end, ${killed.faults.length} faults`,
    );
    for (const fault of killed.faults) console.error(fault);
    if (killed.faults.length > 0) Deno.exit(1);
  }
}
