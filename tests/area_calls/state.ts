/**
 * What is wrong with how optimizers and modules treat state that does not fit: each function tries
 * everything that can be spoilt, and gives a line for what is accepted, half done, or not explained.
 */

import { isPlainObject } from "../../lib/core/options.ts";
import { type nn, noGrad, ones, optim, Tensor, tensor } from "../../mod.ts";
import { type Sort, WRONG } from "../common/calls.ts";
import { complaint } from "../common/refusals.ts";
import { variantsOf } from "../optim/checks.ts";
import { type OptimizerName, OPTIMIZERS as ROWS, shapeOf, STEPS } from "../optim/table.ts";

// What optimizers have in common, whatever their options are.
type Loose = Record<string, unknown>;

/** An optimizer of any class. */
export interface AnyOptimizer {
  readonly paramGroups: readonly { readonly params: readonly Tensor[] }[];
  step(): void;
  zeroGrad(): void;
  stateDict(): unknown;
  loadStateDict(state: never): void;
}

/** Makes an optimizer of some parameters. */
export interface MakeOptimizer {
  (params: Tensor[]): AnyOptimizer;
  /** Whether parameters must be matrices. */
  readonly matrices?: true;
}

/** A leaf with a gradient. */
export function leafOf(x: Tensor): Tensor {
  const leaf = x.requiresGrad_();
  leaf.grad = noGrad(() => x.mul(0.5).add(1).clone());
  return leaf;
}

/** Types and elements, to be compared; what contains itself ends where it comes again. */
export function plain(value: unknown, around: readonly unknown[] = []): unknown {
  if (value instanceof Tensor) return [value.dtype, value.toArray()];
  if (around.includes(value)) return "itself";
  const inside = (inner: unknown) => plain(inner, [...around, value]);
  if (Array.isArray(value)) return value.map(inside);
  if (!isPlainObject(value)) return value;
  return Object.entries(value).map(([key, inner]) => [key, inside(inner)]);
}

/** All that a step or a loaded state changes, to be compared. */
function snapshot(optimizer: AnyOptimizer, params: readonly Tensor[]): string {
  return Deno.inspect(plain([params, optimizer.stateDict()]), {
    depth: 9,
    iterableLimit: Infinity,
    breakLength: Infinity,
  });
}

/** Options, and places in lists of them, that may be null, with the other sorts that they take. */
const NULLABLE = new Map(
  Object.values(ROWS).flatMap(({ rule: { defaults } }) =>
    Object.entries(defaults).flatMap(([key, value]): [string, Sort[]][] => {
      if (!Array.isArray(value)) return value === null ? [[key, ["null"]]] : [];
      return value.flatMap((item: unknown, i): [string, Sort[]][] =>
        item === null ? [[`${key}.${i}`, ["null", "number"]]] : []
      );
    })
  ),
);

/** Sorts of value that are right where another value stands. */
function rightSorts(value: unknown, whole: boolean, place: string): Sort[] {
  const nullable = [...NULLABLE].find(([key]) => `.${place}`.endsWith(`.${key}`));
  if (nullable !== undefined) return nullable[1];
  if (typeof value === "boolean") return ["flag"];
  return typeof value === "number" && !whole ? ["number"] : [];
}

function wrongValues(
  value: unknown,
  whole: boolean,
  place = "",
): [sort: string, value: unknown][] {
  const right = rightSorts(value, whole, place);
  return (Object.keys(WRONG) as Sort[]).filter((sort) => !right.includes(sort))
    .map((sort) => [sort, WRONG[sort]()]);
}

interface Scene {
  readonly optimizer: AnyOptimizer;
  readonly params: readonly [Tensor, Tensor];
}

/** An optimizer that has made a step, with gradients for the next. */
function sceneOf(make: MakeOptimizer): Scene {
  const params: [Tensor, Tensor] = [2, 3].map((size) => leafOf(ones(shapeOf(make, size)))) as [
    Tensor,
    Tensor,
  ];
  const optimizer = make(params);
  optimizer.step();
  return { optimizer, params };
}

/** A line if a call is accepted, badly explained, or has changed something. */
function verdict(
  what: string,
  scene: Scene,
  named: string,
  spoil: () => void,
  mend: () => void,
): string[] {
  const before = snapshot(scene.optimizer, scene.params);
  const wrong = complaint(named, spoil);
  mend();
  if (wrong !== null) return [`${what} ${wrong}`];
  return snapshot(scene.optimizer, scene.params) === before ? [] : [`${what} changed something`];
}

/** Options that may be less than 0. */
const BELOW_0 = ["dampening", "beta2Decay"];

/** Groups whose options are set to what they must not be. */
export function groupFaults(make: MakeOptimizer): string[] {
  const scene = sceneOf(make);
  const group = scene.optimizer.paramGroups[0] as unknown as Loose;
  const attempt = (
    what: string,
    key: string,
    value: unknown,
    use: "step" | "zeroGrad" = "step",
  ): string[] => {
    const before = Object.hasOwn(group, key) ? [group[key]] : [];
    const spoil = () => {
      group[key] = value;
      scene.optimizer[use]();
    };
    const named = use === "step" ? scene.optimizer.constructor.name : use;
    return verdict(what, scene, named, spoil, () => {
      if (before.length === 0) delete group[key];
      else group[key] = before[0];
    });
  };
  const keys = Object.keys(group);
  return [
    ...keys.flatMap((key) =>
      wrongValues(group[key], false, key).flatMap(([sort, value]) =>
        attempt(`${key} = ${sort}`, key, value)
      )
    ),
    ...keys.filter((key) => typeof group[key] === "number").flatMap((key) =>
      [-1, Infinity].filter((value) => !BELOW_0.includes(key) || value === Infinity)
        .flatMap((value) => attempt(`${key} = ${value}`, key, value))
    ),
    ...attempt("an unknown option", "learningRate", 1),
    ...wrongValues([], false).flatMap(([sort, value]) =>
      attempt(`zeroGrad with params = ${sort}`, "params", value, "zeroGrad")
    ),
  ];
}

/** Steps of which one parameter or gradient cannot be used. */
export function stepFaults(make: MakeOptimizer): string[] {
  const spoilings: Record<string, (p: Tensor) => void> = {
    "a parameter that is disposed": (p) => p.dispose(),
    "a gradient that is disposed": (p) => p.grad!.dispose(),
    "a gradient of another shape": (p) => p.grad = ones([1]),
    "a gradient of integers": (p) => p.grad = tensor([1, 2, 3], { dtype: "int32" }),
    "a gradient that is none": (p) => p.grad = { shape: [3] } as unknown as Tensor,
    "a gradient that is a number": (p) => p.grad = 1 as unknown as Tensor,
  };
  return Object.entries(spoilings).flatMap(([what, spoil]) => {
    const { optimizer, params: [first, second] } = sceneOf(make);
    const before = plain(first);
    const state = plain((optimizer.stateDict() as { state: unknown[] }).state[0]);
    const wrong = complaint("", () => {
      spoil(second);
      optimizer.step();
    });
    const after = [plain(first), plain((optimizer.stateDict() as { state: unknown[] }).state[0])];
    const kept = Deno.inspect(after, { depth: 9 }) === Deno.inspect([before, state], { depth: 9 });
    return [
      ...(wrong === null ? [] : [`${what} ${wrong}`]),
      ...(kept ? [] : [`${what} was found when the first parameter had changed`]),
    ];
  });
}

/** A place in a state: the object that holds it, and the key there. */
interface Place {
  readonly path: string;
  readonly owner: Loose;
  readonly key: string;
}

function placesOf(owner: Loose, path: string): Place[] {
  return Object.entries(owner).flatMap(([key, value]): Place[] => {
    const own = { path: `${path}.${key}`, owner, key };
    const deeper = value !== owner && (Array.isArray(value) || isPlainObject(value));
    return deeper ? [own, ...placesOf(value as Loose, own.path)] : [own];
  });
}

/** What optimizers keep under some options alone. */
const OPTIONAL = new Set(
  Object.values(ROWS).flatMap(({ rule: { keeps } }) =>
    Object.entries(keeps).flatMap(([name, when]) => typeof when === "function" ? [name] : [])
  ),
);

/** States in which one place is wrong, missing or too many. */
export function loadFaults(make: MakeOptimizer): string[] {
  const scene = sceneOf(make);
  const paths = placesOf(scene.optimizer.stateDict() as Loose, "state dict").map(({ path }) =>
    path
  );
  const attempt = (path: string, what: string, change: (place: Place) => void): string[] => {
    const state = sceneOf(make).optimizer.stateDict() as Loose;
    change(placesOf(state, "state dict").find((place) => place.path === path)!);
    const load = () => scene.optimizer.loadStateDict(state as never);
    const named = scene.optimizer.constructor.name;
    return verdict(`${path} ${what}`, scene, named, load, () => {});
  };
  return paths.flatMap((path) => {
    const at = (place: Place) => place.owner[place.key];
    const [first] = placesOf(scene.optimizer.stateDict() as Loose, "state dict")
      .filter((place) => place.path === path);
    const value = at(first!);
    const whole = /\.(step|count)$/.test(path);
    const entry = /\.state\.\d+$/.test(path);
    const option = /\.groups\.\d+\.(?!count)/.test(path);
    // A state that has not begun is null; an option that is undefined stays as it is.
    const values = wrongValues(value, whole, path).filter(([sort]) =>
      !(entry && sort === "null") && !(option && sort === "undefined")
    );
    const tensors: [string, unknown][] = value instanceof Tensor
      ? [["of another shape", ones([7])], ["transposed", ones([2, 1])]]
      : [];
    const disposed = value instanceof Tensor
      ? attempt(path, "disposed", (place) => (at(place) as Tensor).dispose())
      : [];
    const more = isPlainObject(value)
      ? attempt(path, "with an entry too many", (place) => (at(place) as Loose).odd = 1)
      : [];
    const optional = option || OPTIONAL.has(path.split(".").at(-1)!);
    const missing = optional ? [] : attempt(path, "left out", (place) => {
      if (Array.isArray(place.owner)) place.owner.splice(Number(place.key), 1);
      else delete place.owner[place.key];
    });
    const replaced = [...values, ...tensors].flatMap(([what, other]) =>
      attempt(path, what, (place) => place.owner[place.key] = other)
    );
    return [...replaced, ...disposed, ...more, ...missing];
  });
}

/** State dicts of which one value does not fit the module. */
export function moduleFaults(make: () => nn.Module): string[] {
  const keys = Object.keys(make().stateDict());
  const attempt = (what: string, change: (state: Loose) => void): string[] => {
    const module = make();
    const before = Deno.inspect(plain(module.stateDict()), { depth: 9 });
    const state: Loose = Object.fromEntries(
      Object.entries(module.stateDict()).map(([key, x]) => [key, x.add(1)]),
    );
    change(state);
    const wrong = complaint("load", () => module.loadStateDict(state as nn.StateDict));
    if (wrong !== null) return [`${what} ${wrong}`];
    const after = Deno.inspect(plain(module.stateDict()), { depth: 9 });
    return after === before ? [] : [`${what} was found when something had changed`];
  };
  return keys.flatMap((key) => [
    ...(Object.keys(WRONG) as Sort[]).flatMap((sort) =>
      attempt(`${key}: ${sort}`, (state) => state[key] = WRONG[sort]())
    ),
    ...attempt(`${key} disposed`, (state) => (state[key] as Tensor).dispose()),
    ...attempt(`${key} of another shape`, (state) => state[key] = ones([7])),
    ...attempt(`${key} left out`, (state) => delete state[key]),
    ...attempt(`something beside ${key}`, (state) => state[`${key}.odd`] = ones([1])),
  ]);
}

/** The optimizers with the options that are tried, by what messages call them. */
export const OPTIMIZERS: readonly (readonly [title: string, make: MakeOptimizer])[] =
  (Object.keys(STEPS) as OptimizerName[]).flatMap((name) =>
    variantsOf(name).map((options): [string, MakeOptimizer] => [
      `optim.${name} (${JSON.stringify(options)})`,
      Object.assign(
        (params: Tensor[]) => new optim[name](params, { lr: 0.1, ...options }),
        ROWS[name].matrices && { matrices: true as const },
      ),
    ])
  );
