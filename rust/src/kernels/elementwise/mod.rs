//! Elementwise functions.

pub(crate) mod binary;
mod clamp;
mod compare;
pub(crate) mod math;
mod special;
pub(crate) mod unary;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[unary::ROWS, binary::ROWS, compare::ROWS, clamp::ROWS];
