/** Text as numbers: what is parted comes together again, and what is not known has its number. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { data, RandomGenerator } from "../../mod.ts";

Deno.test("splitCharacters() and splitWords() know scripts, accents and signs", () => {
  assertEquals(data.splitCharacters("a👩‍👩‍👧é中"), ["a", "👩‍👩‍👧", "é", "中"]);
  assertEquals(data.splitWords("Ça va?  Don’t go—naïve 3.5"), [
    "ça",
    "va",
    "?",
    "don’t",
    "go",
    "—",
    "naïve",
    "3",
    ".",
    "5",
  ]);
  assertEquals([data.splitCharacters(""), data.splitWords(" \n")], [[], []]);
});

Deno.test("Vocabulary orders tokens by how often they are there, and knows those that are not", () => {
  const texts = [["b", "a", "c"], ["b", "a"], ["b", "d"]];
  const words = (options?: data.VocabularyOptions) => new data.Vocabulary(texts, options).tokens;
  assertEquals(words(), ["<pad>", "<unk>", "b", "a", "c", "d"]);
  assertEquals(words({ minCount: 2 }), ["<pad>", "<unk>", "b", "a"]);
  assertEquals(words({ maxSize: 3 }), ["<pad>", "<unk>", "b"]);
  assertEquals(words({ specials: ["c", "<s>"] }), ["c", "<s>", "b", "a", "d"]);
  const vocabulary = new data.Vocabulary(texts);
  assertEquals(vocabulary.size, 6);
  for (const text of texts) assertEquals(vocabulary.decode(vocabulary.encode(text)), text);
  assertEquals(vocabulary.encode(["z", "<pad>"]), [1, 0]);
  // What the tokens of objects are called is no token.
  assertEquals(vocabulary.encode(["constructor", "__proto__"]), [1, 1]);
  const strict = new data.Vocabulary(texts, { unknown: null });
  assertThrows(() => strict.encode(["z"]), RangeError, '"z" is not a token');
  assertThrows(() => new data.Vocabulary(texts, { specials: [] }).encode(["z"]), RangeError);
  assertThrows(() => vocabulary.decode([6]), RangeError, "6 is out of range for 6 tokens");
  assertThrows(() => new data.Vocabulary(texts, { unknown: "z" }), RangeError, "not a token");
  assertThrows(() => new data.Vocabulary(texts, { maxSize: 1 }), RangeError, "2 different special");
});

Deno.test("BytePairEncoding joins the most frequent pairs, as the paper has it", () => {
  const of = (word: string, count: number) => Array<string>(count).fill(word);
  const words = [...of("low", 5), ...of("lower", 2), ...of("newest", 6), ...of("widest", 3)];
  const { merges } = new data.BytePairEncoding(words, 4);
  // The paper's example; a word's end is a part as well.
  assertEquals(merges.map((pair) => pair.join("+").replaceAll("\0", ".")), [
    "e+s",
    "es+t",
    "est+.",
    "l+o",
  ]);
});

Deno.test("the parts of a word make up the word, whatever it is", () => {
  const generator = new RandomGenerator(4);
  const draw = (n: number) => Math.floor(generator.words(1)[0]! / 2 ** 32 * n);
  const word = () => Array.from({ length: draw(8) }, () => "abé𝄞"[draw(4)] ?? "").join("");
  const words = Array.from({ length: 200 }, word);
  const pairs = new data.BytePairEncoding(words, 30);
  assert(pairs.merges.length === 30);
  for (const own of [...words, "zzz", ""]) assertEquals(pairs.split(own).join(""), own);
  assert(words.some((own) => pairs.split(own).length < [...own].length));
  assertEquals(new data.BytePairEncoding(["a", "b"], 10).merges, []);
  assertEquals(new data.BytePairEncoding([], 3).split("ab"), ["a", "b"]);
});

/** A word with a pair joined, from left to right. */
function joined(parts: readonly string[], [left, right]: readonly [string, string]): string[] {
  const result: string[] = [];
  for (const part of parts) {
    // What was joined just now is not joined again.
    if (part === right && result.at(-1) === left) result.splice(-1, 1, left + right, "");
    else result.push(part);
  }
  return result.filter((part) => part !== "");
}

/** The pairs that are found when all are counted anew each time. */
function countedAnew(words: readonly string[], merges: number): [string, string][] {
  let parted = words.map((word) => [...word, "\0"]);
  const found: [string, string][] = [];
  for (;;) {
    const keys = parted.flatMap((parts) =>
      parts.slice(1).map((right, i) => JSON.stringify([parts[i], right]))
    );
    const counts = [...Map.groupBy(keys, (key) => key)].map(([key, { length }]) => ({
      key,
      length,
    }));
    const [best] = counts.sort((a, b) => b.length - a.length || (a.key < b.key ? -1 : 1));
    if (best === undefined || best.length < 2 || found.length === merges) return found;
    const pair: [string, string] = JSON.parse(best.key);
    found.push(pair);
    parted = parted.map((parts) => joined(parts, pair));
  }
}

for (const letters of ["a", "ab", 'a\\"', "abé𝄞"]) {
  Deno.test(`BytePairEncoding counts on what it would count anew, of the letters ${letters}`, () => {
    const generator = new RandomGenerator(7);
    const all = [...letters];
    const word = (length: number) =>
      Array.from(generator.words(length), (own) => all[own % all.length]).join("");
    for (let round = 0; round < 20; round++) {
      const words = Array.from({ length: 2 * round }, (_, i) => word(i % 9));
      const pairs = new data.BytePairEncoding(words, 40);
      assertEquals(pairs.merges, countedAnew(words, 40));
      const other = word(round);
      const parts = pairs.merges.reduce(joined, [...other, "\0"]);
      const plain = parts.map((part) => part.replace("\0", "")).filter((part) => part !== "");
      assertEquals(pairs.split(other), plain);
    }
  });
}
