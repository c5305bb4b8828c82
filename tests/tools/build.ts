/** Builds the native library and prepares the test dependencies. */

import { cargo } from "./run.ts";
import { prepareStd } from "./setup.ts";

await cargo("build", "--release");
await prepareStd();
