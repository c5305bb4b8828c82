//! The rows, with a folder for each family, named as in `lib/ops`.

mod copy;
mod elementwise;
mod index;
mod linalg;
mod loss;
mod normalize;
mod optim;
mod random;
mod reduce;
mod scan;
mod vectors;
mod window;

use crate::registry::Kernel;

/// All families; the number of a kernel is its position among their rows.
pub(crate) const FAMILIES: &[&[&[Kernel]]] = &[
    elementwise::ROWS,
    reduce::ROWS,
    scan::ROWS,
    copy::ROWS,
    linalg::ROWS,
    window::ROWS,
    index::ROWS,
    random::ROWS,
    optim::ROWS,
    normalize::ROWS,
    loss::ROWS,
];
