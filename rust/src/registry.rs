//! The table of kernels: rows of every family, found by number; TypeScript reads the names at load.

use crate::blocks::{Binary, Cast, Choose, Compare, Unary};
use crate::dtype::ByType;
use crate::error::Result;
use crate::frame::{Frame, Launch};
use crate::gpu::{Operand, Stage};
use crate::kernels;
use std::sync::LazyLock;

/// How a row runs on the CPU: by block functions for the element types that have them, or by a
/// function of the launch.
pub(crate) enum Cpu {
    Unary(ByType<Unary>),
    Binary(ByType<Binary>),
    Compare(ByType<Compare>),
    Choose(ByType<Choose>),
    Cast(ByType<Cast>),
    /// A function of the whole launch.
    Custom(fn(&mut Launch<'_>) -> Result),
}

/// How a row runs on the GPU.
#[cfg_attr(not(feature = "gpu"), allow(dead_code))]
pub(crate) enum Wgsl {
    /// Not supported.
    None,
    /// The formula of one element, in `x`, in `a` and `b`, or in a condition `c`, `a` and `b`,
    /// whose type is `T`. `gpu/programs/elementwise.wgsl` surrounds it.
    Expression(&'static str),
    /// The same, with a call of a function in `gpu/programs/special.wgsl`, so long that a program
    /// should not contain four copies.
    Special(&'static str),
    /// A program: the dispatches of a launch.
    Program { source: &'static str, plan: fn(&Frame<'_>, &[Operand]) -> Result<Vec<Stage>> },
}

/// A row: a name, how many of its first operands it writes, the function for the CPU, and the WGSL.
pub(crate) struct Kernel {
    pub(crate) name: &'static str,
    pub(crate) outputs: usize,
    pub(crate) cpu: Cpu,
    pub(crate) wgsl: Wgsl,
}

impl Kernel {
    /// Runs on the CPU.
    pub(crate) fn run(&self, launch: &mut Launch<'_>) -> Result {
        match &self.cpu {
            Cpu::Unary(blocks) => blocks.run(launch),
            Cpu::Binary(blocks) => blocks.run(launch),
            Cpu::Compare(blocks) => blocks.run(launch),
            Cpu::Choose(blocks) => blocks.run(launch),
            Cpu::Cast(blocks) => blocks.run(launch),
            Cpu::Custom(run) => run(launch),
        }
    }
}

impl Wgsl {
    /// The row of an expression that calls a function of `special.wgsl`.
    pub(crate) const fn special(self) -> Self {
        match self {
            Self::Expression(text) => Self::Special(text),
            other => other,
        }
    }

    pub(crate) fn text(&self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Expression(text) | Self::Special(text) | Self::Program { source: text, .. } => {
                Some(text)
            }
        }
    }
}

static ROWS: LazyLock<Vec<&'static Kernel>> =
    LazyLock::new(|| kernels::FAMILIES.iter().copied().flatten().copied().flatten().collect());

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
            assert!(row.wgsl.text().is_none_or(|text| !text.trim().is_empty()), "{}", row.name);
        }
    }
}
