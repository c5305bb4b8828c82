/** States as they are written: tensors by name, each with the bytes of its elements. */

import { noGrad } from "../autograd/tape.ts";
import { checkKind, isPlainObject, type Kind, kind, shown, TENSOR } from "../core/options.ts";
import type { StateDict } from "../nn/state_dict.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Whether a name or text can be written: other libraries read UTF-8, which has no lone surrogates. */
function isWritable(text: unknown): boolean {
  return typeof text === "string" && text.isWellFormed();
}

/** Whether a value is an object of texts by name. */
export function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isPlainObject(value) && Object.entries(value).flat().every(isWritable);
}

/** Text by name. */
export const TEXTS: Kind = kind("an object of strings by name", isTexts);

/** Refuses a tensor whose elements cannot be read; `name` is its name in errors. */
export function checkElements(call: string, name: string, x: Tensor): void {
  checkKind(call, name, x, TENSOR);
  if (x.batched === null) return;
  throw new TypeError(
    `Cannot ${call} under vmap: ${name} stands for a tensor in each example`,
  );
}

/** The tensors of a state; refuses anything else before a byte is written. */
export function tensorsOf(name: string, state: StateDict): [name: string, x: Tensor][] {
  const call = `run ${name}`;
  if (!isPlainObject(state)) {
    throw new TypeError(
      `Cannot ${call}: the state must be an object of tensors by name, got ${shown(state)}`,
    );
  }
  const entries = Object.entries<Tensor>(state);
  for (const [key, x] of entries) {
    checkElements(call, JSON.stringify(key), x);
    if (!isWritable(key)) {
      throw new TypeError(`Cannot ${call}: the name ${JSON.stringify(key)} is not valid text`);
    }
  }
  return entries;
}

/** The bytes of the elements, row-major and little-endian, to be used immediately. */
export function bytesOfTensor(x: Tensor): Uint8Array {
  const { storage, offset, size } = noGrad(() => x.detach().to({ device: "cpu" }).contiguous());
  const { buffer, byteOffset, byteLength } = storage.backend.read(storage, offset, size);
  return new Uint8Array(buffer, byteOffset, byteLength);
}
