/** Good calls of what reads and writes files. */

import { io, ones } from "../../mod.ts";
import { of, options, type Rows } from "../common/calls.ts";

const folder = Deno.makeTempDirSync();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const fixture = (name: string) => of(() => new URL(`../fixtures/io/${name}`, import.meta.url));
// Any text is the path of a file that may be written.
const target = of(() => `${folder}/file`, "text");
const state = of(() => ({ x: ones([2]) }));
const x = of(() => ones([2]), "tensor");
const written = options({ metadata: of(() => ({ made: "here" })) });

/** Files. */
export const IO: Rows<typeof io> = {
  saveSafetensors: { args: [target, state, written] },
  loadSafetensors: { args: [fixture("tensors.safetensors")] },
  encodeSafetensors: { args: [state, written] },
  decodeSafetensors: { args: [of(() => io.encodeSafetensors({ x: ones([2]) }))] },
  loadTorch: { args: [fixture("linear.pt")] },
  decodeTorch: {
    args: [of(() => Deno.readFileSync(new URL("../fixtures/io/linear.pt", import.meta.url)))],
  },
  saveNpy: { args: [target, x] },
  loadNpy: { args: [fixture("array.npy")] },
  encodeNpy: { args: [x] },
  decodeNpy: { args: [of(() => io.encodeNpy(ones([2])))] },
  saveNpz: { args: [target, state] },
  loadNpz: { args: [fixture("arrays.npz")] },
  encodeNpz: { args: [state] },
  decodeNpz: { args: [of(() => io.encodeNpz({ x: ones([2]) }))] },
};
