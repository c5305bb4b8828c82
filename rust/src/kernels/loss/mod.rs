//! Losses with their reduction, and their gradients.

mod cross_entropy;
mod losses;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[cross_entropy::ROWS, losses::ROWS];
