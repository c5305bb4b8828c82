/** How the arguments of a layer are printed. */

function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/**
 * The text in the parentheses of a call with these arguments and an object of these options, without
 * those that are undefined.
 */
export function shownCall(args: readonly unknown[], options: object = {}): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const list = given.map(([key, value]) => `${key}: ${shown(value)}`);
  return [...args.map(shown), ...list.length > 0 ? [`{ ${list.join(", ")} }`] : []].join(", ");
}
