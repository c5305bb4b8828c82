/**
 * Python pickles as data: a stack machine that builds plain containers and calls nothing but
 * what is in its table. Any other name that a pickle asks for is refused before anything is done with it.
 * Every step reads bytes, so the length of the pickle bounds time, memo and stack.
 */

import type { Tensor } from "../tensor/tensor.ts";
import { quoted, type Source } from "./source.ts";

/** What a checkpoint holds. */
export type TorchValue =
  | Tensor
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | readonly TorchValue[]
  | { readonly [key: string]: TorchValue };

/** A name that a pickle asked for and that is in the table. */
export class Global {
  /** Module and name. */
  readonly name: string;
  /** What it returns for arguments; null if it cannot be called. */
  readonly call: ((args: readonly unknown[]) => unknown) | null;
  /** The value of the name itself; undefined if it has none. */
  readonly value: string | undefined;

  constructor(name: string, call: ((args: readonly unknown[]) => unknown) | null, value?: string) {
    this.name = name;
    this.call = call;
    this.value = value;
  }
}

/** A Python dictionary, whose keys are texts and integers. */
export class Dict {
  readonly entries: Map<string, unknown> = new Map();
}

/** A tensor that is made once its place is known. */
export class Deferred {
  readonly #make: (name: string) => Tensor;
  #made: Tensor | undefined;

  /**
   * Creates the place of the tensor.
   *
   * @param make Makes the tensor; it is called once, with the keys that lead to it.
   */
  constructor(make: (name: string) => Tensor) {
    this.#make = make;
  }

  /** The tensor, the same for all its places. */
  at(name: string): Tensor {
    return this.#made ??= this.#make(name);
  }
}

/** Builds what is not a plain value. */
export interface Builder {
  /** What a name stands for; undefined if it is refused. */
  global(name: string): Global | undefined;
  /** What a persistent id stands for. */
  persistent(id: unknown): unknown;
}

/** The deepest nesting of containers. */
const DEEPEST = 100;
/** The most bytes of an integer. */
const LONGEST_NUMBER = 256;

/** Where the items of an open container begin on the stack. */
const MARK = Symbol("mark");

/** The opcode that ends a pickle. */
const STOP = 0x2e;

/** An opcode as messages show it. */
function opcodeText(code: number): string {
  const hex = `0x${code.toString(16).padStart(2, "0")}`;
  return code > 32 && code < 127 ? `${hex} ("${String.fromCharCode(code)}")` : hex;
}

/** The machine. */
class Machine {
  readonly #source: Source;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #builder: Builder;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  #at = 0;

  constructor(source: Source, bytes: Uint8Array, builder: Builder) {
    this.#source = source;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#builder = builder;
  }

  refused(why: string): Error {
    return this.#source.refused(`its pickle, at byte ${this.#at}, ${why}`);
  }

  /** Skips bytes, which must be there; returns where they began. */
  #take(count: number): number {
    if (!(count <= this.#bytes.length - this.#at)) throw this.refused("is cut off");
    this.#at += count;
    return this.#at - count;
  }

  #u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  #u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  #u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  #u64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  #slice(count: number): Uint8Array {
    const begin = this.#take(count);
    return this.#bytes.slice(begin, begin + count);
  }

  /** Text; Python allows lone surrogates, which become replacement characters. */
  #text(count: number): string {
    return new TextDecoder().decode(this.#slice(count));
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end === -1) throw this.refused("is cut off");
    const line = this.#text(end - this.#at);
    this.#take(1);
    return line;
  }

  /** An integer of some bytes in two's complement. */
  #whole(count: number): number | bigint {
    if (count > LONGEST_NUMBER) throw this.refused(`has a whole number of ${count} bytes`);
    if (count === 0) return 0;
    const bits = BigInt(`0x${this.#slice(count).reverse().toHex()}`);
    const value = BigInt.asIntN(8 * count, bits);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw this.refused("takes from an empty stack");
    const value = this.#stack.pop();
    if (value === MARK) throw this.refused("uses a mark as a value");
    return value;
  }

  /** Pops everything above the last mark, and the mark. */
  #popItems(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark === -1) throw this.refused("has no mark where one is needed");
    const items = this.#stack.splice(mark + 1);
    this.#stack.pop();
    return items;
  }

  #top<T>(is: (value: unknown) => value is T, needed: string): T {
    const value = this.#stack.at(-1);
    if (!is(value)) throw this.refused(`adds to something other than a ${needed}`);
    return value;
  }

  #list(): unknown[] {
    return this.#top((value): value is unknown[] => Array.isArray(value), "list");
  }

  #set(entries: readonly unknown[]): void {
    const dict = this.#top((value): value is Dict => value instanceof Dict, "dict");
    if (entries.length % 2 !== 0) throw this.refused("has a key without a value");
    for (let i = 0; i < entries.length; i += 2) {
      const key = entries[i];
      if (typeof key !== "string" && typeof key !== "number" && typeof key !== "bigint") {
        throw this.refused("has a key that is neither text nor an integer");
      }
      if (dict.entries.has(String(key))) {
        throw this.refused(`has the key ${quoted(String(key))} twice`);
      }
      dict.entries.set(String(key), entries[i + 1]);
    }
  }

  /** The value on top of the stack, which stays there. */
  #lasting(): unknown {
    const value = this.#pop();
    this.#push(value);
    return value;
  }

  #remember(place: number): void {
    this.#memo.set(place, this.#lasting());
  }

  #recall(place: number): unknown {
    if (!this.#memo.has(place)) throw this.refused(`recalls place ${place}, where nothing is`);
    return this.#memo.get(place);
  }

  #global(module: unknown, name: unknown): Global {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.refused("asks for something whose name is not text");
    }
    const found = this.#builder.global(`${module}.${name}`);
    if (found !== undefined) return found;
    throw this.refused(
      `asks for ${
        quoted(`${module}.${name}`)
      }, which is neither a tensor of known elements nor a ` +
        "plain container; in PyTorch, save state dicts, numbers and text",
    );
  }

  #reduce(): void {
    const [fn, args] = this.#pops(2);
    this.#push(this.#call(fn, args));
  }

  #call(fn: unknown, args: unknown): unknown {
    if (!(fn instanceof Global) || fn.call === null || !Array.isArray(args)) {
      const what = fn instanceof Global ? fn.name : "what is no function";
      throw this.refused(`calls ${what}`);
    }
    return fn.call(args);
  }

  /** Attributes of an object: only ordered dictionaries have any, none of which concern tensors. */
  #build(state: unknown): void {
    this.#top((value): value is Dict => value instanceof Dict, "dict");
    if (!(state instanceof Dict)) {
      throw this.refused("sets attributes from something other than a dict");
    }
  }

  #push(value: unknown): void {
    this.#stack.push(value);
  }

  /** Pops some values, in the order in which they were pushed. */
  #pops(count: number): unknown[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #protocol(protocol: number): void {
    if (protocol > 5) throw this.refused(`is of protocol ${protocol}, known are 2 to 5`);
  }

  #extension(number: number): never {
    throw this.refused(`asks for extension ${number}, which could be anything`);
  }

  #appendTo(items: readonly unknown[]): void {
    const list = this.#list();
    for (const item of items) list.push(item);
  }

  /** What the opcodes do, but for the one that ends. */
  static readonly #OPCODES: Readonly<Record<number, (m: Machine) => void>> = {
    0x80: (m) => m.#protocol(m.#u8()), // PROTO
    0x95: (m) => m.#u64(), // FRAME
    0x28: (m) => m.#push(MARK), // MARK
    0x30: (m) => m.#pop(), // POP
    0x31: (m) => m.#popItems(), // POP_MARK
    0x32: (m) => m.#push(m.#lasting()), // DUP
    0x4e: (m) => m.#push(null), // NONE
    0x88: (m) => m.#push(true), // NEWTRUE
    0x89: (m) => m.#push(false), // NEWFALSE
    0x4a: (m) => m.#push(m.#u32() | 0), // BININT
    0x4b: (m) => m.#push(m.#u8()), // BININT1
    0x4d: (m) => m.#push(m.#u16()), // BININT2
    0x8a: (m) => m.#push(m.#whole(m.#u8())), // LONG1
    0x8b: (m) => m.#push(m.#whole(m.#u32())), // LONG4
    0x47: (m) => m.#push(m.#view.getFloat64(m.#take(8), false)), // BINFLOAT
    0x8c: (m) => m.#push(m.#text(m.#u8())), // SHORT_BINUNICODE
    0x58: (m) => m.#push(m.#text(m.#u32())), // BINUNICODE
    0x8d: (m) => m.#push(m.#text(m.#u64())), // BINUNICODE8
    0x43: (m) => m.#push(m.#slice(m.#u8())), // SHORT_BINBYTES
    0x42: (m) => m.#push(m.#slice(m.#u32())), // BINBYTES
    0x8e: (m) => m.#push(m.#slice(m.#u64())), // BINBYTES8
    0x96: (m) => m.#push(m.#slice(m.#u64())), // BYTEARRAY8
    0x5d: (m) => m.#push([]), // EMPTY_LIST
    0x29: (m) => m.#push([]), // EMPTY_TUPLE
    0x8f: (m) => m.#push([]), // EMPTY_SET
    0x6c: (m) => m.#push(m.#popItems()), // LIST
    0x74: (m) => m.#push(m.#popItems()), // TUPLE
    0x91: (m) => m.#push(m.#popItems()), // FROZENSET
    0x85: (m) => m.#push(m.#pops(1)), // TUPLE1
    0x86: (m) => m.#push(m.#pops(2)), // TUPLE2
    0x87: (m) => m.#push(m.#pops(3)), // TUPLE3
    0x61: (m) => m.#appendTo(m.#pops(1)), // APPEND
    0x65: (m) => m.#appendTo(m.#popItems()), // APPENDS
    0x90: (m) => m.#appendTo(m.#popItems()), // ADDITEMS
    0x7d: (m) => m.#push(new Dict()), // EMPTY_DICT
    0x64: (m) => { // DICT
      const items = m.#popItems();
      m.#push(new Dict());
      m.#set(items);
    },
    0x73: (m) => m.#set(m.#pops(2)), // SETITEM
    0x75: (m) => m.#set(m.#popItems()), // SETITEMS
    0x71: (m) => m.#remember(m.#u8()), // BINPUT
    0x72: (m) => m.#remember(m.#u32()), // LONG_BINPUT
    0x94: (m) => m.#remember(m.#memo.size), // MEMOIZE
    0x68: (m) => m.#push(m.#recall(m.#u8())), // BINGET
    0x6a: (m) => m.#push(m.#recall(m.#u32())), // LONG_BINGET
    0x63: (m) => m.#push(m.#global(m.#line(), m.#line())), // GLOBAL
    0x93: (m) => { // STACK_GLOBAL
      const [module, name] = m.#pops(2);
      m.#push(m.#global(module, name));
    },
    0x69: (m) => { // INST
      const fn = m.#global(m.#line(), m.#line());
      m.#push(m.#call(fn, m.#popItems()));
    },
    0x52: (m) => m.#reduce(), // REDUCE
    0x81: (m) => m.#reduce(), // NEWOBJ
    0x62: (m) => m.#build(m.#pop()), // BUILD
    0x51: (m) => m.#push(m.#builder.persistent(m.#pop())), // BINPERSID
    0x82: (m) => m.#extension(m.#u8()), // EXT1
    0x83: (m) => m.#extension(m.#u16()), // EXT2
    0x84: (m) => m.#extension(m.#u32()), // EXT4
  };

  run(): unknown {
    for (let code = this.#u8(); code !== STOP; code = this.#u8()) {
      const step = Machine.#OPCODES[code];
      if (step === undefined) {
        throw this.refused(`has opcode ${opcodeText(code)}, which PyTorch does not write`);
      }
      step(this);
    }
    const value = this.#pop();
    if (this.#stack.length > 0) throw this.refused("leaves more than one value");
    return value;
  }
}

/** Whether something has parts. */
function isContainer(value: unknown): value is unknown[] | Dict {
  return Array.isArray(value) || value instanceof Dict;
}

/** The parts of a container, by key. */
function partsOf(container: readonly unknown[] | Dict): Iterable<[string | number, unknown]> {
  return container instanceof Dict ? container.entries : container.entries();
}

/** A value without parts, as users get it; `path` is its place. */
function plainLeaf(machine: Machine, value: unknown, path: string): TorchValue {
  if (value instanceof Deferred) return value.at(path);
  if (value instanceof Global && value.value !== undefined) return value.value;
  const plain = value === null || typeof value !== "object" || value instanceof Uint8Array;
  if (plain) return value as TorchValue;
  const what = value instanceof Global ? value.name : "a storage without a tensor";
  throw machine.refused(`holds ${what} at ${quoted(path)}, which is no value`);
}

/** Containers as users get them: each made once, however often it occurs; none too deep or in itself. */
function plainValue(machine: Machine, root: unknown): TorchValue {
  const done = new Map<unknown, { readonly value: TorchValue; readonly height: number }>();
  const open = new Set<unknown>();
  const plain = (value: unknown, path: string): TorchValue =>
    done.get(value)?.value ?? plainLeaf(machine, value, path);
  const tooDeep = () => machine.refused(`has containers more than ${DEEPEST} deep`);
  const waiting: [container: unknown[] | Dict, path: string][] = [];
  if (isContainer(root)) waiting.push([root, ""]);
  for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
    const [container, path] = next;
    const below = (key: string | number) => path === "" ? `${key}` : `${path}.${key}`;
    if (done.has(container)) {
      waiting.pop();
    } else if (!open.has(container)) {
      open.add(container);
      if (open.size > DEEPEST) throw tooDeep();
      for (const [key, part] of partsOf(container)) {
        if (open.has(part)) throw machine.refused("has a container that contains itself");
        if (isContainer(part) && !done.has(part)) waiting.push([part, below(key)]);
      }
    } else {
      let height = 1;
      const parts: [string | number, TorchValue][] = [];
      for (const [key, part] of partsOf(container)) {
        parts.push([key, plain(part, below(key))]);
        height = Math.max(height, 1 + (done.get(part)?.height ?? 0));
      }
      if (height > DEEPEST) throw tooDeep();
      const value = container instanceof Dict
        ? Object.fromEntries(parts)
        : parts.map(([, part]) => part);
      done.set(container, { value, height });
      open.delete(container);
      waiting.pop();
    }
  }
  return plain(root, "");
}

/** The value of a pickle. */
export function unpickled(source: Source, bytes: Uint8Array, builder: Builder): TorchValue {
  const machine = new Machine(source, bytes, builder);
  return plainValue(machine, machine.run());
}
