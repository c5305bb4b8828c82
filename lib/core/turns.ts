/** Turns of the event loop during long work that awaits only settled promises. */

/** Milliseconds between turns. */
const TURN = 16;

/** Gives the event loop a turn from time to time, so that timers, signals and finalizers run. */
export function turns(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < TURN) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    last = performance.now();
  };
}
