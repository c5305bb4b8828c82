/** Synthetic graphs, each a tree: vessels and molecules. */

import { countTo, NOT_NEGATIVE, optionReader } from "../../core/options.ts";
import { oneHot } from "../../ops/mod.ts";
import { fromTypedArray } from "../../tensor/create.ts";
import { randn } from "../../tensor/rand.ts";
import { elementsOf } from "../../tensor/examples.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { below, normal } from "../draws.ts";
import {
  readArguments,
  readWorld,
  type Samples,
  SYNTHETIC_OPTIONS,
  type SyntheticOptions,
  type WorldOptions,
} from "./options.ts";

/** A graph with something to be predicted of it, or of its nodes. */
export interface GraphSample extends Samples {
  /** int32, of shape [2, E]: from which node to which; each edge is there in both directions. */
  readonly edgeIndex: Tensor;
  /** As a graph that `nn.batchGraphs` joins. */
  readonly [name: string]: Tensor;
}

/** Edges to the parent of each node but the first, in both directions. */
function edgesOf(parents: readonly number[]): Tensor {
  const own = parents.slice(1).map((parent, i) => [i + 1, parent] as const);
  const from = own.flatMap(([child, parent]) => [child, parent]);
  const to = own.flatMap(([child, parent]) => [parent, child]);
  return fromTypedArray(Int32Array.from([...from, ...to]), [2, from.length]);
}

/** Options of `vesselTrees`. */
export interface VesselTreesOptions extends SyntheticOptions {
  /** Nodes of a tree. Default: 40. */
  nodes?: number;
  /** The deviation of the noise on each coordinate. Default: 0.4. */
  noise?: number;
}

const vesselOptions = optionReader<VesselTreesOptions>({
  ...SYNTHETIC_OPTIONS,
  nodes: countTo(10_000),
  noise: NOT_NEGATIVE,
});

/**
 * Synthetic trees of vessels in space, in steps of 0.5 that bend and branch: noisy coordinates, and
 * where they really are. No vessel was looked at.
 *
 * @param n How many.
 * @returns For each tree x of shape [nodes, 3]: noisy; y of the same shape: true; edgeIndex.
 *
 * @example A tree has an edge less than nodes
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [tree] = data.synthetic.vesselTrees(1);
 * assertEquals([tree!.x.shape, tree!.edgeIndex.shape], [[40, 3], [2, 78]]);
 * ```
 */
export function vesselTrees(n: number, options?: VesselTreesOptions): GraphSample[] {
  const { generator, options: { nodes = 40, noise = 0.4 } } = readArguments(
    "vesselTrees",
    arguments.length,
    n,
    options,
    vesselOptions,
  );
  return Array.from({ length: n }, () => {
    const parents = [-1];
    const [places, directions] = [[[0, 0, 0]], [[0, 0, 1]]];
    for (let i = 1; i < nodes; i++) {
      const first = Math.max(0, i - 6);
      const parent = first + below(generator, i - first);
      const bent = (directions[parent] ?? []).map((own) => own + 0.35 * normal(generator));
      const [x = 0, y = 0, z = 0] = bent;
      const length = Math.hypot(x, y, z);
      const direction = bent.map((own) => own / length);
      parents.push(parent);
      directions.push(direction);
      places.push((places[parent] ?? []).map((own, axis) => own + 0.5 * (direction[axis] ?? 0)));
    }
    const all = fromTypedArray(Float32Array.from(places.flat()), [nodes, 3]);
    const y = all.sub(all.mean(0));
    return { x: y.add(randn(y.shape, { generator }).mul(noise)), y, edgeIndex: edgesOf(parents) };
  });
}

/**
 * Synthetic graphs of ten atoms of four kinds with a number that is a sum over atoms and over bonds.
 * They are like molecules in nothing but that. The world has the contributions.
 *
 * @param n How many.
 * @returns For each graph x of shape [10, 4], one channel for each kind; y of shape [1]; edgeIndex.
 *
 * @example Nine bonds
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [graph] = data.synthetic.molecules(1);
 * assertEquals([graph!.x.shape, graph!.edgeIndex.shape], [[10, 4], [2, 18]]);
 * ```
 */
export function molecules(n: number, options?: WorldOptions): GraphSample[] {
  const { generator, world } = readArguments("molecules", arguments.length, n, options, readWorld);
  const ofAtoms = [...elementsOf(randn([4], { generator: world }), "molecules")];
  const half = randn([4, 4], { generator: world });
  const ofBonds = [...elementsOf(half.add(half.mT), "molecules")];
  return Array.from({ length: n }, () => {
    const kinds = Int32Array.from({ length: 10 }, () => below(generator, 4));
    const parents = Array.from({ length: 10 }, (_, i) => i === 0 ? -1 : below(generator, i));
    const atoms = kinds.reduce((sum, kind) => sum + (ofAtoms[kind] ?? 0), 0);
    const bonds = parents.slice(1).reduce(
      (sum, parent, i) => sum + (ofBonds[(kinds[i + 1] ?? 0) * 4 + (kinds[parent] ?? 0)] ?? 0),
      0,
    );
    return {
      x: oneHot(fromTypedArray(kinds, [10]), 4).to({ dtype: "float32" }),
      y: fromTypedArray(Float32Array.of(atoms + bonds), [1]),
      edgeIndex: edgesOf(parents),
    };
  });
}
