//! The dispatches that wait for submission, and their parameters.

use super::meter::Clock;
use super::plan::{Stage, WORDS};

/// The most dispatches that wait together.
const FULL: usize = 128;
/// The most workgroups that wait together: they keep the device busy, so it should not wait for
/// more.
const BUSY: u64 = 1 << 16;
const BYTES: usize = WORDS * 4;

/// An encoder with an open pass.
struct Pass {
    encoder: wgpu::CommandEncoder,
    compute: wgpu::ComputePass<'static>,
}

pub(super) struct Batch {
    pass: Option<Pass>,
    words: Vec<u8>,
    groups: u64,
    parameters: wgpu::Buffer,
}

impl Batch {
    pub(super) fn new(device: &wgpu::Device) -> Self {
        let parameters = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: (FULL * BYTES) as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self { pass: None, words: Vec::with_capacity(FULL * BYTES), groups: 0, parameters }
    }

    /// Whether it is time to submit.
    pub(super) fn is_full(&self) -> bool {
        self.words.len() >= FULL * BYTES || self.groups >= BUSY
    }

    /// The parameter block of a dispatch, to be bound.
    pub(super) fn block(&self) -> wgpu::BufferBinding<'_> {
        wgpu::BufferBinding {
            buffer: &self.parameters,
            offset: 0,
            size: wgpu::BufferSize::new(BYTES as u64),
        }
    }

    pub(super) fn add(
        &mut self,
        device: &wgpu::Device,
        pipeline: &wgpu::ComputePipeline,
        bound: &wgpu::BindGroup,
        stage: &Stage,
        clock: Option<&mut Clock>,
    ) {
        let pass = self.pass.get_or_insert_with(|| {
            let mut encoder = device.create_command_encoder(&Default::default());
            let timestamp_writes = clock.map(Clock::next);
            let pass = wgpu::ComputePassDescriptor { label: None, timestamp_writes };
            let compute = encoder.begin_compute_pass(&pass).forget_lifetime();
            Pass { encoder, compute }
        });
        let [x, y, z] = stage.groups;
        pass.compute.set_pipeline(pipeline);
        pass.compute.set_bind_group(0, bound, &[self.words.len() as u32]);
        pass.compute.dispatch_workgroups(x, y, z);
        self.words.extend(stage.words.iter().flat_map(|word| word.to_le_bytes()));
        self.groups += u64::from(x) * u64::from(y) * u64::from(z);
    }

    /// Submits everything that waits to the device, in order.
    pub(super) fn submit(&mut self, queue: &wgpu::Queue) -> Option<wgpu::SubmissionIndex> {
        let Pass { encoder, compute } = self.pass.take()?;
        drop(compute);
        queue.write_buffer(&self.parameters, 0, &self.words);
        self.words.clear();
        self.groups = 0;
        Some(queue.submit([encoder.finish()]))
    }
}
