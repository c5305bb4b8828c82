//! Kernels of the Adjoint library, called from TypeScript through a fixed table of C functions.
//!
//! Data flows one way: [`abi`] turns raw pointers into checked slices, [`registry`] finds the
//! kernel, and its row in [`kernels`] runs with the drivers of [`blocks`], by itself, or as a
//! program on the [`gpu`]. Only `abi`, the matrix product wrapper and the [`allocator`] contain
//! unsafe code.

mod abi;
mod allocator;
mod blocks;
mod cpu;
mod dtype;
mod error;
mod frame;
mod gpu;
mod kernels;
mod layout;
mod reader;
mod registry;
mod scratch;
#[cfg(target_arch = "x86_64")]
mod squares;
mod transpose;
