//! Turns a frame into operands and dispatches.

use super::memory::Memory;
use super::plan::{Operand, Stage, bytes_of};
use super::programs::elementwise;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::layout::Layout;
use crate::registry::{Kernel, Wgsl};

/// The operands of a launch, each checked against its memory.
pub(super) fn operands(
    kernel: &Kernel,
    frame: &Frame<'_>,
    memory: &Memory,
) -> Result<Vec<Operand>> {
    let count = frame.operands()?;
    if count < kernel.outputs {
        return Err(Error::new("an output is missing"));
    }
    let mut operands: Vec<Operand> = Vec::with_capacity(count);
    for number in 0..count {
        let mut layout = Layout::SCALAR;
        let record = frame.record(number, &mut layout)?;
        let (handle, dtype, offset) = (record.bytes as u32, record.dtype, record.offset);
        let held = memory.buffer(handle)?.size() / bytes_of(dtype) as u64;
        let span = layout.span()? as u64;
        if span > 0 && offset as u64 + span > held {
            return Err(Error::new(format!(
                "operand {number} reaches element {} of {held}",
                offset as u64 + span
            )));
        }
        // An output shares memory with no other operand.
        let written = number.min(kernel.outputs);
        if operands[..written].iter().any(|output| output.handle == handle) {
            return Err(Error::new("an output is another operand"));
        }
        operands.push(Operand { handle, dtype, offset, layout });
    }
    Ok(operands)
}

/// The dispatches of a launch.
pub(super) fn stages(
    kernel: &'static Kernel,
    frame: &Frame<'_>,
    operands: &[Operand],
) -> Result<Vec<Stage>> {
    match kernel.wgsl {
        Wgsl::Expression(expression) => elementwise(kernel.name, expression, false, operands),
        Wgsl::Special(expression) => elementwise(kernel.name, expression, true, operands),
        Wgsl::Program { plan, .. } => plan(frame, operands),
        Wgsl::None => Err(Error::new("there is no program for the GPU")),
    }
}
