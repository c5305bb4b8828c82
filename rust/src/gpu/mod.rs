//! The GPU, through wgpu: the same rows as on the CPU, rendered to WGSL. Memory is identified by
//! handles; launches wait in a batch until something is read or the batch is full.

#[cfg(feature = "gpu")]
mod batch;
#[cfg(feature = "gpu")]
mod device;
#[cfg(feature = "gpu")]
mod launch;
#[cfg(feature = "gpu")]
mod memory;
#[cfg(feature = "gpu")]
mod meter;
#[cfg(feature = "gpu")]
mod pipelines;
mod plan;
pub(crate) mod programs;

pub(crate) use plan::{Operand, Stage};

#[cfg(feature = "gpu")]
pub(crate) use device::{allocate, close, free, measure, open, read, run, types, write};

#[cfg(not(feature = "gpu"))]
mod absent {
    use crate::error::{Error, Result};
    use crate::frame::Frame;
    use crate::registry::Kernel;

    fn none<T>() -> Result<T> {
        Err(Error::device("the native library was built without its feature gpu"))
    }

    pub(crate) fn open() -> Result<String> {
        none()
    }
    pub(crate) fn types(_kernel: &Kernel) -> Vec<&'static str> {
        Vec::new()
    }
    pub(crate) fn close() -> Result {
        none()
    }
    pub(crate) fn allocate(_bytes: usize) -> Result<u32> {
        none()
    }
    pub(crate) fn free(_handle: u32) -> Result {
        none()
    }
    pub(crate) fn write(_handle: u32, _data: &[u8]) -> Result {
        none()
    }
    pub(crate) fn read(_handle: u32, _start: usize, _data: &mut [u8]) -> Result {
        none()
    }
    pub(crate) fn measure(_on: bool) -> Result<[f64; 3]> {
        none()
    }
    pub(crate) fn run(_kernel: &'static Kernel, _frame: &Frame<'_>) -> Result {
        none()
    }
}
#[cfg(not(feature = "gpu"))]
pub(crate) use absent::{allocate, close, free, measure, open, read, run, types, write};
