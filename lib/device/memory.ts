/**
 * Ownership of storages: who holds one, and when its memory is reused. Only this file decides the fate of
 * a storage after it was made; the devices reclaim the memory.
 */

import { callSite, lineOf } from "../core/call_site.ts";
import { engine, under } from "../core/engine.ts";
import type { Collector, Storage } from "./backend.ts";

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

/** Bounds of the elements of a storage, valid for one version. */
interface Range {
  readonly low: number;
  readonly high: number;
  readonly version: number;
}

const ranges = new WeakMap<Storage, Range>();

/** Notes bounds of all elements of a storage, so that they need not be read back to check them. */
export function noteRange(storage: Storage, low: number, high: number): void {
  ranges.set(storage, { low, high, version: storage.version });
}

/** The noted bounds of a storage, if they still hold. */
export function rangeOf(storage: Storage): Range | null {
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
