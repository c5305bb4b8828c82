// Tests of that example. Run with: deno test --allow-ffi examples/maml_test.ts
import { assert, assertEquals } from "@std/assert";
import { METHODS, train } from "./maml.ts";

Deno.test("MAML's weights fit new waves in a step better than those of the baselines", () => {
  const errors = Object.values(METHODS).map((inner) => train(inner, 1, 500));
  const [maml, firstOrder, none] = errors.map(([, one]) => one!);
  assert(maml! < firstOrder! && firstOrder! < none!, `${errors}`);
  assert(maml! < 0.7 * none!, `${errors}`);
  // Five steps are more than it was trained for, and help still.
  assert(errors[0]![2]! < maml!, `${errors}`);
  // Without adaptation, all weights are good for the same.
  assert(Math.abs(errors[0]![0]! - errors[2]![0]!) < 0.3, `${errors}`);
  assertEquals(train("constant", 1, 500), errors[1]);
});
