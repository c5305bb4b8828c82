/**
 * Runs the ops of a step on other sizes than those of the parameters, with the same bits: small
 * parameters together, for fewer launches, and large ones in pieces that stay in the cache.
 */

import { keep, scope } from "../autograd/scope.ts";
import { memoryOf, packed, packs, unpack_ } from "../ops/optim/pack.ts";
import { zerosLike } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ParamUpdate } from "./param_optimizer.ts";
import type { ParamState } from "./param_state.ts";

/** Up to this size a parameter is small: copying a larger one costs more than a launch. */
const SMALL = 2048;
/**
 * The size of a piece and of a full pack: small enough for the cache, large enough for several
 * threads.
 */
const PIECE = 2 ** 16;

interface Pack<U> {
  readonly updates: U[];
  size: number;
}

/** Whether two updates have the same options and step count, and keep the same tensors. */
function alike(
  [p, , a, group]: ParamUpdate<unknown, ParamState>,
  [q, , b, other]: ParamUpdate<unknown, ParamState>,
  keeps: readonly string[],
): boolean {
  return group === other && p.dtype === q.dtype && a["step"] === b["step"] &&
    keeps.every((name) => (a[name] === undefined) === (b[name] === undefined));
}

/**
 * Groups the updates of a step into lists that run as one, in an order that gives the same result.
 *
 * @param keeps The names of the tensors kept for a parameter.
 * @param alone Whether updates with these options run separately.
 */
export function packsOf<O, S extends ParamState>(
  updates: readonly ParamUpdate<O, S>[],
  keeps: readonly string[],
  alone: (options: O) => boolean,
): (readonly ParamUpdate<O, S>[])[] {
  const all: (readonly ParamUpdate<O, S>[])[] = [];
  let open: Pack<ParamUpdate<O, S>>[] = [];
  const [changed, read] = [new Set<object>(), new Set<object>()];
  for (const update of updates) {
    const [p, g, , options] = update;
    const [target, source] = [memoryOf(p), memoryOf(g)];
    // An update that shares memory with an earlier one must not run before it.
    if (changed.has(target) || read.has(target) || changed.has(source)) open = [];
    changed.add(target);
    read.add(source);
    const fits = p.size <= SMALL && p.dtype === g.dtype && packs(p) && packs(g);
    if (!fits || alone(options)) {
      all.push([update]);
      continue;
    }
    const found = open.find(({ updates: [first] }) =>
      first !== undefined && alike(first, update, keeps)
    );
    const pack = found ?? { updates: [], size: 0 };
    if (found === undefined) {
      open.push(pack);
      all.push(pack.updates);
    }
    pack.updates.push(update);
    pack.size += p.size;
    if (pack.size > PIECE) open = open.filter((other) => other !== pack);
  }
  return all;
}

/** The tensors of a name in several states, which all have it. */
function keptOf(states: readonly ParamState[], name: string): [Tensor, ...Tensor[]] {
  return states.map((state) => state[name]) as [Tensor, ...Tensor[]];
}

/**
 * Runs updates that `packsOf` has grouped as one.
 *
 * @param keeps The names of the tensors kept for a parameter.
 * @param run Updates a parameter and its state by a gradient.
 */
export function updateAsOne(
  updates: readonly ParamUpdate<unknown, ParamState>[],
  keeps: readonly string[],
  run: (p: Tensor, g: Tensor, state: ParamState) => void,
): void {
  const column = <T>(of: (update: ParamUpdate<unknown, ParamState>) => T) =>
    updates.map(of) as [T, ...T[]];
  const params = column(([p]) => p);
  const states = column(([, , state]) => state);
  const one: ParamState = { ...states[0] };
  for (const name of keeps) {
    if (one[name] !== undefined) one[name] = packed(keptOf(states, name));
  }
  const p = packed(params);
  run(p, packed(column(([, g]) => g)), one);
  unpack_(params, p);
  for (const [name, value] of Object.entries(one)) {
    if (typeof value === "number") {
      for (const state of states) state[name] = value;
    } else {
      states.forEach((state, i) => state[name] ??= keep(zerosLike(params[i] ?? p)));
      unpack_(keptOf(states, name), value);
    }
  }
}

/** Whether a parameter is so large that it is stepped in pieces. */
export function isLarge([p, g]: ParamUpdate<unknown, ParamState>): boolean {
  return p.size > PIECE && p.dtype === g.dtype && packs(p) && packs(g);
}

/**
 * Runs an update of a large parameter piece by piece.
 *
 * @param run Updates a parameter and its state by a gradient.
 */
export function updateInPieces(
  [p, g, state]: ParamUpdate<unknown, ParamState>,
  run: (p: Tensor, g: Tensor, state: ParamState) => void,
): void {
  const before = { ...state };
  for (let start = 0; start < p.size; start += PIECE) {
    const piece = (x: Tensor) => x.detach().flatten().slice(0, start, start + PIECE);
    scope(() => {
      const entries = Object.entries(before);
      const own: ParamState = Object.fromEntries(
        entries.map(([name, x]) => [name, typeof x === "number" ? x : piece(x)]),
      );
      run(piece(p), piece(g), own);
      for (const [name, x] of Object.entries(own)) {
        if (typeof x === "number") state[name] = x;
        else if (before[name] === undefined) {
          piece((state[name] ??= keep(zerosLike(p))) as Tensor).copy_(x);
        }
      }
    });
  }
}
