//! The frame: one array of 32-bit words that describes a launch. `lib/ffi/frame.ts` writes it.
//!
//! ```text
//! words 0..16    eight f64 parameters
//! words 16..24   eight i32 parameters
//! word  24       number of operands
//! words 32..     one record of 20 words for each operand:
//!                byte length of its array (on the GPU the handle), element type, offset, rank, shape[8], strides[8]
//! ```

use crate::dtype::{DType, Slice, SliceMut};
use crate::error::{Error, Result};
use crate::layout::{Layout, MAX_RANK};

/// Changes whenever the frame, the symbol table or a kernel's calling convention does.
pub(crate) const ABI_VERSION: u32 = 3;
pub(crate) const MAX_OPERANDS: usize = 8;
const INTS: usize = 16;
const COUNT: usize = 24;
const RECORDS: usize = 32;
const RECORD: usize = 4 + 2 * MAX_RANK;
/// Words of a frame: parameters, operand records, rounded up.
pub(crate) const FRAME_WORDS: usize = 256;

/// An operand as the frame describes it, without its layout, not yet checked against its memory.
pub(crate) struct Record {
    pub(crate) bytes: usize,
    pub(crate) dtype: DType,
    pub(crate) offset: usize,
}

/// A frame whose length has been checked.
pub(crate) struct Frame<'a>(&'a [i32]);

impl<'a> Frame<'a> {
    pub(crate) fn new(words: &'a [i32]) -> Result<Self> {
        if words.len() < FRAME_WORDS {
            return Err(Error::new(format!(
                "a frame has {FRAME_WORDS} words, got {}",
                words.len()
            )));
        }
        Ok(Self(words))
    }

    pub(crate) fn params(&self) -> [f64; 8] {
        std::array::from_fn(|i| {
            let (low, high) = (self.0[2 * i] as u32, self.0[2 * i + 1] as u32);
            f64::from_bits(u64::from(high) << 32 | u64::from(low))
        })
    }

    pub(crate) fn ints(&self) -> [i32; 8] {
        std::array::from_fn(|i| self.0[INTS + i])
    }

    pub(crate) fn operands(&self) -> Result<usize> {
        match usize::try_from(self.0[COUNT]) {
            Ok(count) if count <= MAX_OPERANDS => Ok(count),
            _ => Err(Error::new(format!("{} operands are over {MAX_OPERANDS}", self.0[COUNT]))),
        }
    }

    /// Reads an operand's record, with its layout in place.
    #[inline(always)]
    pub(crate) fn record(&self, operand: usize, layout: &mut Layout) -> Result<Record> {
        let words = &self.0[RECORDS + operand * RECORD..][..RECORD];
        let rank = usize::try_from(words[3]).unwrap_or(usize::MAX);
        if rank > MAX_RANK {
            return Err(Error::new(format!("rank {} is over {MAX_RANK}", words[3])));
        }
        layout.read(&words[4..4 + rank], &words[4 + MAX_RANK..][..rank])?;
        Ok(Record {
            bytes: words[0] as u32 as usize,
            dtype: DType::from_code(words[1])?,
            offset: usize::try_from(words[2]).map_err(|_| Error::new("a negative offset"))?,
        })
    }
}

/// An input: its elements and layout.
pub(crate) struct View<'a> {
    pub(crate) data: Slice<'a>,
    pub(crate) layout: &'a Layout,
}

/// An output, which an in-place kernel also reads.
pub(crate) struct ViewMut<'a> {
    pub(crate) data: SliceMut<'a>,
    pub(crate) layout: &'a Layout,
}

/// What a kernel receives: checked operands and the parameters of the frame. Everything is
/// borrowed, as moving it would cost more than a small kernel.
pub(crate) struct Launch<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) outs: &'a mut [Option<ViewMut<'a>>],
    pub(crate) ins: &'a mut [Option<View<'a>>],
}

impl<'a> Launch<'a> {
    /// The next output in order.
    pub(crate) fn output(&mut self, index: usize) -> Result<ViewMut<'a>> {
        let missing = || Error::new(format!("output {index} is missing"));
        self.outs.get_mut(index).and_then(Option::take).ok_or_else(missing)
    }

    /// A contiguous output.
    pub(crate) fn contiguous_output(&mut self, index: usize) -> Result<ViewMut<'a>> {
        let view = self.output(index)?;
        if view.layout.is_contiguous() {
            Ok(view)
        } else {
            Err(Error::new(format!("output {index} must be contiguous")))
        }
    }

    /// The input with the given number.
    pub(crate) fn input(&mut self, index: usize) -> Result<View<'a>> {
        let missing = || Error::new(format!("input {index} is missing"));
        self.ins.get_mut(index).and_then(Option::take).ok_or_else(missing)
    }

    /// Element type of an input.
    pub(crate) fn input_type(&self, index: usize) -> Result<DType> {
        let missing = || Error::new(format!("input {index} is missing"));
        self.ins
            .get(index)
            .and_then(Option::as_ref)
            .map(|view| view.data.dtype())
            .ok_or_else(missing)
    }

    /// Element type of an output.
    pub(crate) fn output_type(&self, index: usize) -> Result<DType> {
        let missing = || Error::new(format!("output {index} is missing"));
        self.outs
            .get(index)
            .and_then(Option::as_ref)
            .map(|view| view.data.dtype())
            .ok_or_else(missing)
    }

    /// The floating parameters.
    pub(crate) fn params(&self) -> [f64; 8] {
        self.frame.params()
    }

    /// The integer parameters.
    pub(crate) fn ints(&self) -> [i32; 8] {
        self.frame.ints()
    }

    /// A non-negative integer parameter.
    pub(crate) fn count(&self, index: usize) -> Result<usize> {
        usize::try_from(self.ints()[index])
            .map_err(|_| Error::new(format!("parameter {index} must not be negative")))
    }
}
