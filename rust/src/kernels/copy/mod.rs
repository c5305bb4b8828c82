//! Copies between layouts and between element types.

mod cast;
mod movement;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[movement::ROWS, cast::ROWS];
