/** Copies. */

export { clone } from "./copy.ts";
