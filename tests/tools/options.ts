/** The options of the commands. */

import { parseArgs, type ParseArgsConfig } from "node:util";

/** Reads the command line; a wrong one is told in one line, and ends the program. */
export function optionsOf<const O extends NonNullable<ParseArgsConfig["options"]>>(options: O) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(2);
  }
}
