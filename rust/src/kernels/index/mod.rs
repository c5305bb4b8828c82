//! Positions of elements, and reading and writing there.

mod argsort;
mod gather;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[gather::ROWS, argsort::ROWS];
