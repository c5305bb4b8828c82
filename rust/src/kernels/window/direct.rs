//! Convolutions without matrices: sums stay in registers while all taps of all channels are added,
//! each of which reads the input in place.

use super::conv::{ENOUGH, Extents, Weights};
use super::polyphase::Polyphase;
use crate::cpu::{for_parts, in_vectors, simd, try_parts};
use crate::error::Result;
use crate::kernels::linalg::gemm::Panel;
use crate::kernels::vectors::Lanes;
use crate::scratch::{listed, scratch};
use pulp::{Simd, WithSimd};

/// Filters that are summed together: the first one and their number.
fn blocks(filters: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut first = 0;
    std::iter::from_fn(move || {
        let count = [4, 2, 1].into_iter().find(|&count| first + count <= filters)?;
        first += count;
        Some((first - count, count))
    })
}

/// The offsets that the taps of all channels read for output 0, from the start of a sheet.
fn offsets<T: Lanes>(polyphase: &Polyphase<'_, T>) -> Result<Vec<usize>> {
    let Extents { channels, window, .. } = &polyphase.extents;
    let taps = listed((0..window.taps()).map(|tap| window.offset(tap)))?;
    let size = polyphase.size();
    listed((0..*channels).flat_map(|channel| taps.iter().map(move |tap| channel * size + tap)))
}

/// A plan for computing the outputs.
pub(super) struct Direct<'a, T: Clone> {
    polyphase: &'a Polyphase<'a, T>,
    /// The offsets that the taps of all channels read, from the start of a sheet.
    offsets: Vec<usize>,
    /// The largest of these.
    reach: usize,
    /// For each group its blocks of filters, with the weights of each tap for each filter.
    weights: Vec<T>,
}

impl<'a, T: Lanes> Direct<'a, T> {
    pub(super) fn new(polyphase: &'a Polyphase<'a, T>, w: &Weights<'_, T>) -> Result<Self> {
        let Extents { groups, channels, filters, ref window, .. } = polyphase.extents;
        let (offsets, taps) = (offsets(polyphase)?, window.taps());
        let rows = offsets.len();
        let mut weights = scratch(groups * filters * rows)?;
        for_parts(weights.chunks_mut(filters * rows).enumerate(), |(group, to)| {
            for (first, count) in blocks(filters) {
                let to = &mut to[first * rows..][..count * rows];
                for f in 0..count {
                    for channel in 0..channels {
                        let to = to[channel * taps * count + f..].iter_mut().step_by(count);
                        w.copy(to, group, first + f, channel);
                    }
                }
            }
        })?;
        let reach = offsets.iter().fold(0, |most, &offset| most.max(offset));
        Ok(Self { polyphase, offsets, reach, weights })
    }

    /// The sums of all filters of a sheet, from a position in the grid on.
    pub(super) fn convolve(&self, to: &mut Panel<'_, T>, sheet: usize, start: usize) {
        let Extents { groups, channels, filters, .. } = self.polyphase.extents;
        let rows = self.offsets.len();
        let data = &self.polyphase.data[sheet * channels * self.polyphase.size() + start..];
        let weights = &self.weights[sheet % groups * filters * rows..][..filters * rows];
        for (first, count) in blocks(filters) {
            let weights = &weights[first * rows..][..count * rows];
            let (offsets, reach) = (&self.offsets[..], self.reach);
            let sums = Sums { to, first, data, offsets, reach, weights };
            match count {
                4 => in_vectors(InBlocks::<_, 4, 3>(sums)),
                2 => in_vectors(InBlocks::<_, 2, 4>(sums)),
                _ => in_vectors(InBlocks::<_, 1, 4>(sums)),
            }
        }
    }
}

/// Sums of some filters from number `first` on: `to[f][i] = Σ weights[row][f] · data[offsets[row] + i]`.
struct Sums<'a, 'b, T> {
    to: &'a mut Panel<'b, T>,
    first: usize,
    data: &'a [T],
    offsets: &'a [usize],
    reach: usize,
    weights: &'a [T],
}

/// The sums of `F` filters, `V` vectors of columns at a time.
struct InBlocks<S, const F: usize, const V: usize>(S);

impl<T: Lanes, const F: usize, const V: usize> WithSimd for InBlocks<Sums<'_, '_, T>, F, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (mut sums, lanes) = (self.0, T::count::<S>());
        let mut column = sums.blocks::<S, F, V>(simd, 0, V * lanes);
        column = sums.blocks::<S, F, 1>(simd, column, 1);
        for column in column..sums.to.width() {
            for f in 0..F {
                let rows = sums.offsets.iter().zip(sums.weights.as_chunks::<F>().0);
                let sum = rows.fold(T::default(), |sum, (&offset, weights)| {
                    sums.data[offset + column].mul_add_(weights[f], sum)
                });
                sums.to.row(sums.first + f)[column] = sum;
            }
        }
    }
}

impl<T: Lanes> Sums<'_, '_, T> {
    /// Columns from number `from` on in blocks of vectors, as long as enough are left and there are
    /// data for a block. Returns the column after them.
    #[inline(always)]
    fn blocks<S: Simd, const F: usize, const V: usize>(
        &mut self,
        simd: S,
        from: usize,
        least: usize,
    ) -> usize {
        let (width, lanes) = (self.to.width(), T::count::<S>());
        let needed = self.reach + V * lanes;
        let Some(last) = self.data.len().checked_sub(needed) else { return from };
        let mut column = from;
        while column + least <= width {
            // The columns before the last ones may be computed again.
            let from = column.min(last);
            let sums = self.block::<S, F, V>(simd, from);
            for (f, sums) in sums.iter().enumerate() {
                let (to, rest) = T::vectors_mut::<S>(&mut self.to.row(self.first + f)[from..]);
                match to.first_chunk_mut::<V>() {
                    Some(to) => *to = *sums,
                    // A block of one vector.
                    None => T::store(simd, rest, sums[0]),
                }
            }
            column = from + V * lanes;
        }
        column.min(width)
    }

    #[inline(always)]
    fn block<S: Simd, const F: usize, const V: usize>(
        &self,
        simd: S,
        from: usize,
    ) -> [[T::Vector<S>; V]; F] {
        let mut sums = [[T::splat(simd, T::default()); V]; F];
        let data = &self.data[from..];
        for (&offset, weights) in self.offsets.iter().zip(self.weights.as_chunks::<F>().0) {
            let Some(read) = T::vectors::<S>(&data[offset..]).0.first_chunk::<V>() else {
                return sums;
            };
            for f in 0..F {
                let weight = T::splat(simd, weights[f]);
                for v in 0..V {
                    sums[f][v] = T::mul_add(simd, read[v], weight, sums[f][v]);
                }
            }
        }
        sums
    }
}

/// Outputs whose sums are accumulated before they are added to others.
const OUTPUTS: usize = 256;
/// Taps that are summed together: those of a window of 3 by 3.
const ROWS: usize = 9;

/// The gradient of w.
pub(super) fn correlate<T: Lanes>(polyphase: &Polyphase<'_, T>, out: &mut [T], y: &[T]) -> Result {
    if polyphase.extents.filters > 8 {
        correlate_by::<T, 16>(polyphase, out, y)
    } else {
        correlate_by::<T, 8>(polyphase, out, y)
    }
}

/// Consecutive outputs: where tap 0 reads for the first, and how many.
#[derive(Clone, Copy, Default)]
struct Run {
    start: usize,
    count: usize,
}

/// `W` filters at a time.
fn correlate_by<T: Lanes, const W: usize>(
    polyphase: &Polyphase<'_, T>,
    out: &mut [T],
    y: &[T],
) -> Result {
    let Extents { batch, groups, channels, filters, ref window } = polyphase.extents;
    let offsets = offsets(polyphase)?;
    let (rows, outputs) = (offsets.len(), window.outputs());
    let (height, pitch, width) = polyphase.line();
    let plane = polyphase.grid[1] * polyphase.grid[2];
    // A run is a line or a part of one; several short ones are processed together.
    let (lines, parts) = (outputs / width, width.div_ceil(OUTPUTS));
    let (runs, longest) = (batch * lines * parts, width.min(OUTPUTS));
    let together = OUTPUTS / longest;
    // Pieces of the batch, unless there are enough groups.
    let each = if groups >= ENOUGH { runs } else { runs.div_ceil(ENOUGH) };
    let pieces = runs.div_ceil(each);
    let size = filters.next_multiple_of(W) * rows;
    let mut sums = scratch(groups * pieces * size)?;
    try_parts(sums.chunks_mut(size).enumerate(), |(number, sums)| {
        let (group, first) = (number / pieces, number % pieces * each);
        let end = runs.min(first + each);
        let mut turned = scratch(together * longest * W)?;
        let turned = turned.as_chunks_mut::<W>().0;
        for from in (first..end).step_by(together) {
            for (block, sums) in sums.chunks_mut(W * rows).enumerate() {
                let mut taken = [Run::default(); OUTPUTS];
                let (mut count, mut at) = (0, 0);
                for run in from..end.min(from + together) {
                    let (line, column) = (run / parts, run % parts * OUTPUTS);
                    let (sheet, line) = (line / lines * groups + group, line % lines);
                    let length = longest.min(width - column);
                    // Not vectorised, as vectors would be scattered one element after the other.
                    let to = &mut turned[at..at + length];
                    for (i, filter) in (block * W..filters.min(block * W + W)).enumerate() {
                        let start = (sheet * filters + filter) * outputs + line * width + column;
                        for (to, &y) in to.iter_mut().zip(&y[start..start + length]) {
                            to[i] = y;
                        }
                    }
                    let start = sheet * channels * polyphase.size();
                    let start = start + line / height * plane + line % height * pitch + column;
                    taken[count] = Run { start, count: length };
                    (count, at) = (count + 1, at + length);
                }
                let (data, runs, y) = (&polyphase.data[..], &taken[..count], &turned[..at]);
                let mut products = Products {
                    sums: sums.as_chunks_mut::<W>().0,
                    offsets: &offsets,
                    data,
                    runs,
                    y,
                };
                simd(
                    #[inline(always)]
                    || {
                        let mut row = 0;
                        while row < rows {
                            row += if rows < ROWS {
                                products.add::<1>(row)
                            } else {
                                products.add::<ROWS>(row)
                            };
                        }
                    },
                );
            }
        }
        Ok(())
    })?;
    for_parts(out.chunks_mut(filters * rows).enumerate(), |(group, out)| {
        for (filter, weights) in out.chunks_mut(rows).enumerate() {
            let first = group * pieces * size + filter / W * W * rows + filter % W;
            for (row, weight) in weights.iter_mut().enumerate() {
                let parts = sums[first + row * W..].iter().step_by(size).take(pieces);
                *weight = parts.fold(T::default(), |sum, &part| sum + part);
            }
        }
    })
}

/// `sums[row][i] += Σ y[p][i] · data[offsets[row] + p]` over all outputs p of some runs.
struct Products<'a, T, const W: usize> {
    sums: &'a mut [[T; W]],
    offsets: &'a [usize],
    data: &'a [T],
    runs: &'a [Run],
    y: &'a [[T; W]],
}

impl<T: Lanes, const W: usize> Products<'_, T, W> {
    /// Adds to `R` rows from number `row` on, or to the remaining ones; returns their number.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    fn add<const R: usize>(&mut self, row: usize) -> usize {
        // The rows before the last ones are computed again and ignored.
        let first = row.min(self.offsets.len() - R);
        let offsets = &self.offsets[first..];
        let mut added = [[T::default(); W]; R];
        let mut y = self.y;
        for &Run { start, count } in self.runs {
            let (run, rest) = y.split_at(count);
            let x: [&[T]; R] = std::array::from_fn(|r| &self.data[start + offsets[r]..][..count]);
            for (p, &y) in run.iter().enumerate() {
                // No iterators, whose loops are not always vectorised.
                for r in 0..R {
                    let x = x[r][p];
                    for i in 0..W {
                        added[r][i] = y[i].mul_add_(x, added[r][i]);
                    }
                }
            }
            y = rest;
        }
        // By constant indices, as otherwise the sums would not stay in registers.
        for r in 0..R {
            if first + r >= row {
                for i in 0..W {
                    self.sums[first + r][i] = self.sums[first + r][i] + added[r][i];
                }
            }
        }
        R
    }
}
