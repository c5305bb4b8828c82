//! Functions along the last axis that give as many elements as they take.

mod along;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[along::ROWS];
