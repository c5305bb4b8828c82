/** Where the library was called. */

/** The folder of the library; the line of interest is the first one outside. */
const LIBRARY = new URL("../", import.meta.url).href;

/** Stack frames to look at: many may be the library's own. */
const FRAMES = 60;

/** The current call of the library; `lineOf` finds its line only if asked, as that takes longer. */
export function callSite(): Error {
  const limit: unknown = Reflect.get(Error, "stackTraceLimit");
  Reflect.set(Error, "stackTraceLimit", FRAMES);
  const site = new Error();
  Reflect.set(Error, "stackTraceLimit", limit);
  return site;
}

/** The line outside the library from which it was called. */
export function lineOf({ stack = "" }: Error): string {
  const frames = stack.split("\n").filter((line) => line.trimStart().startsWith("at "));
  const frame = frames.find((line) => line.includes("://") && !line.includes(LIBRARY));
  return frame === undefined ? "an unknown line" : frame.replace(/^\s*at /, "").trim();
}

/** The line outside the library that is running. */
export function userLine(): string {
  return lineOf(callSite());
}
