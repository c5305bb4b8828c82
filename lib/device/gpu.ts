/**
 * The GPU: memory is a handle of the native library. A finalizer reclaims it after the last tensor, and
 * it waits here for the next one of its size. Each handle comes with a shadow, an array buffer of equal
 * size, through which the garbage collector notices the memory pressure.
 */

import { CODES, DTYPES, newArray, SIZES, type TypedArray } from "../core/dtype.ts";
import { engine } from "../core/engine.ts";
import { DeviceError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { putStrided, setHandle, setParameters } from "../ffi/frame.ts";
import {
  allocateGpu,
  freeGpu,
  launchGpu,
  openGpu,
  readGpu,
  WAY_OUT,
  type Words,
  writeGpu,
} from "../ffi/gpu.ts";
import { kernelNumber, kernelTable } from "../ffi/library.ts";
import { type Backend, type Operand, refuseCopy, Storage } from "./backend.ts";
import { FreeLists } from "./free_lists.ts";
import { noteRange, outlive, track } from "./memory.ts";

const { int32: INT32, bool: BOOL } = CODES;
/** Bytes of a word, which an element takes at least. */
const WORD = 4;
/** Constants that are kept for operands without dimensions. */
const MAX_SCALARS = 256;

/** Most bytes of one piece of memory: they are counted in 32 bits. */
const MAX_BYTES = 2 ** 32 - 32;
/** Pieces of memory outside scopes at most; in a loop that never yields, nothing frees them. */
const MAX_LOOSE = 8192;
/** From so many on, an allocation of this size prompts the garbage collector. */
const [MANY_LOOSE, PRESSURE] = [2048, 2 ** 26];
/** The smallest piece, and the largest one that serves for tensors of several sizes. */
const [SMALLEST, LARGEST] = [2 ** 8, 2 ** 28];
/** What waits for the next use is no more than this. */
const MAX_FREE = 2 ** 31;

/** A piece of memory, as its finalizer knows it. */
interface Piece {
  readonly handle: number;
  readonly size: number;
  /** As large as the memory and never read. */
  readonly shadow: ArrayBuffer;
  /** Bytes of the tensor that lies in it. */
  bytes: number;
  /** Whether that was made outside scopes, so that only a finalizer will free it. */
  loose: boolean;
}

/** Pieces that were given back, by size; those that give way go back to the device. */
const free = new FreeLists<Piece>(MAX_FREE, ({ handle }) => freeGpu(handle));
let [reads, writes] = [0, 0];

/** The size of the piece in which so many bytes lie: a quarter of a power of two is its grain. */
function sizeOfPiece(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const grain = bytes > LARGEST ? 32 : 2 ** (29 - Math.clz32(bytes - 1));
  return Math.ceil(bytes / grain) * grain;
}

function outOfMemory(what: string): DeviceError {
  return new DeviceError(
    `Cannot ${what} on the GPU: it is out of memory, with ${all.bytes} bytes in ` +
      `${all.handles} tensors; ${WAY_OUT}`,
  );
}

/** Memory that is never read; null where there is none. */
function shadowOf(size: number): ArrayBuffer | null {
  try {
    return new ArrayBuffer(size);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** New memory of the device with its shadow; memory that waits is freed if there is no other. */
function allocated(size: number, again = false): Pick<Piece, "handle" | "shadow"> {
  const shadow = shadowOf(size);
  const handle = shadow && allocateGpu(size);
  if (shadow !== null && handle !== null) return { handle, shadow };
  if (again) throw outOfMemory("make a tensor");
  free.clear();
  return allocated(size, true);
}

let made = 0;

/**
 * Prompts the garbage collector where many unreachable tensors may have accumulated: it notices the bytes
 * of shadows, but neither their number nor which of them are reused.
 */
function wakeCollector(): void {
  if (++made % 1024 === 0 && loose.handles >= MANY_LOOSE) shadowOf(PRESSURE);
}

const all = { handles: 0, bytes: 0 };
const loose = { handles: 0, bytes: 0 };
let limit = 2 ** 33;

/** Sets how many bytes tensors outside of scopes may take. */
export function setGpuLimit(bytes: number): void {
  limit = bytes;
}

function count({ bytes, loose: unbound }: Piece, sign: 1 | -1): void {
  for (const counted of unbound ? [all, loose] : [all]) {
    counted.handles += sign;
    counted.bytes += sign * bytes;
  }
}

/** Keeps a piece for the next use. */
function giveBack(piece: Piece): void {
  count(piece, -1);
  free.put(piece.size, piece.size, piece);
}

/** Takes memory; refuses if a loop has left too much of it behind. */
function take(bytes: number): Piece {
  if (bytes > MAX_BYTES) {
    throw new DeviceError(
      `Cannot make a tensor on the GPU: one of ${bytes} bytes is over the limit of ${MAX_BYTES}`,
    );
  }
  const unbound = engine.scope === null;
  if (unbound && (loose.handles >= MAX_LOOSE || loose.bytes + bytes > limit)) {
    throw new DeviceError(
      `Cannot make a tensor on the GPU: ${loose.handles} tensors of ${loose.bytes} bytes were made ` +
        `outside of scope() and not freed, the limit is ${MAX_LOOSE} and ${limit} bytes; ${WAY_OUT}, ` +
        "or when the event loop turns (await x.cpu())",
    );
  }
  if (unbound) wakeCollector();
  const size = sizeOfPiece(bytes);
  let piece = free.take(size);
  if (piece === undefined) {
    piece = { ...allocated(size), size, bytes, loose: unbound };
  } else {
    piece.bytes = bytes;
    piece.loose = unbound;
  }
  count(piece, 1);
  return piece;
}

const finalizer = new FinalizationRegistry(giveBack);

/** Arrays without elements, so that a kernel of the CPU refuses the storage. */
const NO_ELEMENTS = [0, 1, 2, 3].map((code) => newArray(code, 0));

/** Elements on the GPU. */
class GpuStorage extends Storage {
  readonly #piece: Piece;

  constructor(code: number, size: number) {
    super(gpu, code, size, NO_ELEMENTS[code]!, 0, 0, false);
    this.#piece = take(size * Math.max(WORD, SIZES[code]!));
    finalizer.register(this, this.#piece, this);
  }

  /** Names the memory. */
  get handle(): number {
    return this.#piece.handle;
  }

  /** Gives the memory back. */
  free(): void {
    finalizer.unregister(this);
    giveBack(this.#piece);
  }
}

function allocate(code: number, size: number, zero = false): Storage {
  if (!gpu.supports(copyKernel ??= kernelNumber("copy"), code)) {
    throw new DeviceError(
      `Cannot make a tensor on the GPU: it has no ${DTYPES[code]}; cast to float32 first`,
    );
  }
  const storage = track(new GpuStorage(code, size));
  if (zero) fill(storage, 0);
  return storage;
}

function release(storage: Storage): void {
  (storage as GpuStorage).free();
}

const scalars = new Map<string, Storage>();

function scalar(code: number, value: number): Storage {
  const key = `${code} ${Object.is(value, -0) ? "-0" : value}`;
  const known = scalars.get(key);
  if (known !== undefined) return known;
  const storage = new GpuStorage(code, 1);
  outlive(storage);
  write(storage, newArray(code, 1).fill(value));
  if (scalars.size >= MAX_SCALARS) scalars.clear();
  scalars.set(key, storage);
  return storage;
}

/** All elements of a storage, as an operand. */
function whole(storage: Storage): Operand {
  const { size } = storage;
  return { storage, offset: 0, shape: [size], strides: [1], size, dense: true };
}

let copyKernel: number | null = null;

function fill(storage: Storage, value: number): void {
  run1(copyKernel ??= kernelNumber("copy"), whole(storage), whole(scalar(storage.code, value)));
}

function write(storage: Storage, elements: TypedArray): void {
  // A bool takes four bytes here.
  const words = storage.code === BOOL ? Uint32Array.from(elements) : elements;
  writes++;
  writeGpu((storage as GpuStorage).handle, words as Words);
  // Positions are checked by what they lie between.
  if (storage.code === INT32) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < elements.length; i++) {
      const value = elements[i]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    noteRange(storage, low, high);
  }
}

function read(storage: Storage, start: number, count: number): TypedArray {
  const { handle, code } = storage as GpuStorage;
  const words = code === BOOL ? new Uint32Array(count) : newArray(code, count);
  reads++;
  readGpu(handle, start, words as Words);
  return code === BOOL ? Uint8Array.from(words) : words as TypedArray;
}

const NO_PARAMETERS: readonly number[] = [];

/** A kernel by its name, and by code whether it takes operands of a type. */
interface Row {
  readonly name: string;
  readonly takes: readonly boolean[];
}

let table: readonly Row[] | null = null;

function rowOf(kernel: number): Row {
  table ??= kernelTable().map(({ name, types }) => ({
    name,
    takes: DTYPES.map((dtype) => types.includes(dtype)),
  }));
  return table[kernel]!;
}

function refuse(name: string): never {
  throw new DeviceError(
    `Cannot run ${name} on the GPU: it has no program there; move the tensors with ` +
      `to({ device: "cpu" })`,
  );
}

function launch(
  kernel: number,
  operands: readonly Operand[],
  shape: Shape | null,
  ints: readonly number[] = NO_PARAMETERS,
  numbers: readonly number[] = NO_PARAMETERS,
  again = false,
): void {
  const row = rowOf(kernel);
  const { name } = row;
  setParameters(ints, numbers);
  for (let i = 0; i < operands.length; i++) {
    const { storage, offset, shape: own, strides } = operands[i]!;
    storage.check(name, "gpu");
    if (!row.takes[storage.code]) refuse(name);
    putStrided(i, storage, offset, own, strides, shape ?? own);
    setHandle(i, (storage as GpuStorage).handle);
  }
  if (launchGpu(kernel, name, operands.length)) return;
  // What it leaves from one dispatch to the next has no room: what waits gives way.
  if (again) throw outOfMemory(`run ${name}`);
  free.clear();
  launch(kernel, operands, shape, ints, numbers, true);
}

function run1(kernel: number, out: Operand, a: Operand): void {
  launch(kernel, [out, a], out.shape);
}

function run2(kernel: number, out: Operand, a: Operand, b: Operand): void {
  launch(kernel, [out, a, b], out.shape);
}

function run3(kernel: number, out: Operand, a: Operand, b: Operand, c: Operand): void {
  launch(kernel, [out, a, b, c], out.shape);
}

function run(
  kernel: number,
  operands: readonly Operand[],
  ints?: readonly number[],
  numbers?: readonly number[],
): void {
  launch(kernel, operands, null, ints, numbers);
}

/** The GPU; nothing of it works before it is opened. */
export const gpu: Backend = {
  get copy() {
    return refuseCopy();
  },
  device: "gpu",
  allocate,
  supports: (kernel, code) => rowOf(kernel).takes[code]!,
  release,
  scalar,
  fill,
  write,
  read,
  run1,
  run2,
  run3,
  run,
};

/** The GPU, opened on first use. */
export function openBackend(): Backend {
  const opened = openGpu();
  if ("reason" in opened) {
    throw new DeviceError(`Cannot use the GPU: ${opened.reason}; device "cpu" has every op`);
  }
  return gpu;
}

/** Counts of memory and of transfers. */
export interface GpuCounts {
  /** Handles in use. */
  readonly handles: number;
  /** Bytes of tensors. */
  readonly bytes: number;
  /** Bytes that wait for the next use. */
  readonly freeBytes: number;
  /** How often elements were read back. */
  readonly reads: number;
  /** How often elements were written from the host. */
  readonly writes: number;
}

/** What the GPU holds, and how much was transferred. */
export function gpuCounts(): GpuCounts {
  return { ...all, freeBytes: free.bytes, reads, writes };
}
