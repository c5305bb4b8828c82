/** What a notebook shows of a history. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { train } from "../../mod.ts";

/** The HTML of a history of some records. */
function shown(...records: train.EpochRecord[]): string {
  const history = new train.History();
  history.records.push(...records);
  const display = Reflect.get(history, Symbol.for("Jupyter.display")).call(history);
  assertEquals(display["text/plain"], history.toString());
  return display["text/html"];
}

/** The points of the lines of all charts. */
function linesOf(html: string): number[][][] {
  return [...html.matchAll(/<polyline\s+points="([^"]*)"/g)].map(([, points]) =>
    points!.split(" ").filter((point) => point).map((point) => point.split(",").map(Number))
  );
}

Deno.test("History shows charts and a table in a notebook, with the validation dashed", () => {
  const html = shown(
    { epoch: 1, lr: 0.1, loss: 4, valLoss: 3, "a<b": 0 },
    { epoch: 2, lr: 0.1, loss: NaN, valLoss: 2, "a<b": 1 },
    { epoch: 3, lr: 0.1, loss: 1, "a<b": 2 },
  );
  const [loss, valid, other, ...none] = linesOf(html);
  assertEquals([loss!.length, valid!.length, other!.length, none.length], [2, 2, 3, 0]);
  const [first, last] = loss!;
  const [before, after] = valid!;
  // Larger numbers are higher, on the same scale, and epochs go to the right.
  assert(first![1]! < before![1]! && before![1]! < after![1]! && after![1]! < last![1]!);
  assert(first![0] === before![0] && after![0]! < last![0]!);
  assertEquals(html.match(/stroke-dasharray/g)!.length, 1);
  assertMatch(html, /aria-label="loss, valLoss \(dashed\): from epoch 1 to 3 between 1 and 4"/);
  assertEquals(html.match(/<tr>/g)!.length, 4);
  assert(html.includes("a&lt;b") && !html.includes("a<b"));
});

Deno.test("History shows itself in a notebook whatever it has", () => {
  assertMatch(shown(), /No epoch is over yet/);
  assertEquals(linesOf(shown({ epoch: 1, loss: NaN })), []);
  const [[[x, y]]] = linesOf(shown({ epoch: 1, loss: 2 })) as [[[number, number]]];
  assert(Number.isFinite(x) && Number.isFinite(y));
  assertMatch(shown({ epoch: 1, loss: 2 }), /<circle/);
  const many = Array.from({ length: 10_000 }, (_, i) => ({ epoch: i + 1, loss: i % 7 }));
  const html = shown(...many);
  assert(html.length < 200_000, String(html.length));
  assertMatch(html, /from epoch 1 to 10000/);
});
