/** When ops, launches and phases of a program ran, and on how many bytes. */

import { DTYPES, SIZES } from "../core/dtype.ts";
import { engine, Guard } from "../core/engine.ts";
import { showShape } from "../core/errors.ts";
import type { Device, Operand, Storage } from "../device/backend.ts";
import { type LaunchListener, listen } from "../device/launches.ts";
import { bare } from "../ops/define/batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Node, Watcher } from "./tape.ts";

/** What kind of thing ran. */
export type SpanKind = "phase" | "op" | "launch";

/** Something that ran for a while. Spans lie in each other or apart, and never across. */
export interface Span {
  /** The name of an op, a kernel or a phase. */
  readonly name: string;
  /** What kind of thing it is. */
  readonly kind: SpanKind;
  /** When it began, in milliseconds of `performance.now`. */
  readonly began: number;
  /** When it ended. */
  readonly ended: number;
  /** What else is known of it. */
  readonly args: Readonly<Record<string, string | number>>;
}

/** The timeline that is being written; null, nearly always, for none. */
let current: Timeline | null = null;

/** Runs a part of a program that has a name on timelines. */
export function inPhase<T>(name: string, fn: () => T): T {
  return current === null ? fn() : current.phase(name, fn);
}

/** Bytes of what an operand shows of its memory, each counted once. */
function bytesOf({ size, storage }: Operand): number {
  return Math.min(size, storage.size) * (SIZES[storage.code] ?? 0);
}

/** Notes what runs from when it is made until it ends. */
export class Timeline implements Watcher, LaunchListener {
  /** What ran, in the order in which it ended. */
  readonly spans: Span[] = [];
  /** How many more spans there were than are kept. */
  dropped = 0;
  readonly #limit: number;
  readonly #quiet: () => void;
  readonly #guard: Guard;
  readonly #outer: Watcher | null = engine.watcher;
  readonly #around: Timeline | null = current;
  #done = false;
  /** When memory was taken for results that are not made yet. */
  readonly #taken = new WeakMap<Storage, number>();
  /** When the last op ended, or a phase began or ended: nothing that ends later began before. */
  #last = -Infinity;
  /** The backward pass of the last launch, and from when to when it was seen. */
  #pass = 0;
  #passBegan = 0;
  #passEnded = 0;

  /**
   * Begins to note.
   *
   * @param op Who does, for messages.
   * @param limit How many spans are kept.
   */
  constructor(op: string, limit: number) {
    this.#limit = limit;
    this.#guard = new Guard(op, { watcher: this });
    this.#quiet = listen(this);
    current = this;
  }

  /** Ends it. */
  end(): void {
    if (this.#done) return;
    // Where something that began later is still open, this goes on.
    this.#guard[Symbol.dispose]();
    this.#endPass();
    this.#done = true;
    this.#quiet();
    current = this.#around;
  }

  /** Runs a part of the program as a phase, until its promise is settled if it gives one. */
  phase<T>(name: string, fn: () => T): T {
    this.#endPass();
    const began = this.#last = performance.now();
    const end = () => {
      this.#endPass();
      const ended = this.#last = performance.now();
      this.#note({ name, kind: "phase", began, ended, args: {} });
    };
    let result: T;
    try {
      result = fn();
    } catch (error) {
      end();
      throw error;
    }
    if (result instanceof Promise) return result.finally(end) as T;
    end();
    return result;
  }

  allocated(storage: Storage): void {
    this.#taken.set(storage, performance.now());
  }

  launched(name: string, operands: readonly Operand[], device: Device, began: number): void {
    const ended = performance.now();
    this.#seen(began, ended);
    const bytes = operands.reduce((sum, operand) => sum + bytesOf(operand), 0);
    this.#note({ name, kind: "launch", began, ended, args: { bytes, device } });
  }

  made(name: string, y: Tensor, inputs: readonly Tensor[]): void {
    const ended = performance.now();
    const whole = bare(y);
    const { storage, shape } = whole;
    // Views take no memory; what was taken before another op ended belongs to both.
    const began = Math.max(this.#taken.get(storage) ?? ended, this.#last);
    this.#taken.delete(storage);
    this.#last = ended;
    this.#seen(began, ended);
    const args = {
      bytes: bytesOf(whole),
      shape: showShape(shape),
      dtype: DTYPES[storage.code] ?? "",
    };
    this.#note({ name, kind: "op", began, ended, args });
    this.#outer?.made(name, y, inputs);
  }

  differentiated(node: Node, input: number, g: Tensor, from: readonly Tensor[]): void {
    this.#outer?.differentiated(node, input, g, from);
  }

  /** Something ran in the pass of now. */
  #seen(began: number, ended: number): void {
    const { pass } = engine;
    if (pass !== this.#pass) {
      this.#endPass();
      this.#pass = pass;
      this.#passBegan = began;
    }
    this.#passBegan = Math.min(this.#passBegan, began);
    this.#passEnded = ended;
  }

  /** A backward pass is a phase from its first launch to its last. */
  #endPass(): void {
    if (this.#pass !== 0) {
      const [began, ended] = [this.#passBegan, this.#passEnded];
      this.#note({ name: "backward", kind: "phase", began, ended, args: {} });
    }
    this.#pass = 0;
  }

  #note(span: Span): void {
    if (this.#done) return;
    if (this.spans.length < this.#limit) this.spans.push(span);
    else this.dropped++;
  }
}
