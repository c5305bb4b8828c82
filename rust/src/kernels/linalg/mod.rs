//! Products of matrices, and factors of one.

mod factor;
pub(crate) mod gemm;
mod linear;
mod matmul;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[matmul::ROWS, linear::ROWS, factor::ROWS];
