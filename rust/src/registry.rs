//! The table of kernels: rows of every family, found by number; TypeScript learns the names at load.

use crate::error::Result;
use crate::frame::Launch;
use crate::kernels;
use std::sync::LazyLock;

/// One row: a name, how many of its first operands it writes, the CPU function and, for
/// elementwise rows, the same formula in WGSL.
pub(crate) struct Kernel {
    pub(crate) name: &'static str,
    pub(crate) outputs: usize,
    pub(crate) run: fn(&mut Launch<'_>) -> Result,
    /// The expression that the GPU evaluates for one element; `None` where it has none.
    pub(crate) wgsl: Option<&'static str>,
}

static ROWS: LazyLock<Vec<&'static Kernel>> =
    LazyLock::new(|| kernels::FAMILIES.iter().copied().flatten().collect());

pub(crate) fn count() -> u32 {
    ROWS.len() as u32
}

pub(crate) fn kernel(number: u32) -> Option<&'static Kernel> {
    ROWS.get(number as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_expressions_are_not_empty() {
        let mut names = HashSet::new();
        for row in ROWS.iter() {
            assert!(names.insert(row.name), "{} stands twice", row.name);
            assert!(row.outputs >= 1, "{} writes nothing", row.name);
            assert!(row.wgsl.is_none_or(|text| !text.trim().is_empty()), "{}", row.name);
        }
    }
}
