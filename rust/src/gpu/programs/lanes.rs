//! The words of rows along the last axis of an operand: from word 8 on the extents of the other
//! axes, from word 16 on their strides.

use crate::error::{Error, Result};
use crate::gpu::plan::{Operand, Stage};
use crate::layout::Layout;

pub(super) struct Lanes {
    /// The other axes.
    pub(super) rest: Layout,
    /// Elements of a row.
    pub(super) extent: usize,
    pub(super) stride: usize,
    pub(super) offset: usize,
}

impl Lanes {
    pub(super) fn of(operand: &Operand) -> Result<Self> {
        let layout = &operand.layout;
        let Some(last) = layout.rank().checked_sub(1) else {
            return Err(Error::new("there is no axis"));
        };
        Ok(Self {
            rest: layout.axes(0, last).coalesced(),
            extent: layout.extent(last),
            stride: layout.stride(last),
            offset: operand.offset,
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn set_rows(&self, stage: &mut Stage) {
        stage.copy(8, self.rest.shape());
        stage.copy(16, self.rest.strides());
    }

    /// How many elements of each row a contiguous output has.
    pub(super) fn width_of(&self, out: &Operand) -> Result<usize> {
        let width = out.layout.len() / self.rows().max(1);
        let fits = width <= self.extent && width * self.rows() == out.layout.len();
        if width == 0 || !fits || !out.layout.is_contiguous() {
            return Err(Error::new("the output has another size"));
        }
        Ok(width)
    }
}
