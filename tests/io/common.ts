/** What the tests of files share: the fixtures, a state of all kinds, and archives that are made up. */

import { ones, type Tensor, tensor, zeros } from "../../mod.ts";
import { zipped } from "../../lib/io/zip.ts";
import { joined } from "../../lib/io/sink.ts";
import { plainOf } from "../common/samples.ts";
import { plainStored, type Stored } from "../fixtures/stored.ts";

/** A file that PyTorch, safetensors or NumPy wrote. */
export function fixture(name: string): URL {
  return new URL(`../fixtures/io/${name}`, import.meta.url);
}

/** Tensors as `io.py` has them, by name. */
export type Expected = Readonly<Record<string, Stored>>;

/** What the files hold, as their maker says. */
export const EXPECTED: {
  readonly tensors: Expected;
  readonly arrays: Expected;
  readonly linear: Expected;
  readonly moments: Expected;
  readonly ours: Read;
} = JSON.parse(Deno.readTextFileSync(fixture("expected.json")));

/** What others find in files of ours. */
export interface Read {
  readonly safetensors: Expected;
  readonly format: string;
  readonly npz: Expected;
  readonly npy: Stored;
}

/** Types that become wider or narrower. */
const TYPES: Readonly<Record<string, string>> = {
  float16: "float32",
  bfloat16: "float32",
  int8: "int32",
  int16: "int32",
  uint8: "int32",
  uint16: "int32",
  uint32: "int32",
};

/** Types, shapes and elements, with NaN and the sign of zero as text so that they are compared. */
export function shownState(state: Readonly<Record<string, Tensor>>): unknown {
  const entries = Object.entries(state).map(([name, x]) => {
    const { shape, data } = plainOf(x);
    return [name, { dtype: x.dtype, shape, data: data.map(text) }];
  });
  return Object.fromEntries(entries);
}

/** The same of what the maker says. */
export function shownExpected(expected: Expected): unknown {
  const entries = Object.entries(expected).map(([name, stored]) => {
    const { shape, data } = plainStored(stored);
    return [name, { dtype: TYPES[stored.dtype] ?? stored.dtype, shape, data: data.map(text) }];
  });
  return Object.fromEntries(entries);
}

function text(value: number | boolean): string {
  return Object.is(value, -0) ? "-0" : `${Number(value)}`;
}

/** Tensors of every type and layout, whose names are hard. */
export function hardState(): Record<string, Tensor> {
  const entries: [string, Tensor][] = [
    ["0", tensor([1.5, -0, NaN, Infinity])],
    ["layer.weight", tensor([[1, 2, 3], [4, 5, 6]], { dtype: "float64" }).mT],
    ['é\u001f"\\', zeros([0, 3])],
    ["__proto__", tensor(-7, { dtype: "int32" })],
    ["mask", tensor([true, false, true])],
    ["", ones([2]).expand([3, 2])],
    ["narrowed", tensor([[1, 2, 3, 4], [5, 6, 7, 8]]).narrow(1, 1, 2)],
  ];
  return Object.fromEntries(entries);
}

/** An archive of files that need not make sense. */
export function archive(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return joined(
    zipped("archive", Object.entries(files).map(([name, bytes]) => [name, () => bytes])),
  );
}
