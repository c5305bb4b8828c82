/** What is read: a file, or bytes in memory, never past the end and never more than is there. */

import { lastingArray, lengthOf, tagOf } from "../core/dtype.ts";
import { type Kind, kind, shown, TEXT } from "../core/options.ts";

/** Where a file is, as text. */
export const PATH_TEXT: Kind = kind(
  "a path",
  (value) => TEXT.accepts(value) && value !== "",
);
/** Where a file is. */
export const PATH: Kind = kind(
  "a path or a file URL",
  (value) => PATH_TEXT.accepts(value) || (value instanceof URL && value.protocol === "file:"),
);

/** A path as text. */
export function pathOf(path: string | URL): string {
  if (!(path instanceof URL)) return path;
  const text = decodeURIComponent(path.pathname);
  return Deno.build.os === "windows" ? text.replace(/^\/(?=[A-Za-z]:)/, "") : text;
}

/** Letters of a name that messages show at most. */
const LONGEST_NAME = 200;

/** A name from a file as messages show it, on one line whatever it is. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name);
}

/** An error of the operating system, with what could not be done and what would mend it. */
export function explained(call: string, flags: string, cause: unknown): unknown {
  if (cause instanceof Deno.errors.NotFound) {
    return new Deno.errors.NotFound(`Cannot ${call}: there is no such file or folder`, { cause });
  }
  if (cause instanceof Deno.errors.NotCapable) {
    return new Deno.errors.NotCapable(
      `Cannot ${call} without permission: run Deno with ${flags}`,
      { cause },
    );
  }
  const ours = !(cause instanceof Error) || cause.message.startsWith("Cannot ");
  if (ours) return cause;
  const Same = cause.constructor as ErrorConstructor;
  return new Same(`Cannot ${call}: ${cause.message}`, { cause });
}

/** Bytes of a known number, of which parts are read. */
export class Source {
  /** What reads it, for messages: "run loadNpy on x.npy". */
  readonly call: string;
  /** Number of bytes. */
  readonly length: number;
  readonly #read: (offset: number, length: number) => Uint8Array<ArrayBuffer>;

  /**
   * Creates the source.
   *
   * @param read Gives bytes that lie inside, in memory of their own.
   */
  constructor(
    call: string,
    length: number,
    read: (offset: number, length: number) => Uint8Array<ArrayBuffer>,
  ) {
    this.call = call;
    this.length = length;
    this.#read = read;
  }

  /** The error of content that cannot be right. */
  refused(why: string): Error {
    return new Deno.errors.InvalidData(`Cannot ${this.call}: ${why}`);
  }

  /** Bytes in memory of their own; `what` is what they are said to be. */
  read(offset: number, length: number, what: string): Uint8Array<ArrayBuffer> {
    if (offset < 0 || length < 0 || !(offset + length <= this.length)) {
      throw this.refused(
        `${what} would take bytes ${offset} to ${offset + length}, and there are ${this.length}`,
      );
    }
    return this.#read(offset, length);
  }
}

/** Reads bytes in memory. */
export function overBytes(name: string, bytes: Uint8Array): Source {
  const call = `run ${name}`;
  if (tagOf(bytes) !== "Uint8Array") {
    throw new TypeError(`Cannot ${call}: the bytes must be a Uint8Array, got ${shown(bytes)}`);
  }
  const lasting = lastingArray(name, bytes) as Uint8Array;
  return new Source(call, lengthOf(lasting), (offset, length) => {
    // What a subclass gives, as Node's Buffer is one, may lie in memory that others share.
    const own = new Uint8Array(length);
    own.set(Uint8Array.prototype.subarray.call(lasting, offset, offset + length));
    return own;
  });
}

/** Fills an array from where a file stands. */
function fill(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) throw new Deno.errors.UnexpectedEof("the file has become shorter");
    done += count;
  }
}

/** Calls a function with a file that is open for it; only what it reads is brought into memory. */
export function overFile<T>(name: string, path: string | URL, use: (source: Source) => T): T {
  const shown = pathOf(path);
  const call = `run ${name} on ${shown}`;
  const attempt = <R>(act: () => R): R => {
    try {
      return act();
    } catch (error) {
      throw explained(call, `--allow-read=${shown}`, error);
    }
  };
  using file = attempt(() => Deno.openSync(path));
  const { isFile, size } = attempt(() => file.statSync());
  if (!isFile) throw new Deno.errors.InvalidData(`Cannot ${call}: it is no file`);
  return use(
    new Source(call, size, (offset, length) =>
      attempt(() => {
        const bytes = new Uint8Array(length);
        file.seekSync(offset, Deno.SeekMode.Start);
        fill(file, bytes);
        return bytes;
      })),
  );
}
