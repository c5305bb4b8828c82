//! Random numbers.

mod philox;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[philox::ROWS];
