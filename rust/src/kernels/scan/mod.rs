//! Scans: functions along the last axis with as many results as elements.

mod cumulative;
pub(crate) mod lanes;
mod lstm;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[cumulative::ROWS, lstm::ROWS];
