//! Functions of windows that slide over an input.

mod conv;
mod direct;
mod geometry;
mod polyphase;
mod pool;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[conv::ROWS, pool::ROWS];
