//! Copies of inputs whose neighbours in memory are not neighbours in the result. They proceed by
//! square blocks, so that whole cache lines are read and written.

use crate::cpu::{GRAIN, for_chunks_of, in_vectors};
use crate::dtype::Element;
use crate::error::Result;
use crate::layout::Layout;
use crate::reader::Cursor;
#[cfg(target_arch = "x86_64")]
use crate::squares::squares;
use pulp::{Simd, WithSimd};

/// The side of a block.
const BLOCK: usize = 16;
/// Blocks do not pay for an axis shorter than this.
const SHORT: usize = 4;

/// A view of which an axis other than the last has stride 1. In row-major order it consists of rows
/// over the axes up to and including that one.
pub(crate) struct Turned {
    layout: Layout,
    fast: usize,
    /// Elements of a row.
    width: usize,
}

impl Turned {
    /// Nothing for other views, and where blocks do not pay.
    pub(crate) fn of(layout: &Layout) -> Option<Self> {
        let layout = layout.coalesced();
        let last = layout.rank().checked_sub(1)?;
        let fast = (0..last).find(|&axis| layout.stride(axis) == 1)?;
        if layout.extent(fast) < SHORT || layout.extent(last) < SHORT || layout.stride(last) == 0 {
            return None;
        }
        let width = layout.axes(fast + 1, layout.rank()).len();
        Some(Self { layout, fast, width })
    }

    /// How many elements, of whole rows, are copied together.
    pub(crate) fn band(&self) -> usize {
        (GRAIN / self.width.max(1)).next_multiple_of(BLOCK).max(BLOCK) * self.width
    }

    /// Whether a row begins at an element.
    pub(crate) fn begins(&self, element: usize) -> bool {
        element.is_multiple_of(self.width)
    }

    /// Copies whole rows, the first of which begins at element `start`.
    pub(crate) fn copy<T: Element>(&self, data: &[T], start: usize, mut out: &mut [T]) {
        let Self { ref layout, fast, width } = *self;
        let last = layout.rank() - 1;
        let (extent, columns) = (layout.extent(fast), layout.extent(last));
        let between = layout.axes(fast + 1, last);
        let mut row = start / width;
        while !out.is_empty() {
            let (outer, from) = (row / extent, row % extent);
            let take = (extent - from).min(out.len() / width);
            let (part, rest) = out.split_at_mut(take * width);
            let first = Cursor::new(layout.axes(0, fast), outer).position + from;
            let mut cursor = Cursor::new(between, 0);
            for index in 0..between.len() {
                let target = (&mut part[index * columns..], width);
                let source = (&data[first + cursor.position..], layout.stride(last));
                transpose(target, source, take, columns);
                cursor.advance();
            }
            (out, row) = (rest, row + take);
        }
    }
}

/// Copies the elements of a view in row-major order, if it is turned; otherwise leaves `out`
/// unchanged and returns false. `out` has as many elements as the layout.
pub(crate) fn copy_transposed<T: Element>(
    out: &mut [T],
    data: &[T],
    layout: &Layout,
) -> Result<bool> {
    let Some(turned) = Turned::of(layout) else { return Ok(false) };
    for_chunks_of(out, turned.band(), |start, chunk| turned.copy(data, start, chunk))?;
    Ok(true)
}

/// `out[i][j] = x[j][i]` for `i < rows` and `j < columns`; each matrix comes with its row stride.
pub(crate) fn transpose<T: Element>(
    out: (&mut [T], usize),
    x: (&[T], usize),
    rows: usize,
    columns: usize,
) {
    in_vectors(Transpose { out, x, rows, columns });
}

struct Transpose<'a, T> {
    out: (&'a mut [T], usize),
    x: (&'a [T], usize),
    rows: usize,
    columns: usize,
}

impl<T: Element> WithSimd for Transpose<'_, T> {
    type Output = ();

    #[inline(always)]
    #[cfg_attr(not(target_arch = "x86_64"), expect(unused_variables))]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { out: (out, out_stride), x: (x, x_stride), rows, columns } = self;
        for first in (0..columns).step_by(BLOCK) {
            for row in (0..rows).step_by(BLOCK) {
                let (height, width) = (BLOCK.min(rows - row), BLOCK.min(columns - first));
                let out = &mut out[row * out_stride + first..];
                let x = &x[first * x_stride + row..];
                #[cfg(target_arch = "x86_64")]
                if squares(simd, (&mut *out, out_stride), (x, x_stride), height, width) {
                    continue;
                }
                if height == BLOCK && width == BLOCK {
                    block::<T, BLOCK>(out, out_stride, x, x_stride);
                } else {
                    for i in 0..height {
                        for j in 0..width {
                            out[i * out_stride + j] = x[j * x_stride + i];
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn block<T: Element, const N: usize>(out: &mut [T], out_stride: usize, x: &[T], x_stride: usize) {
    let mut lines = [[T::default(); N]; N];
    for (j, line) in lines.iter_mut().enumerate() {
        line.copy_from_slice(&x[j * x_stride..][..N]);
    }
    for (i, out) in out.chunks_mut(out_stride).take(N).enumerate() {
        for (out, line) in out[..N].iter_mut().zip(&lines) {
            *out = line[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shape: &[i32], strides: &[i32], blocks: bool) {
        let layout = Layout::new(shape, strides).unwrap();
        let data: Vec<i32> = (0..layout.span().unwrap() as i32).collect();
        let mut out = vec![-1; layout.len()];
        assert_eq!(
            copy_transposed(&mut out, &data, &layout).unwrap(),
            blocks,
            "{shape:?} {strides:?}"
        );
        if blocks {
            let expected: Vec<i32> =
                (0..layout.len()).map(|index| data[layout.position(index)]).collect();
            assert_eq!(out, expected, "{shape:?} {strides:?}");
        }
    }

    #[test]
    fn blocks_and_their_edges_are_copied() {
        check(&[48, 32], &[1, 48], true);
        check(&[37, 53], &[1, 40], true);
        check(&[3, 37, 21], &[777, 1, 37], true);
        check(&[20, 3, 5, 19], &[1, 2000, 400, 20], true);
        check(&[300, 400], &[1, 300], true);
        check(&[40, 40], &[1, 3], true);
    }

    #[test]
    fn other_views_are_left_to_others() {
        check(&[6, 7], &[7, 1], false);
        check(&[6, 7], &[14, 2], false);
        check(&[6, 7], &[1, 0], false);
        check(&[3, 7], &[1, 3], false);
    }
}
