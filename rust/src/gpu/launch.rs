//! From a frame to a dispatch: which program, on which buffers, with which words of parameters.

use super::plan::{GROUP, Operand, Plan, WORDS, spread};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::layout::{Layout, MAX_RANK};
use crate::registry::{Kernel, Wgsl};

/// A launch, understood.
pub(super) struct Planned {
    pub(super) kernel: &'static Kernel,
    pub(super) operands: Vec<Operand>,
    pub(super) plan: Plan,
    /// Whether every operand of an elementwise row is a vector.
    pub(super) flat: bool,
}

pub(super) fn plan(kernel: &'static Kernel, frame: &Frame<'_>) -> Result<Planned> {
    let mut operands = Vec::new();
    for number in 0..frame.operands()? {
        let mut layout = Layout::SCALAR;
        let record = frame.record(number, &mut layout)?;
        let (handle, dtype, offset) = (record.bytes as u32, record.dtype, record.offset);
        operands.push(Operand { handle, dtype, offset, layout });
    }
    let outputs = &operands[..kernel.outputs.min(operands.len())];
    let inputs = &operands[outputs.len()..];
    if inputs.iter().any(|input| outputs.iter().any(|output| output.handle == input.handle)) {
        return Err(Error::new("an input is the output"));
    }
    let (plan, flat) = match &kernel.wgsl {
        Wgsl::Expression(_) => elementwise(&operands)?,
        Wgsl::Program { plan, .. } => (plan(frame, &operands)?, false),
        Wgsl::None => return Err(Error::new("there is no program for the GPU")),
    };
    Ok(Planned { kernel, operands, plan, flat })
}

/// Words: size, rank, shape from 2, and for each operand from 10 on its offset and strides.
fn elementwise(operands: &[Operand]) -> Result<(Plan, bool)> {
    let out = operands.first().ok_or_else(|| Error::new("the output is missing"))?;
    if operands.len() > 4 {
        return Err(Error::new("an elementwise row has at most three inputs"));
    }
    let size = out.layout.len();
    let mut words = [0; WORDS];
    (words[0], words[1]) = (size as u32, out.layout.rank() as u32);
    words[2..2 + out.layout.rank()].copy_from_slice(out.layout.shape());
    let simple: Vec<Layout> = operands.iter().map(|operand| operand.layout.coalesced()).collect();
    let is_vector = |layout: &Layout| match layout.strides() {
        [] => true,
        [stride] => *stride <= 1,
        _ => false,
    };
    let flat = simple.iter().all(is_vector);
    for (number, operand) in operands.iter().enumerate() {
        if operand.layout.shape() != out.layout.shape() {
            return Err(Error::new("shapes differ"));
        }
        let at = 10 + number * (1 + MAX_RANK);
        words[at] = operand.offset as u32;
        let strides = if flat { simple[number].strides() } else { operand.layout.strides() };
        words[at + 1..at + 1 + strides.len()].copy_from_slice(strides);
    }
    Ok((Plan { words, groups: spread(size.div_ceil(GROUP))? }, flat))
}
