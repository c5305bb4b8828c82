/** Shared by the programs of the benchmark: how they end, and the median. */

/** A mistake of the user or a problem of the machine, shown as a sentence without a stack. */
export class BenchError extends Error {}

/** Runs a program with the command line; a {@linkcode BenchError} ends it with its sentence. */
export async function runMain(main: (args: string[]) => Promise<void>): Promise<void> {
  try {
    await main(Deno.args);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}

/** The median; NaN of no numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number) => sorted[Math.floor(i)] ?? NaN;
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2;
}
