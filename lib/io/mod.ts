/**
 * File formats for weights and arrays: safetensors, PyTorch checkpoints, NumPy arrays.
 *
 * ```ts
 * import { nn } from "@adjoint/ml";
 * import { decodeSafetensors, encodeSafetensors } from "@adjoint/ml/io";
 *
 * const model = new nn.Linear(2, 1);
 * const bytes = encodeSafetensors(model.stateDict());
 * model.loadStateDict(decodeSafetensors(bytes));
 * ```
 *
 * @module
 */

export { decodeNpy, encodeNpy, loadNpy, saveNpy } from "./npy.ts";
export { decodeNpz, encodeNpz, loadNpz, saveNpz } from "./npz.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  loadSafetensors,
  type SafetensorsOptions,
  saveSafetensors,
} from "./safetensors.ts";
export { decodeTorch, loadTorch } from "./torch.ts";
export type { TorchValue } from "./pickle.ts";
