/** The one gate: every check of the project, the tests last. */

import meta from "../../deno.json" with { type: "json" };
import { checkDependencies } from "./deny.ts";
import { cargo, must } from "./run.ts";
import { prepareStd } from "./setup.ts";

const deno = Deno.execPath();

await prepareStd();
await must(deno, "fmt", "--check");
await must(deno, "lint");
await cargo("fmt", "--check");
for (const features of [[], ["--no-default-features"]]) {
  await cargo("clippy", "--release", "--all-targets", ...features, "--", "-D", "warnings");
}
await checkDependencies();
await must(deno, "check", "mod.ts", "lib", "tests", "bench", "examples");
await must(deno, "doc", "--lint", ...Object.values(meta.exports));
await must(deno, "publish", "--dry-run", "--allow-dirty");
await must(deno, "run", "-A", "tests/tools/run_tests.ts");
