/**
 * All files in which tests of ops stand, as one: `deno task test --op` runs some of their tests, and to
 * load the library for each file anew would take longer than the tests.
 */

import { OP_FILES } from "./op_filter.ts";
import { ROOT } from "./places.ts";

for (const file of OP_FILES) await import(new URL(file, ROOT).href);
