//! Copies between layouts and between element types, and sequences.

mod cast;
mod movement;
mod sequence;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[movement::ROWS, cast::ROWS, sequence::ROWS];
