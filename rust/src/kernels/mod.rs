//! The rows, one file for each family.

mod along;
mod binary;
mod compare;
mod conv;
mod cross_entropy;
mod extreme;
mod factor;
mod gemm;
mod indexing;
mod layer_norm;
mod linalg;
mod linear;
mod losses;
mod math;
mod movement;
mod norm;
mod normalize;
mod optim;
mod phases;
mod pool;
mod product;
mod random;
mod reduce;
mod special;
mod unary;
mod wide;
mod window;

use crate::registry::Kernel;

/// All families; the number of a kernel is its place in this list.
pub(crate) const FAMILIES: &[&[Kernel]] = &[
    unary::ROWS,
    binary::ROWS,
    compare::ROWS,
    reduce::ROWS,
    product::ROWS,
    norm::ROWS,
    extreme::ROWS,
    along::ROWS,
    movement::ROWS,
    linalg::ROWS,
    linear::ROWS,
    conv::ROWS,
    pool::ROWS,
    factor::ROWS,
    indexing::ROWS,
    random::ROWS,
    optim::ROWS,
    cross_entropy::ROWS,
    normalize::ROWS,
    layer_norm::ROWS,
    losses::ROWS,
];
