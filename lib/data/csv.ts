/** Tables of comma-separated values. */

import { DTypeError } from "../core/errors.ts";
import {
  arrayOf,
  checkCount,
  checkKind,
  DTYPE,
  FLAG,
  INTEGER,
  isListOf,
  isPlainObject,
  kind,
  optionReader,
  type OptionTable,
  TEXT,
} from "../core/options.ts";
import type { DType } from "../core/dtype.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Dataset } from "./dataset.ts";
import { textOf } from "./files.ts";

/** The value of a cell. */
export type Cell = number | string;

/** Options of `parseCsv` and `readCsv`. */
export interface CsvOptions {
  /** Whether the first row holds the column names; otherwise they are "0", "1" … Default: true. */
  header?: boolean;
  /** The character between cells. Default: ",". */
  delimiter?: string;
  /**
   * The types of columns, by name. Default: numbers where all cells are numbers or empty, but not
   * all empty; otherwise text. Whole numbers beyond 2⁵³ that a number would round, such as identities,
   * are text unless the column is said to hold numbers.
   */
  types?: Readonly<Record<string, "number" | "string">>;
}

const CSV_OPTIONS: OptionTable<CsvOptions> = {
  header: FLAG,
  delimiter: kind(
    "one character other than a quote or a line break",
    (value) => typeof value === "string" && value.length === 1 && !/["\r\n]/.test(value),
  ),
  types: kind(
    'a plain object with values "number" or "string"',
    (value) =>
      isPlainObject(value) &&
      Object.values(value).every((own) => own === "number" || own === "string"),
  ),
};
const csvOptions = optionReader(CSV_OPTIONS);
const tensorOptions = optionReader<TableTensorOptions>({ dtype: DTYPE });

/** Options of `Table.tensor`. */
export interface TableTensorOptions {
  /** Default: "float32". */
  dtype?: DType;
}

/** A row's cells as text, and the line that it begins on. */
interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/** The quoted cell that begins at a place, and where it ends: behind its last quote, or −1 if that is missing. */
function quotedCell(text: string, start: number): [cell: string, end: number] {
  let cell = "";
  let at = start;
  for (;;) {
    const end = text.indexOf('"', at + 1);
    if (end === -1) return [cell, -1];
    cell += text.slice(at + 1, end);
    at = end + 1;
    if (text[at] !== '"') return [cell, at];
    cell += '"';
  }
}

/** The rows of a text: cells may be quoted, with line breaks and doubled quotes in them. */
function rowsOf(call: string, text: string, delimiter: string): Row[] {
  const rows: Row[] = [];
  let [cells, quoted, line, begun]: [string[], boolean, number, number] = [[], false, 1, 1];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  const endRow = () => {
    // An empty line is no row; one with an empty quoted cell is.
    if (cells.length > 1 || cells[0] !== "" || quoted) rows.push({ line: begun, cells });
    [cells, quoted] = [[], false];
    begun = line;
  };
  const plain = new RegExp(`[^\\r\\n${delimiter.replace(/[\\\]^-]/g, "\\$&")}]*`, "y");
  while (at < text.length || cells.length > 0) {
    if (text[at] === '"') {
      const [cell, end] = quotedCell(text, at);
      if (end === -1) {
        throw new SyntaxError(`Cannot ${call}: the quote opened in line ${line} is not closed`);
      }
      [at, quoted] = [end, true];
      line += cell.split(/\r\n|\r|\n/).length - 1;
      cells.push(cell);
      const next = text[at];
      if (next !== undefined && next !== delimiter && next !== "\r" && next !== "\n") {
        throw new SyntaxError(
          `Cannot ${call}: line ${line} has ${JSON.stringify(next)} after a closing quote`,
        );
      }
    } else {
      const start = plain.lastIndex = at;
      plain.test(text);
      cells.push(text.slice(start, at = plain.lastIndex));
    }
    if (text[at] === delimiter) {
      at++;
      // After a final delimiter there is one more cell, though an empty one.
      if (at === text.length) {
        cells.push("");
        endRow();
      }
      continue;
    }
    if (text[at] === "\r" && text[at + 1] === "\n") at++;
    at++;
    line++;
    endRow();
    if (at >= text.length) break;
  }
  return rows;
}

/** Whether an element type holds a number that a cast would otherwise change. */
function fitsIn(dtype: DType, value: number): boolean {
  if (dtype === "int32") return Object.is(value | 0, value) || Object.is(value, -0);
  return dtype !== "bool" || value === 0 || value === 1;
}

/** The number in a cell: NaN if the cell is empty, null if it holds something else. */
function numberIn(cell: string): number | null {
  // Most cells are digits.
  if (/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(cell)) return Number(cell);
  const text = cell.trim();
  if (text === "" || /^nan$/i.test(text)) return NaN;
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return null;
}

/** Whether a cell holds a whole number, such as an identity, that would be rounded to another. */
function isRounded(cell: string, value: number): boolean {
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return false;
  const digits = /^\s*([+-]?)(\d+)\s*$/.exec(cell);
  return digits !== null && BigInt(digits[2] ?? "") !== BigInt(Math.abs(value));
}

/** The cells of each column by name. */
type Cells = Readonly<Record<string, readonly Cell[]>> | ReadonlyMap<string, readonly Cell[]>;

function entriesOf(cells: Cells): [name: string, own: readonly Cell[]][] {
  return cells instanceof Map ? [...cells] : Object.entries(cells);
}

const COLUMNS = kind(
  "a plain object or a Map with an array of numbers or strings for each column",
  (value) =>
    (isPlainObject(value) || value instanceof Map) &&
    entriesOf(value as Cells).every(([name, own]) =>
      TEXT.accepts(name) &&
      isListOf(own, (cell) => typeof cell === "number" || typeof cell === "string")
    ),
);

/**
 * A table with named columns of numbers or text. As a data set, its rows are the examples.
 *
 * @example Numbers for a model
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const table = data.parseCsv("size,kind\n1.5,a\n2,b\n");
 * assertEquals(table.tensor(["size"]).toArray(), [[1.5], [2]]);
 * assertEquals(table.get(1), { size: 2, kind: "b" });
 * ```
 */
export class Table implements Dataset<Record<string, Cell>> {
  /** The names of the columns. */
  readonly columns: readonly string[];
  /** How many rows there are. */
  readonly length: number;
  readonly #cells: ReadonlyMap<string, readonly Cell[]>;

  /**
   * Creates a table.
   *
   * @param cells The cells of each column by name, equally many in each. A Map keeps the order of
   * names that are integers, which objects put first.
   */
  constructor(
    cells: Readonly<Record<string, readonly Cell[]>> | ReadonlyMap<string, readonly Cell[]>,
  ) {
    const call = "make Table";
    checkCount(call, arguments.length, 1);
    checkKind(call, "the argument", cells, COLUMNS);
    const entries = entriesOf(cells);
    const lengths = entries.map(([, { length }]) => length);
    if (lengths.some((length) => length !== lengths[0])) {
      throw new RangeError(
        `Cannot ${call}: columns must have the same length, got lengths ${lengths.join(", ")}`,
      );
    }
    this.#cells = new Map(entries.map(([name, own]) => [name, [...own]]));
    this.columns = [...this.#cells.keys()];
    this.length = lengths[0] ?? 0;
  }

  /** The cells of a column. */
  column(name: string): readonly Cell[] {
    checkCount("read a column", arguments.length, 1);
    const found = this.#cells.get(name);
    if (found !== undefined) return found;
    checkKind("read a column", "its name", name, TEXT);
    throw new RangeError(
      `Cannot read a column: there is no column "${name}", got ${
        this.columns.join(", ") || "none"
      }`,
    );
  }

  /** A row, by the names of the columns. */
  get(index: number, _generator?: unknown): Record<string, Cell> {
    checkCount("read a row", arguments.length, 2);
    checkKind("read a row", "the index", index, INTEGER);
    if (index < 0 || index >= this.length) {
      throw new RangeError(`Cannot read a row: ${index} is out of range for ${this.length} rows`);
    }
    const entries = this.columns.map((name) => [name, this.column(name)[index] ?? ""]);
    return Object.fromEntries(entries);
  }

  /**
   * Columns of numbers as a tensor of shape [rows, columns].
   *
   * @param columns Their names, in the order of the result.
   * @throws {DTypeError} If a column holds text.
   * @throws {RangeError} If the type cannot hold a number, as int32 cannot hold NaN, the value of an empty cell.
   */
  tensor(columns: readonly string[], options?: TableTensorOptions): Tensor {
    const call = "make a tensor of columns";
    checkCount(call, arguments.length, 2);
    checkKind(call, "the columns", columns, arrayOf(TEXT, "names"));
    const { dtype = "float32" } = tensorOptions(call, options);
    const own = columns.map((name) => this.column(name));
    const elements = new Float64Array(this.length * own.length);
    own.forEach((cells, i) => {
      cells.forEach((cell, row) => {
        if (typeof cell !== "number") {
          throw new DTypeError(
            `Cannot ${call}: "${columns[i]}" holds text, as ${JSON.stringify(cell)} in row ${row}`,
          );
        }
        if (!fitsIn(dtype, cell)) {
          throw new RangeError(
            `Cannot ${call}: "${columns[i]}" holds ${cell} in row ${row}, which is not ${dtype}`,
          );
        }
        elements[row * own.length + i] = cell;
      });
    });
    return fromTypedArray(elements, [this.length, own.length]).to({ dtype });
  }
}

/** The cells of a column, converted to its type. */
function typed(
  call: string,
  name: string,
  column: number,
  rows: readonly Row[],
  type: "number" | "string" | undefined,
): Cell[] {
  const texts = rows.map(({ cells }) => cells[column] ?? "");
  if (type === "string") return texts;
  const numbers: number[] = [];
  for (const text of texts) {
    const own = numberIn(text);
    if (type === undefined && (own === null || isRounded(text, own))) return texts;
    if (own === null) {
      throw new SyntaxError(
        `Cannot ${call}: line ${rows[numbers.length]?.line} has ${
          JSON.stringify(text)
        } in column ` +
          `"${name}", which is not a number`,
      );
    }
    numbers.push(own);
  }
  const empty = type === undefined && texts.every((text) => text.trim() === "");
  return empty ? texts : numbers;
}

function tableOf(call: string, text: string, options: CsvOptions): Table {
  const { header = true, delimiter = ",", types = {} } = options;
  const all = rowsOf(call, text, delimiter);
  const [first] = all;
  if (first === undefined) throw new SyntaxError(`Cannot ${call}: there are no rows`);
  const names = header ? first.cells.map((name) => name.trim()) : first.cells.map((_, i) => `${i}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new SyntaxError(`Cannot ${call}: two columns have the name ${JSON.stringify(twice)}`);
  }
  const rows = header ? all.slice(1) : all;
  const ragged = rows.find(({ cells }) => cells.length !== names.length);
  if (ragged !== undefined) {
    throw new SyntaxError(
      `Cannot ${call}: line ${ragged.line} has ${ragged.cells.length} cells, the first row has ` +
        `${names.length}`,
    );
  }
  const unknown = Object.keys(types).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot ${call}: types has "${unknown}", which is not a column; got ${names.join(", ")}`,
    );
  }
  const typeOf = (name: string) => Object.hasOwn(types, name) ? types[name] : undefined;
  return new Table(
    new Map(names.map((name, i) => [name, typed(call, name, i, rows, typeOf(name))])),
  );
}

/**
 * The table in a text of comma-separated values (RFC 4180): cells may be quoted, lines may end
 * in LF or CRLF, and empty lines are skipped. Empty cells in number columns are NaN.
 *
 * @throws {SyntaxError} If a row has more or fewer cells than the first, if a quote is not closed,
 * or if a cell that must be a number is none; the message names the line.
 *
 * @example Quotes
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const table = data.parseCsv('name,age\n"Lovelace, Ada",36\n"""Bob""",\n');
 * assertEquals(table.column("name"), ["Lovelace, Ada", '"Bob"']);
 * assertEquals(table.column("age"), [36, NaN]);
 * ```
 */
export function parseCsv(text: string, options?: CsvOptions): Table {
  const call = "run parseCsv";
  checkCount(call, arguments.length, 2);
  checkKind(call, "the text", text, TEXT);
  return tableOf(call, text, csvOptions(call, options));
}

/**
 * {@linkcode parseCsv} of a UTF-8 file, which may be gzipped. Needs permission to read it.
 *
 * @throws {RangeError} If it has more text, or unpacks to more, than a string holds: 512 MiB.
 * @throws {Deno.errors.NotFound} If the file does not exist.
 */
export function readCsv(path: string | URL, options?: CsvOptions): Table {
  const call = "run readCsv";
  checkCount(call, arguments.length, 2);
  const read = csvOptions(call, options);
  const text = textOf(call, path);
  return tableOf(`${call} of ${path}`, text, read);
}
