/** Readers: what was written comes back, and what is damaged is told by its line or its bytes. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { gzipSync } from "node:zlib";
import { data, DTypeError, randint, RandomGenerator, type Tensor } from "../../mod.ts";

/** How each type of IDX is written. */
const TYPES: Readonly<Record<string, readonly [code: number, size: number, put: string]>> = {
  uint8: [0x08, 1, "setUint8"],
  int8: [0x09, 1, "setInt8"],
  int16: [0x0b, 2, "setInt16"],
  int32: [0x0c, 4, "setInt32"],
  float32: [0x0d, 4, "setFloat32"],
  float64: [0x0e, 8, "setFloat64"],
};

function idx(
  type: string,
  shape: readonly number[],
  values: readonly number[],
): Uint8Array<ArrayBuffer> {
  const [code, size, put] = TYPES[type]!;
  const start = 4 + 4 * shape.length;
  const view = new DataView(new ArrayBuffer(start + size * values.length));
  view.setUint8(2, code);
  view.setUint8(3, shape.length);
  shape.forEach((extent, i) => view.setUint32(4 + 4 * i, extent));
  values.forEach((value, i) =>
    (Reflect.get(view, put) as (at: number, value: number) => void)
      .call(view, start + i * size, value)
  );
  return new Uint8Array(view.buffer);
}

const SAMPLES: Readonly<Record<string, readonly number[]>> = {
  uint8: [0, 255, 7, 128, 1, 2],
  int8: [-128, 127, 0, -1, 5, 6],
  int16: [-32768, 32767, 0, -1, 5, 256],
  int32: [-(2 ** 31), 2 ** 31 - 1, 0, -1, 5, 65536],
  float32: [0.5, -0.25, 2 ** 90, 0, -1, Infinity],
  float64: [0.1, -1e300, 0, 5e-324, 1, 2],
};

async function withFile<T>(content: Uint8Array | string, use: (path: string) => T): Promise<T> {
  const path = await Deno.makeTempFile();
  try {
    await (typeof content === "string" ? Deno.writeTextFile : Deno.writeFile)(
      path,
      content as never,
    );
    return use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("parseIdx() reads every type and rank, from any part of memory, packed or not", async () => {
  for (const [type, values] of Object.entries(SAMPLES)) {
    for (const shape of [[6], [2, 3], [1, 3, 2], [6, 1, 1, 1]]) {
      const bytes = idx(type, shape, values);
      const behind = new Uint8Array(bytes.length + 3);
      behind.set(bytes, 3);
      for (const own of [bytes, behind.subarray(3), new Uint8Array(gzipSync(bytes))]) {
        const x = data.parseIdx(own);
        assertEquals([x.shape, x.dtype], [shape, type.startsWith("float") ? type : "int32"]);
        assertEquals([...x.data], [...values]);
        // A path, and the URL of a file.
        assertEquals([...(await withFile(own, (path) => data.readIdx(path))).data], [...values]);
      }
    }
  }
  assertEquals(data.parseIdx(idx("uint8", [0, 28, 28], [])).shape, [0, 28, 28]);
  assertEquals(data.parseIdx(idx("float32", [], [0.5])).item(), 0.5);
});

Deno.test("parseIdx() refuses what is cut off, too long, or something else", async () => {
  const bytes = idx("int16", [2, 3], [1, 2, 3, 4, 5, 6]);
  const packed = new Uint8Array(gzipSync(bytes));
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(
      () => data.parseIdx(bytes.subarray(0, length)),
      SyntaxError,
      "Cannot run parseIdx",
    );
  }
  const wrong: readonly (readonly [Uint8Array, string])[] = [
    [bytes.subarray(0, -1), "shape [2, 3] needs 24 bytes, got 23"],
    [Uint8Array.of(...bytes, 0), "needs 24 bytes, got 25"],
    [bytes.subarray(0, 9), "the file ends within its 2 extents"],
    [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0), "must begin as IDX does, got 89 50 4e 47"],
    [Uint8Array.of(0, 0, 0x0a, 1), "must begin as IDX does, got 00 00 0a 01"],
    [new Uint8Array(0), "got none"],
    [packed.subarray(0, -9), "the gzipped data are damaged"],
    [idx("uint8", [2 ** 31, 2 ** 31], []), "Cannot run parseIdx: shape"],
  ];
  for (const [own, says] of wrong) assertThrows(() => data.parseIdx(own), Error, says);
  const error = await withFile(
    bytes.subarray(1),
    (path) => assertThrows(() => data.readIdx(path), SyntaxError, `Cannot run readIdx of ${path}`),
  );
  assert(error.message.includes("must begin as IDX does"));
});

/** So many zeros, packed in members of a megabyte. */
function bomb(start: Uint8Array, megabytes: number): Uint8Array {
  const zeros = gzipSync(new Uint8Array(2 ** 20));
  const members = Array.from({ length: megabytes }, () => [...zeros]).flat();
  return Uint8Array.from([...gzipSync(start), ...members]);
}

Deno.test("no more is unpacked than a header or a text has room for", async () => {
  const header = idx("uint8", [2, 3], []);
  const packed = bomb(header, 1);
  assertThrows(() => data.parseIdx(packed), SyntaxError, "shape [2, 3] needs 18 bytes, got more");
  const table = bomb(new Uint8Array(0), 512);
  for (const read of [data.readCsv, data.readJsonl]) {
    const says = `has more than ${2 ** 29 - 24} bytes of text; divide it`;
    await withFile(table, (path) => assertThrows(() => read(path), RangeError, says));
  }
});

Deno.test("every reader names a file that is missing, by an error of its class", async () => {
  for (const read of [data.readIdx, data.readCsv, data.readJsonl]) {
    for (const path of ["no/such.file", new URL("file:///no/such.file")]) {
      const error = assertThrows(
        () => read(path),
        Deno.errors.NotFound,
        `Cannot run ${read.name} of ${path}: there is no such file or folder`,
      );
      assert(error.cause instanceof Deno.errors.NotFound);
    }
  }
  const bytes = Uint8Array.of(0x61, 0xff, 0x62);
  for (const read of [data.readCsv, data.readJsonl]) {
    await withFile(
      bytes,
      (path) => assertThrows(() => read(path), SyntaxError, "is not UTF-8 text"),
    );
  }
});

Deno.test({
  name: "every reader names the flag that it needs",
  permissions: { read: false },
  fn() {
    for (const read of [data.readIdx, data.readCsv, data.readJsonl]) {
      assertThrows(
        () => read("some.file"),
        Deno.errors.NotCapable,
        `Cannot run ${read.name} of some.file without permission: run Deno with --allow-read=some.file`,
      );
    }
  },
});

/** A table as a program would write it, in one of the ways that are right. */
function written(rows: readonly (readonly string[])[], delimiter: string, end: string): string {
  const quoted = (cell: string) =>
    cell === "" || /["\r\n]/.test(cell) || cell.includes(delimiter)
      ? `"${cell.replaceAll('"', '""')}"`
      : cell;
  return rows.map((cells) => cells.map(quoted).join(delimiter)).join(end);
}

/** Cells of random signs, among them all that have a meaning. */
function randomRows(seed: number): string[][] {
  const generator = new RandomGenerator(seed);
  const signs = ["a", '"', ",", ";", "\n", "\r\n", " ", "é", "𝄞", "-"];
  const draw = (n: number) => Math.floor(generator.words(1)[0]! / 2 ** 32 * n);
  const cell = () => Array.from({ length: draw(5) }, () => signs[draw(signs.length)]).join("");
  const header = ["c0", "c1", "c2"].slice(0, 1 + draw(3));
  return [header, ...Array.from({ length: draw(6) }, () => header.map(() => `x${cell()}`))];
}

function checkTable(parse: typeof data.parseCsv, seed: number): void {
  const rows = randomRows(seed);
  for (const delimiter of [",", ";", "\t", "^", "]"]) {
    for (const end of ["\n", "\r\n", "\r"]) {
      for (const last of ["", end]) {
        const text = (seed % 2 ? "\ufeff" : "") + written(rows, delimiter, end) + last;
        const table = parse(text, { delimiter });
        const read = Array.from(
          { length: table.length },
          (_, i) => table.columns.map((name) => table.column(name)[i]),
        );
        assertEquals([table.columns, ...read], rows, JSON.stringify(text));
      }
    }
  }
}

Deno.test("parseCsv() reads what was written, whatever is in the cells", () => {
  for (let seed = 0; seed < 60; seed++) checkTable(data.parseCsv, seed);
  const splits: typeof data.parseCsv = (text, { delimiter = "," } = {}) => {
    const [head = "", ...lines] = text.split(/\r\n|\n|\r/);
    const cells = lines.filter((line) => line !== "").map((line) => line.split(delimiter));
    return new data.Table(Object.fromEntries(
      head.split(delimiter).map((name, i) => [name, cells.map((own) => own[i]!)]),
    ));
  };
  assertThrows(() => {
    for (let seed = 0; seed < 60; seed++) checkTable(splits, seed);
  });
});

Deno.test("parseCsv() tells numbers from text, column by column, or as told", () => {
  const text = "a,b,c,d\n1, 2 ,x,\n-.5e2,,3,\n+7.,NaN,0x1,\n";
  const table = data.parseCsv(text);
  assertEquals(table.column("a"), [1, -50, 7]);
  assertEquals(table.column("b"), [2, NaN, NaN]);
  assertEquals(table.column("c"), ["x", "3", "0x1"]);
  assertEquals(table.column("d"), ["", "", ""]);
  const told = data.parseCsv(text, { types: { a: "string", d: "number" } });
  assertEquals([told.column("a"), told.column("d")], [["1", "-.5e2", "+7."], [NaN, NaN, NaN]]);
  assertEquals(data.parseCsv("b,2024,2023\nx,1,2").columns, ["b", "2024", "2023"]);
  assertEquals(data.parseCsv("inf,1\n-Infinity,2", { header: false }).column("0"), [
    Infinity,
    -Infinity,
  ]);
  const x = table.tensor(["b", "a"], { dtype: "float64" });
  assertEquals([x.dtype, x.toArray()], ["float64", [[2, 1], [NaN, -50], [NaN, 7]]]);
  const loader = new data.DataLoader(data.parseCsv("x,y\n1,2\n3,4"), { batchSize: 2 });
  const [batch] = [...loader] as Record<string, Tensor>[];
  assertEquals([batch!.x!.toArray(), batch!.y!.toArray()], [[1, 3], [2, 4]]);
});

Deno.test("parseCsv() keeps rows of an empty cell in quotes, and passes over empty lines", () => {
  assertEquals(data.parseCsv('a\nx\n""\n\ny\n""').column("a"), ["x", "", "y", ""]);
});

Deno.test("parseCsv() names the line of what is wrong, also behind breaks in quotes", () => {
  const wrong: readonly (readonly [string, data.CsvOptions, string])[] = [
    ["a,b\n1,2\n3\n", {}, "line 3 has 1 cells, the first row has 2"],
    ["a,b\n\n\n1,2,3\n", {}, "line 4 has 3 cells, the first row has 2"],
    ['a,b\n"x\ny",2\n3\n', {}, "line 4 has 1 cells"],
    ["a,b\r\n1,2\r\n3,4,\r\n", {}, "line 3 has 3 cells"],
    ['a\nb\n"c', {}, "the quote opened in line 3 is not closed"],
    ['a\n"b\nc" d\n', {}, 'line 3 has " " after a closing quote'],
    [
      "a,b\n1,2\n3,x\n",
      { types: { b: "number" } },
      'line 3 has "x" in column "b", which is not a number',
    ],
    ["a,a\n1,2", {}, 'two columns have the name "a"'],
    ["", {}, "there are no rows"],
    ["\n\r\n\n", {}, "there are no rows"],
  ];
  for (const [text, options, says] of wrong) {
    assertThrows(() => data.parseCsv(text, options), SyntaxError, `Cannot run parseCsv: ${says}`);
  }
  const types = { c: "number" } as const;
  assertThrows(
    () => data.parseCsv("a\n1", { types }),
    RangeError,
    'types has "c", which is not a column',
  );
});

Deno.test("a table refuses columns that are not there, of other lengths, or of text", () => {
  const table = data.parseCsv("a,b\n1,x\n");
  assertThrows(() => table.column("c"), RangeError, 'there is no column "c", got a, b');
  assertThrows(() => table.tensor(["a", "b"]), DTypeError, '"b" holds text, as "x" in row 0');
  assertThrows(() => table.get(1), RangeError, "1 is out of range for 1 rows");
  // A cast would make labels of what are none.
  const labels = data.parseCsv("whole,flag,odd,none,far\n-1,1,1.5,,3e9\n2,0,2,1,1\n");
  assertEquals(labels.tensor(["whole"], { dtype: "int32" }).toArray(), [[-1], [2]]);
  assertEquals(labels.tensor(["flag"], { dtype: "bool" }).toArray(), [[true], [false]]);
  const wrong: readonly (readonly [string, "int32" | "bool", string])[] = [
    ["odd", "int32", '"odd" holds 1.5 in row 0, which is not int32'],
    ["none", "int32", '"none" holds NaN in row 0, which is not int32'],
    ["far", "int32", '"far" holds 3000000000 in row 0, which is not int32'],
    ["whole", "bool", '"whole" holds -1 in row 0, which is not bool'],
  ];
  for (const [name, dtype, says] of wrong) {
    assertThrows(() => labels.tensor([name], { dtype }), RangeError, says);
  }
  assertThrows(
    () => new data.Table({ a: [1], b: [] }),
    RangeError,
    "the same length, got lengths 1, 0",
  );
  assertEquals(data.parseCsv("a,b\n").tensor(["a"]).shape, [0, 1]);
});

Deno.test("readCsv() and readJsonl() read files, packed or not", async () => {
  const table = "a,b\n1,x\n2,y\n";
  const lines = '{"a":1}\r\n\n[2,"y"]\n';
  for (const pack of [(text: string) => text, (text: string) => new Uint8Array(gzipSync(text))]) {
    const [read, values] = [
      await withFile(pack(table), (path) => data.readCsv(path)),
      await withFile(pack(lines), (path) => data.readJsonl(path)),
    ];
    assertEquals([read.column("a"), read.column("b")], [[1, 2], ["x", "y"]]);
    assertEquals(values, [{ a: 1 }, [2, "y"]]);
  }
});

Deno.test("parseJsonl() names the line that is no JSON", () => {
  assertEquals(data.parseJsonl("\ufeff1\n\n null \r\n"), [1, null]);
  assertEquals(data.parseJsonl(""), []);
  assertThrows(() => data.parseJsonl('1\n\n{"a":\n'), SyntaxError, "line 3 is not JSON: ");
});

Deno.test("an IDX file of a million bytes is read as it is", () => {
  const x = randint(256, [1_000_000], { generator: new RandomGenerator(2) });
  const read = data.parseIdx(idx("uint8", [1000, 1000], [...x.data]));
  assertEquals(Boolean(read.reshape([-1]).eq(x).all().item()), true);
});
