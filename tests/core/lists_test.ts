/** Lists longer than the arguments of a call. */

import { assertEquals, assertThrows } from "@std/assert";
import { append, largest } from "../../lib/core/lists.ts";

const MANY = 200_000;

Deno.test("a list that is spread into a call is as long as a call takes, and others are not", () => {
  assertThrows(
    () => Math.max(...Array.from({ length: MANY }, (_, i) => i)),
    RangeError,
    "call stack",
  );
  const copy: number[] = [];
  append(copy, Int32Array.from({ length: MANY }, (_, i) => i));
  assertEquals([copy.length, largest(copy), largest([]), largest([1, NaN, 2])], [
    MANY,
    MANY - 1,
    -Infinity,
    NaN,
  ]);
});
