//! The one wrapper around the `gemm` crate, whose function takes raw pointers.
#![allow(unsafe_code)]

use super::math::Real;
use crate::cpu::{for_pieces, on_pool, threads};
use crate::dtype::Element;
use crate::error::{Error, Result};
use gemm::Parallelism;

/// Multiplications that one piece of a product has at least; smaller products stay whole.
const PIECE: usize = 1 << 20;
/// Rows or columns of a piece are a multiple of this, the reach of the widest kernels.
const STEP: usize = 16;
/// Multiplications from which a product is left to gemm whole.
const WHOLE: usize = 1 << 24;
/// Most pieces of a product.
const MAX_PIECES: usize = 4;

/// A matrix inside a slice: where it begins, rows, columns and their strides.
#[derive(Clone, Copy)]
pub(super) struct Matrix {
    pub(super) start: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

impl Matrix {
    fn fits(&self, length: usize) -> bool {
        self.rows == 0
            || self.columns == 0
            || self.start
                + (self.rows - 1) * self.row_stride
                + (self.columns - 1) * self.column_stride
                < length
    }
}

/// `out = a · b`, or with `add` `out += a · b`, where `out` is row-major and lies at `start`.
pub(super) fn multiply<T: Element + Real>(
    out: &mut [T],
    start: usize,
    a: (&[T], Matrix),
    b: (&[T], Matrix),
    add: bool,
) -> Result {
    let (rows, inner, columns) = (a.1.rows, a.1.columns, b.1.columns);
    let target = Matrix { start, rows, columns, row_stride: columns, column_stride: 1 };
    if inner != b.1.rows || !target.fits(out.len()) || !a.1.fits(a.0.len()) || !b.1.fits(b.0.len())
    {
        return Err(Error::new("the matrices do not fit"));
    }
    if rows == 0 || columns == 0 {
        return Ok(());
    }
    if inner == 0 {
        if !add {
            out[start..start + rows * columns].fill(T::default());
        }
        return Ok(());
    }
    // Pieces along the longer side; their number depends on the shape alone, and so do the bits.
    // Large products stay whole: gemm shares them out better, and its bits don't depend on threads.
    let work = rows * inner * columns;
    let by_rows = rows >= 128 || rows >= columns;
    let side = if by_rows { rows } else { columns };
    let fitting = if work >= WHOLE { 1 } else { (work / PIECE).clamp(1, MAX_PIECES) };
    let how = if work >= WHOLE && threads() > 1 {
        Parallelism::Rayon(threads())
    } else {
        Parallelism::None
    };
    let one = T::from_f64(1.0);
    let step = side.div_ceil(fitting).next_multiple_of(STEP);
    let out = Target { pointer: out[start..].as_mut_ptr(), columns };
    let (left, right) = (&a.0[a.1.start..], &b.0[b.1.start..]);
    let product = |piece: usize| {
        let first = piece * step;
        let length = step.min(side - first);
        let (row, column) = if by_rows { (first, 0) } else { (0, first) };
        let (rows, columns) = if by_rows { (length, columns) } else { (rows, length) };
        // SAFETY: `fits` keeps every element that the strides reach inside its slice; `out` is
        // borrowed mutably, so it overlaps neither input, and the pieces don't overlap each other.
        unsafe {
            gemm::gemm(
                rows,
                columns,
                inner,
                out.at(row, column),
                1,
                out.columns as isize,
                add,
                left.as_ptr().add(row * a.1.row_stride),
                a.1.column_stride as isize,
                a.1.row_stride as isize,
                right.as_ptr().add(column * b.1.column_stride),
                b.1.column_stride as isize,
                b.1.row_stride as isize,
                if add { one } else { T::default() },
                one,
                false,
                false,
                false,
                how,
            );
        }
    };
    if matches!(how, Parallelism::None) {
        for_pieces(side.div_ceil(step), product);
    } else {
        on_pool(|| product(0));
    }
    Ok(())
}

/// Where the pieces of a product are written, on any thread.
struct Target<T> {
    pointer: *mut T,
    columns: usize,
}

// SAFETY: the pieces that threads write through it lie apart.
unsafe impl<T: Send> Sync for Target<T> {}

impl<T> Target<T> {
    fn at(&self, row: usize, column: usize) -> *mut T {
        self.pointer.wrapping_add(row * self.columns + column)
    }
}
