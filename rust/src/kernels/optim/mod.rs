//! Steps of optimizers.

mod steps;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[steps::ROWS];
