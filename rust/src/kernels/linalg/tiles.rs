//! Products by tiles: sums of a few rows and columns that stay in registers until all their terms
//! are added.
//!
//! The right factor is cut into panels of columns as wide as a tile. A panel holds, for each term,
//! its elements side by side; it stays in the first-level cache while all tiles of a block of rows
//! read it. The block of the left factor stays in the second-level cache.

use super::gemm::{Around, Matrix, Panel};
use crate::cpu::{for_parts, in_vectors, try_parts};
use crate::error::{Error, Result};
use crate::kernels::vectors::Lanes;
use crate::scratch::Kept;
use crate::transpose::transpose;
use pulp::{Simd, WithSimd};
use std::marker::PhantomData;

/// Rows of a tile, at most.
const HEIGHT: usize = 6;
/// Vectors in a row of a tile. The sums, two vectors of the right factor and an element of the left
/// one fit the sixteen registers of most processors.
const VECTORS: usize = 2;
/// The most elements in a row of a tile.
const WIDEST: usize = 32;
/// Terms of one turn of the loop.
const TURN: usize = 4;
/// Rows of a block of the left factor, and terms that are added before sums are written, at most. In
/// float32 that is less than half of a second-level cache, through which the panels pass too.
const BLOCK: (usize, usize) = (48, 1024);
/// The same where rows are columns in memory, of which longer parts are read then.
const TURNED: (usize, usize) = (96, 512);
/// At least as many panels are filled together, so that longer parts of rows are read.
const GROUP: usize = 4;
/// Bytes of a cache line.
const LINE: usize = 64;
/// Elements that a thread puts into panels at a time.
const GRAIN: usize = 1 << 15;
/// The most elements of a right factor that are in panels at a time.
const STRIP: usize = 1 << 20;

/// A right factor of products, in panels.
pub(crate) struct Factor<T> {
    memory: Kept<T>,
    /// Where the panels start, at a cache line.
    start: usize,
    inner: usize,
    columns: usize,
    /// Columns of a panel.
    width: usize,
}

impl<T: Lanes> Factor<T> {
    pub(crate) fn new(data: &[T], matrix: Matrix) -> Result<Self> {
        if !matrix.fits(data.len()) {
            return Err(Error::new("a matrix does not fit"));
        }
        let Matrix { rows: inner, columns, .. } = matrix;
        let width = in_vectors(Width::<T>(PhantomData));
        let size = inner * width * columns.div_ceil(width);
        let mut memory = Kept::<T>::new(size + LINE / size_of::<T>())?;
        let start = memory.as_ptr().align_offset(LINE).min(LINE / size_of::<T>());
        let together = (GRAIN / (inner * width).max(1)).max(GROUP);
        let parts = memory[start..][..size].chunks_mut((together * inner * width).max(1));
        for_parts(parts.enumerate(), |(part, panels)| {
            let first = part * together * width;
            let start = matrix.start + first * matrix.column_stride;
            let columns = (together * width).min(columns - first);
            let matrix = Matrix { start, columns, ..matrix };
            in_vectors(Fill { to: panels, data, matrix });
        })?;
        Ok(Self { memory, start, inner, columns, width })
    }

    /// A panel's elements for some terms.
    fn part(&self, panel: usize, first: usize, terms: usize) -> &[T] {
        let start = self.start + (panel * self.inner + first) * self.width;
        &self.memory[start..][..terms * self.width]
    }
}

/// Asks for the number of elements in a row of a tile on this processor.
struct Width<T>(PhantomData<T>);

impl<T: Lanes> WithSimd for Width<T> {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        VECTORS * T::count::<S>()
    }
}

/// Copies columns of a matrix to panels.
struct Fill<'a, T: Clone> {
    to: &'a mut [T],
    data: &'a [T],
    matrix: Matrix,
}

impl<T: Lanes> WithSimd for Fill<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Matrix { start, rows, columns, row_stride, column_stride } = self.matrix;
        let width = VECTORS * T::count::<S>();
        if column_stride != 1 {
            for (panel, to) in self.to.chunks_mut(rows * width).enumerate() {
                let first = panel * width;
                let start = start + first * column_stride;
                let columns = width.min(columns - first);
                copy(to, width, self.data, Matrix { start, columns, ..self.matrix });
            }
            return;
        }
        for row in 0..rows {
            let from = &self.data[start + row * row_stride..][..columns];
            let mut panels = self.to.chunks_mut(rows * width);
            let (whole, _) = T::vectors::<S>(from);
            let whole = whole.as_chunks::<VECTORS>().0;
            for (from, to) in whole.iter().zip(&mut panels) {
                let to = T::vectors_mut::<S>(&mut to[row * width..][..width]).0;
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
            if let Some(to) = panels.next() {
                let from = &from[whole.len() * width..];
                to[row * width..][..from.len()].copy_from_slice(from);
            }
        }
    }
}

/// Copies a matrix to rows of `width` elements.
#[inline(always)]
fn copy<T: Lanes>(to: &mut [T], width: usize, data: &[T], matrix: Matrix) {
    let Matrix { start, rows, columns, row_stride, column_stride } = matrix;
    if row_stride == 1 {
        return transpose((to, width), (&data[start..], column_stride), rows, columns);
    }
    for (row, to) in to.chunks_mut(width).take(rows).enumerate() {
        let from = &data[start + row * row_stride..];
        if column_stride == 1 {
            to[..columns].copy_from_slice(&from[..columns]);
        } else {
            let to = to[..columns].iter_mut().enumerate();
            to.for_each(|(i, to)| *to = from[i * column_stride]);
        }
    }
}

/// `panel = a · b`, plus `bias` in each row, on this thread.
pub(crate) fn multiply<T: Lanes>(
    panel: &mut Panel<'_, T>,
    (data, left): (&[T], Matrix),
    right: &Factor<T>,
    bias: Option<&[T]>,
) -> Result {
    let shape = (panel.rows(), panel.width(), left.columns);
    let bias_fits = bias.is_none_or(|bias| bias.len() == right.columns);
    if shape != (left.rows, right.columns, right.inner) || !left.fits(data.len()) || !bias_fits {
        return Err(Error::new("the matrices do not fit"));
    }
    if right.inner == 0 {
        let nothing = |row: &mut [T]| match bias {
            Some(bias) => row.copy_from_slice(bias),
            None => row.fill(T::default()),
        };
        (0..panel.rows()).for_each(|row| nothing(panel.row(row)));
    }
    let in_place = left.has_readable_rows::<T>();
    let (height, depth) = block_of(&left);
    let most = if in_place { 0 } else { height.min(left.rows) * depth.min(left.columns) };
    let mut copied = Kept::new(most)?;
    for first in (0..left.rows).step_by(height) {
        let rows = height.min(left.rows - first);
        for term in (0..left.columns).step_by(depth) {
            let terms = depth.min(left.columns - term);
            let start = left.start + first * left.row_stride + term * left.column_stride;
            let (left, stride) = if in_place {
                (&data[start..], left.row_stride)
            } else {
                let block = Matrix { start, rows, columns: terms, ..left };
                copy(&mut copied, terms, data, block);
                (&copied[..], terms)
            };
            in_vectors(Block { panel, left, stride, right, bias, first, rows, term, terms });
        }
    }
    Ok(())
}

/// Rows and terms of a block of a left factor.
fn block_of(left: &Matrix) -> (usize, usize) {
    if left.column_stride == 1 { BLOCK } else { TURNED }
}

/// Whether tiles are faster than `gemm`. They are not if panels cost too much beside the product, nor
/// if rows of the left factor have to be gathered, unless the product is large.
pub(super) fn pay(left: &Matrix, columns: usize) -> bool {
    let least = if left.column_stride == 1 { 1 << 22 } else { 1 << 28 };
    left.rows >= 128
        && left.columns >= 32
        && columns >= 32
        && left.rows * left.columns * columns >= least
}

/// `out = finish(a · b + bias)` on all threads, where `out` is row-major.
pub(super) fn multiply_around<T: Lanes>(
    threads: usize,
    out: &mut [T],
    (a, left): (&[T], Matrix),
    (b, right): (&[T], Matrix),
    around: &Around<'_, T>,
) -> Result {
    let Matrix { rows: inner, columns, .. } = right;
    let together = (STRIP / inner.max(1)).max(WIDEST).next_multiple_of(WIDEST);
    let units = left.rows.div_ceil(HEIGHT);
    let pieces = left.rows.div_ceil(block_of(&left).0).next_multiple_of(threads).min(units);
    for first in (0..columns).step_by(together) {
        let width = together.min(columns - first);
        let start = right.start + first * right.column_stride;
        let factor = Factor::new(b, Matrix { start, columns: width, ..right })?;
        let bound = |piece: usize| (piece * units / pieces * HEIGHT).min(left.rows);
        let mut rest = &mut out[..left.rows * columns];
        let parts = (0..pieces).map(|piece| {
            let (from, to) = (bound(piece), bound(piece + 1));
            let part;
            (part, rest) = std::mem::take(&mut rest).split_at_mut((to - from) * columns);
            (from, to - from, part)
        });
        try_parts(parts, |(from, rows, part)| {
            let mut panel = Panel::over(part, rows, columns);
            let mut panel = panel.columns(first, width);
            let start = left.start + from * left.row_stride;
            let left = (a, Matrix { start, rows, ..left });
            let bias = around.bias.map(|bias| &bias[first..first + width]);
            multiply(&mut panel, left, &factor, bias)?;
            if let Some(finish) = around.finish {
                (0..rows).for_each(|row| finish(panel.row(row)));
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The first rows of a block's tiles, and their heights, which differ by little.
fn heights(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut row = 0;
    std::iter::from_fn(move || {
        let left = rows - row;
        let height = left.div_ceil(left.div_ceil(HEIGHT).max(1));
        row += height;
        (height > 0).then_some((row - height, height))
    })
}

/// A block of rows times all panels of a right factor, for some terms of the sums.
struct Block<'a, 'b, T: Clone> {
    panel: &'a mut Panel<'b, T>,
    left: &'a [T],
    stride: usize,
    right: &'a Factor<T>,
    bias: Option<&'a [T]>,
    first: usize,
    rows: usize,
    term: usize,
    terms: usize,
}

impl<T: Lanes> WithSimd for Block<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = self.right.width;
        for index in 0..self.right.columns.div_ceil(width) {
            let right = self.right.part(index, self.term, self.terms);
            for (row, height) in heights(self.rows) {
                let at = (row, index * width);
                match height {
                    1 => self.tile::<S, 1>(simd, right, at),
                    2 => self.tile::<S, 2>(simd, right, at),
                    3 => self.tile::<S, 3>(simd, right, at),
                    4 => self.tile::<S, 4>(simd, right, at),
                    5 => self.tile::<S, 5>(simd, right, at),
                    _ => self.tile::<S, HEIGHT>(simd, right, at),
                }
            }
        }
    }
}

impl<T: Lanes> Block<'_, '_, T> {
    #[inline(always)]
    fn tile<S: Simd, const H: usize>(
        &mut self,
        simd: S,
        right: &[T],
        (row, column): (usize, usize),
    ) {
        let mut left = [&self.left[..0]; H];
        for (i, left) in left.iter_mut().enumerate() {
            *left = &self.left[(row + i) * self.stride..][..self.terms];
        }
        let row = self.first + row;
        self.panel.fetch::<H>((row, column), VECTORS * T::count::<S>());
        let mut sums = [[T::splat(simd, T::default()); VECTORS]; H];
        let right = T::vectors::<S>(right).0.as_chunks::<VECTORS>().0;
        let (turns, rest) = right.as_chunks::<TURN>();
        for (turn, right) in turns.iter().enumerate() {
            let mut terms = [[T::default(); TURN]; H];
            for (terms, left) in terms.iter_mut().zip(&left) {
                *terms = left.as_chunks().0[turn];
            }
            for (k, right) in right.iter().enumerate() {
                let mut column = [T::default(); H];
                for (x, terms) in column.iter_mut().zip(&terms) {
                    *x = terms[k];
                }
                add_term::<T, S, H>(simd, &mut sums, column, right);
            }
        }
        for (k, right) in (TURN * turns.len()..).zip(rest) {
            let mut column = [T::default(); H];
            for (x, left) in column.iter_mut().zip(&left) {
                *x = left[k];
            }
            add_term::<T, S, H>(simd, &mut sums, column, right);
        }
        if column + VECTORS * T::count::<S>() > self.panel.width() {
            for (i, sums) in sums.iter().enumerate() {
                let mut line = [T::default(); WIDEST];
                for (line, &sum) in line.chunks_mut(T::count::<S>()).zip(sums) {
                    T::store(simd, line, sum);
                }
                self.edge(&line, (row + i, column));
            }
            return;
        }
        let bias =
            self.bias.and_then(|bias| T::vectors::<S>(&bias[column..]).0.first_chunk::<VECTORS>());
        for (i, sums) in sums.iter().enumerate() {
            let to = &mut self.panel.row(row + i)[column..];
            let Some(to) = T::vectors_mut::<S>(to).0.first_chunk_mut::<VECTORS>() else { return };
            let before = if self.term > 0 { Some(*to) } else { bias.copied() };
            *to = *sums;
            if let Some(before) = before {
                for (to, before) in to.iter_mut().zip(before) {
                    *to = T::plus(simd, before, *to);
                }
            }
        }
    }

    /// Writes the sums of a line of a tile that is wider than what is left of its row.
    #[inline(never)]
    fn edge(&mut self, line: &[T], (row, column): (usize, usize)) {
        let to = self.panel.row(row)[column..].iter_mut().zip(line);
        match self.bias {
            _ if self.term > 0 => to.for_each(|(to, &sum)| *to = *to + sum),
            Some(bias) => {
                to.zip(&bias[column..]).for_each(|((to, &sum), &bias)| *to = bias + sum);
            }
            None => to.for_each(|(to, &sum)| *to = sum),
        }
    }
}

/// Adds a product of a column and a row to the sums of a tile.
#[inline(always)]
fn add_term<T: Lanes, S: Simd, const H: usize>(
    simd: S,
    sums: &mut [[T::Vector<S>; VECTORS]; H],
    column: [T; H],
    row: &[T::Vector<S>; VECTORS],
) {
    for (sums, x) in sums.iter_mut().zip(column) {
        let x = T::splat(simd, x);
        for (sum, &y) in sums.iter_mut().zip(row) {
            *sum = T::mul_add(simd, x, y, *sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ORDERS, numbers, stored};
    use super::*;

    fn check<T: Lanes>([rows, inner, columns]: [usize; 3], flipped: [bool; 2], with_bias: bool) {
        let (a, b, bias) = (numbers(rows * inner), numbers(inner * columns), numbers(columns));
        let (left, right) = (stored(rows, inner, flipped[0]), stored(inner, columns, flipped[1]));
        let bias = with_bias.then_some(&bias[..]);
        let finish = |row: &mut [T]| row.iter_mut().for_each(|x| *x = *x + *x);
        let around = Around { bias, finish: Some(finish) };
        for threads in [1, 3] {
            let mut out = vec![T::from_f64(f64::NAN); rows * columns];
            multiply_around(threads, &mut out, (&a, left), (&b, right), &around).unwrap();
            for (i, out) in out.chunks(columns.max(1)).enumerate() {
                for (j, &out) in out.iter().enumerate() {
                    let mut sum = bias.map_or(T::default(), |bias| bias[j]);
                    for k in 0..inner {
                        let x = a[i * left.row_stride + k * left.column_stride];
                        let y = b[k * right.row_stride + j * right.column_stride];
                        sum = sum + x * y;
                    }
                    assert!(out == sum + sum, "{rows} {inner} {columns} {flipped:?} {i} {j}");
                }
            }
        }
    }

    #[test]
    fn products_of_any_shape_and_order_are_right() {
        for shape in [
            [1, 1, 1],
            [3, 5, 0],
            [0, 5, 3],
            [3, 0, 5],
            [6, 4, 16],
            [7, 9, 17],
            [11, 600, 33],
            [13, 1100, 31],
            [200, 30, 130],
            [193, 300, 15],
        ] {
            for flipped in ORDERS {
                for bias in [false, true] {
                    check::<f32>(shape, flipped, bias);
                    check::<f64>(shape, flipped, bias);
                }
            }
        }
    }

    #[test]
    fn columns_beyond_a_strip_are_right() {
        check::<f32>([7, 1 << 15, 70], [false, true], true);
    }

    #[test]
    fn matrices_of_any_strides_are_right() {
        let data = numbers::<f64>(2000);
        let strides = [(31, 3), (0, 1), (1, 0), (0, 0), (3, 1), (0, 7)];
        for ((row_stride, column_stride), (k_stride, j_stride)) in
            strides.iter().flat_map(|&left| strides.map(|right| (left, right)))
        {
            let left = Matrix { start: 3, rows: 8, columns: 5, row_stride, column_stride };
            let right = Matrix {
                start: 1,
                rows: 5,
                columns: 19,
                row_stride: k_stride,
                column_stride: j_stride,
            };
            let mut out = [0.0; 8 * 19];
            let factor = Factor::new(&data, right).unwrap();
            multiply(&mut Panel::over(&mut out, 8, 19), (&data, left), &factor, None).unwrap();
            for (index, out) in out.iter().enumerate() {
                let (i, j) = (index / 19, index % 19);
                let x = |k: usize| data[3 + row_stride * i + column_stride * k];
                let y = |k: usize| data[1 + k_stride * k + j_stride * j];
                assert_eq!(*out, (0..5).map(|k| x(k) * y(k)).sum::<f64>());
            }
        }
    }

    #[test]
    fn matrices_that_do_not_fit_are_refused() {
        let data = numbers::<f32>(100);
        assert!(Factor::new(&data, Matrix::dense(1, 10, 10)).is_err());
        let factor = Factor::new(&data, Matrix::dense(0, 5, 20)).unwrap();
        let mut out = [0.0; 60];
        let mut panel = Panel::over(&mut out, 3, 20);
        let left = |columns| (&data[..], Matrix::dense(0, 3, columns));
        assert!(multiply(&mut panel, left(4), &factor, None).is_err());
        assert!(multiply(&mut panel, left(5), &factor, Some(&data[..19])).is_err());
        assert!(multiply(&mut panel, left(5), &factor, Some(&data[..20])).is_ok());
    }

    #[test]
    fn tiles_of_a_block_have_about_the_same_height() {
        let all = |rows| heights(rows).map(|(_, height)| height).collect::<Vec<_>>();
        assert_eq!(all(0), [0; 0]);
        assert_eq!(all(8), [4, 4]);
        assert_eq!(all(13), [5, 4, 4]);
        assert_eq!(all(192), [HEIGHT; 32]);
    }
}
