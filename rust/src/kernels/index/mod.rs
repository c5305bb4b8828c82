//! Reading and writing at positions.

mod gather;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[gather::ROWS];
