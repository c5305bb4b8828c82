/** Synthetic tissue under forces: elastic slabs and blocks, solved on a grid. Nobody was examined. */

import { fromTypedArray } from "../../tensor/create.ts";
import { between, normal } from "../draws.ts";
import { readArguments, readSynthetic, type Samples, type SyntheticOptions } from "./options.ts";

const SIDE = 32;
const AREA = SIDE * SIDE;

/** −∇·(k∇u) + u/100 inside of a frame that is held. */
function stiff(k: Float64Array, u: Float64Array, out: Float64Array): void {
  out.fill(0);
  for (let row = 1; row < SIDE - 1; row++) {
    for (let column = 1; column < SIDE - 1; column++) {
      const i = row * SIDE + column;
      const own = u[i] ?? 0;
      let sum = 0.01 * own;
      for (const j of [i - 1, i + 1, i - SIDE, i + SIDE]) {
        sum += ((k[i] ?? 0) + (k[j] ?? 0)) / 2 * (own - (u[j] ?? 0));
      }
      out[i] = sum;
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

/** The displacement under a force, by conjugate gradients. */
function displaced(k: Float64Array, force: Float64Array): Float64Array {
  const [u, product] = [new Float64Array(AREA), new Float64Array(AREA)];
  // The frame is held, whatever pulls at it.
  const residual = force.map((f, i) => {
    const [row, column] = [Math.floor(i / SIDE), i % SIDE];
    return row % (SIDE - 1) === 0 || column % (SIDE - 1) === 0 ? 0 : f;
  });
  const direction = residual.slice();
  let square = dot(residual, residual);
  for (let step = 0; step < 200 && square > 1e-16; step++) {
    stiff(k, direction, product);
    const length = square / dot(direction, product);
    for (let i = 0; i < AREA; i++) {
      u[i] = (u[i] ?? 0) + length * (direction[i] ?? 0);
      residual[i] = (residual[i] ?? 0) - length * (product[i] ?? 0);
    }
    const next = dot(residual, residual);
    for (let i = 0; i < AREA; i++) {
      direction[i] = (residual[i] ?? 0) + next / square * (direction[i] ?? 0);
    }
    square = next;
  }
  return u;
}

/** Scales displacements so that the mean of the largest of each example is 5 millimetres. */
function inMillimetres(
  u: Float64Array,
  examples: number,
  parts: number,
): Float32Array<ArrayBuffer> {
  const size = u.length / examples / parts;
  let total = 0;
  for (let example = 0; example < examples; example++) {
    let largest = 0;
    for (let i = 0; i < size; i++) {
      let square = 0;
      for (let part = 0; part < parts; part++) {
        square += (u[(example * parts + part) * size + i] ?? 0) ** 2;
      }
      largest = Math.max(largest, square);
    }
    total += Math.sqrt(largest);
  }
  const factor = 5 * examples / total;
  return Float32Array.from(u, (value) => value * factor);
}

/**
 * Synthetic elastic slabs of 32 × 32 mm with a stiff inclusion, pulled at one place: where each
 * millimetre moves, as −∇·(k∇u) + u/100 = f with a frame that is held, solved by conjugate gradients.
 * The largest displacements have the mean 5 mm.
 *
 * @param n How many.
 * @returns x of shape [n, 3, 32, 32]: stiffness and the force along x and y; y of shape [n, 2, 32, 32]:
 * the displacement along x and y in mm.
 *
 * @example The frame is held
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { x, y } = data.synthetic.tissueSlabs(1);
 * assertEquals([x.shape, y.shape], [[1, 3, 32, 32], [1, 2, 32, 32]]);
 * assertEquals(y.at(0, ":", 0).abs().sum().item(), 0);
 * ```
 */
export function tissueSlabs(n: number, options?: SyntheticOptions): Samples {
  const { generator } = readArguments("tissueSlabs", arguments.length, n, options, readSynthetic);
  const x = new Float32Array(n * 3 * AREA);
  const u = new Float64Array(n * 2 * AREA);
  const range = (low: number, high: number) => between(generator, low, high);
  const gridded = (value: (x: number, y: number) => number) =>
    Float64Array.from({ length: AREA }, (_, i) => value(i % SIDE, Math.floor(i / SIDE)));
  for (let slab = 0; slab < n; slab++) {
    const [cx, cy, radius, hard] = [range(6, 26), range(6, 26), range(3, 7), range(2, 6)];
    const k = gridded((x, y) =>
      1 + hard / (1 + Math.exp(2 * (Math.hypot(x - cx, y - cy) - radius)))
    );
    const [px, py, angle, pull] = [
      range(6, 25),
      range(6, 25),
      range(0, 2 * Math.PI),
      range(0.5, 1.5),
    ];
    const bell = gridded((x, y) => Math.exp(-((x - px) ** 2 + (y - py) ** 2) / 4.5));
    x.set(k.map((own) => (own - 1) / 4), slab * 3 * AREA);
    for (const [part, along] of [Math.cos(angle), Math.sin(angle)].entries()) {
      const force = bell.map((own) => own * pull * along);
      x.set(force, (slab * 3 + 1 + part) * AREA);
      u.set(displaced(k, force), (slab * 2 + part) * AREA);
    }
  }
  return {
    x: fromTypedArray(x, [n, 3, SIDE, SIDE]),
    y: fromTypedArray(inMillimetres(u, n, 2), [n, 2, SIDE, SIDE]),
  };
}

const EDGE = 12;
const VOLUME = EDGE ** 3;

/**
 * Synthetic elastic blocks of 12 × 12 × 12, pulled at one place: where each voxel moves, as
 * −∇²u + 0.3·u = f with a rim that is held, after 200 sweeps of Jacobi's way. The largest
 * displacements have the mean 5 mm.
 *
 * @param n How many.
 * @returns x of shape [n, 3, 12, 12, 12]: the force; y of the same shape: the displacement in mm.
 *
 * @example Force and displacement
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.synthetic.tissueVolumes(1).y.shape, [1, 3, 12, 12, 12]);
 * ```
 */
export function tissueVolumes(n: number, options?: SyntheticOptions): Samples {
  const { generator } = readArguments("tissueVolumes", arguments.length, n, options, readSynthetic);
  const [x, u] = [new Float32Array(n * 3 * VOLUME), new Float64Array(n * 3 * VOLUME)];
  // With a rim of 0 around, so that all voxels have six neighbours.
  const wide = EDGE + 2;
  const inner = Int32Array.from({ length: VOLUME }, (_, i) => {
    const [z, y, x] = [Math.floor(i / EDGE ** 2), Math.floor(i / EDGE) % EDGE, i % EDGE];
    return ((z + 1) * wide + y + 1) * wide + x + 1;
  });
  const steps = [-1, 1, -wide, wide, -wide * wide, wide * wide];
  for (let block = 0; block < n; block++) {
    const [cz, cy, cx] = [0, 1, 2].map(() => between(generator, 2, 9));
    const bell = Float64Array.from({ length: VOLUME }, (_, i) => {
      const [z, y, x] = [Math.floor(i / EDGE ** 2), Math.floor(i / EDGE) % EDGE, i % EDGE];
      const square = (z - (cz ?? 0)) ** 2 + (y - (cy ?? 0)) ** 2 + (x - (cx ?? 0)) ** 2;
      return Math.exp(-square / 2);
    });
    for (let part = 0; part < 3; part++) {
      const pull = normal(generator);
      const force = bell.map((own) => own * pull);
      let [own, next] = [new Float64Array(wide ** 3), new Float64Array(wide ** 3)];
      for (let sweep = 0; sweep < 200; sweep++) {
        for (let i = 0; i < VOLUME; i++) {
          const at = inner[i] ?? 0;
          let sum = force[i] ?? 0;
          for (const step of steps) sum += own[at + step] ?? 0;
          next[at] = sum / 6.3;
        }
        [own, next] = [next, own];
      }
      x.set(force, (block * 3 + part) * VOLUME);
      u.set(Float64Array.from(inner, (at) => own[at] ?? 0), (block * 3 + part) * VOLUME);
    }
  }
  const shape = [n, 3, EDGE, EDGE, EDGE];
  return { x: fromTypedArray(x, shape), y: fromTypedArray(inMillimetres(u, n, 3), shape) };
}
