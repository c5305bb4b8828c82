/** Errors that say where in a module they arose. */

import { ShapeError } from "../core/errors.ts";

const PLACED = /^(Cannot [^:]*?) in (\S+): /;

/** The message with the name of a part in front of the path that it has already, if it has one. */
function placed(message: string, name: string): string {
  return PLACED.test(message)
    ? message.replace(PLACED, `$1 in ${name}.$2: `)
    : message.replace(": ", ` in ${name}: `);
}

/**
 * Runs a part of a module. An error about shapes says which part it was, and parts around it add
 * themselves in front: `encoder.layers.2.selfAttn`.
 */
export function inPart<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ShapeError) error.message = placed(error.message, name);
    throw error;
  }
}
