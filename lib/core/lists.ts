/** Lists as long as data: a call takes only some ten thousand arguments, so that none of them is spread. */

/** Adds items at the end of a list. */
export function append<T>(list: T[], items: Iterable<T>): void {
  for (const item of items) list.push(item);
}

/** The largest of numbers; −∞ of none, and NaN if one is. */
export function largest(numbers: Iterable<number>): number {
  let most = -Infinity;
  for (const value of numbers) most = Math.max(most, value);
  return most;
}
