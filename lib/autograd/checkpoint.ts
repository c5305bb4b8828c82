/** Checkpoints: results that are recomputed in backward instead of being kept until then. */

import { engine, settled, under } from "../core/engine.ts";
import { GradError, showShape } from "../core/errors.ts";
import { checkKind, FUNCTION, shown } from "../core/options.ts";
import { defaultGenerator, drawingAgain, notingDraws, type RandomStates } from "../core/random.ts";
import type { Batch } from "../core/tensor.ts";
import { leavesOf, type Mirror, rebuild } from "../core/tree.ts";
import { bare, batchedAs } from "../ops/define/batch.ts";
import { OpRule } from "../ops/define/record.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Edge, gradientsAt } from "./pass.ts";
import { pushForward } from "./forward.ts";
import { scope } from "./scope.ts";
import { isGradEnabled, lastNodeId, Node } from "./tape.ts";

type Within = <T>(work: () => T) => T;

/** One call, as the tape keeps it. */
interface Call {
  readonly run: () => unknown;
  /** What stands around the second run and the way back through it: `scope` or nothing. */
  readonly within: Within;
  readonly inputs: readonly unknown[];
  readonly versions: readonly number[];
  /** Shapes and types of what the function gave. */
  readonly forms: readonly string[];
  /** Where the streams stood that the function drew from. */
  readonly random: RandomStates;
  /** The batch on whose examples the function worked. */
  readonly batch: Batch | null;
  /** The outside places that the function's results depend on. */
  readonly places: readonly Edge[];
  /** Which of the function's results were on the tape. */
  readonly tracked: readonly number[];
}

const rules = new Map<number, OpRule<Call>>();

function ruleFor(outputs: number): OpRule<Call> {
  const made = rules.get(outputs) ??
    new OpRule<Call>("checkpoint", {
      vjp: [],
      outputs,
      foreign: true,
      vjpAll: (gs, { attrs }, needs) => {
        const { places, within } = attrs;
        return within(() => {
          const { roots, floor } = runAgain(attrs);
          const wanted = places.flatMap((_, i) => needs[i] ? [i] : []);
          const found = gradientsAt(roots, gs, wanted.map((i) => places[i]!), {
            createGraph: isGradEnabled(),
            floor,
          });
          return places.map((_, i) => found[wanted.indexOf(i)] ?? null);
        });
      },
      jvp: (tangents, { attrs }) => {
        const moving = tangents.flatMap((t, i) => t === null ? [] : [i]);
        const places = moving.map((i) => attrs.places[i]!);
        return pushForward(runAgain(attrs).roots, places, moving.map((i) => tangents[i]!));
      },
    });
  rules.set(outputs, made);
  return made;
}

/** Where the tape that was made since `floor` touches what was there before. */
function border(outputs: readonly Tensor[], floor: number): Edge[] {
  const places: Edge[] = [];
  const seen = new Set<Node>();
  const pending: Node[] = [];
  const meet = (node: Node | null, outputIndex: number) => {
    if (node === null) return;
    if (node.id > floor) pending.push(node);
    else if (!places.some((place) => place.node === node && place.outputIndex === outputIndex)) {
      places.push({ node, outputIndex });
    }
  };
  for (const y of outputs) meet(y.node, y.outputIndex);
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    node.parents.forEach((parent, i) => meet(parent, node.outputIndices?.[i] ?? 0));
  }
  return places;
}

function outputsOf(output: unknown): Tensor[] {
  const leaves = leavesOf(settled("checkpoint", "nothing could be computed again", output));
  if (leaves !== null) return leaves;
  throw new TypeError(
    `Cannot run checkpoint: the function must return a tensor, or an array or record of tensors, ` +
      `got ${shown(output)}`,
  );
}

/** How often inputs, and leaves that the function closes over, were changed in place. */
function versionsOf(inputs: readonly unknown[], places: readonly Edge[]): number[] {
  const given = inputs.flatMap((input) => leavesOf(input) ?? []);
  const leaves = places.flatMap(({ node }) => node.leaf ?? []);
  return [...given, ...leaves].map(({ storage }) => storage.version);
}

function formsOf(outputs: readonly Tensor[]): string[] {
  return outputs.map(({ shape, dtype }) => `${dtype} ${showShape(shape)}`);
}

/** Runs the function once more; gives its tracked results, and the newest node before it ran. */
function runAgain(call: Call): { roots: readonly Tensor[]; floor: number } {
  const { places } = call;
  if (versionsOf(call.inputs, places).some((version, i) => version !== call.versions[i])) {
    throw new GradError(
      "Cannot run backward: an input of checkpoint was changed in place since, or a leaf that its " +
        "function closes over; change a copy (x.clone()) instead",
    );
  }
  const floor = lastNodeId();
  const outputs = drawingAgain(
    call.random,
    () => under({ recording: true, batch: call.batch }, () => outputsOf(call.run())),
  );
  const roots = call.tracked.map((i) => outputs[i] && bare(outputs[i]));
  const met = border(roots.filter((y) => y !== undefined), floor);
  const known = met.every(({ node, outputIndex }) =>
    places.some((place) => place.node === node && place.outputIndex === outputIndex)
  );
  const same = formsOf(outputs).join() === call.forms.join();
  if (!same || !known || roots.some((y) => y === undefined || y.node === null)) {
    throw new GradError(
      "Cannot run backward: the function of checkpoint did not do the same when it ran again; it " +
        "must depend only on its inputs and on tensors that stay in place",
    );
  }
  return { roots: roots as Tensor[], floor };
}

/**
 * Runs a function without keeping its intermediate results: backward runs it again, and needs the memory
 * only then. Gradients of any order reach the inputs and every tracked tensor that the function closes
 * over, such as a module's parameters. Random numbers repeat, from whichever generator they come. Side
 * effects, such as updates of running statistics, happen twice. Follows `torch.utils.checkpoint`.
 *
 * @param fn A synchronous function that returns a tensor, or an array or plain record of tensors.
 * @param inputs What it is called with.
 * @returns What the function returns.
 * @throws {GradError} In a backward pass, if an input or a tracked leaf that the function closes over
 * was changed in place since, or if the function touches other tracked tensors, or gives others, when
 * it runs again.
 *
 * @example A block whose activations are not kept
 * ```ts
 * import { checkpoint, nn, ones } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const block = new nn.Sequential(new nn.Linear(8, 32), new nn.Tanh(), new nn.Linear(32, 8));
 * checkpoint((x) => block.forward(x), ones([4, 8])).sum().backward();
 * assertEquals(block.parameters().every((parameter) => parameter.grad !== null), true);
 * ```
 */
export function checkpoint<Inputs extends unknown[], Output>(
  fn: (...inputs: Inputs) => Output,
  ...inputs: Inputs
): Mirror<Output> {
  checkKind("run checkpoint", "the first argument", fn, FUNCTION);
  return keptAside(fn, inputs, (work) => work());
}

/** `checkpoint` of a function without side effects: the memory of both runs is reused immediately. */
export function checkpointInScope<Inputs extends unknown[], Output>(
  fn: (...inputs: Inputs) => Output,
  ...inputs: Inputs
): Mirror<Output> {
  return scope(() => keptAside(fn, inputs, scope));
}

function keptAside<Inputs extends unknown[], Output>(
  fn: (...inputs: Inputs) => Output,
  inputs: Inputs,
  within: Within,
): Mirror<Output> {
  const floor = lastNodeId();
  // A function may also seed the default stream without drawing from it.
  const random = new Map([[defaultGenerator, defaultGenerator.state]]);
  const before = versionsOf(inputs, []);
  const output = notingDraws(random, () => fn(...inputs));
  const results = outputsOf(output);
  const places = isGradEnabled() ? border(results, floor) : [];
  if (places.length === 0) return rebuild(output, results);
  const tracked = results.flatMap((y, i) => y.node === null ? [] : [i]);
  const node = new Node(ruleFor(tracked.length) as OpRule, places.map((place) => place.node), {
    run: () => fn(...inputs),
    within,
    inputs,
    versions: [...before, ...versionsOf([], places)],
    forms: formsOf(results),
    random,
    batch: engine.batch,
    places,
    tracked,
  });
  node.outputIndices = places.map(({ outputIndex }) => outputIndex);
  // The tape that the function made goes with the tensors that it returned.
  const replaced = results.map((y, i) => {
    if (y.node === null) return y;
    const own = bare(y).detach();
    own.node = node;
    own.outputIndex = tracked.indexOf(i);
    return batchedAs(own, y);
  });
  return rebuild(output, replaced);
}
