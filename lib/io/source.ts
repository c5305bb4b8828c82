/** What is read from: a file or bytes in memory, never past the end. */

import { lastingArray, lengthOf, tagOf } from "../core/dtype.ts";
import { type Kind, kind, shown, TEXT } from "../core/options.ts";

/** The path of a file, as text. */
export const PATH_TEXT: Kind = kind(
  "a path",
  (value) => TEXT.accepts(value) && value !== "",
);
/** Whether a URL stands for a path on this machine. */
function isLocal({ protocol, host, pathname }: URL): boolean {
  try {
    return protocol === "file:" && host === "" && decodeURIComponent(pathname) !== "";
  } catch {
    return false;
  }
}

/** The path of a file. */
export const PATH: Kind = kind(
  "a path or a file URL",
  (value) => PATH_TEXT.accepts(value) || (value instanceof URL && isLocal(value)),
);

/** A path as text. */
export function pathOf(path: string | URL): string {
  if (!(path instanceof URL)) return path;
  const text = decodeURIComponent(path.pathname);
  return Deno.build.os === "windows" ? text.replace(/^\/(?=[A-Za-z]:)/, "") : text;
}

/** The most characters of a name that messages show. */
const LONGEST_NAME = 200;

/** A name from a file as messages show it, always on one line. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name);
}

/** An error of the operating system, with what could not be done and how to fix it. */
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

/** A known number of bytes, parts of which can be read. */
export class Source {
  /** What reads it, for messages: "run loadNpy on x.npy". */
  readonly call: string;
  /** Number of bytes. */
  readonly length: number;
  readonly #read: (offset: number, length: number) => Uint8Array<ArrayBuffer>;

  /**
   * Creates the source.
   *
   * @param read Returns bytes within the source, in memory of their own.
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

  /** The error for invalid content. */
  refused(why: string): Error {
    return new Deno.errors.InvalidData(`Cannot ${this.call}: ${why}`);
  }

  /** Bytes in memory of their own; `what` names them, for errors. */
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
    // A slice of a subclass, such as Node's Buffer, may share its memory.
    const own = new Uint8Array(length);
    own.set(Uint8Array.prototype.subarray.call(lasting, offset, offset + length));
    return own;
  });
}

/** Fills an array from the current position of a file. */
function fill(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) throw new Deno.errors.UnexpectedEof("the file has become shorter");
    done += count;
  }
}

/** Calls a function with an open file; only what it reads is brought into memory. */
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
  if (!isFile) throw new Deno.errors.InvalidData(`Cannot ${call}: it is not a file`);
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
