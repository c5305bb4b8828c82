/** When memory is taken back: by scopes, by backward passes, by hand. The devices do the taking. */

import type { Storage } from "./backend.ts";

let passNow = 0;

/** Marks storages made from now on as those of a backward pass; returns the mark before. */
export function markPass(pass: number): number {
  const before = passNow;
  passNow = pass;
  return before;
}

/** The mark of storages made now. */
export function currentPass(): number {
  return passNow;
}

/** What was made in the innermost scope. */
let made: Storage[] | null = null;

/** Notes a new storage for the scope that is open. */
export function track(storage: Storage): Storage {
  if (made !== null) made.push(storage);
  return storage;
}

/** Opens a scope; returns the list of the one around it. */
export function beginScope(): Storage[] | null {
  const outer = made;
  made = [];
  return outer;
}

/** Ends a scope: what is neither kept nor in `survivors` gives its memory back. */
export function endScope(outer: Storage[] | null, survivors: ReadonlySet<Storage>): void {
  const list = made ?? [];
  made = outer;
  for (const storage of list) {
    if (storage.kept || storage.gone !== null) continue;
    if (survivors.has(storage)) outer?.push(storage);
    else recycle(storage);
  }
}

/** Takes a storage's memory back for the next one of its size; any later use throws. */
export function recycle(storage: Storage, how: "scope" | "dispose" = "scope"): void {
  if (storage.gone !== null) return;
  storage.gone = how;
  storage.backend.release(storage);
}
