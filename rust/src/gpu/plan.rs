//! The work that a row gives to the GPU for a launch, so that rows do not depend on wgpu.
#![cfg_attr(not(feature = "gpu"), allow(dead_code))]

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// Words of parameters of a dispatch: a uniform block of 256 bytes, the smallest alignment.
pub(crate) const WORDS: usize = 64;
/// Invocations of a workgroup, unless a program has another number.
pub(crate) const GROUP: usize = 256;
/// Elements of a vector, which is read and written as one.
pub(crate) const VECTOR: usize = 4;
/// Workgroups along one axis that every device allows.
const MOST_GROUPS: usize = 65535;
/// Numbers that are written into the text of a program.
pub(crate) const VALUES: usize = 11;

/// An operand on the GPU.
pub(crate) struct Operand {
    pub(crate) handle: u32,
    pub(crate) dtype: DType,
    pub(crate) offset: usize,
    pub(crate) layout: Layout,
}

/// Writes the text of a stage's program, which depends on its expression, values and items.
pub(crate) type Text = fn(&Stage) -> Result<String>;

/// The memory that a program finds under an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Operand(usize),
    /// Memory for what a stage leaves to the next.
    Scratch,
}

/// What an array in memory consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Element(DType),
    /// Four elements.
    Vector(DType),
    /// The type `State` of the program.
    State,
}

/// A dispatch of a launch. Its memory is `m0`, `m1` and so on, the first of which it writes.
pub(crate) struct Stage {
    /// Together with the values and items, this determines the text.
    pub(crate) name: &'static str,
    pub(crate) text: Text,
    /// The formula of a row that has one.
    pub(crate) expression: &'static str,
    pub(crate) values: [u32; VALUES],
    /// The types `T` and `R` in the text.
    pub(crate) types: [DType; 2],
    pub(crate) bound: Vec<(Slot, Item)>,
    pub(crate) outputs: usize,
    /// Whether written memory is also read.
    pub(crate) updates: bool,
    pub(crate) words: [u32; WORDS],
    pub(crate) groups: [u32; 3],
    /// Bytes of scratch memory that it needs.
    pub(crate) scratch: usize,
}

impl Stage {
    /// A dispatch that writes the first of its operands.
    pub(crate) fn new(
        name: &'static str,
        text: Text,
        types: [DType; 2],
        bound: Vec<(Slot, Item)>,
        groups: [u32; 3],
    ) -> Self {
        Self {
            name,
            text,
            expression: "",
            values: [0; VALUES],
            types,
            bound,
            outputs: 1,
            updates: false,
            words: [0; WORDS],
            groups,
            scratch: 0,
        }
    }

    /// Sets words from an index on; each must fit into 32 bits.
    pub(crate) fn set(&mut self, first: usize, numbers: &[usize]) -> Result {
        for (word, &number) in self.words[first..].iter_mut().zip(numbers) {
            *word = word_of(number)?;
        }
        Ok(())
    }

    /// The type of the numbers that a program reads.
    pub(crate) fn number(&self) -> DType {
        if self.types.contains(&DType::F64) { DType::F64 } else { DType::F32 }
    }

    /// Sets what the program reads as `number_at(first, 0)` and on.
    pub(crate) fn set_numbers(&mut self, first: usize, numbers: &[f64]) {
        for (i, &number) in numbers.iter().enumerate() {
            match self.number() {
                DType::F64 => {
                    let bits = number.to_bits();
                    self.copy(first + 2 * i, &[bits as u32, (bits >> 32) as u32]);
                }
                _ => self.copy(first + i, &[(number as f32).to_bits()]),
            }
        }
    }

    /// Sets words from an index on.
    pub(crate) fn copy(&mut self, first: usize, words: &[u32]) {
        self.words[first..first + words.len()].copy_from_slice(words);
    }
}

/// Bytes of an element on the GPU: at least a word.
pub(crate) fn bytes_of(dtype: DType) -> usize {
    dtype.size().max(size_of::<u32>())
}

/// A number as a word.
pub(crate) fn word_of(number: usize) -> Result<u32> {
    u32::try_from(number).map_err(|_| Error::new(format!("{number} is no word")))
}

impl Operand {
    /// The elements of the operand one by one.
    pub(crate) fn item(&self) -> Item {
        Item::Element(self.dtype)
    }
}

/// Spreads a number of workgroups over two axes, possibly with a few too many.
pub(crate) fn spread(groups: usize) -> Result<[u32; 3]> {
    let rows = groups.div_ceil(MOST_GROUPS).max(1);
    if rows > MOST_GROUPS {
        return Err(Error::device(format!("a launch of {groups} workgroups is too large")));
    }
    Ok([groups.div_ceil(rows) as u32, rows as u32, 1])
}

/// The constants of a program's text.
pub(crate) fn constants(named: &[(&str, u32)]) -> String {
    named.iter().map(|(name, value)| format!("const {name} = {value}u;\n")).collect()
}
