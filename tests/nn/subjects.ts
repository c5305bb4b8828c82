/** The cases of the layers, and how far each is from PyTorch. */

import { casesOf } from "../fixtures/stored.ts";
import { comparisons, type Subject } from "./checks.ts";
import type { TorchClass, TorchLayer } from "./rows/row.ts";
import { type LayerName, LAYERS } from "./table.ts";

/** The cases of a layer with all that is known of them. */
export function subjectsOf(name: LayerName): readonly Subject[] {
  const [torchClass, ...cases] = casesOf<unknown>(`layers/${name}`) as [
    TorchClass,
    ...TorchLayer[],
  ];
  return cases.map((torch) => ({ name, row: LAYERS[name], torchClass, torch }));
}

/** How a layer compares with PyTorch's. */
export interface ParityRow {
  readonly layer: string;
  readonly cases: number;
  /** The options that are tried. */
  readonly options: readonly string[];
  /** Options that ours has not. */
  readonly departures: readonly string[];
  /** How many values, gradients and statistics are compared, each a tensor. */
  readonly compared: number;
  /** The largest difference, relative to the largest magnitude of its tensor. */
  readonly difference: number;
}

/** Below this a tensor is nothing but the rounding of larger ones, as σ'(100) is of σ(100). */
const SMALL = 1e-3;

/** The largest difference of two tensors, relative to the largest magnitude. */
function difference(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [most, scale] = [0, SMALL];
  for (let i = 0; i < wanted.length; i++) {
    most = Math.max(most, Math.abs(actual[i]! - wanted[i]!));
    scale = Math.max(scale, Math.abs(wanted[i]!));
  }
  return most / scale;
}

/** The table of all layers, measured. */
export function parityTable(): ParityRow[] {
  return (Object.keys(LAYERS) as LayerName[]).toSorted().map((layer) => {
    const subjects = subjectsOf(layer);
    const compared = subjects.flatMap(comparisons);
    const { departures } = subjects[0]!.torchClass;
    return {
      layer,
      cases: subjects.length,
      options: [...new Set(subjects.flatMap(({ torch }) => torch.tried))],
      departures: Object.keys(departures),
      compared: compared.length,
      difference: Math.max(
        ...compared.map(([, actual, wanted]) =>
          difference(actual.contiguous().data, wanted.contiguous().data)
        ),
      ),
    };
  });
}
