/** Traces of programs in the format of Chrome and Perfetto. */

import { settled } from "../core/engine.ts";
import { environmentOf } from "../core/environment.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  FUNCTION,
  isFunction,
  optionReader,
  TEXT,
} from "../core/options.ts";
import { type Span, Timeline } from "../autograd/timeline.ts";
import { writeFile } from "../io/sink.ts";

/** Options of `trace`. */
export interface TraceOptions {
  /**
   * How many ops, launches and phases to keep; further ones are only counted. Default: 1,000,000.
   */
  limit?: number;
}

const readOptions = optionReader<TraceOptions>({ limit: COUNT });

/** How many spans are written at a time. */
const CHUNK = 10_000;

/** The file in parts, in Chrome's trace event format, with times in microseconds. */
function* partsOf({ spans, dropped }: Timeline, origin: number): Iterable<Uint8Array> {
  const encoder = new TextEncoder();
  const micros = (ms: number) => Math.round(ms * 1e6) / 1e3;
  const event = ({ name, kind, began, ended, args }: Span) =>
    JSON.stringify({
      ...{ name, cat: kind, ph: "X", pid: 1, tid: 1 },
      ...{ ts: micros(began - origin), dur: micros(ended - began), args },
    });
  const name = JSON.stringify({
    ...{ name: "thread_name", ph: "M", pid: 1, tid: 1 },
    args: { name: "phases, ops, launches" },
  });
  yield encoder.encode(`{"traceEvents":[\n${name}`);
  for (let i = 0; i < spans.length; i += CHUNK) {
    yield encoder.encode(spans.slice(i, i + CHUNK).map((span) => `,\n${event(span)}`).join(""));
  }
  // Each launch names its device.
  const { device: _, ...environment } = environmentOf("cpu");
  const otherData = { ...environment, dropped };
  yield encoder.encode(`\n],"displayTimeUnit":"ms","otherData":${JSON.stringify(otherData)}}\n`);
}

/** A trace in progress; {@linkcode trace} starts one. */
export class Trace implements Disposable {
  readonly #path: string;
  readonly #timeline: Timeline;
  readonly #origin = performance.now();
  #written = false;

  /** Starts the trace. @param limit How many spans to keep. */
  constructor(path: string, limit = 1_000_000) {
    this.#path = path;
    this.#timeline = new Timeline("trace", limit);
  }

  /**
   * Records a part of the program as a phase.
   *
   * @param name Its name.
   * @param fn The part; if it returns a promise, the phase lasts until that is settled.
   * @returns What the function returns.
   */
  phase<T>(name: string, fn: () => T): T {
    checkCount("run phase", arguments.length, 2);
    checkKind("run phase", "the name", name, TEXT);
    checkKind("run phase", "the second argument", fn, FUNCTION);
    return this.#timeline.phase(name, fn);
  }

  /** Ends the trace and writes the file. */
  [Symbol.dispose](): void {
    if (this.#written) return;
    this.#timeline.end();
    this.#written = true;
    writeFile("trace", this.#path, partsOf(this.#timeline, this.#origin));
  }
}

/** A trace for `using`, which is written when it is disposed. It may span an `await`. */
export function trace(path: string, options?: TraceOptions): Trace;
/**
 * Records what a function runs, in a file that <https://ui.perfetto.dev> and Chrome's
 * `about:tracing` display: each op, each kernel launch with the bytes that it reads and writes, and
 * phases: backward passes, those of `fit` (`data`, `forward`, `step`, `validation`, `callbacks`),
 * and your own. An op lasts from the allocation of its result to its completion; on the GPU, a
 * launch is only its submission. Without a trace, this costs nothing.
 *
 * @param path The file; it needs `--allow-read` and `--allow-write` for its folder.
 * @param fn A synchronous function.
 * @returns What the function returns.
 * @throws {TypeError} If the function returns a promise.
 *
 * @example A training step, and a whole `fit`
 * ```ts
 * import { data, losses, nn, ones, optim, train } from "@adjoint/ml";
 * import { assert } from "@std/assert";
 *
 * const path = await Deno.makeTempFile({ suffix: ".json" });
 * const model = new nn.Linear(3, 1);
 * train.trace(path, () => losses.mse(model.forward(ones([4, 3])), ones([4, 1])).backward());
 * assert(JSON.parse(await Deno.readTextFile(path)).traceEvents.length > 5);
 * {
 *   using trace = train.trace(path);
 *   await trace.phase("train", () =>
 *     train.fit({
 *       model,
 *       loss: losses.mse,
 *       optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
 *       train: new data.DataLoader(new data.TensorDataset(ones([4, 3]), ones([4, 1]))),
 *       progress: false,
 *     }));
 * }
 * const { traceEvents } = JSON.parse(await Deno.readTextFile(path));
 * assert(traceEvents.some((event: { name: string }) => event.name === "step"));
 * await Deno.remove(path);
 * ```
 */
export function trace<T>(path: string, fn: () => T, options?: TraceOptions): T;
export function trace<T>(
  path: string,
  fn?: TraceOptions | (() => T),
  options?: TraceOptions,
): T | Trace {
  checkCount("run trace", arguments.length, 3);
  checkKind("run trace", "the path", path, TEXT);
  if (!isFunction(fn)) {
    checkCount("run trace", arguments.length, 2);
    return new Trace(path, readOptions("run trace", fn).limit);
  }
  using _ = new Trace(path, readOptions("run trace", options).limit);
  return settled("trace", "the trace would end before it", fn());
}
