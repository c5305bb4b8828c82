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
