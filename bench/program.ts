/** What the programs of the benchmark share: how they end, and how they sum up. */

/** A mistake of the user or of the machine, told in a sentence and not with a stack. */
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

/** The middle of some numbers, or the mean of the middle two; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number) => sorted[Math.floor(i)] ?? NaN;
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2;
}
