//! Buffers by handle. JavaScript itself keeps the buffers that it frees for the next tensors of
//! their size. Small tensors share no buffer, as wgpu lets no dispatch read one part of a buffer
//! and write another.

use crate::error::{Error, Result};
use std::collections::HashMap;

/// The smallest size of a buffer; all sizes are multiples of a float64 vector's.
const SMALLEST: u64 = 256;
const VECTOR: u64 = 32;
/// Readback copies proceed in parts of this size, so that they need no large buffer.
pub(super) const STAGING: u64 = 1 << 26;

pub(super) struct Memory {
    buffers: HashMap<u32, wgpu::Buffer>,
    next: u32,
    staging: Option<wgpu::Buffer>,
    limit: u64,
}

impl Memory {
    /// The handle of the memory in which one dispatch leaves intermediate results for the next.
    pub(super) const SCRATCH: u32 = 0;

    pub(super) fn new(device: &wgpu::Device) -> Self {
        let limits = device.limits();
        Self {
            buffers: HashMap::new(),
            next: 1,
            staging: None,
            limit: limits.max_buffer_size.min(limits.max_storage_buffer_binding_size),
        }
    }

    fn create(&self, device: &wgpu::Device, bytes: u64) -> Result<wgpu::Buffer> {
        if bytes > self.limit {
            return Err(Error::device(format!(
                "a tensor of {bytes} bytes is over the device's limit of {} bytes for one buffer",
                self.limit
            )));
        }
        let usage = wgpu::BufferUsages::STORAGE
            | wgpu::BufferUsages::COPY_SRC
            | wgpu::BufferUsages::COPY_DST;
        made(device, bytes.max(SMALLEST).next_multiple_of(VECTOR).min(self.limit), usage)
    }

    pub(super) fn allocate(&mut self, device: &wgpu::Device, bytes: usize) -> Result<u32> {
        let buffer = self.create(device, bytes as u64)?;
        while self.next == Self::SCRATCH || self.buffers.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let handle = self.next;
        self.next = handle.wrapping_add(1);
        self.buffers.insert(handle, buffer);
        Ok(handle)
    }

    /// Grows the scratch memory to at least this size; returns whether it has been replaced.
    pub(super) fn reserve(&mut self, device: &wgpu::Device, bytes: usize) -> Result<bool> {
        let held = self.buffers.get(&Self::SCRATCH).map_or(0, wgpu::Buffer::size);
        if bytes as u64 <= held {
            return Ok(false);
        }
        let size = (bytes as u64).next_power_of_two().max(1 << 20).min(self.limit);
        let scratch = self.create(device, size.max(bytes as u64))?;
        self.buffers.insert(Self::SCRATCH, scratch);
        Ok(true)
    }

    pub(super) fn free(&mut self, handle: u32) -> Result {
        self.buffers.remove(&handle).map(drop).ok_or_else(|| unknown(handle))
    }

    pub(super) fn buffer(&self, handle: u32) -> Result<&wgpu::Buffer> {
        self.buffers.get(&handle).ok_or_else(|| unknown(handle))
    }

    /// A buffer for reading back, of at least the given size.
    pub(super) fn staging(&mut self, device: &wgpu::Device, size: u64) -> Result<wgpu::Buffer> {
        if let Some(staging) = self.staging.as_ref().filter(|staging| staging.size() >= size) {
            return Ok(staging.clone());
        }
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let staging = made(device, size.next_power_of_two(), usage)?;
        self.staging = Some(staging.clone());
        Ok(staging)
    }
}

/// A buffer, if there is memory for it.
fn made(device: &wgpu::Device, size: u64, usage: wgpu::BufferUsages) -> Result<wgpu::Buffer> {
    let scope = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size,
        usage,
        mapped_at_creation: false,
    });
    match pollster::block_on(scope.pop()) {
        Some(_) => Err(Error::memory(size as usize)),
        None => Ok(buffer),
    }
}

fn unknown(handle: u32) -> Error {
    Error::new(format!("memory {handle} does not exist"))
}
