/** Checks of the names of new things. */

import { nearest } from "../../../lib/core/options.ts";
import { filesOf, find, type Place, shown } from "../places.ts";
import { Refusal } from "./draft.ts";

/** JavaScript's reserved words, which cannot be the name of a function. */
const RESERVED =
  ("arguments await break case catch class const continue debugger default delete do " +
    "else enum eval export extends false finally for function if implements import in instanceof " +
    "interface let new null package private protected public return static super switch this throw " +
    "true try typeof undefined var void while with yield").split(" ");

/** A name in camelCase or PascalCase, converted to snake_case. */
export function snakeCase(name: string): string {
  // Capitals at the end are a word of their own after a word, as in StepLR, but not in SiLU.
  return name.replace(/(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z]{3})(?=[A-Z]{2,}$)/g, "_")
    .toLowerCase();
}

/** A name in any form, converted to camelCase or PascalCase. */
function cased(name: string, pascal: boolean): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const joined = words.map((word, i) => i === 0 ? word : word[0]!.toUpperCase() + word.slice(1));
  const text = joined.join("");
  return (pascal ? text.charAt(0).toUpperCase() : text.charAt(0).toLowerCase()) + text.slice(1);
}

/** Refuses a name that is not in camelCase or, for classes, in PascalCase. */
export function checkName(thing: string, name: string, pascal: boolean): void {
  const form = pascal ? /^[A-Z][A-Za-z0-9]*$/ : /^[a-z][A-Za-z0-9]*$/;
  const wanted = pascal ? "PascalCase" : "camelCase";
  if (!form.test(name)) {
    const right = cased(name, pascal);
    const hint = form.test(right) ? `; did you mean ${right}` : "";
    throw new Refusal(`Cannot make ${thing} ${name}: its name must be a word in ${wanted}${hint}`);
  }
  if (RESERVED.includes(name)) {
    throw new Refusal(`Cannot make ${thing} ${name}: that word is reserved in JavaScript`);
  }
}

/** One of some words; refuses any other. */
export function oneOf(what: string, word: string | undefined, known: readonly string[]): string {
  if (word !== undefined && known.includes(word)) return word;
  const needed = `Cannot make anything: ${what} must be one of ${known.join(", ")}`;
  if (word === undefined) throw new Refusal(needed);
  const meant = word.length > 1 ? nearest(word, known) : undefined;
  throw new Refusal(
    `${needed}, got ${word}${meant === undefined ? "" : `; did you mean ${meant}`}`,
  );
}

/** Refuses a name that is taken. */
export function checkFree(thing: string, name: string, taken: Place | undefined): void {
  if (taken === undefined) return;
  throw new Refusal(`Cannot make ${thing} ${name}: that name is taken in ${shown(taken)}`);
}

/** Where a name is exported in folders of `lib`. */
export function exportOf(root: URL, folders: readonly string[], name: string): Place | undefined {
  const files = folders.flatMap((folder) => filesOf(root, folder, ".ts"));
  const words = "const|let|function|class|abstract class|interface|type";
  return find(root, files, new RegExp(`^export (?:${words}) ${name}\\b`));
}

/** Where tensors have a member of a name. */
export function memberOf(root: URL, name: string): Place | undefined {
  const files = [...filesOf(root, "lib/tensor", ".ts"), "lib/core/tensor.ts"];
  const pattern = new RegExp(
    `^  (?:(?:declare|override|readonly|get|set|static) )*${name}\\b[(<?:!]`,
  );
  return find(root, files, pattern);
}
