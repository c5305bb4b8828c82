//! Functions that reduce many elements to one.

pub(crate) mod axes;
mod dots;
mod extreme;
mod norm;
mod product;
pub(crate) mod sum;
mod variance;
pub(crate) mod wide;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] =
    &[sum::ROWS, product::ROWS, norm::ROWS, extreme::ROWS, variance::ROWS, dots::ROWS];
