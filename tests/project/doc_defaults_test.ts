/** What `deno doc` shows of options: each says what holds without it. */

import { assert, assertEquals } from "@std/assert";
import meta from "../../deno.json" with { type: "json" };
import { ROOT } from "../tools/places.ts";

/** What is read of `deno doc --json`. */
interface Property {
  readonly name: string;
  readonly optional: boolean;
  readonly jsDoc?: { readonly doc?: string };
  readonly tsType?: Type;
}
interface Type {
  readonly kind: string;
  readonly repr: string;
  readonly value: unknown;
}
interface Documented {
  readonly nodes: Readonly<
    Record<string, {
      readonly symbols: readonly {
        readonly name: string;
        readonly declarations: readonly {
          readonly kind: string;
          readonly def: { readonly properties?: readonly Property[] };
        }[];
      }[];
    }>
  >;
}

/** Whether values of a type are numbers, flags or words: then one of them holds without the option. */
function isPlain({ kind, repr, value }: Type): boolean {
  if (kind === "union") return (value as readonly Type[]).every(isPlain);
  return kind === "literal" || (kind === "keyword" && ["boolean", "number"].includes(repr));
}

/** The options that do not say their default. */
function silent({ nodes }: Documented): string[] {
  return Object.values(nodes).flatMap(({ symbols }) => symbols).flatMap(({ name, declarations }) =>
    declarations.filter(({ kind }) => kind === "interface" && name.endsWith("Options"))
      .flatMap(({ def }) => def.properties ?? [])
      .filter(({ optional, tsType }) => optional && tsType !== undefined && isPlain(tsType))
      .filter(({ jsDoc }) => !/default/i.test(jsDoc?.doc ?? ""))
      .map((property) => `${name}.${property.name}`)
  );
}

Deno.test("options that are numbers, flags or words say their defaults", async () => {
  const args = ["doc", "--json", ...Object.values(meta.exports)];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  const text = new TextDecoder().decode(stdout);
  assertEquals(silent(JSON.parse(text)), []);
  const planted = text.replaceAll("Default: 2.", "");
  assert(silent(JSON.parse(planted)).length > 0);
});
