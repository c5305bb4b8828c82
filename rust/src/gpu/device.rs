//! The one device: opened once, on first use; every wait has a bound.

use super::batch::Batch;
use super::launch::{operands, stages};
use super::memory::{Memory, STAGING};
use super::pipelines::Pipelines;
use super::plan::{Operand, Stage};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::registry::Kernel;
use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

/// Longest wait for a device to open.
const OPENING: Duration = Duration::from_secs(20);
/// Longest wait for the work of a batch.
const WORKING: Duration = Duration::from_secs(60);

/// An open device and what lies on it.
pub(super) struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    name: String,
    memory: Memory,
    pipelines: Pipelines,
    batch: Batch,
    trouble: Arc<Trouble>,
}

/// What the device reports beside the calls.
#[derive(Default)]
struct Trouble {
    /// Whether there is something to look at.
    any: AtomicBool,
    /// What went wrong since the last look.
    failure: Mutex<Option<Error>>,
    lost: Mutex<Option<String>>,
}

impl Trouble {
    fn fail(&self, error: wgpu::Error) {
        let error = match error {
            wgpu::Error::OutOfMemory { .. } => Error::Memory("the device is out of memory".into()),
            // A program or a call that is refused is our own fault.
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

static GPU: LazyLock<std::result::Result<Mutex<Gpu>, String>> = LazyLock::new(start);

/// Opens the device on a thread of its own: a driver that hangs must not hang the program.
fn start() -> std::result::Result<Mutex<Gpu>, String> {
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("adjoint-gpu".into())
        .spawn(move || {
            // Nobody listens any more once the wait is over.
            let _ = sender.send(pollster::block_on(request()).map(Box::new));
        })
        .map_err(|error| format!("no thread to open the device: {error}"))?;
    match receiver.recv_timeout(OPENING) {
        Ok(opened) => opened.map(|gpu| Mutex::new(*gpu)),
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
    let descriptor =
        wgpu::DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() };
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
        name: format!("{} ({}, {})", info.name, info.backend, info.driver_info),
        memory: Memory::new(&device),
        pipelines: Pipelines::new(),
        batch: Batch::new(&device),
        device,
        queue,
        trouble,
    })
}

/// The open device, unless it is lost.
fn gpu() -> Result<MutexGuard<'static, Gpu>> {
    let gpu = GPU.as_ref().map_err(|reason| Error::device(reason.clone()))?;
    let gpu = gpu.lock().map_err(|_| Error::device("an earlier call failed inside the driver"))?;
    gpu.check()?;
    Ok(gpu)
}

impl Gpu {
    /// Turns what the device has reported into an error.
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

    /// Buffers that are bound together hold each other.
    fn free(&mut self, handle: u32) -> Result {
        self.pipelines.unbind();
        self.memory.free(handle)
    }

    fn flush(&mut self) -> Result {
        self.batch.submit(&self.queue);
        self.check()
    }

    /// Waits until all that was submitted is done.
    fn wait(&self) -> Result {
        let poll = wgpu::PollType::Wait { submission_index: None, timeout: Some(WORKING) };
        self.device.poll(poll).map_err(|error| {
            Error::device(format!("no answer in {} s: {error}", WORKING.as_secs()))
        })?;
        self.check()
    }
}

/// Opens the device and tells its name.
pub(crate) fn open() -> Result<String> {
    Ok(gpu()?.name.clone())
}

/// Gives the device back; it is then lost to this process.
pub(crate) fn close() -> Result {
    let gpu = gpu()?;
    gpu.trouble.lose("it was closed".into());
    gpu.device.destroy();
    Ok(())
}

/// New memory, of which nothing is known but its size; its handle is not 0.
pub(crate) fn allocate(bytes: usize) -> Result<u32> {
    let mut gpu = gpu()?;
    if let Ok(mut orphans) = ORPHANS.lock() {
        for orphan in orphans.drain(..) {
            gpu.free(orphan)?;
        }
    }
    let Gpu { device, memory, .. } = &mut *gpu;
    let handle = memory.allocate(device, bytes)?;
    if let Err(error) = gpu.check() {
        gpu.memory.free(handle)?;
        return Err(error);
    }
    OWNED.with_borrow_mut(|owned| owned.0.insert(handle));
    Ok(handle)
}

/// Takes memory back. Launches that wait keep it until they are done.
pub(crate) fn free(handle: u32) -> Result {
    OWNED.with_borrow_mut(|owned| owned.0.remove(&handle));
    gpu()?.free(handle)
}

/// The memory that a thread has taken: a Worker that is ended runs no finalizers of its own.
struct Owned(HashSet<u32>);

thread_local! {
    static OWNED: RefCell<Owned> = RefCell::new(Owned(HashSet::new()));
}

/// What threads that have ended have left. They do not free it themselves: at the end of the process the
/// driver may be gone.
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
    // A write overtakes what waits in the batch, which may still use the same buffer.
    gpu.flush()?;
    let buffer = gpu.memory.buffer(handle)?;
    if data.len() as u64 > buffer.size() || !data.len().is_multiple_of(4) {
        return Err(Error::new(format!("{} bytes do not fit {}", data.len(), buffer.size())));
    }
    gpu.queue.write_buffer(buffer, 0, data);
    gpu.check()
}

/// Waits for all launches and copies bytes from `start` on.
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
        let staging = self.memory.staging(&self.device, length);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(source, start, &staging, 0, Some(length));
        self.queue.submit([encoder.finish()]);
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
        let Self { device, memory, pipelines, batch, .. } = self;
        if memory.reserve(device, stage.scratch)? {
            pipelines.unbind();
        }
        let pipeline = pipelines.get(device, stage)?;
        let bound =
            pipelines.bind(device, &pipeline, (stage, operands), (memory, &batch.block()))?;
        batch.add(device, &pipeline.compute, &bound, stage);
        if batch.is_full() {
            self.flush()?;
        }
        Ok(())
    }
}

/// Adds a launch to the batch. In the frame, a handle stands where the CPU has a byte length.
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
