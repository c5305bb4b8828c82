/** The parts of `deno task package`, which as a whole takes minutes. */

import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import meta from "../../deno.json" with { type: "json" };
import { LIBRARY_FILE } from "../../lib/core/platform.ts";
import { checkGlibc, tooNew } from "./package/build.ts";
import { licences } from "./package/licences.ts";
import { ROOT } from "./places.ts";

Deno.test("versions of the C library are compared by their numbers", () => {
  const printed = "  0x0010: Rev: 1  Flags: none  Index: 4  Version: 2  Name: GLIBC_";
  const of = (...versions: string[]) => versions.map((version) => printed + version).join("\n");
  assertEquals(tooNew(of("2.2.5", "2.4", "2.28", "2.28")), []);
  assertEquals(tooNew(of("2.35", "2.3.4", "2.29", "2.35")), ["2.29", "2.35"]);
  assertEquals(tooNew(of("2.28.1", "3.0")), ["2.28.1", "3.0"]);
  assertThrows(() => tooNew("nothing"), Error, "no version found");
});

Deno.test({
  name: "a library that needs a newer C library is refused",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const library = new URL(`target/release/${LIBRARY_FILE}`, ROOT).pathname;
    await checkGlibc(library, "9.0");
    await assertRejects(() => checkGlibc(library, "2.1"), Error, "it needs glibc 2.");
  },
});

Deno.test("the licences name the crates in the library, each text once", async () => {
  const text = await licences(Deno.build.target, "Our own");
  const named = new Set([...text.matchAll(/^(\S+) \d\S* \(/gm)].map(([, name]) => name!));
  assertEquals(named.size > 50, true);
  const own = await Deno.readTextFile(new URL("rust/Cargo.toml", ROOT));
  const asked = /^\[dependencies\]\n(.*?)^\[/ms.exec(own)![1]!.matchAll(/^([\w-]+) = /gm);
  assertEquals([...asked].map(([, name]) => name!).filter((name) => !named.has(name)), []);
  // Macro crates, which only run during the build.
  assertEquals(["syn", "quote", "proc-macro2", "paste"].filter((name) => named.has(name)), []);
  assertMatch(text, /^Our own\n/);
  const texts = text.split(`${"-".repeat(80)}\n`).map((part) => part.replace(/^.*?\n\n/s, ""));
  assertEquals(new Set(texts).size, texts.length);
});

Deno.test("the module and the library are of one version", async () => {
  const manifest = await Deno.readTextFile(new URL("rust/Cargo.toml", ROOT));
  assertEquals(/^version = "(.*)"$/m.exec(manifest)?.[1], meta.version);
});
