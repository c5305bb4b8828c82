/** Loaded before a script that is timed: sets how many threads it has, which the scripts do not say. */

import { setThreads } from "@adjoint/ml";

setThreads(Number(Deno.env.get("ADJOINT_BENCH_THREADS")));
