// Tests of char_transformer.ts. Run with: deno test --allow-ffi examples/char_transformer_test.ts
import { assert } from "@std/assert";
import { entropy, learn, texts } from "./char_transformer.ts";

Deno.test("a transformer learns a text faster than its letters in random order", () => {
  const { text, shuffled } = texts(1);
  const [learned, control] = [learn(text, 40, 1), learn(shuffled, 40, 1)];
  assert(learned < entropy(text, "the previous letter"), `${learned}`);
  assert(learned < control - 0.3, `${learned} ${control}`);
});
