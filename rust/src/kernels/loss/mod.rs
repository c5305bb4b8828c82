//! Losses with their reduction, and their gradients.

mod cross_entropy;
mod ctc;
mod losses;
mod margin;
mod similarity;
mod variation;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[
    cross_entropy::ROWS,
    losses::ROWS,
    ctc::ROWS,
    margin::ROWS,
    similarity::ROWS,
    variation::ROWS,
];
