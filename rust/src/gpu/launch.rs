//! From a frame to a dispatch: which program, on which buffers, with which words of parameters; and
//! the batch in which dispatches wait.

use super::memory::Memory;
use super::pipelines::Pipeline;
use super::plan::{GROUP, Operand, Plan, WORDS, spread};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::layout::{Layout, MAX_RANK};
use crate::registry::{Kernel, Wgsl};

/// Dispatches that wait together at most.
const FULL: usize = 256;
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

struct Dispatch {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    groups: [u32; 3],
}

/// Dispatches that wait, and their parameters.
pub(super) struct Batch {
    dispatches: Vec<Dispatch>,
    words: Vec<u8>,
    parameters: wgpu::Buffer,
}

impl Batch {
    pub(super) fn new(device: &wgpu::Device) -> Self {
        let parameters = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: (FULL * WORDS * 4) as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self { dispatches: Vec::new(), words: Vec::new(), parameters }
    }

    pub(super) fn is_full(&self) -> bool {
        self.dispatches.len() >= FULL
    }

    pub(super) fn add(
        &mut self,
        device: &wgpu::Device,
        pipeline: &Pipeline,
        planned: &Planned,
        memory: &Memory,
    ) -> Result {
        let block = wgpu::BufferBinding {
            buffer: &self.parameters,
            offset: 0,
            size: wgpu::BufferSize::new((WORDS * 4) as u64),
        };
        let mut entries = vec![wgpu::BindGroupEntry {
            binding: 0,
            resource: wgpu::BindingResource::Buffer(block),
        }];
        for (number, operand) in planned.operands.iter().enumerate() {
            let resource = memory.buffer(operand.handle)?.as_entire_binding();
            entries.push(wgpu::BindGroupEntry { binding: number as u32 + 1, resource });
        }
        let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.layout,
            entries: &entries,
        });
        self.words.extend(planned.plan.words.iter().flat_map(|word| word.to_le_bytes()));
        let pipeline = pipeline.compute.clone();
        self.dispatches.push(Dispatch { pipeline, bindings, groups: planned.plan.groups });
        Ok(())
    }

    /// Hands everything that waits to the device, in order, in one submission.
    pub(super) fn submit(&mut self, device: &wgpu::Device, queue: &wgpu::Queue) {
        if self.dispatches.is_empty() {
            return;
        }
        queue.write_buffer(&self.parameters, 0, &self.words);
        let mut encoder = device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        for (number, dispatch) in self.dispatches.iter().enumerate() {
            let [x, y, z] = dispatch.groups;
            pass.set_pipeline(&dispatch.pipeline);
            pass.set_bind_group(0, &dispatch.bindings, &[(number * WORDS * 4) as u32]);
            pass.dispatch_workgroups(x, y, z);
        }
        drop(pass);
        queue.submit([encoder.finish()]);
        self.dispatches.clear();
        self.words.clear();
    }
}
