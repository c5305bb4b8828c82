//! Functions that set the elements of a row in relation to each other.

mod layer_norm;
pub(crate) mod softmax;
mod unit;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[softmax::ROWS, layer_norm::ROWS, unit::ROWS];
