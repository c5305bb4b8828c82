//! The batch in which dispatches wait.

use super::launch::Planned;
use super::memory::Memory;
use super::pipelines::Pipeline;
use super::plan::WORDS;
use crate::error::Result;

/// Dispatches that wait together at most.
const FULL: usize = 256;

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
