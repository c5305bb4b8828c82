/** States of what takes part in a run: each is checked before anything of it is taken. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { RunFolder } from "../../lib/runs/mod.ts";
import { putTogether, type Stateful, takeApart } from "../../lib/train/state_tree.ts";
import { ones, train } from "../../mod.ts";
import { type Sort, WRONG } from "../common/calls.ts";
import { complaint } from "../common/refusals.ts";
import { problem } from "./problem.ts";

/** A state, and for each entry the sorts of value that it takes beside its own. */
interface Row {
  readonly make: () => Stateful;
  readonly state: Readonly<Record<string, unknown>>;
  readonly takes: Readonly<Record<string, readonly Sort[]>>;
}

/** A part of a run that has not begun. */
async function partOf(name: "position" | "callbacks"): Promise<Stateful> {
  let found: Stateful | undefined;
  const look = { onFitStart: ({ parts }: train.Run) => void (found = parts[name]) };
  await train.fit({ ...problem(), callbacks: [look] });
  return found!;
}

const [position, callbacks] = [await partOf("position"), await partOf("callbacks")];

const ROWS: Readonly<Record<string, Row>> = {
  EarlyStopping: {
    make: () => new train.EarlyStopping(),
    state: { best: 1, bestEpoch: 2, weights: { w: ones([1]) }, waited: 1 },
    takes: { best: ["null", "number", "NaN"], bestEpoch: ["null"], weights: ["null"] },
  },
  Checkpoint: {
    make: () => new train.Checkpoint("file"),
    state: { best: [{ value: 1, path: "file" }] },
    takes: {},
  },
  History: {
    make: () => new train.History(),
    state: { records: [{ epoch: 1 }] },
    takes: {},
  },
  RunFolder: {
    make: () => new RunFolder("folder"),
    state: { path: null },
    takes: { path: ["null", "text"] },
  },
  position: {
    make: () => position,
    state: {
      at: { epoch: 1, batch: 0, step: 2, within: false },
      means: { loss: { sum: 1, weight: 2 } },
      measured: { means: {}, streams: {} },
    },
    takes: { measured: ["null"] },
  },
  callbacks: { make: () => callbacks, state: { states: [null] }, takes: { states: ["array"] } },
};

/** What is wrong with how a state is taken: a line for each wrong one that is not refused. */
function faultsOf(name: string, { make, state, takes }: Row): string[] {
  const faults: string[] = [];
  const attempt = (what: string, wrong: unknown) => {
    const part = make();
    const before = Deno.inspect(part.stateDict());
    const found = complaint("", () => part.loadStateDict(wrong as never));
    if (found !== null) faults.push(`${name}, ${what}: ${found}`);
    else if (Deno.inspect(part.stateDict()) !== before) faults.push(`${name}, ${what}: changed`);
  };
  make().loadStateDict(state as never);
  for (const sort of Object.keys(WRONG) as Sort[]) {
    attempt(sort, WRONG[sort]());
    for (const key of Object.keys(state)) {
      if (!takes[key]?.includes(sort)) {
        attempt(`${key}: ${sort}`, { ...state, [key]: WRONG[sort]() });
      }
    }
  }
  for (const key of Object.keys(state)) {
    const { [key]: _, ...rest } = state;
    attempt(`without ${key}`, rest);
  }
  attempt("with an entry too many", { ...state, odd: 1 });
  return faults;
}

for (const [name, row] of Object.entries(ROWS)) {
  Deno.test(`the state of ${name} is refused where it does not fit, and nothing changes`, () => {
    assertEquals(faultsOf(name, row), []);
  });
}

Deno.test("a part that takes any state is found", () => {
  let own: unknown = { best: 1 };
  const careless: Stateful = {
    stateDict: () => own,
    loadStateDict: (state: never) => own = state,
  };
  const faults = faultsOf("planted", { make: () => careless, state: { best: 1 }, takes: {} });
  for (
    const line of [/^planted, best: text: was accepted/, /^planted, without best: was accepted/]
  ) {
    assert(faults.some((fault) => line.test(fault)), faults.join("\n"));
  }
});

Deno.test("tensors whose ways read alike are kept apart, and a state in itself is refused", () => {
  const [a, b, c] = [1, 2, 3].map((value) => ones([1]).mul(value));
  const state = { "a.b": { c: a }, a: { "b.c": b, b: { c } } };
  const { tensors, rest } = takeApart("save", state);
  const again = putTogether({ tensors, rest }) as typeof state;
  const values = [again["a.b"].c, again.a["b.c"], again.a.b.c].map((x) => x!.item());
  assertEquals(values, [1, 2, 3]);
  const ring: Record<string, unknown> = {};
  ring.inner = [ring];
  assertThrows(() => takeApart("save", ring), TypeError, "Cannot save: inner.0 holds itself");
});
