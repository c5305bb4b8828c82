/** What a layer was made with, as it is printed. */

function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/**
 * What stands in the brackets of a call with these arguments and, in an object, these options. Those
 * that are undefined are left out.
 */
export function shownCall(args: readonly unknown[], options: object = {}): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const list = given.map(([key, value]) => `${key}: ${shown(value)}`);
  return [...args.map(shown), ...list.length > 0 ? [`{ ${list.join(", ")} }`] : []].join(", ");
}
