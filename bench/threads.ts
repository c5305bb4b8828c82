/**
 * Loaded before a script that is timed: sets the number of threads, which the scripts leave open.
 */

import { setThreads } from "@adjoint/ml";

setThreads(Number(Deno.env.get("ADJOINT_BENCH_THREADS")));
