//! Scans: functions along the last axis that give as many elements as they take.

mod cumulative;
pub(crate) mod lanes;
mod lstm;

use crate::registry::Kernel;

pub(super) const ROWS: &[&[Kernel]] = &[cumulative::ROWS, lstm::ROWS];
