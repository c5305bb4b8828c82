/**
 * Ownership of storages: who holds one, and when its memory is reused. Only this file decides the fate of
 * a storage after it was made; the devices reclaim the memory.
 */

import { callSite, lineOf } from "../core/call_site.ts";
import { engine, under } from "../core/engine.ts";
import { isContiguous } from "../core/shape.ts";
import type { Collector, Operand, Storage } from "./backend.ts";

/** What is decided about a storage, as this file may change it. */
type Fate = {
  -readonly [
    K in "version" | "pass" | "references" | "kept" | "shared" | "reusable" | "collector" | "gone"
  ]: Storage[K];
};

/** Notes a new storage for the scope that is open. */
export function track<S extends Storage>(storage: S): S {
  if (engine.scope !== null) engine.scope.push(storage);
  return storage;
}

/** The elements were changed in place; ops that saved them will notice. */
export function changed(storage: Storage): void {
  (storage as Fate).version++;
}

/** Where elements lie: from `low` to `lower` or from `upper` to `high`, which may overlap. */
export interface Range {
  readonly low: number;
  readonly lower: number;
  readonly upper: number;
  readonly high: number;
}

/** The ranges of storages, each with the version of the elements for which it holds. */
const ranges = new WeakMap<Storage, Range & { readonly version: number }>();

/** Notes where all elements of a storage lie, so that a check need not read them again. */
export function noteRange(
  storage: Storage,
  low: number,
  high: number,
  lower = high,
  upper = low,
): void {
  ranges.set(storage, { low, lower, upper, high, version: storage.version });
}

/** Whether an operand's elements are all of its storage, in whatever order. */
function isAll({ storage, size, shape, strides, dense }: Operand): boolean {
  if (size !== storage.size) return false;
  if (dense) return true;
  const order = shape.map((_, dim) => dim).sort((a, b) => strides[b]! - strides[a]!);
  return isContiguous(order.map((dim) => shape[dim]!), order.map((dim) => strides[dim]!));
}

/** Notes where an operand's elements lie, if they are all of its storage. */
export function noteRangeOf(x: Operand, low: number, high: number, lower?: number, upper?: number) {
  if (isAll(x)) noteRange(x.storage, low, high, lower, upper);
}

/** The noted range of a storage; null if somebody may have changed the elements since. */
export function rangeOf(storage: Storage): Range | null {
  if (storage.shared) return null;
  const range = ranges.get(storage);
  return range?.version === storage.version ? range : null;
}

/** Whether elements of two storages may lie in one place: views, or arrays over one buffer. */
export function sharesMemory(a: Storage, b: Storage): boolean {
  return a === b || (a.shared && b.shared && a.array.buffer === b.array.buffer);
}

/** Somebody outside of the engine may hold the tensor from now on. */
export function escape(storage: Storage): void {
  const fate = storage as Fate;
  fate.pass = 0;
  fate.reusable = false;
}

/** Scopes do not reclaim the storage. */
export function outlive(storage: Storage): void {
  (storage as Fate).kept = true;
}

/** Somebody holds the array itself, so that its memory must never be reused. */
export function share(storage: Storage): void {
  const fate = storage as Fate;
  fate.kept = true;
  fate.shared = true;
}

/** The storage becomes one of the pass that asked for it. */
export function handOver(storage: Storage, pass: number): void {
  (storage as Fate).pass = pass;
}

/** The storage holds a leaf's gradient, which only the engine knows until somebody reads it. */
export function collectInto(collector: Collector, storage: Storage): void {
  const fate = storage as Fate;
  fate.pass = 0;
  fate.reusable = true;
  // A gradient outlives the scope in which it was computed for as long as it is one.
  if (engine.scope === null) fate.kept = true;
  else fate.collector = collector;
}

/** A leaf drops a gradient: its memory is reused if nobody has read it. */
export function dropCollected(storage: Storage): void {
  if (storage.reusable) giveBack(storage);
  else if (storage.collector !== null && engine.scope !== null) engine.scope.push(storage);
}

/** A cotangent that waits in a backward pass lies in the storage. */
export function hold(storage: Storage): void {
  (storage as Fate).references++;
}

/** One such cotangent has been used. */
export function letGo(storage: Storage): void {
  (storage as Fate).references--;
}

/** Reclaims a storage's memory for the next one of its size; any later use throws. */
export function giveBack(storage: Storage, how: "scope" | "dispose" = "scope"): void {
  if (storage.gone !== null) return;
  (storage as Fate).gone = how;
  if (how === "dispose" && storage.backend.device === "gpu") disposals.set(storage, callSite());
  storage.backend.release(storage);
}

/**
 * Where storages on the GPU were disposed, for the error of a later use. On the CPU it is not noted, as
 * that takes longer than a small op.
 */
const disposals = new WeakMap<Storage, Error>();

/** The line that disposed a storage, where it was noted. */
export function disposalOf(storage: Storage): string | null {
  const site = disposals.get(storage);
  return site === undefined ? null : lineOf(site);
}

/** Whether something holds a storage beyond the scope in which it was made. */
function outlives(storage: Storage): boolean {
  return storage.kept || storage.collector?.collected?.storage === storage;
}

/** Runs a function and reclaims what it made, except for what `survivors` finds in its result. */
export function scoped<T>(fn: () => T, survivors: (result: T) => ReadonlySet<Storage>): T {
  const outer = engine.scope;
  const made: Storage[] = [];
  let kept: ReadonlySet<Storage> | null = null;
  try {
    return under({ scope: made }, () => {
      const result = fn();
      kept = survivors(result);
      return result;
    });
  } finally {
    for (const storage of made) {
      if (storage.gone !== null || outlives(storage)) continue;
      if ((kept as ReadonlySet<Storage> | null)?.has(storage)) outer?.push(storage);
      else giveBack(storage);
    }
  }
}
