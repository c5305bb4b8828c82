/** Bins of histograms. */

/** The most bins that are useful. */
const MOST = 100;

/** A quantile of sorted numbers, linear between neighbours. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const [low = 0, high = low] = sorted.subarray(Math.floor(at), Math.floor(at) + 2);
  return low + (high - low) * (at % 1);
}

/** How many bins suit some numbers: the larger of the Sturges and Freedman–Diaconis rules, as in NumPy. */
function countFor(sorted: Float64Array, extent: number): number {
  const sturges = Math.ceil(Math.log2(sorted.length)) + 1;
  const spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  const width = 2 * spread / Math.cbrt(sorted.length);
  return Math.min(MOST, Math.max(sturges, width > 0 ? Math.ceil(extent / width) : 0));
}

/** The edges of equally wide bins over all numbers. */
export function edgesOf(numbers: readonly number[], bins: number | undefined): number[] {
  const sorted = Float64Array.from(numbers).sort();
  const [least = 0, largest = 0] = [sorted.at(0), sorted.at(-1)];
  // Numbers that are all equal get a bin around them, wide enough for an axis.
  const half = Math.max(0.5, Math.abs(least) * 1e-6);
  const [from, to] = least < largest ? [least, largest] : [least - half, largest + half];
  const count = bins ?? (least < largest ? countFor(sorted, to - from) : 1);
  return Array.from(
    { length: count + 1 },
    (_, i) => i === count ? to : from + (to - from) * (i / count),
  );
}

/** How many numbers each bin holds; the last includes its upper edge. */
export function countsOf(numbers: readonly number[], edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  const [from = 0, to = 0] = [edges.at(0), edges.at(-1)];
  for (const value of numbers) {
    let bin = Math.min(counts.length - 1, Math.floor((value - from) / (to - from) * counts.length));
    // Corrects the rounding of that division.
    while (bin > 0 && value < (edges[bin] ?? 0)) bin--;
    while (bin < counts.length - 1 && value >= (edges[bin + 1] ?? 0)) bin++;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}
