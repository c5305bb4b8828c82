//! Buffers by handle. Freed ones are used again: the queue keeps order, so that what still waits for
//! the old contents comes before what writes the new.

use crate::error::{Error, Result};
use std::collections::HashMap;

/// Sizes are rounded up to powers of two from here on, so that buffers fit again.
const SMALLEST: u64 = 256;
/// Bytes of freed buffers that are held for the next use.
const HELD: u64 = 1 << 30;

/// Freed buffers of one size, and when the last of them was.
#[derive(Default)]
struct FreeList {
    buffers: Vec<wgpu::Buffer>,
    used: u64,
}

pub(super) struct Memory {
    buffers: HashMap<u32, wgpu::Buffer>,
    next: u32,
    free: HashMap<u64, FreeList>,
    free_bytes: u64,
    clock: u64,
    staging: Option<wgpu::Buffer>,
    limit: u64,
}

impl Memory {
    pub(super) fn new(device: &wgpu::Device) -> Self {
        let limits = device.limits();
        Self {
            buffers: HashMap::new(),
            next: 1,
            free: HashMap::new(),
            free_bytes: 0,
            clock: 0,
            staging: None,
            limit: limits.max_buffer_size.min(limits.max_storage_buffer_binding_size),
        }
    }

    pub(super) fn allocate(&mut self, device: &wgpu::Device, bytes: usize) -> Result<u32> {
        let wanted = bytes as u64;
        if wanted > self.limit {
            return Err(Error::device(format!(
                "a tensor of {wanted} bytes is over the device's limit of {} bytes for one buffer",
                self.limit
            )));
        }
        let size = wanted.max(SMALLEST).next_power_of_two().min(self.limit);
        let buffer = match self.reuse(size) {
            Some(buffer) => buffer,
            None => device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size,
                usage: wgpu::BufferUsages::STORAGE
                    | wgpu::BufferUsages::COPY_SRC
                    | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
        };
        while self.next == 0 || self.buffers.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let handle = self.next;
        self.next = handle.wrapping_add(1);
        self.buffers.insert(handle, buffer);
        Ok(handle)
    }

    fn reuse(&mut self, size: u64) -> Option<wgpu::Buffer> {
        let list = self.free.get_mut(&size)?;
        let buffer = list.buffers.pop()?;
        self.clock += 1;
        list.used = self.clock;
        self.free_bytes -= size;
        Some(buffer)
    }

    pub(super) fn free(&mut self, handle: u32) -> Result {
        let buffer = self.buffers.remove(&handle).ok_or_else(|| unknown(handle))?;
        let size = buffer.size();
        self.clock += 1;
        let list = self.free.entry(size).or_default();
        list.buffers.push(buffer);
        list.used = self.clock;
        self.free_bytes += size;
        while self.free_bytes > HELD {
            self.evict();
        }
        Ok(())
    }

    /// Destroys a buffer of the size that was used least recently, and that has one.
    fn evict(&mut self) {
        let lists = self.free.iter().filter(|(_, list)| !list.buffers.is_empty());
        let Some(size) = lists.min_by_key(|(_, list)| list.used).map(|(&size, _)| size) else {
            self.free_bytes = 0;
            return;
        };
        if let Some(list) = self.free.get_mut(&size) {
            list.buffers.pop();
            self.free_bytes -= size;
        }
    }

    /// Forgets a buffer that could not be made.
    pub(super) fn forget(&mut self, handle: u32) {
        self.buffers.remove(&handle);
    }

    pub(super) fn buffer(&self, handle: u32) -> Result<&wgpu::Buffer> {
        self.buffers.get(&handle).ok_or_else(|| unknown(handle))
    }

    /// A buffer that can be read here, of at least the given size.
    pub(super) fn staging(&mut self, device: &wgpu::Device, size: u64) -> wgpu::Buffer {
        if let Some(staging) = self.staging.as_ref().filter(|staging| staging.size() >= size) {
            return staging.clone();
        }
        let staging = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: size.next_power_of_two(),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.staging = Some(staging.clone());
        staging
    }
}

fn unknown(handle: u32) -> Error {
    Error::new(format!("memory {handle} does not exist"))
}
