/** In place: small tensors as one, so that a step of a thousand parameters takes few launches. */

import { placesOf } from "../../device/cpu.ts";
import { changed } from "../../device/memory.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { result } from "../define/record.ts";

/** Whether the elements of a tensor can be copied without a launch. */
export function packs({ storage, dense }: Tensor): boolean {
  return dense && storage.backend.device === "cpu";
}

/** What only tensors have in common whose elements may lie in the same places. */
export function memoryOf({ storage }: Tensor): object {
  return storage.shared ? storage.array.buffer : storage;
}

/** The elements of tensors of one type that pack, one after the other, in memory of their own. */
export function packed(tensors: readonly [Tensor, ...Tensor[]]): Tensor {
  const pack = result(tensors[0], tensors[0].dtype, [sizeOf(tensors)]);
  const elements = placesOf(pack.storage, 0, pack.size);
  let start = 0;
  for (const { storage, offset, size } of tensors) {
    elements.set(placesOf(storage, offset, size), start);
    start += size;
  }
  return pack;
}

/** Writes what was computed of a pack, which is dense, to the tensors. */
export function unpack_(tensors: readonly Tensor[], pack: Tensor): void {
  const elements = placesOf(pack.storage, pack.offset, pack.size);
  let start = 0;
  for (const { storage, offset, size } of tensors) {
    placesOf(storage, offset, size).set(elements.subarray(start, start + size));
    changed(storage);
    start += size;
  }
}

function sizeOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { size }) => sum + size, 0);
}
