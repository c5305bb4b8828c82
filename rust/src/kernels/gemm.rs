//! The one wrapper around the `gemm` crate, whose function takes raw pointers.
#![allow(unsafe_code)]

use super::math::Real;
use crate::cpu::for_pieces;
use crate::dtype::Element;
use crate::error::{Error, Result};
use gemm::Parallelism;

/// Largest side of a piece of a product: what `gemm` does best.
const SIDE: usize = 256;
/// Multiplications of a product that is not divided at all.
const WHOLE: usize = 1 << 20;
/// Multiplications of a piece that is not divided further.
const PIECE: usize = 1 << 21;
/// Pieces that are enough for any number of threads.
const ENOUGH: usize = 8;
/// Sides of pieces are multiples of this, the reach of the widest kernels.
const STEP: usize = 16;

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

/// `out = a · b`, or with `add` `out += a · b`, where `out` is row-major.
pub(super) fn multiply<T: Element + Real>(
    out: &mut [T],
    a: (&[T], Matrix),
    b: (&[T], Matrix),
    add: bool,
) -> Result {
    let (rows, inner, columns) = (a.1.rows, a.1.columns, b.1.columns);
    let target = Matrix { start: 0, rows, columns, row_stride: columns, column_stride: 1 };
    if inner != b.1.rows || !target.fits(out.len()) || !a.1.fits(a.0.len()) || !b.1.fits(b.0.len())
    {
        return Err(Error::new("the matrices do not fit"));
    }
    if rows == 0 || columns == 0 {
        return Ok(());
    }
    if inner == 0 {
        if !add {
            out.fill(T::default());
        }
        return Ok(());
    }
    let out = Target { pointer: out.as_mut_ptr(), columns };
    let (left, right) = (&a.0[a.1.start..], &b.0[b.1.start..]);
    let (one, grid) = (T::from_f64(1.0), Grid::new(rows, inner, columns));
    for_pieces(grid.pieces(), |piece| {
        let row = piece / grid.across() * grid.height;
        let column = piece % grid.across() * grid.width;
        // SAFETY: `fits` keeps every element that the strides reach inside its slice; `out` is
        // borrowed mutably, so it overlaps neither input, and the pieces don't overlap each other.
        unsafe {
            gemm::gemm(
                grid.height.min(rows - row),
                grid.width.min(columns - column),
                inner,
                out.at(row, column),
                1,
                columns as isize,
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
                Parallelism::None,
            );
        }
    });
    Ok(())
}

/// How a product is divided. It depends on the shape alone, and so do the bits of the result.
struct Grid {
    rows: usize,
    columns: usize,
    /// Rows of a piece.
    height: usize,
    /// Columns of a piece.
    width: usize,
}

impl Grid {
    fn new(rows: usize, inner: usize, columns: usize) -> Self {
        let side =
            |length: usize| length.div_ceil(length.div_ceil(SIDE).max(1)).next_multiple_of(STEP);
        let mut grid = Self { rows, columns, height: side(rows), width: side(columns) };
        let work = rows * inner * columns;
        let done = |grid: &Self| {
            let piece = grid.height * grid.width * inner;
            grid.pieces() >= ENOUGH || (piece <= PIECE && (grid.pieces() > 1 || work <= WHOLE))
        };
        while !done(&grid) {
            let Self { height, width, .. } = &mut grid;
            let longer = if width >= height { width } else { height };
            let half = (*longer / 2).next_multiple_of(STEP);
            if half == *longer {
                break;
            }
            *longer = half;
        }
        grid
    }

    fn across(&self) -> usize {
        self.columns.div_ceil(self.width)
    }

    fn pieces(&self) -> usize {
        self.rows.div_ceil(self.height) * self.across()
    }
}

/// Whether a product of this shape stays in one piece, so that a batch is shared out instead.
pub(super) fn is_whole(rows: usize, inner: usize, columns: usize) -> bool {
    Grid::new(rows, inner, columns).pieces() <= 1
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
