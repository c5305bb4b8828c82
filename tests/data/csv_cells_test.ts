/** What a cell of a CSV text is read as, in every spelling and at random. */

import { assertEquals, assertThrows } from "@std/assert";
import { data, manualSeed, rand, randn } from "../../mod.ts";

const { parseCsv } = data;

/** Cells that are numbers. */
const NUMBERS: readonly (readonly [cell: string, value: number])[] = [
  ["1", 1],
  ["-0", -0],
  ["+7", 7],
  [" 12\t", 12],
  ["\u00a03\ufeff", 3],
  ["1.", 1],
  [".5", 0.5],
  ["-.5e-3", -0.0005],
  ["1E+2", 100],
  ["007", 7],
  ["1e999", Infinity],
  ["-1e999", -Infinity],
  ["5e-324", 5e-324],
  ["9007199254740992", 2 ** 53],
  ["", NaN],
  ["  ", NaN],
  ["NaN", NaN],
  [" nan", NaN],
  ["inf", Infinity],
  ["+Infinity", Infinity],
  ["-INF ", -Infinity],
];

/** Cells that are text, though some programs would read a number. */
const TEXTS = [
  "0x10",
  "0b1",
  "1_000",
  "1e",
  ".",
  "+",
  "-",
  "1 2",
  "1,5",
  "--1",
  "infinite",
  "nan0",
];

Deno.test("cells are numbers in every usual spelling", () => {
  const text = (cells: readonly string[]) => cells.map((cell) => `"${cell}"`).join("\n");
  const header = { header: false };
  assertEquals(
    parseCsv(text(NUMBERS.map(([cell]) => cell)), header).column("0"),
    NUMBERS.map(([, value]) => value),
  );
  for (const [cell, value] of NUMBERS) {
    const own = parseCsv(text([cell, "1"]), header);
    assertEquals(own.column("0"), [value, 1]);
  }
});

Deno.test("a cell that is no number makes its column text, or is named by its line", () => {
  for (const cell of TEXTS) {
    for (const place of [0, 1, 4]) {
      const cells = ["1", " 2", "", "3"].toSpliced(place, 0, cell);
      const text = `a;b\n${cells.map((own) => `${own};7`).join("\n")}\n`;
      const read = parseCsv(text, { delimiter: ";" });
      assertEquals([read.column("a"), read.column("b")], [cells, [7, 7, 7, 7, 7]]);
      assertThrows(
        () => parseCsv(text, { delimiter: ";", types: { a: "number" } }),
        SyntaxError,
        `line ${place + 2} has ${JSON.stringify(cell)} in column "a", which is not a number`,
      );
    }
  }
});

Deno.test("identities that would be rounded are text unless they are said to be numbers", () => {
  const cells = ["1", "9007199254740993", "2"];
  const read = (types = {}) => parseCsv(`id\n${cells.join("\n")}`, { types }).column("id");
  assertEquals(read(), cells);
  assertEquals(read({ id: "number" }), [1, 2 ** 53, 2]);
  assertEquals(parseCsv("id\n \n\t\n").column("id"), [" ", "\t"]);
  assertEquals(parseCsv("id\n \n\t\n", { types: { id: "number" } }).column("id"), [NaN, NaN]);
});

Deno.test("numbers that were written come back with the same bits", () => {
  manualSeed(0);
  const samples = {
    normal: randn([400], { dtype: "float64" }),
    tiny: randn([400], { dtype: "float64" }).mul(1e-310),
    huge: randn([400], { dtype: "float64" }).mul(1e300),
    whole: rand([400]).mul(9).floor().sub(4),
    holes: rand([400]).sub(0.3).sqrt(),
  };
  const lists = Object.entries(samples).map(([name, x]) =>
    [name, x.toArray() as number[]] as const
  );
  const rows = Array.from({ length: 400 }, (_, i) => lists.map(([, own]) => `${own[i]}`).join(","));
  for (const end of ["\n", "\r\n", "\r"]) {
    const read = parseCsv([lists.map(([name]) => name).join(","), ...rows].join(end));
    for (const [name, own] of lists) {
      // A zero is written without its sign.
      assertEquals(read.column(name), own.map((value) => value === 0 ? 0 : value));
    }
  }
});
