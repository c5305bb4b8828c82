//! The one wrapper around the `gemm` crate, whose function takes raw pointers.
#![allow(unsafe_code)]

use crate::cpu::{on_pool, threads};
use crate::error::{Error, Result};
use gemm::Parallelism;

/// Products with fewer multiplications than this stay on the calling thread.
const PARALLEL: usize = 128 * 128 * 128;

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

/// A float type that `gemm` multiplies.
pub(super) trait Scalar: Copy + Send + Sync + 'static {
    const ZERO: Self;
    const ONE: Self;
}
impl Scalar for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
}
impl Scalar for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
}

/// `out = a · b`, where `out` is row-major and lies at `start`.
pub(super) fn multiply<T: Scalar>(
    out: &mut [T],
    start: usize,
    a: (&[T], Matrix),
    b: (&[T], Matrix),
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
        out[start..start + rows * columns].fill(T::ZERO);
        return Ok(());
    }
    let parallel = threads() > 1 && rows * inner * columns >= PARALLEL;
    let how = if parallel { Parallelism::Rayon(threads()) } else { Parallelism::None };
    let out = &mut out[start..];
    let (left, right) = (&a.0[a.1.start..], &b.0[b.1.start..]);
    let mut run = || {
        // SAFETY: `fits` keeps every element that the strides reach inside its slice; `out` is
        // borrowed mutably, so it overlaps neither input.
        unsafe {
            gemm::gemm(
                rows,
                columns,
                inner,
                out.as_mut_ptr(),
                1,
                columns as isize,
                false,
                left.as_ptr(),
                a.1.column_stride as isize,
                a.1.row_stride as isize,
                right.as_ptr(),
                b.1.column_stride as isize,
                b.1.row_stride as isize,
                T::ZERO,
                T::ONE,
                false,
                false,
                false,
                how,
            );
        }
    };
    if parallel {
        on_pool(run)
    } else {
        run()
    }
    Ok(())
}
