//! Functions that normalise the elements of a row.

mod layer_norm;
pub(crate) mod rows;
mod softmax;
mod unit;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[softmax::ROWS, layer_norm::ROWS, unit::ROWS];
