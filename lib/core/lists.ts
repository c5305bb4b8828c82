/** Lists as long as data: a call takes only some ten thousand arguments, so that none of them is spread. */

/** Adds items at the end of a list. */
export function append<T>(list: T[], items: Iterable<T>): void {
  for (const item of items) list.push(item);
}

/** At most so many of a list, evenly spread over it, and its last item. */
export function thinned<T>(list: readonly T[], most: number): T[] {
  const every = Math.ceil(list.length / most);
  return list.filter((_, i) => i % every === 0 || i === list.length - 1);
}

/** The smallest of numbers; ∞ of none, and NaN if one is. */
export function smallest(numbers: Iterable<number>): number {
  let least = Infinity;
  for (const value of numbers) least = Math.min(least, value);
  return least;
}

/** √Σ of the squares of numbers that are not negative, none of which vanishes or leaves the range. */
export function lengthFrom(numbers: readonly number[]): number {
  const most = largest(numbers);
  if (!(most > 0 && most < Infinity)) return numbers.length === 0 ? 0 : most;
  return most * Math.sqrt(numbers.reduce((sum, value) => sum + (value / most) ** 2, 0));
}

/** The largest of numbers; −∞ of none, and NaN if one is. */
export function largest(numbers: Iterable<number>): number {
  let most = -Infinity;
  for (const value of numbers) most = Math.max(most, value);
  return most;
}
