/** Small parameters whose steps run as one: it has the bits of each, and one launch where they had one each. */

import { keep } from "../autograd/scope.ts";
import { memoryOf, packed, packs, unpack_ } from "../ops/optim/pack.ts";
import { zerosLike } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ParamUpdate } from "./param_optimizer.ts";
import type { ParamState } from "./param_state.ts";

/** Elements up to which a parameter is small: to copy more costs more than a launch. */
const SMALL = 2048;
/** Elements after which a pack is full, so that it stays in the cache. */
const FULL = 2 ** 15;

interface Pack<U> {
  readonly updates: U[];
  size: number;
}

/** Whether two updates of one group have the same numbers, and keep the same. */
function alike(
  [p, , a, group]: ParamUpdate<unknown, ParamState>,
  [q, , b, other]: ParamUpdate<unknown, ParamState>,
  keeps: readonly string[],
): boolean {
  return group === other && p.dtype === q.dtype && a["step"] === b["step"] &&
    keeps.every((name) => (a[name] === undefined) === (b[name] === undefined));
}

/**
 * The updates of a step in an order that gives what theirs does: lists of those that run as one.
 *
 * @param keeps The names of what is kept for a parameter.
 * @param alone Whether updates under some options run alone.
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
    // What changes memory that another one has to do with, or reads what another changes, comes after it.
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
    if (pack.size > FULL) open = open.filter((other) => other !== pack);
  }
  return all;
}

/** The tensors of a name in several states, which all have it. */
function keptOf(states: readonly ParamState[], name: string): [Tensor, ...Tensor[]] {
  return states.map((state) => state[name]) as [Tensor, ...Tensor[]];
}

/**
 * Runs updates that `packsOf` has found alike as one.
 *
 * @param keeps The names of what is kept for a parameter.
 * @param run Changes a parameter and its state by a gradient.
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
