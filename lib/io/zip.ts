/**
 * Zip archives, as PyTorch and NumPy write them: the central directory, entries that are stored or
 * deflated, and checksums. Local headers are trusted only for where the bytes begin.
 */

import { quoted, type Source } from "./source.ts";
import { crc32, inflate } from "./zlib.ts";

/** The signature of each part. */
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;

/** The number of bytes of each part, without what has variable length. */
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;
const END_64_SIZE = 56;
const LOCATOR_64_SIZE = 20;

/** The longest comment after the end. */
const LONGEST_COMMENT = 0xffff;
/** Stands for a number that is stored elsewhere with 64 bits. */
const ELSEWHERE = 0xffffffff;
/** The largest ratio of inflated to deflated length. */
const MOST_DEFLATED = 1032;

const UTF8_FLAG = 1 << 11;
const ENCRYPTED_FLAG = 1;
const STORED = 0;
const DEFLATED = 8;

/** A file in an archive. */
interface Entry {
  readonly name: string;
  /** The name as written, here and in the local header. */
  readonly nameBytes: Uint8Array;
  readonly method: number;
  readonly sum: number;
  /** The number of bytes in the archive, and before packing. */
  readonly packed: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

/** Reads the numbers of a part one after the other. */
class Fields {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Skips bytes. */
  skip(count: number): this {
    this.#at += count;
    return this;
  }

  u16(): number {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2, true);
  }

  u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  /** Beyond 2^53 it is inexact, but also beyond the end of any file. */
  u64(): number {
    this.#at += 8;
    return Number(this.#view.getBigUint64(this.#at - 8, true));
  }
}

/** Where the central directory lies, and how many entries it has. */
interface Directory {
  readonly count: number;
  readonly size: number;
  readonly offset: number;
}

/** The directory as described at the end of the archive. */
function directoryOf(source: Source): Directory {
  const room = Math.min(source.length, END_SIZE + LONGEST_COMMENT);
  const start = source.length - room;
  const tail = source.read(start, room, "the end of the archive");
  const view = new DataView(tail.buffer);
  for (let at = room - END_SIZE; at >= 0; at--) {
    if (view.getUint32(at, true) !== END) continue;
    if (at + END_SIZE + view.getUint16(at + 20, true) !== room) continue;
    const end = new Fields(tail.subarray(at)).skip(8);
    end.skip(2);
    const directory = { count: end.u16(), size: end.u32(), offset: end.u32() };
    return wideDirectory(source, start + at) ?? directory;
  }
  throw source.refused("it is not a zip archive, or its end is missing");
}

/** The 64-bit record of the directory, where there is one before the end. */
function wideDirectory(source: Source, end: number): Directory | null {
  if (end < LOCATOR_64_SIZE) return null;
  const locator = new Fields(
    source.read(end - LOCATOR_64_SIZE, LOCATOR_64_SIZE, "the end of the archive"),
  );
  if (locator.u32() !== LOCATOR_64) return null;
  const at = locator.skip(4).u64();
  const fields = new Fields(source.read(at, END_64_SIZE, "the end of the archive"));
  if (fields.u32() !== END_64) throw source.refused("the end of the archive is damaged");
  return { count: fields.skip(28).u64(), size: fields.u64(), offset: fields.u64() };
}

/** A 32-bit number, or, where it says so, the 64-bit one in the extra field of an entry. */
function wide(source: Source, narrow: number, extra: Fields | null, what: string): number {
  if (narrow !== ELSEWHERE) return narrow;
  if (extra === null) throw source.refused(`${what} lacks its sizes in 64 bits`);
  return extra.u64();
}

/** The extra field of an entry with 64-bit numbers, if it has all that are needed. */
function wideFields(extra: Uint8Array, needed: number): Fields | null {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let at = 0; at + 4 <= extra.length;) {
    const size = view.getUint16(at + 2, true);
    const whole = size >= needed && at + 4 + size <= extra.length;
    if (view.getUint16(at, true) === 1) return whole ? new Fields(extra.subarray(at + 4)) : null;
    at += 4 + size;
  }
  return null;
}

/** The entries in a directory. */
function entriesOf(source: Source, { count, size, offset }: Directory): Entry[] {
  const bytes = source.read(offset, size, "the directory of the archive");
  if (count * CENTRAL_SIZE > size) {
    throw source.refused(`its directory of ${size} bytes cannot have ${count} entries`);
  }
  let at = 0;
  return Array.from({ length: count }, (_, i): Entry => {
    const damaged = () => source.refused(`entry ${i} of its directory is damaged`);
    if (at + CENTRAL_SIZE > size) throw damaged();
    const fields = new Fields(bytes.subarray(at));
    if (fields.u32() !== CENTRAL) throw damaged();
    const [flags, method] = [fields.skip(4).u16(), fields.u16()];
    const [sum, packed, full] = [fields.skip(4).u32(), fields.u32(), fields.u32()];
    const [nameSize, extraSize, commentSize] = [fields.u16(), fields.u16(), fields.u16()];
    const local = fields.skip(8).u32();
    const nameAt = at + CENTRAL_SIZE;
    const extraAt = nameAt + nameSize;
    at = extraAt + extraSize + commentSize;
    if (at > size) throw damaged();
    const nameBytes = bytes.subarray(nameAt, extraAt);
    const name = new TextDecoder().decode(nameBytes);
    const what = `entry ${quoted(name)}`;
    if ((flags & ENCRYPTED_FLAG) !== 0) throw source.refused(`${what} is encrypted`);
    const missing = [packed, full, local].filter((value) => value === ELSEWHERE).length;
    const extra = wideFields(bytes.subarray(extraAt, extraAt + extraSize), 8 * missing);
    // These are read in this order, each only if needed.
    const size64 = wide(source, full, extra, what);
    const packed64 = wide(source, packed, extra, what);
    const offset64 = wide(source, local, extra, what);
    return { name, nameBytes, method, sum, size: size64, packed: packed64, offset: offset64 };
  });
}

/** An archive whose directory has been read. */
export class Archive {
  readonly #source: Source;
  readonly #entries: ReadonlyMap<string, Entry>;
  /** Where the bytes of each entry must end at the latest: at the next entry or the directory. */
  readonly #limits: ReadonlyMap<Entry, number>;
  /** Whether there are checksums. */
  readonly #summed: boolean;

  /**
   * Reads the directory.
   *
   * @param mayLackSums Whether zeros in place of all checksums mean that there are none.
   */
  constructor(source: Source, mayLackSums = false) {
    const directory = directoryOf(source);
    const entries = entriesOf(source, directory);
    this.#source = source;
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    if (this.#entries.size < entries.length) {
      throw source.refused("its directory has a name twice");
    }
    this.#summed = !mayLackSums || entries.some(({ sum }) => sum !== 0);
    const order = entries.toSorted((a, b) => a.offset - b.offset);
    this.#limits = new Map(
      order.map((entry, i) => [entry, order[i + 1]?.offset ?? directory.offset]),
    );
  }

  /** The names of the entries. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /** Whether there is an entry. */
  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** An entry that must be there. */
  #entry(name: string, what: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    throw this.#source.refused(`${what} is missing: there is no ${quoted(name)}`);
  }

  /** How many bytes an entry has in the archive, and once unpacked. */
  sizes(name: string, what: string): Pick<Entry, "packed" | "size"> {
    return this.#entry(name, what);
  }

  /**
   * The bytes of an entry, in memory of their own.
   *
   * @param what Their name, for errors.
   */
  read(name: string, what: string): Uint8Array<ArrayBuffer> {
    const entry = this.#entry(name, what);
    const { method, packed, size, sum } = entry;
    if (method !== STORED && method !== DEFLATED) {
      throw this.#source.refused(`${what} is packed by method ${method}, known are 0 and 8`);
    }
    if (method === STORED ? size !== packed : size > packed * MOST_DEFLATED) {
      throw this.#source.refused(
        `${what} cannot have ${size} bytes unpacked from ${packed}`,
      );
    }
    const bytes = this.#source.read(this.#begin(entry, what), packed, what);
    const whole = method === STORED ? bytes : this.#inflated(bytes, size, what);
    if (this.#summed && crc32(whole) !== sum) {
      throw this.#source.refused(`${what} is damaged: its checksum is not that of its bytes`);
    }
    return whole;
  }

  /** Where the bytes of an entry begin; they must end before whatever comes next. */
  #begin(entry: Entry, what: string): number {
    const { nameBytes, offset, packed } = entry;
    const bytes = this.#source.read(offset, LOCAL_SIZE + nameBytes.length, what);
    const local = new Fields(bytes);
    const mark = local.u32();
    const [nameSize, extraSize] = [local.skip(22).u16(), local.u16()];
    const named = nameSize === nameBytes.length &&
      nameBytes.every((byte, i) => byte === bytes[LOCAL_SIZE + i]);
    if (mark !== LOCAL || !named) {
      throw this.#source.refused(`${what} does not lie at byte ${offset}`);
    }
    const begin = offset + LOCAL_SIZE + nameSize + extraSize;
    const limit = this.#limits.get(entry) ?? 0;
    if (begin + packed > limit) {
      throw this.#source.refused(
        `${what} takes bytes ${begin} to ${begin + packed}, and something else begins at ${limit}`,
      );
    }
    return begin;
  }

  #inflated(bytes: Uint8Array, size: number, what: string): Uint8Array<ArrayBuffer> {
    try {
      const whole = inflate(bytes, size);
      if (whole.length === size) return whole;
    } catch {
      // Damaged, or longer than stated.
    }
    throw this.#source.refused(`${what} is damaged: it does not inflate to ${size} bytes`);
  }
}

/** A number of some bytes, little-endian. */
function bytesOfNumbers(
  ...fields: readonly (readonly [bytes: 2 | 4, value: number])[]
): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

/** The earliest date in the format, so that equal content gives equal bytes. */
const FIRST_DAY = 0x21;
const VERSION = 20;

/** The most files and bytes in an archive: more would need 64 bits, which few readers support. */
const MOST_FILES = 0xfffe;
const MOST_BYTES = 0xffffff00;
const LONGEST_NAME = 0xffff;

/**
 * The parts of an archive in which files are stored as they are.
 *
 * @param name The function that writes, for messages.
 * @param files The content of each is asked for when its turn comes.
 */
export function* zipped(
  name: string,
  files: readonly (readonly [name: string, content: () => Uint8Array])[],
): Generator<Uint8Array> {
  if (files.length > MOST_FILES) {
    throw new RangeError(
      `Cannot run ${name}: an archive has at most ${MOST_FILES} files, got ${files.length}`,
    );
  }
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [file, content] of files) {
    const [text, bytes] = [new TextEncoder().encode(file), content()];
    if (text.length > LONGEST_NAME || offset + bytes.length > MOST_BYTES) {
      throw new RangeError(
        `Cannot run ${name}: ${quoted(file)} is too long or too large for an archive`,
      );
    }
    const shared = [
      [2, VERSION],
      [2, UTF8_FLAG],
      [2, STORED],
      [2, 0],
      [2, FIRST_DAY],
      [4, crc32(bytes)],
      [4, bytes.length],
      [4, bytes.length],
      [2, text.length],
      [2, 0],
    ] as const;
    const header = bytesOfNumbers([4, LOCAL], ...shared);
    directory.push(
      bytesOfNumbers([4, CENTRAL], [2, VERSION], ...shared, [2, 0], [2, 0], [2, 0], [4, 0], [
        4,
        offset,
      ]),
      text,
    );
    yield* [header, text, bytes];
    offset += header.length + text.length + bytes.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  yield* directory;
  const count = files.length;
  yield bytesOfNumbers([4, END], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [
    2,
    0,
  ]);
}
