/** Where the library was called. */

/** Where the library's own files lie; the line of interest is the first one elsewhere. */
const LIBRARY = new URL("../", import.meta.url).href;

/** Frames looked at: the library's own may be many. */
const FRAMES = 60;

/** Where the library is being called, to be told by `lineOf` if it is ever asked: that takes longer. */
export function callSite(): Error {
  const limit: unknown = Reflect.get(Error, "stackTraceLimit");
  Reflect.set(Error, "stackTraceLimit", FRAMES);
  const site = new Error();
  Reflect.set(Error, "stackTraceLimit", limit);
  return site;
}

/** The line outside the library of a place where it was called. */
export function lineOf({ stack = "" }: Error): string {
  const frames = stack.split("\n").filter((line) => line.trimStart().startsWith("at "));
  const frame = frames.find((line) => line.includes("://") && !line.includes(LIBRARY));
  return frame === undefined ? "an unknown line" : frame.replace(/^\s*at /, "").trim();
}

/** The line outside the library that is running now. */
export function userLine(): string {
  return lineOf(callSite());
}
