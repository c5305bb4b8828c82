//! The device, opened on first use. Every wait has a time limit.

use super::batch::Batch;
use super::launch::{operands, stages};
use super::memory::{Memory, STAGING};
use super::meter::Meter;
use super::pipelines::Pipelines;
use super::plan::{Operand, Stage};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::registry::Kernel;
use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

/// Features that float64 needs; its programs read the bits of numbers.
const FLOAT64: wgpu::Features = wgpu::Features::SHADER_F64.union(wgpu::Features::SHADER_INT64);
/// Longest wait for a device to open.
const OPENING: Duration = Duration::from_secs(20);
/// Longest wait for the work of a submission.
const WORKING: Duration = Duration::from_secs(60);
/// The most submissions in flight: enough to keep a device busy, without holding more memory.
const AHEAD: usize = 8;
/// Features that are used if an adapter has them.
const WANTED: wgpu::Features = wgpu::Features::TIMESTAMP_QUERY.union(FLOAT64);

/// An open device, and its memory and programs.
pub(super) struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    name: String,
    memory: Memory,
    pipelines: Pipelines,
    batch: Batch,
    under_way: VecDeque<wgpu::SubmissionIndex>,
    /// Bytes written since the last submission, which are held twice until then.
    written: u64,
    meter: Option<Meter>,
    trouble: Arc<Trouble>,
}

/// Errors that the device reports outside of calls.
#[derive(Default)]
struct Trouble {
    /// Whether there is a report.
    any: AtomicBool,
    /// The errors since the last check.
    failure: Mutex<Option<Error>>,
    lost: Mutex<Option<String>>,
}

impl Trouble {
    fn fail(&self, error: wgpu::Error) {
        let error = match error {
            wgpu::Error::OutOfMemory { .. } => Error::Memory("the device is out of memory".into()),
            // A refused program or call is our own fault.
            wgpu::Error::Validation { description, .. } => Error::new(description),
            wgpu::Error::Internal { description, .. } => Error::device(description),
        };
        if let Ok(mut slot) = self.failure.lock() {
            slot.get_or_insert(error);
        }
        self.any.store(true, Ordering::Release);
    }

    fn lose(&self, reason: String) {
        if let Ok(mut slot) = self.lost.lock() {
            slot.get_or_insert(reason);
        }
        self.any.store(true, Ordering::Release);
    }
}

/// An open device, and what can be queried while it works.
struct Opened {
    has_float64: bool,
    gpu: Mutex<Gpu>,
}

/// The device, or why there is none; empty until first used.
static DEVICE: OnceLock<std::result::Result<Opened, String>> = OnceLock::new();

/// The names of the element types that a kernel with a program supports on the open device; without
/// an open device, float64 is not among them.
pub(crate) fn types(kernel: &Kernel) -> Vec<&'static str> {
    let float64 = matches!(DEVICE.get(), Some(Ok(device)) if device.has_float64);
    let there = kernel.wgsl.text().is_some();
    let takes = |dtype: &&DType| there && (float64 || **dtype != DType::F64);
    DType::ALL.iter().filter(takes).map(|dtype| dtype.name()).collect()
}

/// Opens the device on a separate thread, as a driver that hangs must not hang the program.
fn start() -> std::result::Result<Opened, String> {
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("adjoint-gpu".into())
        .spawn(move || {
            // After the time limit nobody listens.
            let _ = sender.send(pollster::block_on(request()).map(Box::new));
        })
        .map_err(|error| format!("no thread to open the device: {error}"))?;
    match receiver.recv_timeout(OPENING) {
        Ok(gpu) => gpu.map(|gpu| Opened {
            has_float64: gpu.device.features().contains(FLOAT64),
            gpu: Mutex::new(*gpu),
        }),
        Err(_) => Err(format!("the driver did not answer in {} s", OPENING.as_secs())),
    }
}

async fn request() -> std::result::Result<Gpu, String> {
    let descriptor = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
    let instance = wgpu::Instance::new(descriptor);
    let options = wgpu::RequestAdapterOptions {
        power_preference: wgpu::PowerPreference::HighPerformance,
        ..Default::default()
    };
    let adapter = instance.request_adapter(&options).await;
    let adapter = adapter.map_err(|error| format!("no adapter: {error}"))?;
    let info = adapter.get_info();
    let descriptor = wgpu::DeviceDescriptor {
        required_features: adapter.features() & WANTED,
        required_limits: adapter.limits(),
        ..Default::default()
    };
    let device = adapter.request_device(&descriptor).await;
    let (device, queue) = device.map_err(|error| format!("no device: {error}"))?;
    let trouble = Arc::new(Trouble::default());
    let told = trouble.clone();
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| told.fail(error)));
    let told = trouble.clone();
    device.set_device_lost_callback(move |reason, message| {
        told.lose(format!("{reason:?}: {message}"));
    });
    Ok(Gpu {
        name: format!(
            "{} {} ({}, {})",
            kind_of(info.device_type),
            info.name,
            info.backend,
            info.driver_info
        ),
        memory: Memory::new(&device),
        pipelines: Pipelines::new(),
        batch: Batch::new(&device),
        under_way: VecDeque::new(),
        written: 0,
        meter: None,
        device,
        queue,
        trouble,
    })
}

/// The kind of a device, in a word.
fn kind_of(device: wgpu::DeviceType) -> &'static str {
    match device {
        wgpu::DeviceType::DiscreteGpu => "discrete",
        wgpu::DeviceType::IntegratedGpu => "integrated",
        wgpu::DeviceType::VirtualGpu => "virtual",
        wgpu::DeviceType::Cpu => "software",
        wgpu::DeviceType::Other => "unknown",
    }
}

/// The open device, unless it is lost.
fn gpu() -> Result<MutexGuard<'static, Gpu>> {
    let device = DEVICE.get_or_init(start);
    let device = device.as_ref().map_err(|reason| Error::device(reason.clone()))?;
    let gpu =
        device.gpu.lock().map_err(|_| Error::device("an earlier call failed inside the driver"))?;
    gpu.check()?;
    Ok(gpu)
}

impl Gpu {
    /// Turns the reports of the device into an error.
    fn check(&self) -> Result {
        if !self.trouble.any.load(Ordering::Acquire) {
            return Ok(());
        }
        if let Ok(lost) = self.trouble.lost.lock()
            && let Some(reason) = lost.as_ref()
        {
            return Err(Error::device(format!("the device is lost ({reason})")));
        }
        self.trouble.any.store(false, Ordering::Release);
        if let Ok(mut failure) = self.trouble.failure.lock()
            && let Some(failure) = failure.take()
        {
            return Err(failure);
        }
        Ok(())
    }

    /// Buffers that are bound together keep each other alive.
    fn free(&mut self, handle: u32) -> Result {
        self.pipelines.unbind();
        self.memory.free(handle)
    }

    /// Submits the batch.
    fn flush(&mut self) -> Result {
        if let Some(submission) = self.batch.submit(&self.queue) {
            self.submitted(submission)?;
            let clock = self.meter.as_ref().and_then(|meter| meter.clock.as_ref());
            if clock.is_some_and(|clock| clock.is_full()) {
                self.read_clock()?;
            }
        }
        self.check()
    }

    /// Records a submission, and waits for older ones if too many are in flight.
    fn submitted(&mut self, submission: wgpu::SubmissionIndex) -> Result {
        self.written = 0;
        self.under_way.push_back(submission);
        while self.under_way.len() > AHEAD {
            self.wait_for_one()?;
        }
        Ok(())
    }

    /// Waits for the oldest submission in flight.
    fn wait_for_one(&mut self) -> Result {
        let submission_index = self.under_way.pop_front();
        let poll = wgpu::PollType::Wait { submission_index, timeout: Some(WORKING) };
        self.device.poll(poll).map(drop).map_err(|error| {
            Error::device(format!("no answer in {} s: {error}", WORKING.as_secs()))
        })
    }

    /// Waits for all submissions.
    fn wait(&mut self) -> Result {
        while !self.under_way.is_empty() {
            self.wait_for_one()?;
        }
        self.check()
    }

    /// Allocates memory; if that fails, tries again after freed memory has been released.
    fn with_room<T>(
        &mut self,
        make: impl Fn(&mut Memory, &wgpu::Device) -> Result<T>,
    ) -> Result<T> {
        match make(&mut self.memory, &self.device) {
            Err(Error::Memory(_)) => {
                self.flush()?;
                self.wait()?;
                make(&mut self.memory, &self.device)
            }
            made => made,
        }
    }

    /// Sums the times of the passes so far.
    fn read_clock(&mut self) -> Result {
        let clock = self.meter.as_ref().and_then(|meter| meter.clock.as_ref());
        let Some(clock) = clock.filter(|clock| clock.has_run()) else { return Ok(()) };
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let (source, bytes) = clock.resolve(&mut encoder);
        let submission = self.queue.submit([encoder.finish()]);
        self.submitted(submission)?;
        let mut times = vec![0; bytes];
        self.read_part(&source, 0, &mut times)?;
        if let Some(clock) = self.meter.as_mut().and_then(|meter| meter.clock.as_mut()) {
            clock.add(&times);
        }
        Ok(())
    }
}

/// Ends a measurement, if there is one, and starts another on request. Returns the dispatches, the
/// bytes they moved and the nanoseconds they took; NaN if the device has no clock.
pub(crate) fn measure(on: bool) -> Result<[f64; 3]> {
    let mut gpu = gpu()?;
    gpu.flush()?;
    gpu.wait()?;
    gpu.read_clock()?;
    let ended = gpu.meter.take();
    if on {
        gpu.meter = Some(Meter::new(&gpu.device, &gpu.queue));
    }
    Ok(ended.map_or([0.0; 3], |meter| meter.work()))
}

/// Opens the device; returns its kind, in a word, and its name.
pub(crate) fn open() -> Result<String> {
    Ok(gpu()?.name.clone())
}

/// Closes the device, which is then lost to this process.
pub(crate) fn close() -> Result {
    let gpu = gpu()?;
    gpu.trouble.lose("it was closed".into());
    gpu.device.destroy();
    Ok(())
}

/// New memory with unspecified contents; its handle is not 0.
pub(crate) fn allocate(bytes: usize) -> Result<u32> {
    let mut gpu = gpu()?;
    if let Ok(mut orphans) = ORPHANS.lock() {
        for orphan in orphans.drain(..) {
            gpu.free(orphan)?;
        }
    }
    let handle = gpu.with_room(|memory, device| memory.allocate(device, bytes))?;
    OWNED.with_borrow_mut(|owned| owned.0.insert(handle));
    Ok(handle)
}

/// Frees memory. Waiting launches keep it until they are done.
pub(crate) fn free(handle: u32) -> Result {
    OWNED.with_borrow_mut(|owned| owned.0.remove(&handle));
    gpu()?.free(handle)
}

/// The memory that a thread has allocated: a Worker that is terminated runs no finalizers.
struct Owned(HashSet<u32>);

thread_local! {
    static OWNED: RefCell<Owned> = RefCell::new(Owned(HashSet::new()));
}

/// Memory left by threads that have ended. They do not free it themselves, as at the end of the
/// process the driver may be gone.
static ORPHANS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

impl Drop for Owned {
    fn drop(&mut self) {
        if let Ok(mut orphans) = ORPHANS.lock() {
            orphans.extend(self.0.drain());
        }
    }
}

/// Writes the first elements of memory that no launch has used yet.
pub(crate) fn write(handle: u32, data: &[u8]) -> Result {
    let mut gpu = gpu()?;
    // A write overtakes the batch, which may still use the same buffer.
    gpu.flush()?;
    let buffer = gpu.memory.buffer(handle)?.clone();
    if data.len() as u64 > buffer.size() || !data.len().is_multiple_of(4) {
        return Err(Error::new(format!("{} bytes do not fit {}", data.len(), buffer.size())));
    }
    for (part, data) in data.chunks(STAGING as usize).enumerate() {
        gpu.queue.write_buffer(&buffer, part as u64 * STAGING, data);
        gpu.written += data.len() as u64;
        if gpu.written >= STAGING {
            let submission = gpu.queue.submit([]);
            gpu.submitted(submission)?;
        }
    }
    gpu.check()
}

/// Waits for all launches, and copies bytes from `start` on.
pub(crate) fn read(handle: u32, start: usize, data: &mut [u8]) -> Result {
    if data.is_empty() {
        return Ok(());
    }
    let mut gpu = gpu()?;
    let (start, length) = (start as u64, data.len() as u64);
    let source = gpu.memory.buffer(handle)?.clone();
    if start + length > source.size() || !start.is_multiple_of(4) || !length.is_multiple_of(4) {
        return Err(Error::new(format!("bytes {start}..{} are not there", start + length)));
    }
    gpu.flush()?;
    for (part, data) in data.chunks_mut(STAGING as usize).enumerate() {
        gpu.read_part(&source, start + part as u64 * STAGING, data)?;
    }
    Ok(())
}

impl Gpu {
    /// Copies at most `STAGING` bytes.
    fn read_part(&mut self, source: &wgpu::Buffer, start: u64, data: &mut [u8]) -> Result {
        let length = data.len() as u64;
        let staging = self.with_room(|memory, device| memory.staging(device, length))?;
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(source, start, &staging, 0, Some(length));
        let submission = self.queue.submit([encoder.finish()]);
        self.submitted(submission)?;
        let (sender, receiver) = channel();
        let slice = staging.slice(..length);
        slice.map_async(wgpu::MapMode::Read, move |result| {
            // The receiver is gone only if the wait has failed.
            let _ = sender.send(result);
        });
        self.wait()?;
        match receiver.try_recv() {
            Ok(Ok(())) => {}
            _ => return Err(Error::device("the memory could not be read")),
        }
        let mapped = slice.get_mapped_range();
        let mapped = mapped.map_err(|error| Error::device(error.to_string()))?;
        data.copy_from_slice(&mapped);
        drop(mapped);
        staging.unmap();
        Ok(())
    }

    /// Adds a dispatch to the batch.
    fn dispatch(&mut self, stage: &Stage, operands: &[Operand]) -> Result {
        if self.with_room(|memory, device| memory.reserve(device, stage.scratch))? {
            self.pipelines.unbind();
        }
        let Self { device, memory, pipelines, batch, meter, .. } = self;
        let pipeline = pipelines.get(device, stage)?;
        let bound =
            pipelines.bind(device, &pipeline, (stage, operands), (memory, &batch.block()))?;
        if let Some(meter) = meter.as_mut() {
            meter.count(stage, operands);
        }
        let clock = meter.as_mut().and_then(|meter| meter.clock.as_mut());
        batch.add(device, &pipeline.compute, &bound, stage, clock);
        if batch.is_full() {
            self.flush()?;
        }
        Ok(())
    }
}

/// Adds a launch to the batch. In the frame, a handle takes the place of the CPU's byte length.
pub(crate) fn run(kernel: &'static Kernel, frame: &Frame<'_>) -> Result {
    let mut gpu = gpu()?;
    let operands = operands(kernel, frame, &gpu.memory)?;
    if operands[..kernel.outputs].iter().all(|out| out.layout.len() == 0) {
        return Ok(());
    }
    for stage in &stages(kernel, frame, &operands).map_err(|error| error.of_kernel(kernel.name))? {
        gpu.dispatch(stage, &operands)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "device_test.rs"]
mod tests;
