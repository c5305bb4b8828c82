/**
 * Random programs over a batch of examples: once under `vmap`, and for each example by itself. What the
 * loop gives is judged as a twin is (`verdict.ts`): in float64, with simulated roundings, since a batch
 * may be added up in another order. Programs run without their changes in place, which `vmap` refuses.
 */

import { MAX_RANK } from "../../lib/core/shape.ts";
import { grad, gradOf, stack, type Tensor, vmap, where, zeros } from "../../mod.ts";
import { stream } from "../common/samples.ts";
import { REFUSED } from "../matrix/vmap_refusals.ts";
import {
  type Backward,
  changes,
  type Item,
  type Leaf,
  listing,
  type Program,
  without,
} from "./program.ts";
import { type Name, namesOf, nameText, randomProgram, smallest } from "./random_programs.ts";
import { Rounding } from "./rounding.ts";
import { classOf, Comparison, FEW, isOurs, MANY, parting, run } from "./verdict.ts";
import { OPS, Twin, type Values, World } from "./world.ts";

/** Examples of a batch. */
const EXAMPLES = 3;

/** How likely a leaf is in the batch; if none is, the first one is. */
const MAPPED = 0.7;

/** A batch takes one of the dimensions that there can be. */
const FULL = /at most 8 dimensions/;

/** Where a leaf has its batch; null for one that all examples share. */
type Dims = ReadonlyMap<number, number | null>;

function leavesOf(program: Program): [place: number, leaf: Leaf][] {
  return program.flatMap((item, i): [number, Leaf][] => item?.kind === "leaf" ? [[i, item]] : []);
}

/** Draws which leaves are in the batch, and as which dimension. */
function drawDims(name: string, program: Program): Dims {
  const dims = new Map<number, number | null>(
    leavesOf(program).map(([place, { shape }]) => {
      const next = stream(`${name} v${place}`);
      const mapped = next() < MAPPED && shape.length < MAX_RANK;
      return [place, mapped ? Math.floor(next() * (shape.length + 1)) : null];
    }),
  );
  const first = leavesOf(program).find(([, { shape }]) => shape.length < MAX_RANK)?.[0];
  const none = [...dims.values()].every((dim) => dim === null);
  return none && first !== undefined ? dims.set(first, 0) : dims;
}

/** A leaf of one example: scaled, or in another order where its elements are positions or truths. */
function leafOf(leaf: Leaf, example: number): Leaf {
  const { plain, dtype } = leaf;
  const from = example % Math.max(1, plain.data.length);
  const data = dtype === "float32" || dtype === "float64"
    ? plain.data.map((value) => value * (1 - example / 16))
    : [...plain.data.slice(from), ...plain.data.slice(0, from)];
  return { ...leaf, plain: { ...plain, data } };
}

/** The program of one example. */
function programOf(program: Program, dims: Dims, example: number): Program {
  return program.map((item, i) =>
    item?.kind === "leaf" && dims.get(i) !== null ? leafOf(item, example) : item
  );
}

/** The run of a program on leaves that are given. */
class Given extends Twin {
  readonly #tensors: ReadonlyMap<Leaf, Tensor>;

  constructor(leaves: readonly (readonly [number, Leaf])[], tensors: readonly Tensor[]) {
    super();
    this.#tensors = new Map(leaves.map(([, leaf], i) => [leaf, tensors[i]!]));
  }

  protected override made(leaf: Leaf): Tensor {
    return this.#tensors.get(leaf)!;
  }
}

/** A program's calls on single examples, and where its leaves come from. */
interface Mapping {
  readonly program: Program;
  readonly backward: Backward | null;
  /** Leaves as they are given: what requires gradients is decided outside. */
  readonly leaves: readonly (readonly [number, Leaf])[];
  readonly inDims: readonly (number | null)[];
}

function mappingOf(program: Program, dims: Dims): Mapping {
  const own = program.map((item): Item | null =>
    item?.kind === "leaf"
      ? { ...item, requiresGrad: false }
      : item?.kind === "backward"
      ? null
      : item
  );
  const last = program.at(-1);
  const leaves = leavesOf(own);
  return {
    program: own,
    backward: last?.kind === "backward" ? { ...last, bare: false } : null,
    leaves,
    inDims: leaves.map(([place]) => dims.get(place)!),
  };
}

/** One example of a result; a result that is not in the batch is the same for all. */
interface Result {
  readonly of: (example: number) => Tensor;
}

/** Runs a function under `vmap` that gives tensors of which some are in the batch. */
function overBatch(
  fn: (own: readonly Tensor[]) => readonly Tensor[],
  inDims: readonly (number | null)[],
  inputs: readonly Tensor[],
): Result[] {
  let found: readonly Tensor[] = [];
  const mapped = vmap((...own: Tensor[]) => {
    found = fn(own);
    return found.filter((y) => y.batched !== null);
  }, { inDims });
  const wholes = mapped(...inputs);
  let next = 0;
  return found.map((y) => {
    if (y.batched === null) return { of: () => y };
    const whole = wholes[next++]!;
    return { of: (example) => whole.narrow(0, example, 1).squeeze(0) };
  });
}

/** A program under `vmap`, as one run for each example, and the loss that gradients are taken of. */
function vmapped(mapping: Mapping, inputs: readonly Tensor[]): { worlds: World[]; loss?: Result } {
  const { program, backward, leaves, inDims } = mapping;
  let world = new World();
  let loss: Tensor[] = [];
  const results = overBatch(
    (own) => {
      world = run(program, new Given(leaves, own));
      loss = world.failure === null && backward !== null ? [world.loss(backward)] : [];
      return [...world.values.flatMap((values) => values.flatMap((y) => y ?? [])), ...loss];
    },
    inDims,
    inputs,
  );
  const worlds = Array.from({ length: EXAMPLES }, (_, example) => {
    let next = 0;
    const one = new World();
    one.values.push(
      ...world.values.map((values) => values.map(() => results[next++]!.of(example))),
    );
    one.failure = world.failure;
    return one;
  });
  return loss.length === 0 ? { worlds } : { worlds, loss: results.at(-1)! };
}

/** Places among the leaves of those that gradients are taken for. */
function trackedOf(program: Program): number[] {
  return leavesOf(program).flatMap(([, { requiresGrad }], i) => requiresGrad ? [i] : []);
}

/**
 * For each example its gradients: of the loss of that example, from outside of `vmap`. Where a leaf that
 * all share has no finite gradient by one of them, 0 times that is not a number for the others, so that
 * nothing is compared.
 */
function gradientsOutside(
  { inDims }: Mapping,
  inputs: readonly Tensor[],
  tracked: readonly number[],
  loss: Result,
  wanted: readonly Values[],
): Values[] {
  const points = tracked.map((i) => inputs[i]!);
  return wanted.map((own, example) => {
    const found = grad(loss.of(example), points, { retainGraph: true, allowUnused: true });
    return found.map((g, k) => {
      const dim = inDims[tracked[k]!]!;
      if (g === null || dim !== null) return g && g.narrow(dim!, example, 1).squeeze(dim!);
      const finite = wanted.map((values) => values[k]!.isfinite());
      return where(finite.reduce((a, b) => a.logicalAnd(b)), g, own[k]!);
    });
  });
}

/** The same by a gradient inside of the mapped function. */
function gradientsInside(
  { program, backward, leaves, inDims }: Mapping,
  inputs: readonly Tensor[],
  argnums: readonly number[],
): Values[] {
  const lossOf = (...own: Tensor[]) => {
    const world = run(program, new Given(leaves, own));
    if (world.failure !== null) throw world.failure.error;
    return world.loss(backward!);
  };
  const gradient = gradOf(lossOf, { argnums: [...argnums] });
  const results = overBatch((own) => gradient(...own) as Tensor[], inDims, inputs);
  return Array.from(
    { length: EXAMPLES },
    (_, example) => results.map((result) => result.of(example)),
  );
}

/** A world that gave nothing but gradients; zeros where a leaf has none. */
function worldOf(gradients: Values, leaves: readonly Leaf[]): World {
  const world = new World();
  world.values.push(
    gradients.map((g, i) => g?.detach() ?? zeros(leaves[i]!.shape, { dtype: "float64" })),
  );
  return world;
}

/** What came of a program. */
interface Verdict {
  readonly outcome: "completed" | "failed" | "undecided";
  /** What must not be; null if all is well. */
  readonly problem: string | null;
  /** Ops that were refused under `vmap` and cut out. */
  readonly refused: readonly string[];
  readonly elements: number;
  readonly loose: number;
  /** Whether gradients were compared. */
  readonly gradients: boolean;
}

/** The runs of the loop for one example. */
interface Looped {
  readonly twin: World;
  readonly simulations: readonly World[];
}

function looped(program: Program, simulations: number): Looped {
  return {
    twin: run(program, new Twin()),
    simulations: Array.from(
      { length: simulations },
      (_, salt) => run(program, new Twin(new Rounding(salt, false))),
    ),
  };
}

/** The op that was refused for `vmap` alone, and may be; null for another error. */
function refusedOp(error: unknown): string | null {
  if (!isOurs(error)) return null;
  if (FULL.test(error.message)) return "8 dimensions";
  const op = /^Cannot run (\S+) under vmap/.exec(error.message)?.[1];
  return error instanceof TypeError && op !== undefined && op in REFUSED ? op : null;
}

/** What is wrong with how a program ended under `vmap`; null if nothing. */
function endProblem({ failure }: World, loop: readonly Looped[]): string | null {
  if (failure !== null && !isOurs(failure.error)) {
    return `an error that is none of ours: ${(failure.error as Error).stack ?? failure.error}`;
  }
  const failures = loop.flatMap(({ twin }) => twin.failure ?? []);
  const first = Math.min(...failures.map(({ item }) => item));
  const there = failures.filter(({ item }) => item === first).map(({ error }) => classOf(error));
  const text = failure === null
    ? "no error"
    : `${classOf(failure.error)} at v${failure.item} (${(failure.error as Error).message})`;
  if (failure === null) return there.length === 0 ? null : `no error, but in the loop ${there}`;
  const alike = failure.item === first && there.includes(classOf(failure.error));
  return alike ? null : `${text}, but in the loop ${there.join() || "none"} at v${first}`;
}

/** Tensors that require gradients for the leaves that do, with the batch where it is. */
function inputsOf(program: Program, dims: Dims): Tensor[] {
  const only = program.map((item) => item?.kind === "leaf" ? item : null);
  const worlds = Array.from(
    { length: EXAMPLES },
    (_, example) => run(programOf(only, dims, example), new Twin()),
  );
  return leavesOf(program).map(([place, { requiresGrad }]) => {
    const dim = dims.get(place)!;
    const each = worlds.map(({ values }) => values[place]![0]!.detach());
    return (dim === null ? each[0]! : stack(each, dim)).requiresGrad_(requiresGrad);
  });
}

/** Compares examples with the loop until something is wrong. */
class Comparing implements Verdict {
  outcome: Verdict["outcome"] = "completed";
  problem: string | null = null;
  readonly refused: string[] = [];
  elements = 0;
  loose = 0;
  gradients = false;

  /** Compares what some items gave. */
  items(what: string, items: number, actuals: readonly World[], loop: readonly Looped[]): void {
    actuals.forEach((actual, example) => {
      const comparison = new Comparison({ actual, ...loop[example]!, single: false });
      for (let i = 0; this.problem === null && i < items; i++) {
        const found = comparison.item(i);
        if (found !== null) this.problem = `${what}, example ${example}: ${found}`;
      }
      this.elements += comparison.elements;
      this.loose += comparison.loose;
    });
  }

  /** Compares gradients that are taken outside of `vmap`, and inside. */
  allGradients(
    tracked: readonly number[],
    mapping: Mapping,
    inputs: readonly Tensor[],
    loss: Result,
    loop: readonly Looped[],
  ): void {
    if (this.problem !== null) return;
    this.gradients = true;
    const leaves = tracked.map((i) => mapping.leaves[i]![1]);
    const gradientsOf = (world: World) => worldOf(world.values.at(-1)!, leaves);
    const wanted = loop.map(({ twin, simulations }) => ({
      twin: gradientsOf(twin),
      simulations: simulations.map(gradientsOf),
    }));
    const own = wanted.map(({ twin }) => twin.values[0]!);
    const ways = {
      outside: () => gradientsOutside(mapping, inputs, tracked, loss, own),
      inside: () => gradientsInside(mapping, inputs, tracked),
    };
    for (const [where, way] of Object.entries(ways)) {
      try {
        const actuals = way().map((values) => worldOf(values, leaves));
        this.items(`gradient ${where}`, 1, actuals, wanted);
      } catch (error) {
        // Inside, each example has its own of what all share, also of masks.
        const op = refusedOp(error);
        if (op === null) this.problem = `gradient ${where}: ${(error as Error).stack}`;
        else this.refused.push(op);
      }
    }
  }
}

function judged(program: Program, dims: Dims, simulations: number): Verdict {
  // Nothing may be left in the batch after the rest was cut away.
  if (leavesOf(program).every(([place]) => dims.get(place) === null)) return new Comparing();
  const loop = Array.from(
    { length: EXAMPLES },
    (_, example) => looped(programOf(program, dims, example), simulations),
  );
  const parted = Math.min(
    ...loop.flatMap(({ twin, simulations }) => simulations.map((world) => parting(twin, world))),
  );
  if (parted < program.length) {
    return { ...judged(program.slice(0, parted), dims, simulations), outcome: "undecided" };
  }
  const mapping = mappingOf(program, dims);
  const inputs = inputsOf(program, dims);
  const { worlds, loss } = vmapped(mapping, inputs);
  const { failure } = worlds[0]!;
  const op = failure && refusedOp(failure.error);
  if (op !== null) {
    const rest = judged(without(program, failure!.item), dims, simulations);
    return { ...rest, refused: [op, ...rest.refused] };
  }
  const comparing = new Comparing();
  if (failure !== null) comparing.outcome = "failed";
  comparing.problem = endProblem(worlds[0]!, loop);
  const calls = mapping.backward === null ? program.length : program.length - 1;
  comparing.items("value", calls, worlds, loop);
  if (loss !== undefined) {
    comparing.allGradients(trackedOf(program), mapping, inputs, loss, loop);
  }
  return comparing;
}

/** A random program as it runs over a batch. */
function mappedProgram(name: Name): Program {
  const program = randomProgram(name);
  return program.reduce<Program>(
    (kept, item, i) => changes(item) && kept[i] !== null ? without(kept, i) : kept,
    program.map((item) => item?.kind === "backward" ? { ...item, bare: false } : item),
  );
}

/** Judges a program of a name, or a part of it; one that seems to be wrong again with more simulations. */
function judgeMapped(name: Name, program: Program): Verdict {
  const dims = drawDims(nameText(name), program);
  const verdict = judged(program, dims, FEW);
  return verdict.problem === null ? verdict : judged(program, dims, MANY);
}

/** What came of many programs. */
export class MappedStatistics {
  programs = 0;
  completed = 0;
  failed = 0;
  undecided = 0;
  /** Elements compared. */
  elements = 0;
  /** The sum of the programs' shares of elements compared loosely: a large program weighs as a small one. */
  loose = 0;
  /** Programs whose gradients were compared. */
  gradients = 0;
  /** Programs of which ops were refused and cut out. */
  withRefused = 0;
  /** How often each op was refused. */
  readonly refused = new Map<string, number>();
  /** What is wrong: names and listings of programs. */
  readonly problems: string[] = [];

  /** Counts a program. */
  add({ outcome, elements, loose, gradients, refused }: Verdict): void {
    this.programs++;
    this[outcome]++;
    this.elements += elements;
    if (elements > 0) this.loose += loose / elements;
    if (gradients) this.gradients++;
    if (refused.length > 0) this.withRefused++;
    for (const op of refused) this.refused.set(op, (this.refused.get(op) ?? 0) + 1);
  }

  /** A summary for people. */
  toString(): string {
    const { programs, completed, failed, undecided, elements, loose, gradients } = this;
    const refused = [...this.refused].sort(([, a], [, b]) => b - a).map(([op, n]) => `${op} ${n}`);
    return [
      `${programs} programs over ${EXAMPLES} examples: ${completed} completed, ${failed} failed in ` +
      `the loop too, ${undecided} undecided, ${this.problems.length} wrong`,
      `with gradients, inside and outside: ${gradients}; elements: ${elements}, loose ` +
      `${(loose / programs).toExponential(1)} of a program's`,
      `with refused ops: ${this.withRefused} (${refused.join(", ")})`,
    ].join("\n");
  }
}

/** What is wrong with the program of a name, and a listing of what the fault needs. */
function problemOf(name: Name, program: Program): string {
  const isWrong = (smaller: Program) => judgeMapped(name, smaller).problem !== null;
  const cut = smallest(program, OPS, isWrong);
  return `program "${nameText(name)}": ${judgeMapped(name, cut).problem}\n${listing(cut)}`;
}

/** Makes, runs and judges some programs of each op until one is wrong, if so told. */
export function runMapped(each: number, seed: string, untilWrong = false): MappedStatistics {
  const statistics = new MappedStatistics();
  for (const name of namesOf(each, seed)) {
    const program = mappedProgram(name);
    const verdict = judgeMapped(name, program);
    statistics.add(verdict);
    if (verdict.problem === null) continue;
    statistics.problems.push(problemOf(name, program));
    if (untilWrong) break;
  }
  return statistics;
}
