//! Products of matrices, and factorizations.

mod distances;
mod eigh;
mod factor;
pub(crate) mod gemm;
mod grid;
mod linear;
mod matmul;
mod pairs;
mod qr;
mod reflect;
#[cfg(test)]
mod samples;
pub(crate) mod tiles;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] =
    &[matmul::ROWS, linear::ROWS, factor::ROWS, qr::ROWS, eigh::ROWS, distances::ROWS, pairs::ROWS];
