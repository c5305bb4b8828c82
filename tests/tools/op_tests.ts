/**
 * All files with tests of ops, as one: `deno task test --op` runs some of their tests, and loading
 * the library for each file would take longer than the tests.
 */

import { OP_FILES } from "./op_filter.ts";
import { ROOT } from "./places.ts";

for (const file of OP_FILES) await import(new URL(file, ROOT).href);
