/** Tensors in arrays and records: what counts as a tree, and in what order its tensors come. */

import { assertEquals, assertStrictEquals } from "@std/assert";
import { leavesOf } from "../../lib/core/tree.ts";
import { tensor } from "../../mod.ts";

const [A, B, C] = [tensor(1), tensor(2), tensor(3)];

const itself: unknown[] = [A];
itself.push({ deep: [itself] });
const shared = { a: A };

const TREES: Readonly<Record<string, { tree: unknown; leaves: unknown[] | null }>> = {
  "a tensor": { tree: A, leaves: [A] },
  "an array": { tree: [A, [B, []], C], leaves: [A, B, C] },
  "a record": { tree: { x: A, y: [{ z: B }], w: C }, leaves: [A, B, C] },
  "nothing": { tree: [], leaves: [] },
  "a tensor twice": { tree: [A, { a: A }], leaves: [A, A] },
  "a branch twice": { tree: [shared, [shared], shared], leaves: [A, A, A] },
  "a number": { tree: [A, 1], leaves: null },
  "an array with a hole": { tree: Object.assign(new Array(2), [A]), leaves: null },
  "a map": { tree: new Map([["a", A]]), leaves: null },
  "what contains itself": { tree: itself, leaves: null },
};

for (const [title, { tree, leaves }] of Object.entries(TREES)) {
  Deno.test(`the tensors of ${title}`, () => {
    const found = leavesOf(tree);
    assertEquals(found?.length, leaves?.length);
    found?.forEach((x, i) => assertStrictEquals(x, leaves?.[i]));
  });
}
