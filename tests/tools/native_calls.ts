/** Watches the launches of the native library; import this before anything of the library. */

/** A launch at the native boundary. */
export interface Launch {
  /** Index of the kernel. */
  readonly kernel: number;
  /** The frame that describes it. */
  readonly frame: Int32Array;
  /** The arrays of its operands, in four or eight places. */
  readonly arrays: readonly (ArrayBufferView | null)[];
}

let watch: ((launch: Launch) => void) | null = null;

const open = Deno.dlopen;

Deno.dlopen = function <const S extends Deno.ForeignLibraryInterface>(
  path: string | URL,
  symbols: S,
): Deno.DynamicLibrary<S> {
  const library = open(path, symbols);
  const watched: Record<string, unknown> = { ...library.symbols };
  for (const name of ["adjoint_launch4", "adjoint_launch8"]) {
    const launch = watched[name];
    if (typeof launch !== "function") continue;
    watched[name] = (
      kernel: number,
      frame: Int32Array,
      words: number,
      ...arrays: (ArrayBufferView | null)[]
    ): unknown => {
      watch?.({ kernel, frame, arrays });
      return launch(kernel, frame, words, ...arrays);
    };
  }
  return { ...library, symbols: watched as typeof library.symbols };
};

/** Calls `body` before each launch from now on; null stops this. */
export function watchLaunches(body: ((launch: Launch) => void) | null): void {
  watch = body;
}
