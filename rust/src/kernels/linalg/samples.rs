//! Matrices for the tests of products.

use super::gemm::Matrix;
use crate::kernels::elementwise::math::Real;

/// Whether each of two factors is stored by columns.
pub(super) const ORDERS: [[bool; 2]; 4] =
    [[false, false], [false, true], [true, false], [true, true]];

/// Small whole numbers, so that every order of summation has the same result.
pub(super) fn numbers<T: Real>(count: usize) -> Vec<T> {
    (0..count).map(|i| T::from_f64((i * 7 % 11) as f64 - 5.0)).collect()
}

/// How a matrix lies in memory that is stored by rows or by columns.
pub(super) fn stored(rows: usize, columns: usize, by_columns: bool) -> Matrix {
    if by_columns {
        Matrix::dense(0, columns, rows).transposed()
    } else {
        Matrix::dense(0, rows, columns)
    }
}
