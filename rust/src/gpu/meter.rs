//! The work of the device during a measurement, and its duration by the device's own clock.

use super::plan::{Operand, Slot, Stage, bytes_of};

/// Passes whose times have not been read yet.
const PASSES: u32 = wgpu::QUERY_SET_MAX_QUERIES / 2;
/// Bytes of a timestamp.
const TIME: usize = wgpu::QUERY_SIZE as usize;

/// The counts of a measurement, if there is one.
pub(super) struct Meter {
    dispatches: u64,
    bytes: u64,
    /// Bytes of scratch memory that a dispatch has left to the next.
    left: usize,
    pub(super) clock: Option<Clock>,
}

impl Meter {
    pub(super) fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let timed = device.features().contains(wgpu::Features::TIMESTAMP_QUERY);
        let clock = timed.then(|| Clock::new(device, queue));
        Self { dispatches: 0, bytes: 0, left: 0, clock }
    }

    /// Adds a dispatch, which reads or writes each element of its operands once.
    pub(super) fn count(&mut self, stage: &Stage, operands: &[Operand]) {
        if stage.scratch > 0 {
            self.left = stage.scratch;
        }
        for (number, &(slot, _)) in stage.bound.iter().enumerate() {
            let bytes = match slot {
                Slot::Operand(number) => bytes_reached(&operands[number]),
                Slot::Scratch => self.left,
            };
            let times = if stage.updates && number < stage.outputs { 2 } else { 1 };
            self.bytes += times * bytes as u64;
        }
        self.dispatches += 1;
    }

    /// Dispatches, bytes, and the nanoseconds in which the device was busy; NaN if it has no clock.
    pub(super) fn work(&self) -> [f64; 3] {
        let time = self.clock.as_ref().map_or(f64::NAN, |clock| clock.ticks as f64 * clock.period);
        [self.dispatches as f64, self.bytes as f64, time]
    }
}

/// Bytes of the elements that an operand reaches; a repeated element counts once.
fn bytes_reached(operand: &Operand) -> usize {
    let axes = operand.layout.shape().iter().zip(operand.layout.strides());
    let elements = axes.map(|(&extent, &stride)| if stride == 0 { 1 } else { extent as usize });
    let size = bytes_of(operand.dtype);
    if operand.layout.len() == 0 { 0 } else { size * elements.product::<usize>() }
}

/// The times at which passes began and ended.
pub(super) struct Clock {
    queries: wgpu::QuerySet,
    times: wgpu::Buffer,
    /// Passes since the last reading.
    passes: u32,
    /// The end of the last of them.
    until: u64,
    ticks: u64,
    /// Nanoseconds per tick.
    period: f64,
}

impl Clock {
    fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let queries = device.create_query_set(&wgpu::QuerySetDescriptor {
            label: None,
            ty: wgpu::QueryType::Timestamp,
            count: 2 * PASSES,
        });
        let times = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: u64::from(2 * PASSES) * TIME as u64,
            usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let period = f64::from(queue.get_timestamp_period());
        Self { queries, times, passes: 0, until: 0, ticks: 0, period }
    }

    /// Where the next pass writes its times.
    pub(super) fn next(&mut self) -> wgpu::ComputePassTimestampWrites<'_> {
        let first = 2 * self.passes;
        self.passes += 1;
        wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        }
    }

    pub(super) fn has_run(&self) -> bool {
        self.passes > 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.passes == PASSES
    }

    /// Copies the times to where they can be read; returns the place and the number of bytes.
    pub(super) fn resolve(&self, encoder: &mut wgpu::CommandEncoder) -> (wgpu::Buffer, usize) {
        encoder.resolve_query_set(&self.queries, 0..2 * self.passes, &self.times, 0);
        (self.times.clone(), 2 * self.passes as usize * TIME)
    }

    /// Adds times that were read. Passes may overlap, and no time counts twice.
    pub(super) fn add(&mut self, times: &[u8]) {
        for pass in times.chunks_exact(2 * TIME) {
            let time = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
            let (began, ended) = (time(&pass[..TIME]), time(&pass[TIME..]));
            self.ticks += ended.saturating_sub(began.max(self.until));
            self.until = self.until.max(ended);
        }
        self.passes = 0;
    }
}
