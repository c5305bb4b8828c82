/** The tape after an index. */

import { assertEquals } from "@std/assert";
import { noGrad, tensor } from "../../../mod.ts";

Deno.test("at() keeps positions that are changed before its gradient is asked for", () => {
  for (const list of [[1, 2], [1, -2]]) {
    const x = tensor([1, 2, 3, 4]).requiresGrad_();
    const index = tensor(list, { dtype: "int32" });
    const y = x.at(index);
    noGrad(() => index.zero_());
    y.sum().backward();
    assertEquals(x.grad!.toArray(), [0, 1, 1, 0]);
  }
});
