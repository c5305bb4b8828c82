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
    this.#stack.push(value);
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

  /** Runs one opcode; returns true at the end. */
  #step(): boolean {
    const push = (value: unknown) => this.#stack.push(value);
    const code = this.#u8();
    switch (code) {
      case 0x80: { // PROTO
        const protocol = this.#u8();
        if (protocol > 5) throw this.refused(`is of protocol ${protocol}, known are 2 to 5`);
        break;
      }
      case 0x95: // FRAME
        this.#u64();
        break;
      case 0x2e: // STOP
        return true;
      case 0x28: // MARK
        push(MARK);
        break;
      case 0x30: // POP
        this.#pop();
        break;
      case 0x31: // POP_MARK
        this.#popItems();
        break;
      case 0x32: // DUP
        push(this.#lasting());
        break;
      case 0x4e: // NONE
        push(null);
        break;
      case 0x88: // NEWTRUE
        push(true);
        break;
      case 0x89: // NEWFALSE
        push(false);
        break;
      case 0x4a: // BININT
        push(this.#u32() | 0);
        break;
      case 0x4b: // BININT1
        push(this.#u8());
        break;
      case 0x4d: // BININT2
        push(this.#u16());
        break;
      case 0x8a: // LONG1
        push(this.#whole(this.#u8()));
        break;
      case 0x8b: // LONG4
        push(this.#whole(this.#u32()));
        break;
      case 0x47: // BINFLOAT
        push(this.#view.getFloat64(this.#take(8), false));
        break;
      case 0x8c: // SHORT_BINUNICODE
        push(this.#text(this.#u8()));
        break;
      case 0x58: // BINUNICODE
        push(this.#text(this.#u32()));
        break;
      case 0x8d: // BINUNICODE8
        push(this.#text(this.#u64()));
        break;
      case 0x43: // SHORT_BINBYTES
        push(this.#slice(this.#u8()));
        break;
      case 0x42: // BINBYTES
        push(this.#slice(this.#u32()));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        push(this.#slice(this.#u64()));
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
      case 0x8f: // EMPTY_SET
        push([]);
        break;
      case 0x6c: // LIST
      case 0x74: // TUPLE
      case 0x91: // FROZENSET
        push(this.#popItems());
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        push(Array.from({ length: code - 0x84 }, () => this.#pop()).reverse());
        break;
      case 0x61: { // APPEND
        const item = this.#pop();
        this.#list().push(item);
        break;
      }
      case 0x65: // APPENDS
      case 0x90: { // ADDITEMS
        const items = this.#popItems();
        const list = this.#list();
        for (const item of items) list.push(item);
        break;
      }
      case 0x7d: // EMPTY_DICT
        push(new Dict());
        break;
      case 0x64: { // DICT
        const items = this.#popItems();
        push(new Dict());
        this.#set(items);
        break;
      }
      case 0x73: { // SETITEM
        const value = this.#pop();
        this.#set([this.#pop(), value]);
        break;
      }
      case 0x75: { // SETITEMS
        const items = this.#popItems();
        this.#set(items);
        break;
      }
      case 0x71: // BINPUT
        this.#remember(this.#u8());
        break;
      case 0x72: // LONG_BINPUT
        this.#remember(this.#u32());
        break;
      case 0x94: // MEMOIZE
        this.#remember(this.#memo.size);
        break;
      case 0x68: // BINGET
        push(this.#recall(this.#u8()));
        break;
      case 0x6a: // LONG_BINGET
        push(this.#recall(this.#u32()));
        break;
      case 0x63: { // GLOBAL
        const module = this.#line();
        push(this.#global(module, this.#line()));
        break;
      }
      case 0x93: { // STACK_GLOBAL
        const name = this.#pop();
        push(this.#global(this.#pop(), name));
        break;
      }
      case 0x69: { // INST
        const module = this.#line();
        const fn = this.#global(module, this.#line());
        push(this.#call(fn, this.#popItems()));
        break;
      }
      case 0x52: // REDUCE
      case 0x81: { // NEWOBJ
        const args = this.#pop();
        push(this.#call(this.#pop(), args));
        break;
      }
      case 0x62: // BUILD
        this.#build(this.#pop());
        break;
      case 0x51: // BINPERSID
        push(this.#builder.persistent(this.#pop()));
        break;
      case 0x82: // EXT1
        throw this.refused(`asks for extension ${this.#u8()}, which could be anything`);
      case 0x83: // EXT2
        throw this.refused(`asks for extension ${this.#u16()}, which could be anything`);
      case 0x84: // EXT4
        throw this.refused(`asks for extension ${this.#u32()}, which could be anything`);
      default:
        throw this.refused(`has opcode ${opcodeText(code)}, which PyTorch does not write`);
    }
    return false;
  }

  run(): unknown {
    while (!this.#step());
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
